"""This one and the next: cancel or move the rest of a series, all of it or nothing.

What follows is what stands later in the agenda, also where one was moved alone past another. What is moved becomes
a series of its own, as in every calendar; the old one ends before it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Appointment, AppointmentEvent, Outbound, RecurringSchedule
from ..models.enums import STANDING, Action, Actor
from . import notices, reminders
from .booking import may
from .entry import Rows, write
from .hours import MINUTE, zone_of
from .judging import as_shown
from .ledger import compare_and_set, event, find_locked, move_together
from .lifecycle import IllegalMove, NotYours, after
from .loading import Agenda, Own, load_agenda
from .occurrences import Occurrence, judge, require_plan, series_lost, with_holidays
from .onward import Onward, onward, stands_of
from .parties import load_parties
from .pattern import pattern_of
from .policy import Agreed
from .refusals import AppointmentChanged, NotASeries
from .told import Told


async def cancel_following(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    professional_id: UUID | None = None,
    contact_id: UUID | None = None,
    agreed: Agreed | None = None,
) -> list[Appointment]:
    """Cancel an appointment of a series and all that follow it; each must allow it, or nothing is cancelled."""
    first = await find_locked(session, appointment_id, professional_id=professional_id, contact_id=contact_id)
    await as_shown(session, first, now, agreed=agreed)
    after(first.status, first.payment, Action.CANCEL, actor, start_at=first.start_at, end_at=first.end_at, now=now)
    rows = await following(session, first, agreed)
    who = await load_parties(session, first.professional_id, first.client_id)
    for row in rows:
        may(row, Action.CANCEL, who.professional, actor=actor, now=now)
    cancelled: list[Appointment] = []
    events: Rows = []
    for row in rows:
        change = after(row.status, row.payment, Action.CANCEL, actor, start_at=row.start_at, end_at=row.end_at, now=now)
        before = row.status
        gone = await compare_and_set(session, row, now, status=change.status, payment=change.payment)
        details = {"following": str(first.id)}
        events.append((AppointmentEvent, event(gone, Action.CANCEL, actor, before, now, details)))
        cancelled.append(gone)
    await reminders.drop(session, [row.id for row in cancelled])
    series = await session.get_one(RecurringSchedule, first.series_id)
    await _end(session, series, who.professional.timezone, first.start_at, now)
    told = Told(cancelled[0], who, now, events)
    notices.series_cancelled(told, actor, len(cancelled) - 1)
    await write(session, told.rows)
    return cancelled


async def preview_move(
    session: AsyncSession, appointment_id: UUID, start_at: datetime, *, professional_id: UUID, now: datetime
) -> list[Occurrence]:
    """Judge the new times of the rest of a series: the first goes to `start_at`, the others on in its rhythm."""
    first = await find_locked(session, appointment_id, professional_id=professional_id, contact_id=None)
    rows = await following(session, first)
    agenda = await load_agenda(session, professional_id, now=now)
    require_plan(agenda)
    series = await session.get_one(RecurringSchedule, first.series_id)
    rest = await _onward(session, agenda, series, rows, start_at)
    found = await _judged(session, agenda, rows, rest.starts, now)
    return await with_holidays(found, agenda.professional.timezone)


async def move_following(
    session: AsyncSession,
    appointment_id: UUID,
    start_at: datetime,
    *,
    actor: Actor,
    now: datetime,
    professional_id: UUID,
    instead: Mapping[datetime, datetime] | None = None,
    agreed: Agreed | None = None,
) -> list[Appointment]:
    """Move an appointment of a series and all that follow it, all or none (`SeriesLost`).

    `instead` says what to take in place of a new time that is not free, as the preview proposed it. A client moves
    one appointment at a time: this is the professional's.
    """
    if actor is not Actor.PROFESSIONAL:
        raise NotYours(action=Action.RESCHEDULE, actor=actor)
    first = await find_locked(session, appointment_id, professional_id=professional_id, contact_id=None)
    await as_shown(session, first, now, agreed=agreed)
    rows = await following(session, first, agreed)
    agenda = await load_agenda(session, professional_id, now=now)
    require_plan(agenda)
    zone, old = agenda.professional.timezone, await session.get_one(RecurringSchedule, first.series_id)
    rest = await _onward(session, agenda, old, rows, start_at)
    wanted = [(instead or {}).get(at, at) for at in rest.starts]
    found = await _judged(session, agenda, rows, wanted, now)
    if lost := [each.at for each in found if each.refusal is not None]:
        raise series_lost(zone, lost, now)
    old_start = first.start_at
    async with session.begin_nested():
        moved, events = await _moved(session, rows, wanted, await _split(session, old, rest), now)
        await _end(session, old, zone, old_start, now)
    await reminders.drop(session, [row.id for row in moved])
    who = await load_parties(session, professional_id, first.client_id)
    planned = [(Outbound, each) for row in moved for each in reminders.planned(row, who, now=now)]
    told = Told(moved[0], who, now, [*events, *planned])
    notices.series_moved(told, old_start, len(moved) - 1)
    await write(session, told.rows)
    return moved


async def following(session: AsyncSession, first: Appointment, agreed: Agreed | None = None) -> Sequence[Appointment]:
    """Read what is still open of a series from an appointment on, in order: as many as somebody has `agreed` to."""
    if first.series_id is None:
        raise NotASeries
    if first.status not in STANDING:
        raise IllegalMove(status=first.status, action=Action.RESCHEDULE)
    found = await session.scalars(
        select(Appointment)
        .where(
            Appointment.series_id == first.series_id,
            Appointment.start_at >= first.start_at,
            Appointment.status.in_(STANDING),
        )
        .order_by(Appointment.start_at)
        .execution_options(populate_existing=True)
    )
    rows = found.all()
    if agreed is not None and agreed.count != len(rows):
        raise AppointmentChanged
    return rows


async def _onward(
    session: AsyncSession, agenda: Agenda, series: RecurringSchedule, rows: Sequence[Appointment], start_at: datetime
) -> Onward:
    return onward(pattern_of(series), agenda.professional.timezone, await stands_of(session, rows), start_at)


async def _judged(
    session: AsyncSession, agenda: Agenda, rows: Sequence[Appointment], starts: Sequence[datetime], now: datetime
) -> list[Occurrence]:
    wanted = [(at, (row.end_at - row.start_at) // MINUTE) for row, at in zip(rows, starts, strict=True)]
    return await judge(session, agenda, wanted, now=now, own=Own(appointments=[row.id for row in rows]))


async def _moved(
    session: AsyncSession,
    rows: Sequence[Appointment],
    starts: Sequence[datetime],
    series: RecurringSchedule,
    now: datetime,
) -> tuple[list[Appointment], Rows]:
    """Give rows their new times; return them, and the events that tell of it."""
    moved = await move_together(session, rows, starts, now, series_id=series.id)
    events: Rows = []
    for row, old_start, status in moved:
        details = {"from": old_start.isoformat(), "to": row.start_at.isoformat(), "following": str(rows[0].id)}
        events.append((AppointmentEvent, event(row, Action.RESCHEDULE, Actor.PROFESSIONAL, status, now, details)))
    return [row for row, *_ in moved], events


async def _split(session: AsyncSession, old: RecurringSchedule, rest: Onward) -> RecurringSchedule:
    """Make the series that the moved appointments go on in."""
    new = RecurringSchedule(
        professional_id=old.professional_id,
        client_id=old.client_id,
        service_id=old.service_id,
        frequency=old.frequency,
        starts_on=rest.pattern.starts_on,
        start_minute=rest.pattern.start_minute,
        minutes=old.minutes,
        price_cents=old.price_cents,
        count=len(rest.starts) if old.count is not None else None,
        until=rest.shifted(old.until),
        booked_through=rest.shifted(old.booked_through),
        created_at=old.created_at,
    )
    session.add(new)
    await session.flush()
    return new


async def _end(session: AsyncSession, series: RecurringSchedule, zone: str, start_at: datetime, now: datetime) -> None:
    """End a series before a start; what it had before stays in it."""
    # The last date whose own hour is before the start: one moved onto the day of another leaves that one behind.
    wall = start_at.astimezone(zone_of(zone)).replace(tzinfo=None)
    last = (wall - timedelta(minutes=series.start_minute + 1)).date()
    series.ended_at = now
    series.count = None
    series.until = last if series.until is None else min(last, series.until)
    await session.flush()
