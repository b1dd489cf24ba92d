"""Databases with their walls taken down: what a test of a wall must notice."""

import asyncio
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from bot.db import Database
from bot.engine import async_url

MANY = 16


async def take_the_wall_down(db: Database) -> None:
    """Let appointments overlap."""
    async with db.begin() as session:
        if db.sqlite:
            await session.execute(text("DROP TRIGGER no_overlap_insert"))
            await session.execute(text("DROP TRIGGER no_overlap_update"))
        else:
            await session.execute(text("ALTER TABLE appointments DROP CONSTRAINT no_overlap"))


async def without_lock(url: str) -> Database:
    """Open a database in which nobody waits for anybody.

    On Postgres the lock is a function, and here it is one that does nothing; on SQLite it is the one connection whose
    transactions begin as writers, and here there are many, and no transactions.
    """
    db = Database(url)
    if db.sqlite:
        await db.close()
        return await _connected(_Many(url))
    async with db.begin() as session:
        nothing = "FUNCTION public.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql AS 'SELECT'"
        await session.execute(text(f"CREATE {nothing}"))
        name = await session.scalar(text("SELECT current_database()"))
        await session.execute(text(f'ALTER DATABASE "{name}" SET search_path = public, pg_catalog'))
    await db.close()
    return await _connected(Database(url, pool_size=MANY))


class _Many(Database):
    """SQLite with many connections, each statement on its own."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.engine = create_async_engine(async_url(url), pool_size=MANY, max_overflow=0)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

        @event.listens_for(self.engine.sync_engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=OFF", "busy_timeout=30000"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()


async def _connected(db: Database) -> Database:
    """Open every connection: whoever had to wait for theirs would come after the others."""
    everybody = asyncio.Barrier(MANY)

    async def one() -> None:
        async with db.begin() as session:
            await session.execute(text("SELECT 1"))
            await everybody.wait()

    await asyncio.gather(*(one() for _ in range(MANY)))
    return db
