"""What a plan allows in a month: exact, through every door, and nobody's business but the professional's."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from bot.agenda import booking
from bot.agenda.hours import Window
from bot.agenda.refusals import NotTaking, PlanLimit
from bot.billing import usage
from bot.billing.usage import Counted
from bot.db import Database
from bot.errors import Refused
from bot.models import Appointment
from bot.models.account import Usage
from bot.models.enums import Action, Actor, Plan

from .factories import NOW, THURSDAY_15H
from .world import HOUR, MINUTE, World

ALWAYS = tuple(Window(day, 0, 1440) for day in range(7))
LIMIT = 30
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


async def used(world: World, month: date = NOVEMBER) -> int:
    async with world.db.begin() as session:
        return await usage.used(session, world.owner.id, Counted.APPOINTMENTS, month=month)


async def use_up(world: World, number: int, month: date = NOVEMBER) -> None:
    async with world.db.begin() as session:
        session.add(Usage(professional_id=world.owner.id, month=month, what="appointments", count=number))


def free(db: Database, **fields: Any) -> World:
    return World(db, plan=Plan.FREE, hours=ALWAYS, horizon_days=90, **fields)


async def test_the_thirty_first_is_refused_to_either_side(db: Database) -> None:
    async with free(db) as world:
        for number in range(3):
            await world.book(THURSDAY_15H + number * HOUR, actor=Actor.PROFESSIONAL if number else Actor.CLIENT)
        assert await used(world) == 3
        async with db.begin() as session:
            (await session.scalars(select(Usage))).one().count = LIMIT - 1
        await world.book(THURSDAY_15H + 3 * HOUR)
        told = await world.refused(THURSDAY_15H + 4 * HOUR, PlanLimit, actor=Actor.PROFESSIONAL)
        assert told.message == (
            "O seu plano inclui 30 agendamentos por mês, e os deste mês já foram usados. "
            "O plano Basic (R$ 39,00 por mês) não tem esse limite."
        )
        heard = await world.refused(THURSDAY_15H + 4 * HOUR, NotTaking)
        assert heard.message == (
            "A agenda de Bia Souza não está recebendo novos horários por aqui. Fale direto com Bia Souza."
        )
        assert "plan" not in heard.code
        assert await used(world) == LIMIT


async def test_a_client_is_told_before_choosing_a_time(db: Database) -> None:
    async with free(db) as world:
        await use_up(world, LIMIT)
        async with db.begin() as session:
            with pytest.raises(NotTaking):
                await booking.openings(session, world.owner.id, world.service, NOW, THURSDAY_15H, now=NOW)
            no = await booking.refusal(session, world.owner.id, world.service, THURSDAY_15H, now=NOW)
            assert isinstance(no, NotTaking)
            # The professional goes on seeing where the day is open.
            assert (
                await booking.openings(
                    session, world.owner.id, world.service, NOW, THURSDAY_15H, now=NOW, actor=Actor.PROFESSIONAL
                )
            ).times


async def test_only_one_of_many_gets_the_last_one(db: Database) -> None:
    async with free(db) as world:
        await use_up(world, LIMIT - 1)
        tries = [world.book(THURSDAY_15H + number * HOUR) for number in range(12)]
        done = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(one, Appointment) for one in done) == 1
        assert sum(isinstance(one, NotTaking) for one in done) == 11
        assert (await used(world), await world.count()) == (LIMIT, 1)


async def test_what_was_made_counts_and_what_was_not_does_not(db: Database) -> None:
    async with free(db) as world:
        row = await world.book()
        await world.move(row, THURSDAY_15H + HOUR, **world.as_client())
        await world.act(row, Action.CANCEL)
        assert await used(world) == 1
        # A time that is refused, and a transaction that comes to nothing.
        await world.book()
        await world.refused(THURSDAY_15H, Refused)
        with pytest.raises(RuntimeError):
            async with db.begin() as session:
                await booking.book(
                    session,
                    professional_id=world.owner.id,
                    client_id=world.client.id,
                    service_id=world.service.id,
                    start_at=THURSDAY_15H + 5 * HOUR,
                    source=row.source,
                    actor=Actor.CLIENT,
                    now=NOW,
                )
                raise RuntimeError
        assert await used(world) == 2
        # The same key again is the same appointment.
        for _ in range(2):
            await world.book(THURSDAY_15H + 2 * HOUR, idempotency_key="once")
        assert await used(world) == 3


async def test_the_month_turns_where_the_professional_lives(db: Database) -> None:
    async with free(db, timezone="America/Manaus") as world:
        await use_up(world, LIMIT)
        still_november = datetime(2026, 12, 1, 3, 59, tzinfo=UTC)  # 23:59 of the 30th in Manaus
        at = THURSDAY_15H + timedelta(days=14)
        await world.refused(at, NotTaking, now=still_november)
        await world.book(at, now=still_november + MINUTE)
        assert (await used(world), await used(world, DECEMBER)) == (LIMIT, 1)


async def test_plans_without_a_limit_are_not_counted(db: Database) -> None:
    async with World(db, plan=Plan.BASIC, hours=ALWAYS) as world:
        await use_up(world, 1000)
        await world.book()
        assert await used(world) == 1000


async def test_counting_is_exact_however_many_count_at_once(db: Database) -> None:
    async with World(db) as world:

        async def turn(by: int = 1) -> bool:
            async with db.begin() as session:
                return await usage.count(session, world.owner.id, Counted.MODEL_TURNS, month=NOVEMBER, limit=20, by=by)

        assert sum(await asyncio.gather(*(turn() for _ in range(32)))) == 20
        assert not await turn()
        assert await turn(by=-2)
        assert not await turn(by=3)
        assert await turn(by=2)
        assert not await turn(by=21)
        async with db.begin() as session:
            # No limit: counted all the same; another month or another matter is another number.
            assert await usage.count(session, world.owner.id, Counted.MODEL_TURNS, month=NOVEMBER, limit=None)
            assert await usage.used(session, world.owner.id, Counted.MODEL_TURNS, month=NOVEMBER) == 21
            assert await usage.used(session, world.owner.id, Counted.MODEL_TURNS, month=DECEMBER) == 0
            assert await usage.used(session, UUID(int=1), Counted.MODEL_TURNS, month=NOVEMBER) == 0
