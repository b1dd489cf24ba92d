"""Count the statements that Postgres ran, by its own account: nothing above the driver can hide one."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from bot.db import Database

# Not this question, nor what the driver asks once of each connection that meets a list.
_NOT_OURS = ("pg_prepared_statements", "typeinfo_tree", "current_setting('jit')")
# Every statement of ours is prepared; Postgres counts how often it planned or reused each.
_RUN = text("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")


@asynccontextmanager
async def statements(db: Database) -> AsyncIterator[list[str]]:
    """Collect what runs meanwhile on a database with a single connection; the transactions' own words do not count."""
    seen: list[str] = []
    before = await _run_so_far(db)
    yield seen
    seen.extend((await _run_so_far(db) - before).elements())


async def _run_so_far(db: Database) -> Counter[str]:
    async with db.begin() as session:
        rows = [(" ".join(statement.split()), times) for statement, times in await session.execute(_RUN)]
    counted: Counter[str] = Counter()
    for statement, times in rows:
        if not any(words in statement for words in _NOT_OURS):
            counted[statement] += times
    return counted
