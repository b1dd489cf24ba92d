"""`odys web`: serve the webhook and the API; without Redis, run the worker in the same process."""

import argparse
import asyncio
import sys
from contextlib import AsyncExitStack
from importlib import import_module

from .. import sentry
from ..clock import Clock, SystemClock
from ..db import Database
from ..log import setup
from ..queue import ArqBell, connect
from ..serving import GRACE, serve, spare_the_garbage_search, until_stopped
from ..settings import Settings, UnsafeSettings


def run(_options: argparse.Namespace) -> int:
    settings = Settings()
    setup(settings.log_level)
    try:
        settings.refuse_unsafe()
    except UnsafeSettings as error:
        print(f"refusing to start: {error}", file=sys.stderr)
        return 2
    sentry.start(settings, "web")
    asyncio.run(serve_until_stopped(settings, SystemClock()))
    sentry.stop()
    return 0


async def serve_until_stopped(settings: Settings, clock: Clock) -> None:
    """Serve until the process is asked to end."""
    async with AsyncExitStack() as stack:
        db = Database(settings.database_url)
        stack.push_async_callback(db.close)
        redis = await connect(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        app = import_module("web.app").create(
            settings, db, ArqBell(redis), clock, redis=None if settings.embedded else redis
        )
        if settings.embedded:
            await stack.enter_async_context(import_module("worker").embedded(settings, clock, db, redis))
        # Requests first, for some of them wait for the worker's answer; where both are one process they share the time.
        grace = GRACE / 2 if settings.embedded else GRACE
        await stack.enter_async_context(serve(app, "0.0.0.0", settings.port, grace=grace))  # noqa: S104 - a container
        spare_the_garbage_search()
        await until_stopped()
