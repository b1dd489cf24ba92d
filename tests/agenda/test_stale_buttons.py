"""A tap agrees to what its message showed: after a move, the old message's button decides nothing."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.agenda import booking
from bot.db import Database
from bot.models import Appointment, Client, Outbound, Professional, Service
from bot.models.enums import Action, Actor, Status

from ..conftest import StillClock
from ..stage import JULIA, RAFAEL, Stage, stage
from .world import HOUR


@pytest.fixture
async def here(db: Database, clock: StillClock) -> AsyncIterator[Stage]:
    async with stage(db, clock) as ready:
        yield ready


async def the_appointment(here: Stage) -> Appointment:
    async with here.services.db.begin() as session:
        latest = select(Appointment).order_by(Appointment.created_at.desc(), Appointment.id.desc()).limit(1)
        return (await session.scalars(latest)).one()


async def taps_under(here: Stage, phone: str, about: Appointment, kind: str, verb: str) -> None:
    """Tap a button of the first message of a kind: WhatsApp names the message that was answered."""
    first = select(Outbound).where(Outbound.kind == kind, Outbound.appointment_id == about.id).order_by(Outbound.id)
    async with here.services.db.begin() as session:
        row = (await session.scalars(first)).first()
    assert row is not None
    reply = {"id": f"{verb}:{row.appointment_id}", "title": "Confirmar"}
    interactive = {"type": "button_reply", "button_reply": reply}
    await here.sends(phone, type="interactive", context={"id": row.provider_id}, interactive=interactive)


async def test_an_old_request_does_not_confirm_the_new_time(here: Stage) -> None:
    await here.says(JULIA, "marcar corte amanhã às 9h")
    await here.taps(JULIA, "Sim")
    row = await the_appointment(here)
    here.clock.jump(minutes=5)
    async with here.services.db.begin() as session:
        client = await session.get_one(Client, row.client_id)
        later = row.start_at + HOUR
        await booking.move(
            session, row.id, later, actor=Actor.CLIENT, contact_id=client.contact_id, now=here.clock.now()
        )
    await here.settle()
    here.heard(RAFAEL)
    await taps_under(here, RAFAEL, row, "booking_request_received", "confirm")
    assert "mudou de horário" in here.heard(RAFAEL)
    assert (await the_appointment(here)).status is Status.PENDING_CONFIRMATION
    # The message that showed the new time still decides.
    await here.taps(RAFAEL, "Confirmar")
    row = await the_appointment(here)
    assert (row.status, row.start_at) == (Status.CONFIRMED, later)


async def test_an_old_reminder_does_not_promise_the_new_time(here: Stage) -> None:
    await here.says(JULIA, "marcar corte segunda às 9h")
    await here.taps(JULIA, "Sim")
    await here.taps(RAFAEL, "Confirmar")
    row = await the_appointment(here)
    await here.later(days=1)
    async with here.services.db.begin() as session:
        owner = (await session.scalars(select(Professional))).one()
        service = await session.get_one(Service, row.service_id)
        times = (
            await booking.openings(
                session, owner.id, service, row.start_at + HOUR, row.start_at + 12 * HOUR, now=here.clock.now()
            )
        ).times
        await booking.move(
            session,
            row.id,
            times[-1],
            actor=Actor.PROFESSIONAL,
            professional_id=owner.id,
            now=here.clock.now(),
        )
    await here.settle()
    here.heard(JULIA)
    await taps_under(here, JULIA, row, "reminder_24h", "attend")
    assert "mudou de horário" in here.heard(JULIA)
    assert (await the_appointment(here)).attendance_confirmed_at is None


async def test_what_was_paid_meanwhile_is_confirmed_all_the_same(here: Stage) -> None:
    await here.says(JULIA, "marcar corte amanhã às 9h")
    await here.taps(JULIA, "Sim")
    row = await the_appointment(here)
    here.clock.jump(minutes=5)
    async with here.services.db.begin() as session:
        owner = (await session.scalars(select(Professional))).one()
        await booking.act(
            session, row.id, Action.PAID, actor=Actor.PROFESSIONAL, professional_id=owner.id, now=here.clock.now()
        )
    await taps_under(here, RAFAEL, row, "booking_request_received", "confirm")
    assert (await the_appointment(here)).status is Status.CONFIRMED
