"""Reminders: planned with the confirmation, moved with the appointment, never at night, never for what is not."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.agenda import owners, reminders
from bot.agenda.hours import Window
from bot.db import Database
from bot.jobs.digest import owe_due_digests
from bot.jobs.reminders import tidy_reminders
from bot.models import Outbound, Professional
from bot.models.enums import Action, Actor, OutboundStatus, Plan
from bot.quiet import after_quiet, out_of_quiet, quiet

from .factories import NOW, THURSDAY_15H, a_client, a_contact, a_professional, a_service, an_appointment
from .world import DAY, HOUR, LATER, MINUTE, World

ALWAYS = tuple(Window(day, 0, 1440) for day in range(7))
ZONES = ("America/Sao_Paulo", "America/Noronha", "America/Santiago", "Europe/Lisbon", "Pacific/Apia")


def local(text: str, zone: str = "America/Sao_Paulo") -> datetime:
    """Read "26/11 15:00" as a moment of 2026 in a zone."""
    return datetime.strptime(f"2026 {text}", "%Y %d/%m %H:%M").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


class Remembered(World):
    """A world that shows its reminders."""

    async def reminders(self, status: OutboundStatus = OutboundStatus.QUEUED) -> list[tuple[str, datetime]]:
        return [
            (row.kind, row.due_at) for row in await self.owed() if row.appointment_start_at and row.status is status
        ]

    async def renewed(self, now: datetime = NOW, **fields: Any) -> dict[tuple[str, datetime | None], dict[str, Any]]:
        """Change the professional, and return what their reminders say that still wait."""
        async with self.db.begin() as session:
            owner = await session.get_one(Professional, self.owner.id)
            for field, value in fields.items():
                setattr(owner, field, value)
            await reminders.renew(session, owner.id, now=now)
        rows = [row for row in await self.owed() if row.appointment_start_at and row.status is OutboundStatus.QUEUED]
        return {(row.kind, row.appointment_start_at): {**row.payload, "due": row.due_at} for row in rows}

    async def confirmed(self, start: datetime = THURSDAY_15H, **fields: Any) -> Any:
        return await self.book(start, actor=Actor.PROFESSIONAL, **fields)


async def test_reminders_are_planned_when_the_professional_confirms(db: Database) -> None:
    async with Remembered(db) as world:
        row = await world.book()
        assert await world.reminders() == []  # a request that nobody answered is not a promise
        await world.act(row, Action.CONFIRM)
        assert await world.reminders() == [
            ("reminder_24h", THURSDAY_15H - 24 * HOUR),
            ("reminder_2h", THURSDAY_15H - 2 * HOUR),
        ]
        day_before, shortly_before = (row for row in await world.owed() if row.kind.startswith("reminder"))
        assert day_before.appointment_start_at == shortly_before.appointment_start_at == THURSDAY_15H
        assert day_before.expires_at == THURSDAY_15H - 3 * HOUR
        assert shortly_before.expires_at == THURSDAY_15H - 15 * MINUTE
        assert day_before.payload["when"] == "quinta, 26/11, às 15h"
        assert shortly_before.payload["hour"] == "15h"
        assert day_before.dedup_key == f"reminder_24h:{row.id}:{THURSDAY_15H.isoformat()}"


async def test_the_second_reminder_belongs_to_the_paid_plans(db: Database) -> None:
    async with Remembered(db, plan=Plan.FREE) as world:
        await world.confirmed()
        assert [kind for kind, _ in await world.reminders()] == ["reminder_24h"]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # Due at 7h: the evening before, and it says that it is tomorrow.
        ("26/11 09:00", {"reminder_24h": "25/11 09:00", "reminder_2h": "25/11 20:30"}),
        ("26/11 10:00", {"reminder_24h": "25/11 10:00", "reminder_2h": "26/11 08:00"}),
        ("26/11 07:59", {"reminder_24h": "24/11 20:30", "reminder_2h": "25/11 20:30"}),
        ("26/11 20:59", {"reminder_24h": "25/11 20:59", "reminder_2h": "26/11 18:59"}),
        ("26/11 21:00", {"reminder_24h": "25/11 20:30", "reminder_2h": "26/11 19:00"}),
        ("26/11 23:30", {"reminder_24h": "25/11 20:30", "reminder_2h": "26/11 20:30"}),
        ("26/11 00:30", {"reminder_24h": "24/11 20:30", "reminder_2h": "25/11 20:30"}),
    ],
)
async def test_nobody_is_woken_up(db: Database, start: str, expected: dict[str, str]) -> None:
    async with Remembered(db, hours=ALWAYS, slot_interval_minutes=1) as world:
        await world.confirmed(local(start))
        assert dict(await world.reminders()) == {kind: local(at) for kind, at in expected.items()}
        second = next(row for row in await world.owed() if row.kind == "reminder_2h")
        tomorrow = expected["reminder_2h"][:5] != start[:5]
        assert second.payload["hour"].startswith("amanhã, ") is tomorrow


async def test_what_would_be_due_already_is_not_planned(db: Database) -> None:
    async with Remembered(db, hours=ALWAYS) as world:
        await world.confirmed(NOW + 24 * HOUR)  # due this very moment
        assert [kind for kind, _ in await world.reminders()] == ["reminder_2h"]
        await world.confirmed(NOW + 90 * MINUTE)
        assert len(await world.reminders()) == 1
        # Booked at 22h for the next morning: the evening before is over.
        await world.confirmed(local("24/11 09:00"), now=local("23/11 22:00"))
        assert len(await world.reminders()) == 1


async def test_cancelling_lets_go_of_them(db: Database) -> None:
    async with Remembered(db) as world:
        row = await world.confirmed()
        await world.act(row, Action.CANCEL, **world.as_client())
        assert await world.reminders() == []
        assert len(await world.reminders(OutboundStatus.SKIPPED)) == 2


async def test_they_move_with_the_appointment_and_come_back_with_it(db: Database) -> None:
    async with Remembered(db) as world:
        row = await world.confirmed()
        planned = await world.reminders()
        await world.move(row, LATER, **world.as_owner())
        assert await world.reminders() == [(kind, at + HOUR) for kind, at in planned]
        await world.move(row, THURSDAY_15H, **world.as_owner())
        assert await world.reminders() == planned
        # The client's own new time has to be confirmed first.
        await world.move(row, LATER, **world.as_client())
        assert await world.reminders() == []
        await world.act(row, Action.CONFIRM)
        assert await world.reminders() == [(kind, at + HOUR) for kind, at in planned]


async def test_what_was_sent_is_not_sent_again_after_a_move_there_and_back(db: Database) -> None:
    async with Remembered(db) as world:
        row = await world.confirmed()
        async with db.begin() as session:
            sent = await session.scalar(select(Outbound).where(Outbound.kind == "reminder_24h"))
            assert sent is not None
            sent.status = OutboundStatus.SENT
        await world.move(row, LATER, **world.as_owner())
        await world.move(row, THURSDAY_15H, **world.as_owner())
        assert await world.reminders() == [("reminder_2h", THURSDAY_15H - 2 * HOUR)]


async def test_what_was_booked_on_a_smaller_plan_is_reminded_of_as_the_larger_one_promises(db: Database) -> None:
    async with Remembered(db, plan=Plan.FREE) as world:
        soon, later = await world.confirmed(), await world.confirmed(LATER)
        await world.book(LATER + DAY)  # not confirmed: no promise
        now = THURSDAY_15H - 90 * MINUTE
        found = await world.renewed(now, plan=Plan.PREMIUM)
        assert [key for key in found if key[0] == "reminder_2h"] == [("reminder_2h", LATER)]  # for the first it is late
        assert found["reminder_2h", LATER]["appointment_id"] == str(later.id)
        assert found == await world.renewed(now)
        # What a smaller plan finds waiting is left to go.
        assert found == await world.renewed(now, plan=Plan.FREE)
        await world.act(soon, Action.CANCEL, now=now)
        assert ("reminder_24h", THURSDAY_15H) not in await world.renewed(now, plan=Plan.PRO)


async def test_reminders_that_wait_say_what_is_true_when_they_leave(db: Database) -> None:
    async with Remembered(db) as world:
        await world.confirmed()
        await world.confirmed(LATER)
        async with db.begin() as session:
            for row in await session.scalars(select(Outbound).where(Outbound.appointment_start_at == LATER)):
                row.status = OutboundStatus.SENT
        found = await world.renewed(address="Rua Nova, 99", name="Bia S.", timezone="America/Manaus")
        assert set(found) == {("reminder_24h", THURSDAY_15H), ("reminder_2h", THURSDAY_15H)}
        day_before = found["reminder_24h", THURSDAY_15H]
        assert (day_before["address"], day_before["professional"]) == ("Rua Nova, 99", "Bia S.")
        assert day_before["when"] == "quinta, 26/11, às 14h"
        # One that is late and waits for its turn keeps its place.
        late = await world.renewed(THURSDAY_15H - 23 * HOUR, timezone="America/Noronha")
        assert late["reminder_24h", THURSDAY_15H]["due"] == THURSDAY_15H - 24 * HOUR
        assert late["reminder_24h", THURSDAY_15H]["when"] == "quinta, 26/11, às 16h"


async def test_paying_leaves_them_alone(db: Database) -> None:
    async with Remembered(db) as world:
        row = await world.confirmed()
        await world.act(row, Action.PAID)
        assert len(await world.reminders()) == 2


async def test_after_an_outage_the_late_ones_are_skipped_or_wait_for_the_morning(db: Database) -> None:
    async with Remembered(db, hours=ALWAYS) as world:
        lost = await world.confirmed(local("26/11 09:00"))  # both due on the 25th
        late = await world.confirmed(local("26/11 20:00"))  # the first due on the 25th at 20h
        night = local("25/11 23:00")
        assert await tidy_reminders(db, night) == 3
        waiting = {(row.appointment_id, row.kind): row.due_at for row in await world.owed() if row.status == "queued"}
        assert waiting[late.id, "reminder_24h"] == local("26/11 08:00")
        assert waiting[lost.id, "reminder_2h"] == local("26/11 08:00")  # of use until 8h45
        assert (lost.id, "reminder_24h") not in waiting  # of use until 6h
        assert await tidy_reminders(db, night + MINUTE) == 0
        assert await tidy_reminders(db, local("26/11 12:00")) == 1
        assert len(await world.reminders(OutboundStatus.SKIPPED)) == 2


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 2 * 366 * 24 * 60),
    st.sampled_from(ZONES),
)
def test_moving_out_of_the_night_never_lands_in_it(minute: int, zone: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + minute * MINUTE
    earlier, later = out_of_quiet(at, zone), after_quiet(at, zone)
    assert earlier <= at <= later
    assert not quiet(earlier, zone)
    assert not quiet(later, zone)
    if not quiet(at, zone):
        assert earlier == at == later
    else:
        assert at - earlier < timedelta(hours=36)  # a zone may skip a whole day
        assert earlier.astimezone(ZoneInfo(zone)).time() == time(20, 30)
        assert later.astimezone(ZoneInfo(zone)).time() == time(8)


@pytest.mark.parametrize("day", [date(2026, 4, 5), date(2026, 9, 6)])
async def test_a_clock_change_in_between_moves_no_hour(db: Database, day: date) -> None:
    """Santiago turns its clocks at midnight; the wall hours that people read stay right."""
    zone = "America/Santiago"
    start = datetime.combine(day, time(15), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    now = start - 5 * DAY
    async with Remembered(db, timezone=zone, hours=ALWAYS) as world:
        await world.confirmed(start, now=now)
        first, second = [row for row in await world.owed() if row.appointment_start_at]
        assert first.payload["when"].endswith(", às 15h")
        assert second.payload["hour"] == "15h"
        assert start - first.due_at == 24 * HOUR
        assert not quiet(first.due_at, zone)


# The daily agenda


async def test_each_professional_hears_of_the_day_once_in_their_own_morning(db: Database) -> None:
    async with db.begin() as session:
        people = []
        for number, (zone, plan) in enumerate(
            [
                ("America/Sao_Paulo", Plan.BASIC),
                ("America/Manaus", Plan.PRO),
                ("America/Sao_Paulo", Plan.FREE),
                ("America/Sao_Paulo", Plan.PRO),
            ]
        ):
            owner = await a_professional(
                session, name=f"Bia {'ABCD'[number]}", number=97770000 + number, timezone=zone, plan=plan
            )
            people.append(owner)
            if number < 3:  # the last one has nothing today
                service, client = await a_service(session, owner), await a_client(session, owner)
                actor = Actor.PROFESSIONAL if number == 0 else Actor.CLIENT
                await an_appointment(session, owner, client, service, actor=actor)
        await owners.add_service(session, people[0].id, name="Barba", minutes=30, price_cents=30_00, now=NOW)
        other = await a_client(session, people[0], name="Caio Reis", number=88886666)
        await an_appointment(session, people[0], other, await a_service(session, people[0], name="Barba"), start=LATER)
    assert await owe_due_digests(db, local("26/11 07:59")) == 0
    assert await owe_due_digests(db, local("26/11 08:00")) == 1
    assert await owe_due_digests(db, local("26/11 08:01")) == 0
    assert await owe_due_digests(db, local("26/11 09:00")) == 1  # 8h in Manaus
    assert await owe_due_digests(db, local("26/11 12:00")) == 0
    async with db.begin() as session:
        first, second = await session.scalars(
            select(Outbound).where(Outbound.kind == "daily_agenda").order_by(Outbound.id)
        )
        contact = await a_contact(session, name="Bia A", number=97770000)
    assert (first.professional_id, second.professional_id) == (people[0].id, people[1].id)
    assert first.contact_id == contact.id
    assert first.payload == {
        "professional": "Bia",
        "day": "quinta, 26/11",
        "count": "2 atendimentos",
        "agenda": "15h Júlia Lima (Corte) · 16h Caio Reis (Barba, a confirmar)",
        "revenue": "R$ 100,00",
    }
    assert first.expires_at == local("26/11 12:00")
    assert first.dedup_key == f"daily_agenda:{people[0].id}:2026-11-26"
    assert second.payload["agenda"] == "14h Júlia Lima (Corte, a confirmar)"


async def test_a_morning_that_was_missed_is_told_until_noon(db: Database) -> None:
    async with Remembered(db) as world:
        await world.confirmed()
        assert await owe_due_digests(db, local("26/11 11:59")) == 1
        assert await owe_due_digests(db, local("27/11 08:00")) == 0
