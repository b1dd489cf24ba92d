"""T18: everything at random, in any order: whatever people do, the agenda stays whole.

Each run is one agenda on a real database, in São Paulo or in Lisbon in the week in which the clocks change. Before
each write the listing is asked; the write must then agree with it. After each step: no two active appointments
overlap, what is kept for somebody is kept for one, reminders wait for exactly what is confirmed and still ahead.

`ODYS_LONG=1` makes it two thousand runs of fifty steps, another number so many runs.
"""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda import booking, following, occurrences, offers, series, waitlist, workweek
from bot.agenda.hours import DayException, Window
from bot.agenda.pattern import Pattern
from bot.agenda.refusals import AppointmentUnknown, NotTaking
from bot.db import Database
from bot.errors import Refused
from bot.models import Appointment, Outbound, PendingAction, Professional, Service, WaitlistEntry
from bot.models.enums import (
    Action,
    Actor,
    ExceptionKind,
    Frequency,
    OutboundStatus,
    Plan,
    Source,
    Status,
    WaitlistStatus,
)

from .factories import (
    NOW,
    THURSDAY_15H,
    WEEK,
    a_client,
    a_contact,
    a_conversation,
    a_hold,
    a_professional,
    a_service,
    active,
)

LONG = int(os.environ.get("ODYS_LONG") or 0)
RUNS = 2000 if LONG == 1 else LONG
Answer = TypeVar("Answer")
HALF_HOUR = timedelta(minutes=30)
# From 8h to 18h of three days, told from their middle: few enough times for people to meet.
MOMENTS = st.tuples(st.integers(-1, 1), st.integers(-14, 6)).map(
    lambda pick: timedelta(days=pick[0]) + pick[1] * HALF_HOUR
)
ANY_MOMENT = st.one_of(MOMENTS, MOMENTS.map(lambda later: later + timedelta(minutes=10)))
NUMBERS = st.integers(0, 1000)
SIDES = st.sampled_from([Actor.CLIENT, Actor.PROFESSIONAL])


@dataclass(frozen=True)
class Week:
    """Where an agenda is, and the moment that everything happens around."""

    zone: str
    middle: datetime
    hours: tuple[Window, ...] = WEEK


WEEKS = (
    Week("America/Sao_Paulo", THURSDAY_15H),
    # At 01:00 the clocks go on by an hour; half an hour in every day is closed, so that days end.
    Week("Europe/Lisbon", datetime(2027, 3, 28, 5, tzinfo=UTC), tuple(Window(day, 0, 1410) for day in range(7))),
)


class Agenda(RuleBasedStateMachine):
    """One professional with three services and four clients."""

    url = ""
    tags = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.db = Database(self.url)
        self.rows: list[Appointment] = []
        self.said: set[str] = set()
        self.entries: list[WaitlistEntry] = []
        self.no: Refused | None = None

    @initialize(week=st.sampled_from(WEEKS))
    def begin(self, week: Week) -> None:
        self.week, self.middle, self.plan = week, week.middle, Plan.PRO
        self.now = self.began = week.middle - (THURSDAY_15H - NOW)
        self.first_day = week.middle.date() - timedelta(days=3)
        self.do(self.set_up)

    def do(self, work: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
        """Run one piece of work in one transaction."""

        async def run() -> Answer:
            async with self.db.begin() as session:
                return await work(session)

        return self.runner.run(run())

    def attempt(self, work: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer | None:
        """Run one piece of work that may be refused; anything else that is raised is a defect."""
        try:
            return self.do(work)
        except Refused as no:
            self.no = no
            self.said.add(no.message)  # every refusal can be said
            return None

    async def set_up(self, session: AsyncSession) -> None:
        tag = next(self.tags)
        here: dict[str, Any] = {"timezone": self.week.zone, "hours": self.week.hours, "slot_interval_minutes": 30}
        self.owner = await a_professional(session, name="Bia Souza", number=97000000 + tag, **here)
        self.services: list[Service] = [
            await a_service(session, self.owner, name=name, minutes=minutes)
            for name, minutes in (("Barba", 20), ("Corte", 30), ("Tudo", 90))
        ]
        self.clients = [await a_client(session, self.owner, number=88000000 + tag * 4 + i) for i in range(4)]
        contact = await a_contact(session, number=86000000 + tag)
        self.deciding = await a_conversation(session, contact)

    def teardown(self) -> None:
        self.runner.run(self.db.close())
        self.runner.close()

    # What people do

    @rule(later=ANY_MOMENT, pick=NUMBERS, side=SIDES)
    def book(self, later: timedelta, pick: int, side: Actor) -> None:
        at, service, client = self.middle + later, self.services[pick % 3], self.clients[pick % 4]

        async def listed(session: AsyncSession) -> list[datetime]:
            span = (at - HALF_HOUR, at + HALF_HOUR)
            return (await booking.openings(session, self.owner.id, service, *span, now=self.now, actor=side)).times

        async def write(session: AsyncSession) -> Appointment:
            return await booking.book(
                session,
                professional_id=self.owner.id,
                client_id=client.id,
                service_id=service.id,
                start_at=at,
                source=Source.CHAT,
                actor=side,
                now=self.now,
            )

        before = self.attempt(listed) or []
        assert (self.attempt(listed) or []) == before
        row = self.attempt(write)
        # Of a plan that is used up a listing tells the client alone: the professional sees their own times.
        full = row is None and isinstance(self.no, NotTaking) and side is Actor.PROFESSIONAL
        assert (row is not None) is (at in before) or full
        if row is not None:
            self.rows.append(row)
            assert at not in (self.attempt(listed) or [])

    @rule(plan=st.sampled_from(Plan))
    def change_plan(self, plan: Plan) -> None:
        """A smaller plan takes nothing away that is there, and a larger one gives at once."""

        async def write(session: AsyncSession) -> int:
            (await session.get_one(Professional, self.owner.id)).plan = plan
            return len(await active(session, self.owner))

        before = self.do(lambda session: active(session, self.owner))
        assert self.do(write) == len(before)
        self.plan = plan

    @precondition(lambda self: self.rows)
    @rule(later=ANY_MOMENT, pick=NUMBERS, side=SIDES)
    def move(self, later: timedelta, pick: int, side: Actor) -> None:
        at, row = self.middle + later, self.rows[pick % len(self.rows)]
        moved = self.attempt(
            lambda session: booking.move(session, row.id, at, actor=side, now=self.now, **self.scope(row, side))
        )
        assert moved is None or moved.start_at == at

    @precondition(lambda self: self.rows)
    @rule(pick=NUMBERS, side=SIDES, action=st.sampled_from(list(Action)))
    def act(self, pick: int, side: Actor, action: Action) -> None:
        row = self.rows[pick % len(self.rows)]
        self.attempt(
            lambda session: booking.act(session, row.id, action, actor=side, now=self.now, **self.scope(row, side))
        )

    @precondition(lambda self: self.rows)
    @rule(pick=NUMBERS, action=st.sampled_from(list(Action)))
    def meddle(self, pick: int, action: Action) -> None:
        """Somebody else tries to touch an appointment that is not theirs."""
        row = self.rows[pick % len(self.rows)]

        async def write(session: AsyncSession) -> None:
            await booking.act(session, row.id, action, actor=Actor.CLIENT, now=self.now, contact_id=uuid4())

        try:
            self.do(write)
        except AppointmentUnknown:
            return
        raise AssertionError("a stranger touched an appointment")

    @rule(later=MOMENTS, minutes=st.sampled_from([20, 30, 90]))
    def hold(self, later: timedelta, minutes: int) -> None:
        """Somebody is asked whether they want a time that is free, and it is kept while they think."""
        at = self.middle + later
        service = next(each for each in self.services if each.minutes == minutes)

        async def keep(session: AsyncSession) -> None:
            await booking.lock(session, self.owner.id)
            await booking.check(session, self.owner.id, service, at, now=self.now)
            await a_hold(session, self.deciding, self.owner, at, minutes=minutes, now=self.now)

        self.attempt(keep)

    @rule(later=MOMENTS, pick=NUMBERS, count=st.integers(2, 3), frequency=st.sampled_from(Frequency))
    def repeat(self, later: timedelta, pick: int, count: int, frequency: Frequency) -> None:
        """A series is previewed, and what the preview says is booked whole."""
        service, client = self.services[pick % 3], self.clients[pick % 4]
        local = (self.middle + later).astimezone(ZoneInfo(self.week.zone))
        pattern = Pattern(
            frequency=frequency,
            starts_on=local.date(),
            start_minute=local.hour * 60 + local.minute,
            count=count if pick % 7 else None,
        )

        async def write(session: AsyncSession) -> series.Booked | None:
            found = await occurrences.preview(session, self.owner.id, service.id, pattern, now=self.now)
            starts = [each.chosen for each in found if each.chosen is not None][: 5 if pattern.endless else None]
            if not starts:
                return None
            return await series.book(
                session,
                professional_id=self.owner.id,
                client_id=client.id,
                service_id=service.id,
                pattern=pattern,
                starts=starts,
                now=self.now,
            )

        # What was previewed in the same transaction cannot be refused, but by a plan that has no series.
        booked = self.attempt(write) if self.plan is Plan.FREE else self.do(write)
        self.rows += booked.rows if booked else []

    @precondition(lambda self: any(row.series_id for row in self.rows))
    @rule(pick=NUMBERS, later=ANY_MOMENT, cancel=st.booleans())
    def follow(self, pick: int, later: timedelta, cancel: bool) -> None:
        """The rest of a series is cancelled or moved."""
        fixed = [row for row in self.rows if row.series_id]
        at, row = self.middle + later, fixed[pick % len(fixed)]
        scope: dict[str, Any] = {"actor": Actor.PROFESSIONAL, "professional_id": self.owner.id, "now": self.now}
        if cancel:
            self.attempt(lambda session: following.cancel_following(session, row.id, **scope))
        else:
            self.attempt(lambda session: following.move_following(session, row.id, at, **scope))

    @rule()
    def extend(self) -> None:
        for series_id in sorted({row.series_id for row in self.rows if row.series_id}):
            self.rows += self.do(partial(series.extend, series_id=series_id, now=self.now))

    @rule(pick=NUMBERS, day=st.integers(-1, 4))
    def wait(self, pick: int, day: int) -> None:
        values: dict[str, Any] = {"client_id": self.clients[pick % 4].id, "service_id": self.services[pick % 3].id}
        if day >= 0:
            values |= {"day": self.first_day + timedelta(days=day + 1), "start_minute": 600, "end_minute": 1000}
        entry = self.attempt(
            lambda session: waitlist.join(session, professional_id=self.owner.id, now=self.now, **values)
        )
        self.entries += [entry] if entry else []

    @rule()
    def offer(self) -> None:
        self.do(lambda session: offers.offer_openings(session, self.owner.id, now=self.now))

    @precondition(lambda self: self.entries)
    @rule(pick=NUMBERS, yes=st.booleans())
    def answer(self, pick: int, yes: bool) -> None:
        entry = self.entries[pick % len(self.entries)]
        contact_id = next(client.contact_id for client in self.clients if client.id == entry.client_id)
        assert contact_id is not None
        if yes:
            row = self.attempt(lambda session: waitlist.accept(session, entry.id, contact_id=contact_id, now=self.now))
            self.rows += [row] if row else []
        else:
            self.do(lambda session: waitlist.decline(session, entry.id, contact_id=contact_id, now=self.now))

    @rule(day=st.integers(0, 6), kind=st.sampled_from([ExceptionKind.CLOSED, ExceptionKind.BLOCKED, None]))
    def change_hours(self, day: int, kind: ExceptionKind | None) -> None:
        on = self.first_day + timedelta(days=day)
        rows = [] if kind is None else [DayException(on, kind)]
        if kind is ExceptionKind.BLOCKED:
            rows = [DayException(on, kind, 600, 900)]
        self.do(lambda session: workweek.set_exceptions(session, self.owner.id, [on], rows))

    @rule(minutes=st.sampled_from([1, 6, 30, 61, 6 * 60, 26 * 60, 100 * 60]))
    def pass_time(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def scope(self, row: Appointment, side: Actor) -> dict[str, Any]:
        if side is Actor.PROFESSIONAL:
            return {"professional_id": self.owner.id}
        return {"contact_id": next(client.contact_id for client in self.clients if client.id == row.client_id)}

    # What stays true

    @invariant()
    def nobody_shares_a_time(self) -> None:
        rows = self.do(lambda session: active(session, self.owner))
        assert all(before.end_at <= after.start_at for before, after in pairwise(rows))

    @invariant()
    def what_is_kept_is_kept_for_one(self) -> None:
        async def kept(session: AsyncSession) -> list[tuple[datetime, datetime]]:
            held = await session.scalars(
                select(PendingAction).where(
                    PendingAction.hold_professional_id == self.owner.id, PendingAction.hold_until > self.now
                )
            )
            spans: list[tuple[Any, Any]] = [(row.hold_start_at, row.hold_end_at) for row in held]
            offered = await session.execute(
                select(WaitlistEntry.offered_start_at, Service.minutes)
                .join(Service, Service.id == WaitlistEntry.service_id)
                .where(
                    WaitlistEntry.professional_id == self.owner.id,
                    WaitlistEntry.status == WaitlistStatus.OFFERED,
                    WaitlistEntry.offer_expires_at > self.now,
                )
            )
            spans += [(start, start + timedelta(minutes=minutes)) for start, minutes in offered if start]
            spans += [(row.start_at, row.end_at) for row in await active(session, self.owner)]
            return sorted(spans)

        assert all(before[1] <= after[0] for before, after in pairwise(self.do(kept)))

    @invariant()
    def reminders_wait_for_what_is_confirmed(self) -> None:
        async def waiting(session: AsyncSession) -> tuple[set[Any], set[Any]]:
            owed = await session.scalars(
                select(Outbound).where(
                    Outbound.professional_id == self.owner.id,
                    Outbound.appointment_start_at.is_not(None),
                    Outbound.status == OutboundStatus.QUEUED,
                )
            )
            reminded = {(row.appointment_id, row.appointment_start_at) for row in owed}
            rows = await active(session, self.owner)
            confirmed = [row for row in rows if row.status is Status.CONFIRMED]
            ahead = timedelta(hours=36)  # a day, and a night that is moved out of
            must = {(row.id, row.start_at) for row in confirmed if row.start_at - row.created_at > ahead}
            assert reminded <= {(row.id, row.start_at) for row in confirmed}
            return reminded, must

        reminded, must = self.do(waiting)
        if self.now == self.began:  # nothing was decided late
            assert must <= reminded


@pytest.mark.usefixtures("db")  # empties the database afterwards
def test_t18_whatever_people_do_the_agenda_stays_whole(database_url: str) -> None:
    class Here(Agenda):
        url = database_url

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=RUNS or 10,
            stateful_step_count=50 if RUNS else 20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
