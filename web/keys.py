"""What handlers take from the application: typed keys, filled once where the application is put together."""

import asyncio
from collections import Counter as Counts
from dataclasses import dataclass
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


@dataclass(slots=True)
class Pulse:
    """The rhythm of a stream, in seconds."""

    # A reader who looks away for two seconds misses nothing; the table is asked by index.
    look: float = 2.0
    # Below the idle limits of proxies.
    heartbeat: float = 15.0
    # A stream outlives neither its token nor a deploy by much: the page opens another one.
    longest: float = 600.0


PULSE = web.AppKey("pulse", Pulse)

# How many streams each user has open in this process.
STREAMS = web.AppKey("streams", Counts[UUID])

# The id that ties an answer to its lines in the log.
REQUEST_ID = web.RequestKey("request_id", str)
