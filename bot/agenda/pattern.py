"""When a series happens: the same wall hour every week, every second week, or every month."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from .. import phrases
from ..models import RecurringSchedule
from ..models.enums import Frequency
from .hours import minute_of
from .recurrence import occurrences, rule_of

# Days from one occurrence to the next; of months, the mean.
_APART: Final[Mapping[Frequency, float]] = {
    Frequency.WEEKLY: 7,
    Frequency.BIWEEKLY: 14,
    Frequency.MONTHLY: 365.2425 / 12,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """When a series happens, in local wall time; it ends after `count`, with `until`, or not at all."""

    frequency: Frequency
    starts_on: date
    start_minute: int
    count: int | None = None
    until: date | None = None

    def starting(self, wall: datetime) -> "Pattern":
        """Repeat as often, from a local time on."""
        return replace(self, starts_on=wall.date(), start_minute=minute_of(wall))

    @property
    def endless(self) -> bool:
        return self.count is None and self.until is None

    def starts(self, zone: str, first: date, end: date) -> list[datetime]:
        """List the starts on the local dates first <= d < end, aware UTC."""
        rule = rule_of(self.frequency, count=self.count, until=self.until)
        return occurrences(rule, self._wall(self.starts_on), zone, (), (self._wall(first, 0), self._wall(end, 0)))

    def nth(self, number: int) -> date:
        """Count dates on from the start, which is 0, or back; where a month has no such day, its last stands for it."""
        if self.frequency is not Frequency.MONTHLY:
            return self.starts_on + timedelta(days=number * _APART[self.frequency])
        year, month = divmod(self.starts_on.year * 12 + self.starts_on.month - 1 + number, 12)
        return date(year, month + 1, min(self.starts_on.day, monthrange(year, month + 1)[1]))

    def nearest(self, day: date) -> int:
        """Return the number of the date nearest to a day; of two, the earlier."""
        about = round((day - self.starts_on).days / _APART[self.frequency])
        return min((about - 1, about, about + 1), key=lambda number: abs(self.nth(number) - day))

    def last(self, day: date) -> int:
        """Return the number of the last date up to a day."""
        number = self.nearest(day)
        return number if self.nth(number) <= day else number - 1

    def _wall(self, day: date, minute: int | None = None) -> datetime:
        minute = self.start_minute if minute is None else minute
        return datetime(day.year, day.month, day.day, minute // 60, minute % 60)  # noqa: DTZ001 - wall time

    @property
    def rhythm(self) -> str:
        """Say it in words: "toda quinta, às 15h"."""
        day, at = phrases.weekday_name(self.starts_on), phrases.at_hour(self._wall(self.starts_on))
        every = "todo" if self.starts_on.weekday() >= 5 else "toda"
        match self.frequency:
            case Frequency.WEEKLY:
                return f"{every} {day}, {at}"
            case Frequency.BIWEEKLY:
                return f"{day} a cada duas semanas, {at}"
            case Frequency.MONTHLY:
                return f"todo dia {self.starts_on.day}, {at}"


def pattern_of(series: RecurringSchedule) -> Pattern:
    """Read the pattern of a series back from its row."""
    return Pattern(
        frequency=series.frequency,
        starts_on=series.starts_on,
        start_minute=series.start_minute,
        count=series.count,
        until=series.until,
    )
