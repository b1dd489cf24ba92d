"""Series: the same wall hour every week, every second week or every month.

A series is previewed first: every occurrence with its conflict, a free time near it, and the holiday it falls on,
which closes nothing that the professional has not closed. The times chosen are then
booked in one transaction, all or none. Its appointments are ordinary ones: each can be moved or cancelled alone, or
with all that follow. A series without an end is kept booked some months ahead by a job.

Series are the professional's to make and to move; a client may cancel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..errors import Refused
from ..models import Appointment, RecurringSchedule
from ..models.enums import Actor, Source
from ..models.plans import Capability, allows
from . import holidays, notices
from .booking import place
from .desk import Desk, Sold, load_desk, lock
from .entry import write
from .hours import local_date, zone_of
from .ledger import first_starts, keyed
from .loading import NOTHING, OWN_HORIZON_DAYS, Agenda, Own, load_agenda, load_busy
from .openings import explain
from .owners import own_service
from .parties import load_parties
from .pattern import Pattern, pattern_of
from .refusals import KeyReused, NotInPlan, SeriesLost, SeriesTooLong, ServiceUnknown
from .slots import Busy, Reason, Rules, busy_period, nearest, why_not
from .told import Told

# Two years of weeks.
MOST: Final = 104
# How far ahead a series without an end is booked; a job keeps it so.
AHEAD: Final = timedelta(days=90)
# A proposal further away than this belongs to another week.
NEAR: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time of a series: free, or refused with the nearest free time of the same days, if there is one.

    Either may be on a national holiday, whose name then stands beside it.
    """

    at: datetime
    refusal: Refused | None = None
    proposal: datetime | None = None
    holiday: str | None = None
    proposal_holiday: str | None = None

    @property
    def chosen(self) -> datetime | None:
        """The time that is booked when nothing else is said."""
        return self.at if self.refusal is None else self.proposal


@dataclass(frozen=True, slots=True)
class Booked:
    """A series and the appointments that now are in it."""

    series: RecurringSchedule
    rows: Sequence[Appointment]


async def preview(
    session: AsyncSession, professional_id: UUID, service_id: UUID, pattern: Pattern, *, now: datetime
) -> list[Occurrence]:
    """Judge every occurrence of a series to be: which are free, why the others are not, and what to do instead."""
    service = await own_service(session, professional_id, service_id)
    agenda = await load_agenda(session, professional_id, now=now)
    require_plan(agenda)
    starts = _starts(agenda, pattern, now)
    found = await judge(session, agenda, [(at, service.minutes) for at in starts], now=now)
    return await with_holidays(found, agenda.professional.timezone)


async def with_holidays(found: Sequence[Occurrence], zone: str) -> list[Occurrence]:
    """Name the holidays that occurrences, and what is proposed instead, fall on."""
    first, last = min(each.at for each in found) - NEAR, max(each.at for each in found) + NEAR
    names = await holidays.names(local_date(zone, first), local_date(zone, last) + timedelta(days=1))
    return [
        replace(
            each,
            holiday=names.get(local_date(zone, each.at)),
            proposal_holiday=names.get(local_date(zone, each.proposal)) if each.proposal else None,
        )
        for each in found
    ]


async def judge(
    session: AsyncSession, agenda: Agenda, wanted: Sequence[tuple[datetime, int]], *, now: datetime, own: Own = NOTHING
) -> list[Occurrence]:
    """Judge times that are wanted together, with their lengths in minutes.

    They and the proposals for those that are not free never stand in each other's way.
    """
    rules = {minutes: agenda.rules(minutes, Actor.PROFESSIONAL) for _, minutes in wanted}
    first, last = min(at for at, _ in wanted), max(at for at, _ in wanted)
    period = busy_period(rules[max(rules)], first - NEAR, last + NEAR, now)
    busy = await load_busy(session, agenda.professional.id, *period, now=now, own=own)
    reasons = []
    for at, minutes in wanted:
        reasons.append(why_not(rules[minutes], busy, at, now))
        if reasons[-1] is None:
            busy.append(Busy(at, at + timedelta(minutes=minutes)))
    return [
        Occurrence(at) if reason is None else _refused(rules[minutes], busy, at, reason, now)
        for (at, minutes), reason in zip(wanted, reasons, strict=True)
    ]


def _refused(rules: Rules, busy: list[Busy], at: datetime, reason: Reason, now: datetime) -> Occurrence:
    """Explain one refused time and propose the nearest free one, which is then taken for the others."""
    near = [time for time in nearest(rules, busy, at, now) if abs(time - at) <= NEAR]
    proposal = min(near, key=lambda time: (abs(time - at), time), default=None)
    if proposal is not None:
        busy.append(Busy(proposal, proposal + timedelta(minutes=rules.minutes)))
    return Occurrence(at, explain(rules, reason, at, now, near), proposal)


async def book(
    session: AsyncSession,
    *,
    professional_id: UUID,
    client_id: UUID,
    service_id: UUID,
    pattern: Pattern,
    starts: Sequence[datetime],
    now: datetime,
    idempotency_key: str | None = None,
    agreed: Sold | None = None,
) -> Booked:
    """Book a series at the times chosen from its preview, all of them or none (`SeriesLost`).

    The same key returns the series it made first to who asks for the same. `agreed` is as in `booking.book`.
    """
    await lock(session, professional_id)
    chosen, key = sorted(set(starts)), idempotency_key
    if not 1 <= len(chosen) <= MOST:
        raise SeriesTooLong(most=MOST)
    asked = [(service_id, at) for at in chosen]
    if key is not None and (first := await _keyed(session, professional_id, client_id, key, asked, pattern)):
        return first
    desk = await load_desk(session, professional_id, client_id, service_id, now=now)
    desk.sells(agreed)
    require_plan(desk.agenda)
    _starts(desk.agenda, pattern, now)
    async with session.begin_nested():
        series = _row(desk, pattern, now)
        series.booked_through = _through(desk.agenda, pattern, chosen, now)
        session.add(series)
        await session.flush()
        rows = await _place_all(session, desk, series, chosen, now=now, key=key)
    told = Told(rows[0], desk.who, now)
    notices.series_booked(told, pattern.rhythm, rows)
    await write(session, told.rows)
    return Booked(series, rows)


async def extend(session: AsyncSession, series_id: UUID, *, now: datetime) -> list[Appointment]:
    """Book the coming occurrences of a series without an end; what is not free is told to the professional."""
    series = await session.get(RecurringSchedule, series_id)
    if series is None:
        return []
    await lock(session, series.professional_id)
    await session.refresh(series)
    pattern = pattern_of(series)
    if series.ended_at is not None or not pattern.endless:
        return []
    try:
        desk = await _desk(session, series, now)
    except ServiceUnknown:
        series.ended_at = now
        who = await load_parties(session, series.professional_id, series.client_id)
        await write(session, notices.series_stopped(who, pattern.rhythm, now))
        return []
    if not allows(desk.agenda.professional.plan, Capability.SERIES):
        return []
    zone = desk.agenda.professional.timezone
    first = max(series.booked_through or series.starts_on, local_date(zone, now)) + timedelta(days=1)
    end = local_date(zone, now + AHEAD) + timedelta(days=1)
    rows = []
    for at in pattern.starts(zone, first, end):
        try:
            rows.append(await _place(session, desk, series, at, now=now))
        except Refused:
            await write(session, notices.series_conflict(desk.who, desk.sold.name, at, now))
    series.booked_through = end - timedelta(days=1)
    return rows


async def _desk(session: AsyncSession, series: RecurringSchedule, now: datetime) -> Desk:
    if series.service_id is None:
        raise ServiceUnknown
    return await load_desk(session, series.professional_id, series.client_id, series.service_id, now=now)


def require_plan(agenda: Agenda) -> None:
    """Refuse what only some plans have."""
    if not allows(agenda.professional.plan, Capability.SERIES):
        raise NotInPlan(Capability.SERIES)


def _starts(agenda: Agenda, pattern: Pattern, now: datetime) -> list[datetime]:
    """List what a new series asks for, within what may be booked at once."""
    if pattern.count is not None and not 2 <= pattern.count <= MOST:
        raise SeriesTooLong(most=MOST)
    zone = agenda.professional.timezone
    ahead = AHEAD if pattern.endless else timedelta(days=OWN_HORIZON_DAYS)
    starts = pattern.starts(zone, pattern.starts_on, local_date(zone, now + ahead) + timedelta(days=1))
    cut_short = pattern.count is not None and len(starts) < pattern.count
    if not 1 <= len(starts) <= MOST or cut_short:
        raise SeriesTooLong(most=MOST)
    return starts


def _through(agenda: Agenda, pattern: Pattern, chosen: Sequence[datetime], now: datetime) -> date:
    """Say up to which local date the series is booked, so that the job knows where to go on."""
    zone = agenda.professional.timezone
    last = local_date(zone, chosen[-1])
    return max(last, local_date(zone, now + AHEAD)) if pattern.endless else last


def _row(desk: Desk, pattern: Pattern, now: datetime) -> RecurringSchedule:
    return RecurringSchedule(
        professional_id=desk.agenda.professional.id,
        client_id=desk.who.client.id,
        service_id=desk.sold.id,
        frequency=pattern.frequency,
        starts_on=pattern.starts_on,
        start_minute=pattern.start_minute,
        minutes=desk.sold.minutes,
        price_cents=desk.sold.price_cents,
        count=pattern.count,
        until=pattern.until,
        created_at=now,
    )


async def _place_all(
    session: AsyncSession,
    desk: Desk,
    series: RecurringSchedule,
    starts: Sequence[datetime],
    *,
    now: datetime,
    key: str | None,
) -> list[Appointment]:
    rows, lost = [], []
    for number, at in enumerate(starts):
        try:
            numbered = f"{key}:{number}" if key else None
            rows.append(await _place(session, desk, series, at, now=now, key=numbered))
        except Refused:
            lost.append(at)
    if lost:
        raise series_lost(desk.agenda.professional.timezone, lost, now)
    return rows


async def _place(
    session: AsyncSession,
    desk: Desk,
    series: RecurringSchedule,
    at: datetime,
    *,
    now: datetime,
    key: str | None = None,
) -> Appointment:
    return await place(
        session,
        desk,
        at,
        actor=Actor.PROFESSIONAL,
        now=now,
        own=NOTHING,
        series_id=series.id,
        source=Source.SERIES,
        idempotency_key=key,
    )


def series_lost(zone: str, lost: Sequence[datetime], now: datetime) -> SeriesLost:
    """Build the refusal of a series some of whose times are not free; the sentence names the first ones."""
    today = local_date(zone, now)
    named = [phrases.moment(at.astimezone(zone_of(zone)), today) for at in lost[:3]]
    if len(lost) > 3:
        named.append(phrases.plural(len(lost) - 3, "outro", "outros"))
    return SeriesLost(when=phrases.listing(named), starts=list(lost))


async def _keyed(
    session: AsyncSession,
    professional_id: UUID,
    client_id: UUID,
    key: str,
    asked: Sequence[tuple[UUID, datetime]],
    pattern: Pattern,
) -> Booked | None:
    """Return the series that a key made, wherever it was moved since; refuse the key to who asks for another."""
    first = await keyed(session, professional_id, client_id, f"{key}:0", asked[0])
    if first is None or first.series_id is None:
        return None
    names = [f"{key}:{number}" for number in range(len(asked) + 1)]  # the last is of whoever asked for more
    named = (Appointment.professional_id == professional_id, Appointment.idempotency_key.in_(names))
    made = (await session.scalars(select(Appointment).where(*named))).all()
    starts = await first_starts(session, *made)
    found = {row.idempotency_key: (row.client_id, row.service_id, at) for row, at in zip(made, starts, strict=True)}
    series = await session.get_one(RecurringSchedule, first.series_id)
    goes_on = (series.frequency, pattern_of(series).endless)
    other = found != {name: (client_id, *each) for name, each in zip(names, asked, strict=False)}
    # What was ended since no longer tells how it was asked to go on.
    if other or (series.ended_at is None and goes_on != (pattern.frequency, pattern.endless)):
        raise KeyReused
    rows = await session.scalars(
        select(Appointment).where(Appointment.series_id == series.id).order_by(Appointment.start_at)
    )
    return Booked(series, rows.all())
