"""The worker's own small page: whether it works, and the metrics. Served where METRICS_PORT is set."""

import asyncio
import logging
import time
from contextlib import suppress

from aiohttp import web
from arq.connections import ArqRedis
from prometheus_client import Gauge
from redis.exceptions import RedisError

from .. import metrics
from ..clock import Clock
from ..cron_secret import may_read
from ..db import Database
from ..settings import Settings
from . import depth

log = logging.getLogger(__name__)

# A scraper waits for ten seconds; what the database cannot tell in two is shown without it.
PATIENCE = 2.0
# A sweep comes every five seconds and may itself take a minute; two without one is a worker that hangs.
SILENCE = 120.0
# When anybody last swept: with several workers, one of them does it each time.
_SWEPT = "odys:swept"

_database = Gauge("odys_database_up", "Whether the queues could be measured.", registry=metrics.REGISTRY)


async def shown(db: Database, clock: Clock) -> web.Response:
    """Answer with the metrics; without a database, those of the process alone."""
    try:
        async with asyncio.timeout(PATIENCE):
            await depth.measure(db, now=clock.now())
        _database.set(1)
    except Exception as error:
        log.warning("the queues could not be measured", extra={"reason": type(error).__name__})
        depth.forget()
        _database.set(0)
    return web.Response(
        body=metrics.page(), headers={"Content-Type": metrics.CONTENT_TYPE, "Cache-Control": "no-store"}
    )


async def swept(redis: ArqRedis | None) -> None:
    """Note that a sweep begins, for every worker's page."""
    if redis is not None:
        with suppress(RedisError, OSError, TimeoutError):  # to sweep matters more than to say so
            async with asyncio.timeout(PATIENCE):
                await redis.set(_SWEPT, str(time.time()), ex=3600)


def application(settings: Settings, db: Database, clock: Clock, redis: ArqRedis) -> web.Application:
    """Return the page of a worker."""
    born = time.monotonic()

    async def healthz(_request: web.Request) -> web.Response:
        """Say how long ago a sweep began; 503 when that is too long, or when Redis does not answer."""
        try:
            async with asyncio.timeout(PATIENCE):
                told = await redis.get(_SWEPT)
        except (RedisError, OSError, TimeoutError):
            return web.json_response({"ok": False, "redis": False}, status=503)
        age = max(0.0, time.time() - float(told)) if told else None
        ok = (age if age is not None else time.monotonic() - born) < SILENCE
        seconds = round(age, 1) if age is not None else None
        return web.json_response({"ok": ok, "redis": True, "last_sweep_seconds": seconds}, status=200 if ok else 503)

    async def show(request: web.Request) -> web.Response:
        if not may_read(request.headers, settings.cron_secret):
            raise web.HTTPUnauthorized(text="Não autenticado", headers={"WWW-Authenticate": "Bearer"})
        return await shown(db, clock)

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/metrics", show)
    return app
