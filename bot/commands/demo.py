"""`odys demo`: everything in one process, with two phones to try it: no configuration, no key, no Redis server."""

import argparse
import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path

from ..log import setup
from ..migrations.run import migrate
from ..serving import GRACE, serve, until_stopped
from ..trace import TRACE
from .house import house


def run(options: argparse.Namespace) -> int:
    setup("WARNING")
    with tempfile.TemporaryDirectory(prefix="odys-") as folder:
        file = Path(options.db) if options.db else Path(folder) / "demo.sqlite3"
        url = f"sqlite+aiosqlite:///{file.resolve()}"
        migrate(url)
        asyncio.run(_demo(url, options.host, options.port))
    return 0


async def _demo(url: str, host: str, port: int) -> None:
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(house(url, port))
        page = import_module("web.pages.simulator")
        page.add_simulator(here.app, here.simulator, jump=here.jump, trace=TRACE.follow, letters=here.letters)
        await stack.enter_async_context(serve(here.app, host, port, grace=GRACE / 2))
        print(f"Odys demo: http://127.0.0.1:{port}/simulador  (Ctrl+C ends it)", file=sys.stderr, flush=True)
        await until_stopped()
