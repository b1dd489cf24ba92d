"""Two appointments that take each other's time, on both databases."""

import pytest
from sqlalchemy import select

from bot.agenda import exchange
from bot.agenda.policy import Agreed
from bot.agenda.refusals import AppointmentMoved, NoExchange
from bot.db import Database
from bot.models import Appointment
from bot.models.enums import Action, Actor, Status

from .factories import NOW, THURSDAY_15H
from .world import DAY, HOUR, LATER, MINUTE, World


async def _exchanged(world: World, first: Appointment, second: Appointment) -> list[Appointment]:
    sides = [(row.id, Agreed(row.start_at)) for row in (first, second)]
    async with world.db.begin() as session:
        return await exchange.exchange(session, *sides, owner=world.owner.id, now=NOW)


async def _starts(world: World) -> dict[object, object]:
    async with world.db.begin() as session:
        rows = await session.scalars(select(Appointment))
        return {row.id: (row.start_at, row.status) for row in rows}


async def test_two_take_each_others_time_and_both_are_told(db: Database) -> None:
    async with World(db) as world:
        first = await world.book(actor=Actor.PROFESSIONAL)
        second = await world.book(LATER, actor=Actor.PROFESSIONAL)
        before = {row.id for row in await world.owed()}
        await _exchanged(world, first, second)
        assert await _starts(world) == {
            first.id: (LATER, Status.CONFIRMED),
            second.id: (THURSDAY_15H, Status.CONFIRMED),
        }
        told = [row for row in await world.owed() if row.id not in before and row.kind == "booking_rescheduled"]
        assert {row.appointment_id for row in told} == {first.id, second.id}
        for row, old, new in ((first, THURSDAY_15H, LATER), (second, LATER, THURSDAY_15H)):
            event = (await world.events(row))[-1]
            assert (event.action, event.actor, event.to_status) == (
                Action.RESCHEDULE,
                Actor.PROFESSIONAL,
                Status.CONFIRMED,
            )
            assert event.details == {"from": old.isoformat(), "to": new.isoformat()}


async def test_what_does_not_fit_moves_neither(db: Database) -> None:
    async with World(db) as world:
        first = await world.book(actor=Actor.PROFESSIONAL)
        second = await world.book(LATER, actor=Actor.PROFESSIONAL)
        async with db.begin() as session:  # longer than the room at the first one's time
            (await session.get_one(Appointment, second.id)).end_at = LATER + HOUR
        await world.book(THURSDAY_15H + 30 * MINUTE, actor=Actor.PROFESSIONAL)
        before = await _starts(world)
        with pytest.raises(NoExchange):
            await _exchanged(world, first, second)
        assert await _starts(world) == before


async def test_a_yes_holds_for_the_times_that_were_shown(db: Database) -> None:
    async with World(db) as world:
        first = await world.book(actor=Actor.PROFESSIONAL)
        second = await world.book(LATER, actor=Actor.PROFESSIONAL)
        await world.move(second, LATER + DAY, **world.as_owner())
        before = await _starts(world)
        with pytest.raises(AppointmentMoved):
            await _exchanged(world, first, second)
        assert await _starts(world) == before
