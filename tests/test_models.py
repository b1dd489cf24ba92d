"""The tables: migrations and models agree, and the overlap wall stands on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.db import Database
from bot.migrations import run as migrations
from bot.migrations.run import check, head
from bot.models import Appointment, Client, Professional, User
from bot.models.enums import Status

START = datetime(2026, 11, 26, 18, tzinfo=UTC)


async def a_professional(db: Database) -> tuple[Professional, Client]:
    async with db.begin() as session:
        user = User(name="Bia", created_at=START)
        session.add(user)
        await session.flush()
        owner = Professional(user_id=user.id, slug="bia", name="Bia", created_at=START)
        session.add(owner)
        await session.flush()
        client = Client(professional_id=owner.id, name="Júlia", created_at=START)
        session.add(client)
    return owner, client


def an_appointment(owner: Professional, client: Client, start: datetime, **fields: object) -> Appointment:
    values: dict[str, object] = {
        "service_name": "Corte",
        "start_at": start,
        "end_at": start + timedelta(minutes=30),
        "status": Status.CONFIRMED,
        "created_at": START,
        "updated_at": START,
    }
    return Appointment(professional_id=owner.id, client_id=client.id, **{**values, **fields})


async def test_migrations_and_models_agree(db: Database) -> None:
    url = db.engine.url.render_as_string(hide_password=False)
    await asyncio.to_thread(check, url)


async def test_the_wall_refuses_an_overlap_that_the_code_let_through(db: Database) -> None:
    owner, client = await a_professional(db)
    async with db.begin() as session:
        session.add(an_appointment(owner, client, START))
    with pytest.raises(IntegrityError, match="no_overlap"):
        async with db.begin() as session:
            session.add(an_appointment(owner, client, START + timedelta(minutes=29)))
    async with db.begin() as session:  # touching is not overlapping
        session.add(an_appointment(owner, client, START + timedelta(minutes=30)))


async def test_the_wall_lets_a_cancelled_time_be_sold_again_but_not_revived(db: Database) -> None:
    owner, client = await a_professional(db)
    first = an_appointment(owner, client, START, status=Status.CANCELLED)
    async with db.begin() as session:
        session.add(first)
    async with db.begin() as session:
        session.add(an_appointment(owner, client, START))
    with pytest.raises(IntegrityError, match="no_overlap"):
        async with db.begin() as session:
            row = await session.get_one(Appointment, first.id)
            row.status = Status.CONFIRMED


async def test_deleting_a_professional_deletes_what_is_theirs(db: Database) -> None:
    owner, client = await a_professional(db)
    async with db.begin() as session:
        session.add(an_appointment(owner, client, START))
    async with db.begin() as session:
        await session.delete(await session.get_one(Professional, owner.id))
    async with db.begin() as session:
        assert (await session.scalars(select(Appointment))).all() == []
        assert (await session.scalars(select(Client))).all() == []


async def test_a_naive_datetime_is_refused(db: Database) -> None:
    with pytest.raises(Exception, match="naive"):
        async with db.begin() as session:
            session.add(User(name="x", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_the_newest_revision_is_the_one_that_alembic_means() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert scripts.get_current_head() == head()
