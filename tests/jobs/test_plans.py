"""No job with nothing to do reads a large table from end to end: what it costs does not depend on how much there is.

The figures at a million appointments, and every plan, are `python -m tests.bench.bench_million --plans`.
"""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from aiohttp import ClientSession
from sqlalchemy import text

from bot.db import Database

from ..bench.big_town import NOW, Size, fill
from ..bench.plans import Plans
from ..bench.upkeep import jobs, let_everything_leave
from ..conftest import create_database

# What Postgres reads whole because there is so little of it says nothing about a million.
BIG = 1000
# Looks at pages of 8 kB; to walk through a table of 2,500 rows by an index takes thousands of them.
FEW_PAGES = 400
# Every night looks at everybody, some thousands in a step: here they are one step.
EVERYBODY = "SELECT contacts.id"
# Reads the first few hundred rows of each table.
A_PAGE_OF_EACH = "night: retention"
# Its own first look at the month.
PREPARES = {"watchdog: last time"}


@pytest.fixture(scope="module")
def town(postgres_server: str, postgres_template: str) -> str:
    """A Postgres with 2,500 appointments and some 25,000 rows around them."""

    async def has_module() -> bool:
        connection = await asyncpg.connect(f"{postgres_server}/postgres")
        try:
            await connection.execute("LOAD 'auto_explain'")
        except asyncpg.PostgresError:
            return False
        finally:
            await connection.close()
        return True

    if not asyncio.run(has_module()):
        pytest.skip("this Postgres cannot tell its plans: it has no auto_explain")
    url = create_database(postgres_server, f"town_{uuid4().hex[:8]}", postgres_template)
    asyncio.run(fill(url, Size(2500, 2500), own_server=False))
    return url


async def test_no_job_without_work_reads_a_large_table(town: str) -> None:
    db = Database(town, pool_size=1)
    plans, wrong = Plans(db), []
    async with db.begin() as session:
        rows = await session.execute(text("SELECT relname, reltuples FROM pg_class WHERE relkind = 'r'"))
        large = {name for name, count in rows if count > BIG}
    async with ClientSession() as http:
        for job in jobs(db, NOW, http).values():
            await job()
        await let_everything_leave(db, NOW)
        for name, job in jobs(db, NOW, http).items():
            await job()
            plans.clear()
            await job()
            if name in PREPARES:
                continue
            seen = [plan for plan in plans if not plan.sql.startswith(EVERYBODY)]
            if (pages := sum(plan.pages for plan in seen)) > FEW_PAGES and name != A_PAGE_OF_EACH:
                wrong.append(f"{name} looks at {pages} pages")
            wrong += [f"{name} reads {table} whole:\n{plan}" for plan in seen for table in plan.read_whole & large]
    await db.close()
    assert wrong == []


async def test_the_proof_sees_an_index_that_is_gone(town: str) -> None:
    db = Database(town, pool_size=1)
    plans = Plans(db)
    async with ClientSession() as http:
        holds = jobs(db, NOW, http)["minute: holds"]
        async with db.begin() as session:
            await session.execute(text("DROP INDEX ix_pending_actions_open"))
        await holds()
    await db.close()
    assert {"pending_actions"} <= {table for plan in plans for table in plan.read_whole}
