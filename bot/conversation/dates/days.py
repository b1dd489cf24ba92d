"""Days on the calendar: what "sexta", "dia 12" or "semana que vem" may be, seen from today."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

WEEK = timedelta(days=7)
ONE = timedelta(days=1)
# Nobody books further ahead; a year beyond it is a birthday or a slip.
YEARS_AHEAD = 2
# A date without a year that passed so lately is looked back at, or a slip.
RECENT = timedelta(days=60)


class Roll(Enum):
    """How a day moves on when the moment named on it is gone."""

    NEVER = "never"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or a span of days up to and without `end`."""

    start: date
    end: date
    roll: Roll = Roll.NEVER

    @property
    def single(self) -> bool:
        return self.end - self.start == ONE

    def next(self) -> Day | None:
        """Give the same day one turn later, if it has one."""
        if self.roll is Roll.WEEK:
            return Day(self.start + WEEK, self.end + WEEK, self.roll)
        if self.roll is Roll.MONTH:
            return day_of_month(self.start.day, self.end)
        return None


def single(day: date, roll: Roll = Roll.NEVER) -> Day:
    """Make one day."""
    return Day(day, day + ONE, roll)


def weekday(number: int, today: date) -> Day:
    """Find the next day with this weekday, today included; 0 is Monday."""
    return single(today + timedelta(days=(number - today.weekday()) % 7), Roll.WEEK)


def week_of(day: date, later: int = 0) -> Day:
    """Give the week of a day, Monday to Sunday, or the one so many weeks later."""
    monday = day - timedelta(days=day.weekday()) + later * WEEK
    return Day(monday, monday + WEEK)


def weekend(today: date, *, following: bool = False) -> Day:
    """Give this Saturday and Sunday, or those of the next calendar week."""
    week = week_of(today, 1 if following else 0)
    return Day(week.start + timedelta(days=5), week.end)


def month_of(year: int, month: int, later: int = 0) -> Day:
    """Give a whole month, or the one so many months later."""
    first = add_months(date(year, month, 1), later)
    return Day(first, add_months(first, 1))


def add_months(day: date, months: int) -> date:
    """Go so many months on; ValueError where that month has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


def day_of_month(number: int, today: date) -> Day:
    """Find the next date with this number, today included, skipping months that are too short."""
    if not 1 <= number <= 31:
        raise ValueError(number)
    for later in range(3):
        month = month_of(today.year, today.month, later)
        if number <= (month.end - month.start).days:
            day = month.start.replace(day=number)
            if day >= today:
                return single(day, Roll.MONTH)
    raise ValueError(number)


def day_and_month(number: int, month: int, today: date, year: int = 0) -> Day:
    """Find a date, this year or next unless the year is said; ValueError where there is none."""
    if year:
        if not today.year - 200 < year <= today.year + YEARS_AHEAD:
            raise ValueError(year)
        return single(date(year, month, number))
    this_year = (month, number) >= (today.month, today.day)
    return single(date(today.year + (not this_year), month, number))


def just_gone(day: date, today: date) -> bool:
    """Tell "20/10" said in November: hardly the one of next year."""
    try:
        last = day.replace(year=day.year - 1)
    except ValueError:
        return False
    return timedelta() < today - last <= RECENT


def coming_month(month: int, today: date, year: int = 0) -> Day:
    """Find a month, the current one included."""
    return month_of(year or today.year + (month < today.month), month)


def nth_weekday(number: int, nth: int, month: Day) -> Day:
    """Find "primeira sexta de dezembro"; -1 is the last, -2 the one before; ValueError for one not there."""
    if nth < 0:
        last = month.end - ONE
        return single(last - timedelta(days=(last.weekday() - number) % 7) + (nth + 1) * WEEK)
    found = weekday(number, month.start).start + (nth - 1) * WEEK
    if not month.start <= found < month.end:
        raise ValueError(nth)
    return single(found)


def both(one: Day, other: Day) -> Day | None:
    """Join two ways of naming a day ("sexta" and "27/11"); None if they are two days."""
    if one == other:
        return one
    if one.single and other.single:
        return _same_day(one, other)
    if one.single == other.single:
        return None
    span, day = (other, one) if one.single else (one, other)
    if day.roll is Roll.NEVER:
        return day if span.start <= day.start < span.end else None
    inside = [single(found) for found in _days(span) if _matches(found, day)]
    return inside[0] if len(inside) == 1 else None


def _same_day(one: Day, other: Day) -> Day | None:
    if one.start == other.start:
        return replace(one, roll=one.roll if one.roll is other.roll else Roll.NEVER)
    for named, dated in ((one, other), (other, one)):
        if named.roll is Roll.WEEK and dated.roll is not Roll.WEEK and _matches(dated.start, named):
            return replace(dated, roll=Roll.NEVER)
    return None


def _matches(day: date, like: Day) -> bool:
    return day.weekday() == like.start.weekday() if like.roll is Roll.WEEK else day.day == like.start.day


def _days(span: Day) -> list[date]:
    # A span of a year holds too many days of any name to be one.
    return [span.start + timedelta(days=n) for n in range(min((span.end - span.start).days, 31))]
