"""`odys demo`: everything in one process, with two phones to try it: no configuration, no key, no Redis server."""

import argparse
import asyncio
import secrets
import socket
import sys
import tempfile
from contextlib import AsyncExitStack
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from pydantic import SecretStr

from ..clock import ShiftedClock
from ..db import Database
from ..log import setup
from ..migrations.run import migrate
from ..models.enums import Role
from ..notify.messages import MESSAGES
from ..notify.meta import template_json
from ..queue import ArqBell, connect
from ..seed import CLIENTS, PROFESSIONAL, seed
from ..serving import serve, until_stopped
from ..settings import Settings
from ..trace import TRACE
from ..whatsapp.simulator import Person, Simulator
from .rows import tell_rows

ACCOUNT, BUSINESS = "100000000000001", "200000000000001"

# A reminder is useful for hours, a jump is a day: each is looked at on the way.
STEP = timedelta(minutes=30)


def run(options: argparse.Namespace) -> int:
    setup("WARNING")
    with tempfile.TemporaryDirectory(prefix="odys-") as folder:
        file = Path(options.db) if options.db else Path(folder) / "demo.sqlite3"
        url = f"sqlite+aiosqlite:///{file.resolve()}"
        migrate(url)
        asyncio.run(_demo(url, options.host, options.port))
    return 0


def _settings(url: str, graph: int, port: int) -> Settings:
    """Return settings of the demo's own, whatever the environment says; a Groq key in it is used."""
    return Settings(
        odys_env="development",
        public_url=f"http://127.0.0.1:{port}",
        port=port,
        database_url=url,
        redis_url="",
        whatsapp_api_url=f"http://127.0.0.1:{graph}/v26.0",
        whatsapp_token=SecretStr(secrets.token_hex(16)),
        whatsapp_phone_number_id=ACCOUNT,
        whatsapp_business_account_id=BUSINESS,
        whatsapp_app_secret=[SecretStr(secrets.token_hex(16))],
        whatsapp_verify_token=SecretStr(secrets.token_hex(8)),
    )


async def _demo(url: str, host: str, port: int) -> None:
    clock = ShiftedClock()
    TRACE.start(clock)
    async with AsyncExitStack() as stack:
        graph_port = _free_port()
        settings = _settings(url, graph_port, port)
        simulator = Simulator(
            webhook_url=f"http://127.0.0.1:{port}/webhooks/whatsapp",
            app_secret=settings.whatsapp_app_secret[0].get_secret_value(),
            phone_number_id=ACCOUNT,
            business_account_id=BUSINESS,
            clock=clock,
            people=[
                Person(PROFESSIONAL.phone, PROFESSIONAL.name, Role.PROFESSIONAL),
                *(Person(one.phone, one.name) for one in CLIENTS),
            ],
            templates=[template_json(message) for message in MESSAGES.values()],
        )
        await stack.enter_async_context(serve(simulator.app(), "127.0.0.1", graph_port))
        db = Database(url)
        stack.push_async_callback(db.close)
        async with db.begin() as session:
            await seed(session, account=ACCOUNT, now=clock.now())
        tell_rows(db)
        redis = await connect("")
        stack.push_async_callback(redis.aclose)
        worker = import_module("worker")
        services = await stack.enter_async_context(worker.embedded(settings, clock, db, redis))

        async def jump(by: timedelta) -> None:
            """Let the time pass in steps, so that what comes due on the way is sent when it is due."""
            while by > timedelta():
                step = min(by, STEP)
                clock.jump(step)
                by -= step
                await worker.remind({"services": services})
            await worker.sweep({"services": services})

        app = import_module("web.app").create(settings, db, ArqBell(redis), clock)
        import_module("web.pages.simulator").add_simulator(app, simulator, jump=jump, trace=TRACE.follow)
        await stack.enter_async_context(serve(app, host, port))
        print(f"Odys demo: http://127.0.0.1:{port}/simulador  (Ctrl+C ends it)", file=sys.stderr, flush=True)
        await until_stopped()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
