"""Whatever we wait for has an end: a server that takes everything and says nothing keeps nobody waiting for ever.

Each test makes somebody wait for a server on loopback that never answers, with limits of a fraction of a second, and
sees the right refusal. What the limits are in production stands with the constants that are named here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from urllib.parse import urlsplit

import aiohttp
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bot.db import Database, Patience, Swift, passing
from bot.models import Professional

from .servers import free_port

SOON = 30  # seconds: far beyond the limits of the tests, far below for ever
HASTY = Patience(statement=0.3, lock=0.3, idle=0.3, answer=0.6, connection=0.6)


class Silence:
    """A way to a server that can be shut without anybody being told: what is sent vanishes, and nothing comes."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port, self.here, self.shut = host, port, free_port(), False
        self._tasks: set[asyncio.Task[None]] = set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inward, outward = await asyncio.open_connection(self.host, self.port)
        both = (self._pass(reader, outward), self._pass(inward, writer))
        self._tasks |= {asyncio.create_task(one) for one in both}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self.shut:
                writer.write(data)
        writer.close()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def silence(host: str, port: int) -> AsyncIterator[Silence]:
    way = Silence(host, port)
    server = await asyncio.start_server(way.carry, "127.0.0.1", way.here)
    try:
        yield way
    finally:
        server.close()
        await way.end()


@pytest.fixture
async def hasty(postgres_url: str) -> AsyncIterator[Database]:
    """A Postgres that is asked with little patience."""
    db = Database(postgres_url, pool_size=2, patience=HASTY)
    yield db
    await db.close()


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(hasty: Database) -> None:
    with pytest.raises(DBAPIError, match="statement timeout") as ended:
        async with hasty.begin() as session:
            await session.execute(text("SELECT pg_sleep(30)"))
    assert passing(ended.value)


@pytest.mark.parametrize("swift", [True, False])
async def test_nobody_waits_for_a_lock_for_ever(postgres_url: str, swift: bool) -> None:
    db, lock = Database(postgres_url, pool_size=2, patience=Patience(lock=0.3)), text("SELECT pg_advisory_xact_lock(7)")
    async with db.begin() as session:
        await session.execute(lock)
        with pytest.raises(Exception, match="lock timeout") as refused:
            async with db.begin() as waiting:
                await (Swift(lock).first(waiting, {}) if swift else waiting.execute(lock))
        assert passing(refused.value)
    await db.close()


async def test_whoever_thinks_in_mid_transaction_lets_go_of_what_others_wait_for(hasty: Database) -> None:
    with pytest.raises(DBAPIError) as ended:
        async with hasty.begin() as session:
            await session.execute(text("SELECT 1"))
            await asyncio.sleep(1)
            await session.execute(text("SELECT 1"))
    assert passing(ended.value)
    async with hasty.begin() as session:  # and goes on with a new connection
        assert await session.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("kind", ["statement", "swift", "orm"])
async def test_a_database_that_falls_silent_keeps_nobody_waiting(postgres_url: str, kind: str) -> None:
    parts = urlsplit(postgres_url)
    async with silence(parts.hostname or "", parts.port or 0) as way:
        db = Database(
            parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{way.here}")).geturl(),
            pool_size=1,
            patience=HASTY,
        )

        async def ask() -> None:
            async with db.begin() as session:
                if kind == "swift":
                    await Swift(select(Professional.id)).first(session, {})
                elif kind == "orm":
                    await session.scalars(select(Professional))
                else:
                    await session.execute(text("SELECT 1"))

        await ask()
        way.shut, began = True, monotonic()
        with pytest.raises(Exception) as silent:  # noqa: PT011 - whichever the driver raises
            await asyncio.wait_for(ask(), SOON)
        assert passing(silent.value), repr(silent.value)
        assert monotonic() - began < SOON / 2
        # There is one connection: it is there again for the next one, as soon as the server is.
        way.shut = False
        await asyncio.wait_for(ask(), SOON)
        await db.close()
