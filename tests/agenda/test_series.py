"""Series: previewed whole, booked whole or not at all, moved and cancelled alone or with what follows."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from bot.agenda import booking, following, occurrences, owners, series, workweek
from bot.agenda.hours import DayException, Window
from bot.agenda.lifecycle import IllegalMove, NotYours
from bot.agenda.loading import load_agenda
from bot.agenda.pattern import Pattern
from bot.agenda.policy import TooLate
from bot.agenda.recurrence import BadRecurrence
from bot.agenda.refusals import (
    AppointmentUnknown,
    ClosedDay,
    KeyReused,
    NotASeries,
    NotInPlan,
    SeriesLost,
    SeriesTooLong,
    SlotTaken,
)
from bot.db import Database
from bot.jobs.series import extend_series
from bot.models import Appointment, RecurringSchedule
from bot.models.enums import Action, Actor, ExceptionKind, Frequency, LatePolicy, Plan, Source, Status

from .factories import NOW, THURSDAY_15H, a_client, a_contact, a_professional, active
from .world import DAY, HOUR, MINUTE, World

WEEK = 7 * DAY
THURSDAYS = Pattern(frequency=Frequency.WEEKLY, starts_on=date(2026, 11, 26), start_minute=900, count=5)
ENDLESS = Pattern(frequency=Frequency.WEEKLY, starts_on=date(2026, 11, 26), start_minute=900)


class Fixed(World):
    """A world with series."""

    async def preview(self, pattern: Pattern = THURSDAYS) -> list[occurrences.Occurrence]:
        async with self.db.begin() as session:
            return await occurrences.preview(session, self.owner.id, self.service.id, pattern, now=NOW)

    async def book_series(self, pattern: Pattern = THURSDAYS, **fields: Any) -> series.Booked:
        starts = fields.pop("starts", None)
        if starts is None:
            starts = [each.at for each in await self.preview(pattern)]
        values = {"client_id": self.client.id, "service_id": self.service.id, "now": NOW, **fields}
        async with self.db.begin() as session:
            return await series.book(session, professional_id=self.owner.id, pattern=pattern, starts=starts, **values)

    async def starts(self) -> list[datetime]:
        async with self.db.begin() as session:
            return [row.start_at for row in await active(session, self.owner)]

    async def all_series(self) -> Sequence[RecurringSchedule]:
        async with self.db.begin() as session:
            return (await session.scalars(select(RecurringSchedule).order_by(RecurringSchedule.id))).all()

    async def close(self, day: date) -> None:
        async with self.db.begin() as session:
            closed = DayException(day, ExceptionKind.CLOSED)
            await workweek.set_exceptions(session, self.owner.id, [day], [closed], reason="Feriado")


async def test_a_series_is_booked_whole_and_told_once(db: Database) -> None:
    async with Fixed(db, registered=True) as world:
        booked = await world.book_series()
        assert await world.starts() == [THURSDAY_15H + i * WEEK for i in range(5)]
        assert {row.series_id for row in booked.rows} == {booked.series.id}
        assert {(row.status, row.source) for row in booked.rows} == {(Status.CONFIRMED, Source.SERIES)}
        told = [row for row in await world.owed() if not row.kind.startswith("reminder")]
        assert [row.kind for row in told] == ["series_booked"]
        assert told[0].payload == {
            "client": "Júlia",
            "professional": "Bia Souza",
            "service": "Corte",
            "rhythm": "toda quinta, às 15h",
            "count": "5 horários",
            "first_when": "quinta, 26/11, às 15h",
            "last_when": "quinta, 24/12, às 15h",
        }
        assert [note.title for note in await world.notifications()] == ["Horários fixos marcados"]
        assert len([row for row in await world.owed() if row.kind == "reminder_24h"]) == 5


async def test_the_preview_names_every_conflict_and_proposes_a_time(db: Database) -> None:
    async with Fixed(db) as world:
        await world.book(THURSDAY_15H + WEEK)
        await world.close(date(2026, 12, 10))
        found = await world.preview()
        assert [each.at for each in found] == [THURSDAY_15H + i * WEEK for i in range(5)]
        assert [type(each.refusal) for each in found] == [type(None), SlotTaken, ClosedDay, type(None), type(None)]
        taken, closed = found[1], found[2]
        assert taken.proposal == THURSDAY_15H + WEEK - 30 * MINUTE
        assert closed.proposal is not None
        assert abs(closed.proposal - closed.at) <= occurrences.NEAR
        booked = await world.book_series(starts=[each.chosen for each in found])
        assert [row.start_at for row in booked.rows] == [each.chosen for each in found]


async def test_proposals_do_not_compete(db: Database) -> None:
    """Two occurrences that fall onto one free time are not both sent there."""
    hours = tuple(Window(day, 900, 930) for day in (2, 3))  # one time on Wednesdays, one on Thursdays
    async with Fixed(db, hours=hours) as world:
        await world.book(THURSDAY_15H)
        pattern = Pattern(frequency=Frequency.WEEKLY, starts_on=date(2026, 11, 26), start_minute=900, count=2)
        async with db.begin() as session:
            agenda = await load_agenda(session, world.owner.id, now=NOW)
            twice = [(THURSDAY_15H, 30), (THURSDAY_15H + 30 * MINUTE, 30)]
            first, second = await occurrences.judge(session, agenda, twice, now=NOW)
        assert first.proposal == THURSDAY_15H - DAY
        assert second.proposal is None
        assert (await world.preview(pattern))[1].refusal is None


async def test_all_or_nothing(db: Database) -> None:
    async with Fixed(db) as world:
        await world.book(THURSDAY_15H + 3 * WEEK)
        before, owed = await world.count(), len(await world.owed())
        async with db.begin() as session:
            with pytest.raises(SeriesLost) as no:
                await series.book(
                    session,
                    professional_id=world.owner.id,
                    client_id=world.client.id,
                    service_id=world.service.id,
                    pattern=THURSDAYS,
                    starts=[THURSDAY_15H + i * WEEK for i in range(5)],
                    now=NOW,
                )
            # The transaction goes on, without half a series in it.
        assert no.value.facts["starts"] == [THURSDAY_15H + 3 * WEEK]
        assert no.value.message.endswith("quinta, 17/12, às 15h.")
        assert await world.count() == before
        assert len(await world.owed()) == owed
        assert await world.all_series() == []


async def test_the_same_key_makes_one_series(db: Database) -> None:
    async with Fixed(db) as world:
        first = await world.book_series(idempotency_key="k")
        starts = [row.start_at for row in first.rows]
        again = await world.book_series(idempotency_key="k", starts=starts)
        assert again.series.id == first.series.id
        assert [row.id for row in again.rows] == [row.id for row in first.rows]
        assert await world.count() == 5


async def test_a_key_that_made_one_series_answers_for_no_other(db: Database) -> None:
    """Whatever became of the first one since."""
    async with Fixed(db) as world:
        first = await world.book_series(idempotency_key="k")
        starts = [row.start_at for row in first.rows]
        async with db.begin() as session:
            other = await a_client(session, world.owner, name="Caio", number=88886666)
            beard = await owners.add_service(session, world.owner.id, name="Barba", minutes=30, price_cents=0, now=NOW)
        others: tuple[dict[str, Any], ...] = (
            {"client_id": other.id},
            {"service_id": beard.id},
            {"starts": starts[:1]},
            {"starts": [*starts, starts[-1] + WEEK]},
            {"starts": [starts[0] + HOUR, *starts[1:]]},
            {"starts": [*starts[:4], starts[4] + HOUR]},
            {"pattern": ENDLESS},
        )
        moved = starts[1] + MINUTE * 30
        for become in (None, "one moved", "the rest moved"):
            async with db.begin() as session:
                if become == "one moved":
                    await booking.move(session, first.rows[1].id, moved, now=NOW, **world.as_owner())
                if become == "the rest moved":
                    at = starts[0] + 2 * HOUR
                    await following.move_following(session, first.rows[0].id, at, now=NOW + MINUTE, **world.as_owner())
            again = await world.book_series(idempotency_key="k", starts=starts)
            assert {row.id for row in again.rows} == {row.id for row in first.rows}, become
            for change in others:
                with pytest.raises(KeyReused):
                    await world.book_series(**{"idempotency_key": "k", "starts": starts, **change})
        assert await world.count() == 5


async def test_two_series_at_once_on_the_same_times_are_one(db: Database) -> None:
    async with Fixed(db) as world:
        starts = [THURSDAY_15H + i * WEEK for i in range(5)]
        outcomes = await asyncio.gather(*(world.book_series(starts=starts) for _ in range(6)), return_exceptions=True)
        assert sum(isinstance(outcome, series.Booked) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, SeriesLost) for outcome in outcomes) == 5
        assert await world.starts() == starts


@pytest.mark.parametrize(
    ("frequency", "count", "expected"),
    [
        (Frequency.BIWEEKLY, 3, ["26/11", "10/12", "24/12"]),
        (Frequency.MONTHLY, 3, ["26/11", "26/01", "26/02"]),  # 26/12 is a Saturday: closed at 15h
    ],
)
async def test_rhythms(db: Database, frequency: Frequency, count: int, expected: list[str]) -> None:
    async with Fixed(db) as world:
        pattern = Pattern(frequency=frequency, starts_on=date(2026, 11, 26), start_minute=900, count=count + 1)
        free = [each.at for each in await world.preview(pattern) if each.refusal is None]
        zone = ZoneInfo("America/Sao_Paulo")
        assert [f"{at.astimezone(zone):%d/%m}" for at in free][:count] == expected


def test_rhythms_are_said_as_people_say_them() -> None:
    def said(frequency: Frequency, day: date, minute: int = 900) -> str:
        return Pattern(frequency=frequency, starts_on=day, start_minute=minute).rhythm

    assert said(Frequency.WEEKLY, date(2026, 11, 26)) == "toda quinta, às 15h"
    assert said(Frequency.WEEKLY, date(2026, 11, 28), 570) == "todo sábado, às 9h30"
    assert said(Frequency.BIWEEKLY, date(2026, 11, 23)) == "segunda a cada duas semanas, às 15h"
    assert said(Frequency.MONTHLY, date(2026, 11, 15), 60) == "todo dia 15, à 1h"


async def test_the_wall_hour_stays_when_the_clocks_change(db: Database) -> None:
    zone = "America/Santiago"
    async with Fixed(db, timezone=zone) as world:
        pattern = Pattern(frequency=Frequency.WEEKLY, starts_on=date(2027, 3, 18), start_minute=900, count=6)
        booked = await world.book_series(pattern)
        local = [row.start_at.astimezone(ZoneInfo(zone)) for row in booked.rows]
        assert {(at.hour, at.minute, at.weekday()) for at in local} == {(15, 0, 3)}
        assert len({at.utcoffset() for at in local}) == 2


async def test_absurd_series_are_refused(db: Database) -> None:
    async with Fixed(db) as world:
        day = date(2026, 11, 26)
        for count in (-1, 0, 1, 105):
            with pytest.raises((SeriesTooLong, BadRecurrence)):
                await world.preview(Pattern(frequency=Frequency.WEEKLY, starts_on=day, start_minute=900, count=count))
        with pytest.raises(SeriesTooLong):  # monthly for nine years is beyond what may be booked
            await world.preview(Pattern(frequency=Frequency.MONTHLY, starts_on=day, start_minute=900, count=100))
        with pytest.raises(SeriesTooLong):
            over = Pattern(frequency=Frequency.WEEKLY, starts_on=day, start_minute=900, until=day - DAY)
            await world.preview(over)
        with pytest.raises(SeriesTooLong):
            await world.book_series(starts=[])


async def test_series_belong_to_the_paid_plans(db: Database) -> None:
    async with Fixed(db, plan=Plan.FREE) as world:
        with pytest.raises(NotInPlan) as no:
            await world.preview()
        assert (no.value.status, no.value.message) == (
            403,
            "Os horários fixos fazem parte do plano Basic (R$ 39,00 por mês).",
        )


# One, or this and the next


async def test_one_can_be_cancelled_or_moved_alone(db: Database) -> None:
    async with Fixed(db) as world:
        rows = (await world.book_series()).rows
        await world.act(rows[1], Action.CANCEL)
        await world.move(rows[2], rows[2].start_at + HOUR, **world.as_owner())
        assert await world.starts() == [
            THURSDAY_15H,
            THURSDAY_15H + 2 * WEEK + HOUR,
            THURSDAY_15H + 3 * WEEK,
            THURSDAY_15H + 4 * WEEK,
        ]


async def test_this_and_the_next_can_be_cancelled_by_either_side(db: Database) -> None:
    async with Fixed(db) as world:
        for scope, kinds in (
            (world.as_owner(), ["booking_cancelled_by_professional"]),
            (world.as_client(), ["booking_cancelled_by_client", "booking_cancelled_receipt"]),
        ):
            rows = (await world.book_series()).rows
            seen = len(await world.owed())
            async with db.begin() as session:
                gone = await following.cancel_following(session, rows[2].id, now=NOW, **scope)
            assert [row.id for row in gone] == [row.id for row in rows[2:]]
            assert await world.starts() == [THURSDAY_15H, THURSDAY_15H + WEEK]
            told = (await world.owed())[seen:]
            assert [row.kind for row in told] == kinds
            assert told[0].payload["when"] == "quinta, 10/12, às 15h (e mais 2 horários da série)"
            ended = (await world.all_series())[-1]
            assert (ended.ended_at, ended.until) == (NOW, date(2026, 12, 9))
            waiting = [row for row in await world.owed() if row.appointment_start_at and row.status == "queued"]
            assert {row.appointment_start_at for row in waiting} == {THURSDAY_15H, THURSDAY_15H + WEEK}
            for row in rows[:2]:
                await world.act(row, Action.CANCEL)


async def test_a_client_cannot_cancel_a_rest_that_begins_too_late(db: Database) -> None:
    async with Fixed(db, cancel_deadline_hours=24, late_policy=LatePolicy.REFUSE) as world:
        rows = (await world.book_series()).rows
        with pytest.raises(TooLate):
            async with db.begin() as session:
                await following.cancel_following(session, rows[0].id, now=THURSDAY_15H - HOUR, **world.as_client())
        assert len(await world.starts()) == 5


async def test_this_and_the_next_move_together_and_become_their_own_series(db: Database) -> None:
    async with Fixed(db) as world:
        booked = await world.book_series()
        new = THURSDAY_15H + 2 * WEEK + DAY + HOUR  # Friday, 16h
        async with db.begin() as session:
            moved = await following.move_following(session, booked.rows[2].id, new, now=NOW, **world.as_owner())
        assert [row.start_at for row in moved] == [new + i * WEEK for i in range(3)]
        assert await world.starts() == [THURSDAY_15H, THURSDAY_15H + WEEK, *(new + i * WEEK for i in range(3))]
        old, fresh = await world.all_series()
        assert (old.id, old.until, old.ended_at) == (booked.series.id, date(2026, 12, 9), NOW)
        assert (fresh.starts_on, fresh.start_minute, fresh.count, fresh.ended_at) == (date(2026, 12, 11), 960, 3, None)
        assert {row.series_id for row in moved} == {fresh.id}
        told = [row for row in await world.owed() if row.kind == "booking_rescheduled"]
        assert len(told) == 1
        assert told[0].payload["when"] == "sexta, 11/12, às 16h (e mais 2 horários da série)"
        due = [row for row in await world.owed() if row.kind == "reminder_24h" and row.status == "queued"]
        assert sorted(row.appointment_start_at for row in due if row.appointment_start_at) == await world.starts()
        assert {row.status for row in moved} == {Status.CONFIRMED}


async def test_a_rest_can_move_onto_its_own_old_times(db: Database) -> None:
    """A week later: each takes the time the one after it is leaving."""
    async with Fixed(db) as world:
        rows = (await world.book_series()).rows
        for start in (THURSDAY_15H + WEEK, THURSDAY_15H):
            async with db.begin() as session:
                await following.move_following(session, rows[0].id, start, now=NOW, **world.as_owner())
        assert await world.starts() == [THURSDAY_15H + i * WEEK for i in range(5)]


async def test_a_rest_that_does_not_fit_does_not_move_at_all(db: Database) -> None:
    async with Fixed(db) as world:
        rows = (await world.book_series()).rows
        blocker = THURSDAY_15H + 3 * WEEK + HOUR
        await world.book(blocker)
        new = rows[1].start_at + HOUR
        async with db.begin() as session:
            found = await following.preview_move(session, rows[1].id, new, professional_id=world.owner.id, now=NOW)
            with pytest.raises(SeriesLost) as no:
                await following.move_following(session, rows[1].id, new, now=NOW, **world.as_owner())
        assert [each.refusal is None for each in found] == [True, True, False, True]
        assert no.value.facts["starts"] == [blocker]
        assert len(await world.all_series()) == 1
        assert (await world.starts()).count(blocker) == 1
        proposal = found[2].proposal
        assert proposal is not None
        async with db.begin() as session:
            moved = await following.move_following(
                session, rows[1].id, new, now=NOW, instead={blocker: proposal}, **world.as_owner()
            )
        assert [row.start_at for row in moved] == [new, new + WEEK, proposal, new + 3 * WEEK]


async def test_whose_series_it_is(db: Database) -> None:
    async with Fixed(db) as world:
        rows = (await world.book_series()).rows
        alone = await world.book(THURSDAY_15H + DAY)
        async with db.begin() as session:
            other = await a_professional(session, name="Ana Reis", number=97770001)
            stranger = await a_contact(session, name="Caio", number=88886666)
        foreign: list[dict[str, Any]] = [
            {"actor": Actor.PROFESSIONAL, "professional_id": other.id},
            {"actor": Actor.CLIENT, "contact_id": stranger.id},
        ]
        for scope in foreign:
            with pytest.raises(AppointmentUnknown):
                async with db.begin() as session:
                    await following.cancel_following(session, rows[0].id, now=NOW, **scope)
        async with db.begin() as session:
            with pytest.raises(NotYours):
                await following.move_following(
                    session,
                    rows[0].id,
                    THURSDAY_15H + HOUR,
                    actor=Actor.CLIENT,
                    professional_id=world.owner.id,
                    now=NOW,
                )
            with pytest.raises(NotASeries):
                await following.cancel_following(session, alone.id, now=NOW, **world.as_owner())
        await world.act(rows[0], Action.CANCEL)
        with pytest.raises(IllegalMove):
            async with db.begin() as session:
                await following.cancel_following(session, rows[0].id, now=NOW, **world.as_owner())


# Without an end


async def test_a_series_without_an_end_is_kept_booked_ahead(db: Database) -> None:
    async with Fixed(db) as world:
        await world.book_series(ENDLESS)
        ahead = [THURSDAY_15H + i * WEEK for i in range(13)]
        assert await world.starts() == ahead  # until 18/02, within 90 days of 21/11
        assert await extend_series(db, NOW) == 0
        told = len([row for row in await world.owed() if row.kind == "series_booked"])
        assert await extend_series(db, NOW + 8 * DAY) == 1
        assert await extend_series(db, NOW + 8 * DAY) == 0
        assert await world.starts() == [*ahead, ahead[-1] + WEEK]
        assert len([row for row in await world.owed() if row.kind == "series_booked"]) == told
        reminded = [row for row in await world.owed() if row.kind == "reminder_24h"]
        assert len(reminded) == 14


async def test_an_outage_of_the_job_is_caught_up(db: Database) -> None:
    async with Fixed(db) as world:
        await world.book_series(ENDLESS)
        assert await extend_series(db, NOW + 36 * DAY) == 5
        starts = await world.starts()
        assert [after - before for before, after in pairwise(starts)] == [WEEK] * 17


async def test_an_occurrence_that_does_not_fit_is_told_to_the_professional(db: Database) -> None:
    async with Fixed(db) as world:
        await world.book_series(ENDLESS)
        await world.close(date(2027, 2, 25))
        assert await extend_series(db, NOW + 8 * DAY) == 0
        (note,) = [each for each in await world.notifications() if each.kind == "series_conflict"]
        assert note.body == "Júlia Lima: Corte, quinta, 25/02/2027, às 15h"
        assert await extend_series(db, NOW + 15 * DAY) == 1


async def test_an_ended_series_or_a_service_no_longer_offered_is_not_extended(db: Database) -> None:
    async with Fixed(db) as world:
        rows = (await world.book_series(ENDLESS)).rows
        async with db.begin() as session:
            await following.cancel_following(session, rows[1].id, now=NOW, **world.as_owner())
        assert await extend_series(db, NOW + 60 * DAY) == 0
        await world.book_series(ENDLESS, starts=[THURSDAY_15H + HOUR])
        async with db.begin() as session:
            await owners.remove_service(session, world.owner.id, world.service.id)
        assert await extend_series(db, NOW + 60 * DAY) == 0
        assert all(each.ended_at for each in await world.all_series())
        # Whoever thinks that the rest is booked would find out when the client stands there.
        (note,) = [each for each in await world.notifications() if each.kind == "series_stopped"]
        assert note.body == (
            "Júlia Lima: toda quinta, às 15h. O serviço não é mais oferecido, e nada mais será marcado; o que já está"
            " na agenda fica."
        )


async def test_extending_twice_at_once_books_once(db: Database) -> None:
    async with Fixed(db) as world:
        await world.book_series(ENDLESS)
        assert sum(await asyncio.gather(*(extend_series(db, NOW + 15 * DAY) for _ in range(4)))) == 2
        async with db.begin() as session:
            assert await session.scalar(select(func.count()).select_from(Appointment)) == 15


def test_the_days_of_this_file_are_what_they_say() -> None:
    assert datetime(2026, 11, 26, 18, tzinfo=UTC) == THURSDAY_15H
    assert THURSDAY_15H.weekday() == 3
    assert timedelta(days=90) == occurrences.AHEAD
