"""Closing and opening dates: a day off, a blocked afternoon, a Saturday morning of work; a holiday kept or worked.

Appointments that stand are never touched: who closes a day is told of them and decides about each.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..errors import Conflict, Invalid
from ..models import Appointment, AvailabilityException, Client
from ..models.enums import STANDING, ExceptionKind
from .desk import lock
from .hours import DAY, DayException, Hours, Span, Window
from .workweek import set_exceptions, usual_week


class AlreadyClosed(Conflict):
    code = "already_closed"
    sentence = "A agenda já está fechada nesse período."


class AlreadyOpen(Conflict):
    code = "already_open"
    sentence = "A agenda já está aberta nesse período."


class HoursNeeded(Invalid):
    """The day is no working day: it opens only with hours of its own."""

    code = "hours_needed"
    sentence = "Nesse dia você não costuma atender. De que horas a que horas quer abrir?"


async def close(
    session: AsyncSession, professional_id: UUID, day: date, span: Span | None, *, reason: str = ""
) -> None:
    """Close a local date, or some wall minutes of it."""
    await lock(session, professional_id)
    week, known = await _of_day(session, professional_id, day)
    rows = closed(week, known, day, span)
    await set_exceptions(session, professional_id, day, rows, reason=reason)


async def open_up(
    session: AsyncSession, professional_id: UUID, day: date, span: Span | None, *, reason: str = ""
) -> None:
    """Open a local date as its weekday is, or some wall minutes of it."""
    await lock(session, professional_id)
    week, known = await _of_day(session, professional_id, day)
    rows = opened(week, known, day, span)
    await set_exceptions(session, professional_id, day, rows, reason=reason)


async def check(session: AsyncSession, professional_id: UUID, day: date, span: Span | None, *, closing: bool) -> None:
    """Refuse what `close` or `open_up` would refuse."""
    week, known = await _of_day(session, professional_id, day)
    (closed if closing else opened)(week, known, day, span)


async def open_spans(session: AsyncSession, professional_id: UUID, day: date) -> list[Span]:
    """Return the wall minutes of a date that are open, in order."""
    week, known = await _of_day(session, professional_id, day)
    return sorted(_open(week, known, day))


async def decide(session: AsyncSession, professional_id: UUID, day: date, *, closing: bool, reason: str) -> None:
    """Write down what becomes of a holiday: a day off, or a day like any other that is not asked about again."""
    await lock(session, professional_id)
    _, known = await _of_day(session, professional_id, day)
    kept = [each for each in known if each.kind not in (ExceptionKind.CLOSED, ExceptionKind.OPEN)]
    rows = [DayException(day, ExceptionKind.CLOSED)] if closing else [*kept, DayException(day, ExceptionKind.OPEN)]
    await set_exceptions(session, professional_id, day, rows, reason=reason)


async def standing(
    session: AsyncSession, professional_id: UUID, start: datetime, end: datetime
) -> Sequence[tuple[Appointment, Client]]:
    """Read the appointments that stand between two moments, in order."""
    rows = await session.execute(
        select(Appointment, Client)
        .join(Client, Client.id == Appointment.client_id)
        .where(
            Appointment.professional_id == professional_id,
            Appointment.start_at < end,
            Appointment.end_at > start,
            Appointment.status.in_(STANDING),
        )
        .order_by(Appointment.start_at)
    )
    return [(row, client) for row, client in rows]


def closed(week: Sequence[Window], known: Sequence[DayException], day: date, span: Span | None) -> list[DayException]:
    """Return the exceptions of a date after closing it, or a part of it."""
    if any(each.kind is ExceptionKind.CLOSED for each in known):
        raise AlreadyClosed
    if span is None:
        return [DayException(day, ExceptionKind.CLOSED)]
    kept = [each for each in known if each.kind is not ExceptionKind.OPEN]
    if not any(start < span[1] and span[0] < end for start, end in _open(week, kept, day)):
        raise AlreadyClosed
    return [*kept, DayException(day, ExceptionKind.BLOCKED, *span)]


def opened(week: Sequence[Window], known: Sequence[DayException], day: date, span: Span | None) -> list[DayException]:
    """Return the exceptions of a date after opening it, or a part of it."""
    off = any(each.kind is ExceptionKind.CLOSED for each in known)
    kept = [each for each in known if each.kind not in (ExceptionKind.CLOSED, ExceptionKind.OPEN)]
    if span is None:
        before = len(kept)
        kept = [each for each in kept if each.kind is not ExceptionKind.BLOCKED]
        if not _open(week, kept, day):
            raise HoursNeeded
        if not off and len(kept) == before:
            raise AlreadyOpen
        return [*kept, DayException(day, ExceptionKind.OPEN)]
    if off:  # a day off is opened for the hours that were said, and for no others
        return [DayException(day, ExceptionKind.HOURS, *span)]
    now = _open(week, kept, day)
    if any(start <= span[0] and span[1] <= end for start, end in now):
        raise AlreadyOpen
    blocked = [each for each in kept if each.kind is ExceptionKind.BLOCKED]
    rest = [each for each in kept if each.kind is not ExceptionKind.BLOCKED]
    rest += [DayException(day, ExceptionKind.BLOCKED, *piece) for each in blocked for piece in _without(each, span)]
    if not any(start <= span[0] and span[1] <= end for start, end in _open(week, rest, day)):
        rest.append(DayException(day, ExceptionKind.EXTRA, *span))
    return rest


def _open(week: Sequence[Window], exceptions: Sequence[DayException], day: date) -> list[Span]:
    """Return the wall minutes of a date that are open, blocked parts taken out."""
    spans = list(Hours("UTC", week, exceptions).windows(day.toordinal()))
    for each in exceptions:
        if each.kind is ExceptionKind.BLOCKED:
            spans = [piece for span in spans for piece in _cut(span, _span_of(each))]
    return spans


def _without(blocked: DayException, span: Span) -> list[Span]:
    return _cut(_span_of(blocked), span)


def _span_of(each: DayException) -> Span:
    return (each.start_minute or 0, DAY if each.end_minute is None else each.end_minute)


def _cut(span: Span, out: Span) -> list[Span]:
    pieces = ((span[0], min(span[1], out[0])), (max(span[0], out[1]), span[1]))
    return [(start, end) for start, end in pieces if start < end]


async def _of_day(
    session: AsyncSession, professional_id: UUID, day: date
) -> tuple[Sequence[Window], Sequence[DayException]]:
    known = await session.scalars(
        select(AvailabilityException).where(
            AvailabilityException.professional_id == professional_id, AvailabilityException.date == day
        )
    )
    return (
        await usual_week(session, professional_id),
        [DayException(row.date, row.kind, row.start_minute, row.end_minute) for row in known],
    )
