"""What a whole installation runs on: Postgres, Redis, and a Graph server that only sees HTTP."""

from collections.abc import AsyncIterator

import pytest

from bot.clock import SystemClock
from bot.db import Database
from bot.seed import seed

from ..fakes.graph import ACCOUNT, SECRET, TOKEN, Graph, graph


@pytest.fixture
async def meta() -> AsyncIterator[Graph]:
    async with graph() as fake:
        yield fake


@pytest.fixture
def environment(postgres_url: str, redis_database: str, meta: Graph) -> dict[str, str]:
    return {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_database,
        "WHATSAPP_API_URL": meta.url,
        "WHATSAPP_TOKEN": TOKEN,
        "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT,
        "WHATSAPP_APP_SECRET": SECRET,
        "WHATSAPP_VERIFY_TOKEN": "verificar",
        "TURN_LEASE_SECONDS": "2",
    }


@pytest.fixture
async def book(postgres_url: str) -> AsyncIterator[Database]:
    """The installation's database, seen from outside, with an agenda in it."""
    database = Database(postgres_url)
    async with database.begin() as session:
        await seed(session, account=ACCOUNT, now=SystemClock().now())
    yield database
    await database.close()
