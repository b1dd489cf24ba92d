"""Any agenda, on a real database, in any zone and over its clock changes: what is listed can be booked, nothing else.

The worlds are those of test_slots; here they are rows, and the answer comes through the door that everybody uses.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda import booking
from bot.agenda.slots import Busy, free_times
from bot.db import Database
from bot.errors import Refused
from bot.models import Availability, AvailabilityException, Client, Professional, Service
from bot.models.enums import Actor, Source

from .factories import a_client, a_contact, a_conversation, a_hold, a_past_appointment, a_professional
from .test_slots import MINUTE, ODD_ZONES, ZONES, World, world_of

ENDLESS = 900  # days: beyond what any of these worlds asks for
WORLDS = 16


@dataclass(frozen=True)
class Agenda:
    """A world as rows, and somebody who would like to book in it."""

    session: AsyncSession
    world: World
    owner: Professional
    service: Service
    client: Client

    async def listed(self) -> list[datetime]:
        world = self.world
        return (
            await booking.openings(self.session, self.owner.id, self.service, world.start, world.end, now=world.now)
        ).times

    async def books(self, at: datetime) -> bool:
        """Try to book, and take it back."""
        async with undone(self.session):
            try:
                await booking.book(
                    self.session,
                    professional_id=self.owner.id,
                    client_id=self.client.id,
                    service_id=self.service.id,
                    start_at=at,
                    source=Source.API,
                    actor=Actor.CLIENT,
                    now=self.world.now,
                )
            except Refused:
                return False
            return True


async def written(session: AsyncSession, world: World, number: int) -> Agenda:
    """Write a world as rows; what overlaps something written before cannot be, and is left out."""
    rules = world.rules
    owner = await a_professional(
        session,
        number=97_000_000 + number,
        timezone=rules.zone,
        hours=(),
        slot_interval_minutes=rules.interval,
        buffer_before_minutes=rules.buffer_before,
        buffer_after_minutes=rules.buffer_after,
        min_notice_minutes=rules.min_notice,
        horizon_days=ENDLESS if rules.horizon_days is None else rules.horizon_days,
        max_per_day=rules.max_per_day,
        max_per_week=rules.max_per_week,
    )
    for window in rules.weekly:
        if window.start_minute < window.end_minute:
            values = {"weekday": window.weekday, "start_minute": window.start_minute, "end_minute": window.end_minute}
            session.add(Availability(professional_id=owner.id, **values))
    for each in rules.exceptions:
        span = {"start_minute": each.start_minute, "end_minute": each.end_minute}
        session.add(AvailabilityException(professional_id=owner.id, date=each.date, kind=each.kind, **span))
    service = Service(professional_id=owner.id, name="Corte", minutes=rules.minutes, created_at=world.now)
    session.add(service)
    await session.flush()
    busy = await occupied(session, world, owner, number)
    client = await a_client(session, owner, number=85_000_000 + number)
    return Agenda(session, replace(world, busy=busy), owner, service, client)


async def occupied(session: AsyncSession, world: World, owner: Professional, number: int) -> list[Busy]:
    """Write what is busy: appointments where a limit counts it, else times that are kept for somebody."""
    client = await a_client(session, owner, number=88_000_000 + number)
    deciding = await a_conversation(session, await a_contact(session, number=86_000_000 + number))
    kept: list[Busy] = []
    for event in world.busy:
        minutes = int((event.end - event.start) / MINUTE)
        if any(event.start < other.end and other.start < event.end for other in kept):
            continue
        if event.counts:
            lasting = Service(name="Corte", minutes=minutes, price_cents=0)
            await a_past_appointment(session, owner, client, lasting, event.start)
        else:
            await a_hold(session, deciding, owner, event.start, minutes=minutes, now=world.now)
        kept.append(event)
    return kept


@asynccontextmanager
async def undone(session: AsyncSession) -> AsyncIterator[None]:
    """Take back what is written inside."""
    async with session.begin_nested() as attempt:
        yield
        await attempt.rollback()


@pytest.mark.parametrize("part", range(3))
async def test_what_is_listed_can_be_booked_and_nothing_else(db: Database, part: int) -> None:
    draw = Random(part)
    for number in range(part * WORLDS, (part + 1) * WORLDS, 3 if db.sqlite else 2):
        async with db.begin() as session:
            drawn = world_of(draw.randrange(2**40), [*ZONES, *ODD_ZONES])
            agenda = await written(session, drawn, number)
            world, listed = agenda.world, await agenda.listed()
            assert listed == free_times(world.rules, world.busy, world.start, world.end, world.now)
            length = max(1, int((world.end - world.start) / MINUTE))
            others = [world.start.replace(second=0) + draw.randrange(length) * MINUTE for _ in range(3)]
            beside = [t + draw.choice((-1, 1)) * MINUTE for t in listed[:1]]
            for at in [*draw.sample(listed, min(4, len(listed))), *others, *beside]:
                if world.start <= at < world.end:
                    assert await agenda.books(at) is (at in listed), (world.rules, at)
