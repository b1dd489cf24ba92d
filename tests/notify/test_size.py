"""What a look into the outbox costs does not depend on how much is in it, behind it or ahead of it.

Here with some ten thousand rows; with 1,000,000 sent and 100,000 reminders to come, by hand:

    uv run python -m tests.bench.bench_sender --size
"""

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import asyncpg
import pytest

from bot.clock import SystemClock
from bot.db import Database
from bot.notify.claim import claim
from bot.notify.fair import SIGHT
from bot.notify.sender import IN_FLIGHT, send_due
from bot.whatsapp.cloud import CloudApi

from ..bench.outbox_rows import count, fill, make_due
from ..bench.plans import Plan, Plans
from ..fakes.graph import ACCOUNT
from .post_office import cloud_at

# Ten priorities, each with the way down one index; and a few pages for everything else.
FEW_PAGES = 60
# Postgres keeps to a plan after the fifth time.
SETTLED = 6
TABLES = {"outbound", "contacts"}


@pytest.fixture
async def rows(postgres_url: str) -> str:
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute("LOAD 'auto_explain'")
    except asyncpg.PostgresError:
        pytest.skip("this Postgres cannot tell its plans: it has no auto_explain")
    finally:
        await connection.close()
    await fill(postgres_url, sent=8_000, ahead=3_000, people=1_500)
    return postgres_url


@pytest.fixture
async def db(rows: str) -> AsyncIterator[Database]:
    database = Database(rows, pool_size=1)
    yield database
    await database.close()


async def look(db: Database, cloud: CloudApi) -> int:
    return await send_due(db, cloud, SystemClock(), account=ACCOUNT)


async def claimed(db: Database) -> int:
    """Claim as many as a sender may have in flight, and think better of it."""
    async with db.begin() as session:
        found = await claim(session, now=SystemClock().now(), account=ACCOUNT, limit=IN_FLIGHT)
        await session.rollback()
        return len(found.jobs)


def read(plans: Plans) -> int:
    """Return how many rows were fetched from indexes and tables."""
    scans = [node for plan in plans for _, node in plan.nodes() if node["Node Type"].endswith("Scan")]
    real = [node for node in scans if "Relation Name" in node]
    return sum(
        int(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))) for node in real
    )


def whole(plans: Plans) -> list[Plan]:
    return [plan for plan in plans if plan.read_whole & TABLES]


async def test_a_look_with_nothing_due_and_a_claim_from_a_long_queue_read_few_rows(rows: str, db: Database) -> None:
    plans = Plans(db)
    async with aiohttp.ClientSession() as http:
        nobody = cloud_at("http://127.0.0.1:9/v26.0", http)
        await nothing_due(db, nobody, plans)
        # Thousands come due at one moment, and Postgres has no idea yet how many rows there are; then it has.
        await make_due(rows, at=SystemClock().now() - timedelta(minutes=1))
        await long_queue(db, plans)
        await count(rows)
        await long_queue(db, plans)
        await make_due(rows, at=SystemClock().now() + timedelta(days=1))
        await count(rows)
        await nothing_due(db, nobody, plans)
        # Had the outbox no such index, this would notice.
        connection = await asyncpg.connect(rows)
        await connection.execute("DROP INDEX ix_outbound_owed")
        await connection.close()
        plans.clear()
        assert await look(db, nobody) == 0
        assert sum(plan.pages for plan in plans) > FEW_PAGES


async def nothing_due(db: Database, cloud: CloudApi, plans: Plans) -> None:
    for _ in range(SETTLED):
        assert await look(db, cloud) == 0
    plans.clear()
    assert await look(db, cloud) == 0
    assert whole(plans) == []
    assert sum(plan.pages for plan in plans) <= FEW_PAGES, "\n".join(map(str, plans))


async def long_queue(db: Database, plans: Plans) -> None:
    for _ in range(SETTLED):
        assert await claimed(db) == IN_FLIGHT
    plans.clear()
    assert await claimed(db) == IN_FLIGHT
    assert whole(plans) == []
    # What is in sight, and for each that leaves: its person, their talk, their other messages, and its own row.
    assert read(plans) < 2 * SIGHT + 20 * IN_FLIGHT, "\n".join(map(str, plans))
