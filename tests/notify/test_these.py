"""A statement about many rows is one statement, however many they are."""

import pytest
from sqlalchemy import select, text

from bot.db import Database, Swift
from bot.models import Outbound, new_id
from bot.notify.these import IDS, these

# Postgres tries this many executions before it settles for one plan.
TRIES = 5


async def test_it_is_planned_once_and_not_for_each_list_of_ids(db: Database) -> None:
    if db.sqlite:
        pytest.skip("SQLite plans a statement when it prepares it")
    found = Swift(select(Outbound.kind, Outbound.expires_at).where(these(Outbound.id, IDS)))
    async with db.begin() as session:
        for count in range(1, TRIES * 2):
            assert await found.all(session, {"ids": [new_id() for _ in range(count % 3 + 1)]}) == []
        plans = text("SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE :this")
        once = await session.scalar(plans, {"this": "SELECT outbound.kind, outbound.expires_at%"})
    # The first is SQLAlchemy's, as of any transaction.
    assert once == TRIES - 2
