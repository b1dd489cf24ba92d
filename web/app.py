"""The web application, put together: what it needs comes in, nothing is looked up from inside."""

import asyncio
import json
from collections import Counter as Counts
from functools import cache

from aiohttp import web
from arq.connections import ArqRedis

from bot.auth import Supabase, Tokens
from bot.billing.gateway import Gateway
from bot.clock import Clock
from bot.db import Database
from bot.queue import Bell
from bot.ratelimit import Counter, LocalCounter, RedisCounter
from bot.settings import Settings
from bot.whatsapp.intake import Intake

from . import calendar_feed, evolution_webhook, metrics, stripe_webhook, webhooks
from .api import ENDPOINTS
from .auth import Gate
from .endpoint import add_endpoints
from .health import healthz, readyz
from .keys import BELL, CLOCK, CLOSING, COUNTER, DATABASE, GATE, INTAKE, PULSE, REDIS, SETTINGS, STREAMS, STRIPE, Pulse
from .middleware import guard, set_headers
from .openapi import document
from .pages.docs import add_docs
from .pages.pairing import add_pairing


async def openapi(request: web.Request) -> web.Response:
    """Describe the API."""
    return web.json_response(body=_described(request.app[SETTINGS].public_url))


@cache
def _described(server: str) -> bytes:
    """Write the document once: it takes longer than all that anybody asks of the API."""
    return json.dumps(document(ENDPOINTS, server)).encode()


def create(
    settings: Settings,
    db: Database,
    bell: Bell,
    clock: Clock,
    *,
    redis: ArqRedis | None = None,
    counter: Counter | None = None,
) -> web.Application:
    """Return the application; whoever runs it closes `db`, the bell and `redis`.

    Without a Redis that processes share, requests are counted in this one.
    """
    app = web.Application(middlewares=[guard])
    app[SETTINGS], app[DATABASE], app[BELL], app[CLOCK] = settings, db, bell, clock
    app[REDIS] = redis
    app[COUNTER] = counter or (RedisCounter(redis) if redis is not None else LocalCounter())
    tokens = Tokens(settings.secret_key.get_secret_value(), settings.public_url)
    app[GATE] = Gate(db, tokens, Supabase(settings))
    intake = Intake(db, bell, clock, burst_wait=settings.burst_wait_seconds)
    app[INTAKE] = intake
    set_headers(app, settings)
    app[CLOSING], app[STREAMS], app[PULSE] = asyncio.Event(), Counts(), Pulse()

    async def end_streams(_app: web.Application) -> None:
        app[CLOSING].set()

    app.on_shutdown.append(end_streams)
    app[STRIPE] = Gateway(settings)

    async def close(_app: web.Application) -> None:
        await intake.close()
        await app[STRIPE].close()

    app.on_cleanup.append(close)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics.show)
    app.router.add_get("/openapi.json", openapi)
    webhooks.add_routes(app)
    stripe_webhook.add_routes(app)
    calendar_feed.add_routes(app)
    evolution_webhook.add_routes(app)
    add_pairing(app)
    add_endpoints(app, ENDPOINTS)
    add_docs(app, ENDPOINTS)
    return app
