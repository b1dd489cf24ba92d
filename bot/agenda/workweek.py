"""Setting the hours of an agenda: the week, and the dates that differ from it."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..errors import Invalid
from ..models import Availability, AvailabilityException
from ..models.enums import ExceptionKind
from .desk import lock
from .hours import DAY, DayException, Hours, Window
from .openings import clock_label

# Ten a day: more is a mistake.
MOST_WINDOWS: Final = 70


class BadWindow(Invalid):
    code = "bad_window"
    sentence = "Cada período precisa terminar depois de começar, entre 0h e 24h."


class BadDate(Invalid):
    code = "bad_date"
    sentence = "Essa data não serve para mudar a agenda."


async def usual_week(session: AsyncSession, professional_id: UUID) -> list[Window]:
    """Read the windows of a usual week, in order."""
    columns = (Availability.weekday, Availability.start_minute, Availability.end_minute)
    rows = select(*columns).where(Availability.professional_id == professional_id).order_by(*columns)
    return [Window(*row) for row in await session.execute(rows)]


async def set_weekly_hours(session: AsyncSession, professional_id: UUID, windows: Iterable[Window]) -> None:
    """Replace the week; windows that touch or overlap become one. Appointments outside the new hours stay."""
    week = _week(windows)
    await lock(session, professional_id)  # two weeks written at once would both be kept
    await session.execute(delete(Availability).where(Availability.professional_id == professional_id))
    session.add_all(
        Availability(
            professional_id=professional_id,
            weekday=window.weekday,
            start_minute=window.start_minute,
            end_minute=window.end_minute,
        )
        for window in week
    )
    await session.flush()


async def set_exceptions(
    session: AsyncSession,
    professional_id: UUID,
    days: Collection[date],
    exceptions: Iterable[DayException],
    *,
    reason: str = "",
) -> None:
    """Replace what makes local dates differ from the week; none at all makes them ordinary days again."""
    rows = list(exceptions)
    if any(row.date not in days for row in rows):
        raise BadDate
    await _replace(session, professional_id, AvailabilityException.date.in_(days), rows, reason)


async def set_coming_exceptions(
    session: AsyncSession, professional_id: UUID, today: date, exceptions: Iterable[DayException]
) -> None:
    """Replace what makes the local dates from today on differ from the week."""
    rows = list(exceptions)
    if any(row.date < today for row in rows):
        raise BadDate
    await _replace(session, professional_id, AvailabilityException.date >= today, rows)


async def _replace(
    session: AsyncSession,
    professional_id: UUID,
    dates: ColumnElement[bool],
    rows: Sequence[DayException],
    reason: str = "",
) -> None:
    if any(count > MOST_WINDOWS for count in Counter(row.date for row in rows).values()):
        raise BadDate
    for row in rows:
        needs_minutes = row.kind in (ExceptionKind.HOURS, ExceptionKind.EXTRA)
        if needs_minutes or (row.start_minute, row.end_minute) != (None, None):
            _checked_span(row.start_minute, row.end_minute)
    mine = AvailabilityException.professional_id == professional_id
    await session.execute(delete(AvailabilityException).where(mine, dates))
    session.add_all(
        AvailabilityException(
            professional_id=professional_id,
            date=row.date,
            kind=row.kind,
            start_minute=row.start_minute,
            end_minute=row.end_minute,
            reason=(row.reason or reason)[:120],
        )
        for row in rows
    )
    await session.flush()


def hours_lines(windows: Iterable[Window]) -> list[str]:
    """Write a week for people: "segunda a sexta: 9h–12h e 13h–18h", the days that are alike in a row together."""
    week, days = list(windows), []
    for weekday in range(7):
        spans = sorted((w.start_minute, w.end_minute) for w in week if w.weekday == weekday)
        days.append((weekday, phrases.listing([f"{clock_label(a)}–{clock_label(b)}" for a, b in spans])))
    lines = []
    for _, group in groupby(days, key=lambda day: day[1]):
        alike = list(group)
        if hours := alike[0][1]:
            lines.append(f"{_days(alike[0][0], alike[-1][0])}: {hours}")
    return lines


def _week(windows: Iterable[Window]) -> list[Window]:
    given = list(windows)
    if len(given) > MOST_WINDOWS or any(not 0 <= window.weekday <= 6 for window in given):
        raise BadWindow
    for window in given:
        _checked_span(window.start_minute, window.end_minute)
    # The hours join what touches; a date of each weekday is enough to ask for them.
    hours = Hours("UTC", given)
    return [Window(weekday, start, end) for weekday in range(7) for start, end in hours.windows(weekday + 1)]


def _checked_span(start: int | None, end: int | None) -> None:
    if start is None or end is None or not 0 <= start < end <= DAY:
        raise BadWindow


def _days(first: int, last: int) -> str:
    """Name a row of weekdays: "segunda", "sábado e domingo", "segunda a sexta"."""
    if first == last:
        return phrases.WEEKDAYS[first]
    return f"{phrases.WEEKDAYS[first]} {'e' if last == first + 1 else 'a'} {phrases.WEEKDAYS[last]}"
