"""Everything in one process, on a seeded agenda: what `odys demo` shows on a page and `odys chat` in a terminal."""

import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module

from aiohttp import web
from pydantic import SecretStr

from ..clock import ShiftedClock
from ..db import Database
from ..models.enums import Role
from ..notify.email.sink import Sink
from ..notify.messages import MESSAGES
from ..notify.meta import template_json
from ..queue import ArqBell, connect
from ..seed import CLIENTS, PROFESSIONAL, seed
from ..serving import serve
from ..settings import Settings
from ..trace import TRACE
from ..whatsapp.simulator import Person, Simulator
from .rows import tell_rows

ACCOUNT, BUSINESS = "100000000000001", "200000000000001"

# A reminder is useful for hours, a jump is a day: each is looked at on the way.
STEP = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class House:
    """Everything but the application's own server, which waits for what its owner adds."""

    simulator: Simulator
    app: web.Application
    # What would go by e-mail.
    letters: Sink
    # Move the clock ahead, and do what comes due on the way.
    jump: Callable[[timedelta], Awaitable[None]]


def _settings(url: str, graph: int, port: int) -> Settings:
    """Return settings of the house's own, whatever the environment says; a Groq key in it is used."""
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


@asynccontextmanager
async def house(url: str, port: int) -> AsyncIterator[House]:
    """Put everything together; `port` is where the application will be served."""
    clock = ShiftedClock()
    TRACE.start(clock)
    async with AsyncExitStack() as stack:
        graph_port = free_port()
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
        letters = Sink()
        services = await stack.enter_async_context(worker.embedded(settings, clock, db, redis, letters))

        async def jump(by: timedelta) -> None:
            """Let the time pass in steps, so that what comes due on the way is sent when it is due."""
            while by > timedelta():
                step = min(by, STEP)
                await simulator.quiet()  # what became of a message is told in the hour it was sent in
                clock.jump(step)
                by -= step
                await worker.remind({"services": services})
            await worker.sweep({"services": services})

        app = import_module("web.app").create(settings, db, ArqBell(redis), clock)
        yield House(simulator, app, letters, jump)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
