"""Series: the same wall hour every week, every second week or every month.

A series is previewed first (`occurrences`). The times chosen are then booked in one transaction, all or none. Its
appointments are ordinary ones: each can be moved or cancelled alone, or with all that follow. A series without an end
is kept booked some months ahead by a job.

Series are the professional's to make and to move; a client may cancel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..errors import Refused
from ..models import Appointment, RecurringSchedule
from ..models.enums import Actor, Source
from ..models.plans import Capability, allows
from . import notices
from .booking import place
from .desk import Desk, Sold, load_desk, lock
from .entry import write
from .hours import MINUTE, local_date
from .ledger import first_starts, keyed
from .loading import NOTHING, Agenda, load_busy
from .occurrences import AHEAD, MOST, require_plan, series_lost, starts_of
from .parties import load_parties
from .pattern import Pattern, pattern_of
from .refusals import KeyReused, SeriesTooLong, ServiceUnknown
from .slots import Busy, busy_period
from .told import Told


@dataclass(frozen=True, slots=True)
class Booked:
    """A series and the appointments that now are in it."""

    series: RecurringSchedule
    rows: Sequence[Appointment]


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
    starts_of(desk.agenda, pattern, now)
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
    rules = desk.agenda.rules(desk.sold.minutes, Actor.PROFESSIONAL)
    period = busy_period(rules, starts[0], starts[-1] + MINUTE, now)
    busy = await load_busy(session, desk.agenda.professional.id, *period, now=now)
    rows, lost = [], []
    for number, at in enumerate(starts):
        try:
            numbered = f"{key}:{number}" if key else None
            row = await _place(session, desk, series, at, now=now, key=numbered, busy=busy)
            rows.append(row)
            busy.append(Busy(row.start_at, row.end_at))
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
    busy: Sequence[Busy] | None = None,
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
        busy=busy,
    )


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
