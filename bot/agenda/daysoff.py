"""Closing and opening dates: a day off, a blocked afternoon, a Saturday morning of work; a holiday kept or worked.

Appointments that stand are never touched: who closes a day is told of them and decides about each.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Swift
from ..errors import Conflict, Invalid
from ..models import Appointment, Client
from ..models.enums import STANDING, ExceptionKind
from .desk import lock
from .hours import DAY, DayException, Hours, Span, Window
from .loading import HOURS, hours_of
from .workweek import set_exceptions

# What the exceptions of a date are after closing or opening it, or a part of it.
Change = Callable[[Sequence[Window], Sequence[DayException], date, Span | None], list[DayException]]

_HOURS: Final = Swift(select(*HOURS))


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


@dataclass(frozen=True, slots=True)
class Dates:
    """A usual week, and what makes each date from some day on differ from it."""

    week: Sequence[Window]
    exceptions: Sequence[DayException]

    def of(self, day: date) -> list[DayException]:
        """Return what makes a date differ from the week."""
        return [each for each in self.exceptions if each.date == day]

    def open_spans(self, day: date) -> list[Span]:
        """Return the wall minutes of a date that are open, in order."""
        return sorted(_open(self.week, self.of(day), day))

    def after(self, change: Change, days: Iterable[date], span: Span | None) -> list[DayException]:
        """Return the exceptions of dates after closing or opening them, or a part of each."""
        return [each for day in days for each in change(self.week, self.of(day), day, span)]

    def changed(self, change: Change, days: Iterable[date], span: Span | None) -> list[date]:
        """Return those of some dates that are not yet as they would be; where none is, refuse as for the last."""
        found, why = [], None
        for day in days:
            try:
                self.after(change, [day], span)
                found.append(day)
            except (AlreadyClosed, AlreadyOpen, HoursNeeded) as refusal:
                why = refusal
        if why is not None and not found:
            raise why
        return found


async def read(session: AsyncSession, professional_id: UUID, since: date) -> Dates:
    """Read the week and the dates from a day on that differ from it."""
    found = await _HOURS.all(session, {"professional_id": professional_id, "since": since})
    return Dates(*hours_of(*found[0]))


async def close(
    session: AsyncSession, professional_id: UUID, days: Sequence[date], span: Span | None, *, reason: str = ""
) -> None:
    """Close local dates, or some wall minutes of each."""
    await _change(session, professional_id, closed, days, span, reason)


async def open_up(
    session: AsyncSession, professional_id: UUID, days: Sequence[date], span: Span | None, *, reason: str = ""
) -> None:
    """Open local dates as their weekdays are, or some wall minutes of each."""
    await _change(session, professional_id, opened, days, span, reason)


async def _change(
    session: AsyncSession, professional_id: UUID, change: Change, days: Sequence[date], span: Span | None, reason: str
) -> None:
    await lock(session, professional_id)
    rows = (await read(session, professional_id, min(days))).after(change, days, span)
    await set_exceptions(session, professional_id, days, rows, reason=reason)


async def decide(session: AsyncSession, professional_id: UUID, day: date, *, closing: bool, reason: str) -> None:
    """Write down what becomes of a holiday: a day off, or a day like any other that is not asked about again."""
    await lock(session, professional_id)
    known = (await read(session, professional_id, day)).of(day)
    kept = [each for each in known if each.kind not in (ExceptionKind.CLOSED, ExceptionKind.OPEN)]
    rows = [DayException(day, ExceptionKind.CLOSED)] if closing else [*kept, DayException(day, ExceptionKind.OPEN)]
    await set_exceptions(session, professional_id, [day], rows, reason=reason)


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
