"""What handlers take from the application: typed keys, filled once where the application is put together."""

import asyncio
from collections import Counter as Counts
from uuid import UUID

from aiohttp import web
from arq.connections import ArqRedis

from bot.billing.gateway import Gateway
from bot.clock import Clock
from bot.db import Database
from bot.queue import Bell
from bot.ratelimit import Counter
from bot.settings import Settings
from bot.whatsapp.intake import Intake

from .auth import Gate

DATABASE = web.AppKey("database", Database)
SETTINGS = web.AppKey("settings", Settings)
INTAKE = web.AppKey("intake", Intake)
CLOCK: web.AppKey[Clock] = web.AppKey("clock", Clock)
BELL: web.AppKey[Bell] = web.AppKey("bell", Bell)
COUNTER: web.AppKey[Counter] = web.AppKey("counter", Counter)
GATE = web.AppKey("gate", Gate)
STRIPE = web.AppKey("stripe", Gateway)
REDIS: web.AppKey[ArqRedis | None] = web.AppKey("redis")

# Set when the server is asked to end: whoever keeps a stream open ends it.
CLOSING = web.AppKey("closing", asyncio.Event)

# How many streams each user has open in this process.
STREAMS = web.AppKey("streams", Counts[UUID])

# The id that ties an answer to its lines in the log.
REQUEST_ID = web.RequestKey("request_id", str)
