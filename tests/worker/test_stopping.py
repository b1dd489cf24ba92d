"""T26: asked to end, a process finishes what it holds, and says nothing of errors."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from sqlalchemy import select

from bot.accounts.codes import Hasher
from bot.accounts.sessions import open_session
from bot.auth import Tokens
from bot.clock import SystemClock
from bot.db import Database
from bot.models import Inbound, Outbound, User
from bot.models.enums import InboundStatus, OutboundStatus
from bot.seed import CLIENTS, seed

from ..fakes import groq as groq_fake
from ..fakes.graph import ACCOUNT, SECRET, Accept, Graph, deliver
from ..processes import Installation, Running, installation, until
from ..servers import free_port
from .deliveries import delivery

ANA, BIA = (one.phone for one in CLIENTS[:2])
SAID = "Oi! Que dia fica bom para você?"
SECRET_KEY = "k" * 32
# The answers; reminders of the agenda wait for their day.
CHAT = select(Outbound.status).where(Outbound.kind == "chat")
# What a supervisor is promised; a busy machine is allowed some more.
PROMISED = 25


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def ended(running: Running) -> int:
    """Ask a process to end, and return how it did."""
    running.process.send_signal(signal.SIGTERM)
    return await asyncio.wait_for(running.process.wait(), PROMISED)


def complaints(running: Running) -> list[str]:
    """Return what a log says of errors, and what is no log line at all."""
    lines = [line for line in running.text().splitlines() if line.strip()]
    return [line for line in lines if not line.startswith("{") or json.loads(line)["level"] in ("error", "critical")]


async def a_token(book: Database, url: str) -> str:
    """Open a session for whoever owns the agenda."""
    now = SystemClock().now()
    async with book.begin() as session:
        user = (await session.scalars(select(User).limit(1))).one()
        opened = await open_session(session, Hasher.of(SECRET_KEY), user.id, now=now)
    return Tokens(SECRET_KEY, url).issue(user.id, opened.session_id, now)


async def held_up(whole: Installation, meta: Graph, model: groq_fake.Groq) -> None:
    """Bring about a message on its way out and a turn that waits for its model, both for a second."""
    url = f"{whole.url}/webhooks/whatsapp"
    model.script(groq_fake.says(SAID), groq_fake.slowly(groq_fake.says(SAID), 1.5))
    meta.next(Accept(after=2.5))
    assert await deliver(url, delivery((BIA, "me conta uma coisa")), SECRET) == 200
    await until(meta.busy.is_set, 60, whole.logs)
    assert await deliver(url, delivery((ANA, "me conta outra coisa")), SECRET) == 200
    await until(lambda: len(model.asked) == 2, 60, whole.logs)


async def test_t26_sigterm_a_worker_and_a_web_process_finish_what_they_hold(
    environment: dict[str, str], meta: Graph, book: Database, tmp_path: Path
) -> None:
    async with groq_fake.groq() as model:
        settings = {"GROQ_API_KEY": groq_fake.KEY, "GROQ_BASE_URL": model.url, "BURST_WAIT_SECONDS": "0.1"}
        port = str(free_port())
        async with installation({**environment, **settings, "METRICS_PORT": port}, tmp_path) as whole:
            web, worker = await whole.start("web"), await whole.start("worker")
            await whole.ready()
            await held_up(whole, meta, model)
            async with aiohttp.ClientSession() as http:
                for address in (f"http://127.0.0.1:{port}/healthz", f"{whole.url}/healthz"):
                    async with http.get(address) as answer:
                        assert answer.status == 200
                who = {"Authorization": f"Bearer {await a_token(book, 'http://localhost:8080')}"}
                async with http.get(f"{whole.url}/api/notifications/stream", headers=who) as stream:
                    assert stream.status == 200
                    assert await ended(worker) == 0
                    began = asyncio.get_running_loop().time()
                    assert await ended(web) == 0
                    # Long before the patience for requests is over: a stream is told to end.
                    assert asyncio.get_running_loop().time() - began < 15
                    assert await stream.content.read() == b""
    assert sorted((sent.to, sent.text) for sent in meta.accepted) == sorted([(ANA, SAID), (BIA, SAID)])
    async with book.begin() as session:
        assert set(await session.scalars(select(Inbound.status))) == {InboundStatus.DONE}
        assert set(await session.scalars(CHAT)) == {OutboundStatus.SENT}
    assert complaints(worker) == []
    assert complaints(web) == []


async def test_t26_sigterm_one_process_for_everything_does_the_same(
    environment: dict[str, str], meta: Graph, tmp_path: Path
) -> None:
    file = tmp_path / "odys.sqlite3"
    alone = {"ODYS_ENV": "development", "DATABASE_URL": f"sqlite:///{file}", "REDIS_URL": ""}
    async with groq_fake.groq() as model:
        settings = {"GROQ_API_KEY": groq_fake.KEY, "GROQ_BASE_URL": model.url, "BURST_WAIT_SECONDS": "0.1"}
        async with installation({**environment, **alone, **settings}, tmp_path) as whole:
            assert await (await whole.start("migrate")).process.wait() == 0
            async with opened(f"sqlite:///{file}") as book, book.begin() as session:
                await seed(session, account=ACCOUNT, now=SystemClock().now())
            web = await whole.start("web")
            await whole.ready()
            await held_up(whole, meta, model)
            assert await ended(web) == 0
    assert sorted((sent.to, sent.text) for sent in meta.accepted) == sorted([(ANA, SAID), (BIA, SAID)])
    async with opened(f"sqlite:///{file}") as book, book.begin() as session:
        assert set(await session.scalars(CHAT)) == {OutboundStatus.SENT}
    assert complaints(web) == []
