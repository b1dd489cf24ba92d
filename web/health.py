"""Whether the process runs, and whether it can do its work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import cache

from aiohttp import web
from sqlalchemy import text

from bot.migrations.run import head

from .keys import DATABASE, REDIS

log = logging.getLogger(__name__)

# A balancer asks every few seconds: whoever takes longer than this to answer is not ready.
PATIENCE = 2.0


async def healthz(_request: web.Request) -> web.Response:
    """Say that the process runs."""
    return web.json_response({"ok": True})


async def readyz(request: web.Request) -> web.Response:
    """Say whether the database answers at the newest revision, and whether Redis does where one is named."""
    checks: dict[str, Callable[[web.Application], Awaitable[bool]]] = {"database": _database, "migrations": _migrated}
    if request.app[REDIS] is not None:
        checks["redis"] = _redis
    found = {name: await _try(name, check, request.app) for name, check in checks.items()}
    # Without Redis nothing is lost: the sweep finds what no bell told of. So it is shown, and stops nobody.
    ready = all(right for name, right in found.items() if name != "redis")
    return web.json_response({"ok": ready, **found}, status=200 if ready else 503)


async def _try(name: str, check: Callable[[web.Application], Awaitable[bool]], app: web.Application) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            right = await check(app)
    except Exception as error:
        log.warning("not ready", extra={"check": name, "reason": type(error).__name__})
        return False
    return right


async def _database(app: web.Application) -> bool:
    async with app[DATABASE].begin() as session:
        await session.execute(text("SELECT 1"))
    return True


async def _migrated(app: web.Application) -> bool:
    async with app[DATABASE].begin() as session:
        found = await session.scalar(text("SELECT version_num FROM alembic_version"))
    return bool(found == _head())


async def _redis(app: web.Application) -> bool:
    redis = app[REDIS]
    return redis is not None and bool(await redis.ping())


@cache
def _head() -> str:
    return head()
