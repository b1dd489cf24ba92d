"""Serve aiohttp applications until somebody says stop."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from .errors import Stop

# What a process holds when it is asked to end may finish for this long, in seconds: a supervisor that waits 30 s
# before it kills is in no hurry.
GRACE = 20
# Seconds for a connection without a whole request: who says nothing, or a header a minute, is let go. A proxy in front
# should let go of idle connections sooner.
IDLE = 25
# Bytes of a body that nobody has asked for yet; aiohttp's own 256 KiB are much where strangers are many.
UNREAD = 64 * 1024
# Seconds for the rest of a body nobody wants, before the connection is cut.
LINGER = 5


@asynccontextmanager
async def serve(
    app: web.Application, host: str, port: int, *, grace: float = GRACE, idle: float = IDLE
) -> AsyncIterator[int]:
    """Listen until the block ends and yield the port; 0 asks for any free one.

    At the end, requests in flight may finish for `grace` seconds.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=grace,
        keepalive_timeout=idle,
        lingering_time=min(LINGER, idle),
        read_bufsize=UNREAD,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise Stop(f"port {port} on {host} cannot be used ({error.strerror}): choose another one") from error
        bound: int = runner.addresses[0][1]
        yield bound
    finally:
        await runner.cleanup()


def spare_the_garbage_search() -> None:
    """Have Python look for garbage less: call it once, when all is loaded.

    What is loaded by now stays, and to look through all of it would stop every request for a tenth of a second. A
    request leaves hardly anything that counting references does not free, so that 700 new objects are no reason.
    """
    gc.freeze()
    gc.set_threshold(5000, 20, 20)


async def until_stopped() -> None:
    """Return when the process is asked to end (SIGINT, SIGTERM)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()
