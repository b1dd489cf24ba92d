"""How often the database is asked: one statement for a listing, four for a booking, however full the agenda is."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.agenda import booking, daysoff, following, series
from bot.agenda.hours import DayException
from bot.agenda.pattern import Pattern
from bot.agenda.workweek import set_exceptions
from bot.db import Database
from bot.models.enums import Actor, ExceptionKind, Frequency, Plan

from ..bench.counting import statements
from .factories import NOW, THURSDAY_15H
from .world import DAY, HOUR, World


@pytest.fixture
async def single(postgres_url: str) -> AsyncIterator[Database]:
    """A database with one connection, so that what it ran can be counted."""
    database = Database(postgres_url, pool_size=1)
    yield database
    await database.close()


async def test_one_statement_lists_a_month(single: Database) -> None:
    async with World(single, buffer_before_minutes=10, max_per_day=12, max_per_week=40) as world:
        for hour in range(3):
            await world.book(THURSDAY_15H + hour * HOUR)
        async with single.begin() as session:
            closed = (THURSDAY_15H + DAY).date()
            await set_exceptions(session, world.owner.id, [closed], [DayException(closed, ExceptionKind.CLOSED)])
        async with statements(single) as seen, single.begin() as session:
            found = (
                await booking.openings(session, world.owner.id, world.service, NOW, NOW + timedelta(days=30), now=NOW)
            ).times
        assert len(found) > 100
        assert len(seen) == 1, "\n".join(x[:150] for x in seen)


async def test_four_statements_book(single: Database) -> None:
    async with World(single, registered=True, email="julia@exemplo.com.br") as world:
        for actor in (Actor.CLIENT, Actor.PROFESSIONAL):
            async with statements(single) as seen:
                await world.book(THURSDAY_15H + (HOUR if actor is Actor.CLIENT else DAY), actor=actor)
            assert len(seen) == 4, seen  # the lock, who and what, what is taken, the rows
        async with statements(single) as seen:
            await world.book(idempotency_key="once")
        assert len(seen) == 4, seen


async def test_a_plan_with_a_limit_costs_one_more(single: Database) -> None:
    async with World(single, plan=Plan.FREE) as world:
        async with statements(single) as seen:
            await world.book()
        assert len(seen) == 5, "\n".join(seen)


async def test_a_series_is_looked_around_once_and_days_are_closed_together(single: Database) -> None:
    weekly = Pattern(frequency=Frequency.WEEKLY, starts_on=THURSDAY_15H.date(), start_minute=900, count=12)
    days = [THURSDAY_15H.date() + DAY * place for place in range(20)]
    async with World(single) as world:
        book: dict[str, Any] = {
            "client_id": world.client.id,
            "service_id": world.service.id,
            "pattern": weekly,
            "now": NOW,
        }
        starts = [THURSDAY_15H + 7 * DAY * place for place in range(12)]
        async with statements(single) as seen, single.begin() as session:
            made = await series.book(session, professional_id=world.owner.id, starts=starts, **book)
        counted = Counter(line.split()[0] for line in seen)
        # The savepoint; the lock, who and what, what is taken; the series, each of its rows, and what is told.
        assert counted == {"SAVEPOINT": 1, "RELEASE": 1, "SELECT": 3, "INSERT": 1, "WITH": 12 + 1}, seen
        async with statements(single) as seen, single.begin() as session:
            await following.cancel_following(session, made.rows[0].id, now=NOW, **world.as_owner())
        assert len([line for line in seen if line.startswith("SELECT")]) == 5, "\n".join(seen)
        async with statements(single) as seen, single.begin() as session:
            await daysoff.close(session, world.owner.id, days, None)
        assert len(seen) == 4, "\n".join(seen)  # the lock, the hours, what goes, what comes
