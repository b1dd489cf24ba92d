"""A statement about many rows is one statement, however many they are."""

import pytest
from sqlalchemy import select, text

from bot.db import Database, Swift
from bot.models import Contact, new_id
from bot.notify.these import IDS, these

# Postgres tries this many executions before it settles for one plan.
TRIES = 5
# So many that nobody reads them all to find a few.
PEOPLE = text(
    "INSERT INTO contacts (id, name, created_at) SELECT gen_random_uuid(), '', now() FROM generate_series(1, 5000)"
)


async def test_it_is_planned_once_and_not_for_each_list_of_ids(db: Database) -> None:
    if db.sqlite:
        pytest.skip("SQLite plans a statement when it prepares it")
    found = Swift(select(Contact.id, Contact.unreachable_at).where(these(Contact.id, IDS)))
    async with db.begin() as session:
        await session.execute(PEOPLE)
        await session.execute(text("ANALYZE contacts"))
        for _ in range(TRIES * 2):
            assert await found.all(session, {"ids": [new_id()]}) == []
        plans = text("SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE :this")
        once = await session.scalar(plans, {"this": "SELECT contacts.id, contacts.unreachable_at%"})
    # The first is SQLAlchemy's, as of any transaction.
    assert once == TRIES - 1
