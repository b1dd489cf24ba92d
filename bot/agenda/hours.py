"""Working hours: weekly windows and the exceptions of a date, turned into open time.

Two kinds of minute meet here. A wall minute is what the clock on the wall shows, 0..1440 of a local day. An
epoch minute counts whole minutes of UTC since 1970. A day is its ordinal (`date.toordinal()`). The zone is
only asked what a wall minute of a day is in UTC; nothing here reads the zone of the machine.

When a clock changes, time that passes is what counts: hours from 0:00 to 6:00 last five hours on the day that
skips one and seven on the day that repeats one. A skipped wall time is read with the offset before the change
(1:30 becomes 2:30) and a repeated one is its first occurrence, as RFC 5545 has it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from ..errors import Invalid
from ..models.enums import ExceptionKind

DAY: Final = 1440
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = EPOCH.toordinal()
MINUTE: Final = timedelta(minutes=1)
_ALL_DAY: Final = ((0, DAY),)

Span = tuple[int, int]
"""Half-open: the first minute, and the first one after."""

Grid = tuple[int, int, int]
"""Where times are offered, in epoch minutes: they step from the first number, start before the second, and end
by the third. The third lies beyond the second when the next window carries on without a break."""


def minute_of(at: time | datetime) -> int:
    """Return the wall minute of an hour."""
    return at.hour * 60 + at.minute


class UnknownZone(Invalid):
    code = "unknown_zone"
    sentence = "Não conheço o fuso horário “{zone}”."


@dataclass(frozen=True, slots=True)
class Window:
    """Work every week on `weekday` (0 is Monday) between two wall minutes; one that ends before it starts is none."""

    weekday: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class DayException:
    """Make one local date differ from the week.

    `closed` is the whole day and wins over every other row of it; `hours` replaces the week, `extra` adds to it (any
    number of rows each); `blocked` takes a part out, or the whole day when it has no minutes; `open` is a holiday that
    was considered and kept, and changes nothing.
    """

    date: date
    kind: ExceptionKind
    start_minute: int | None = None
    end_minute: int | None = None
    # In the professional's words; no rule asks for it.
    reason: str = ""


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo:
    """Find an IANA zone by name, or refuse with `UnknownZone`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a zone's name at all; the name of a folder of zones
        raise UnknownZone(zone=name[:40]) from None


def epoch_minute(moment: datetime) -> int:
    """Count the whole minutes since 1970 at an aware moment, seconds dropped; a naive one is a TypeError."""
    since = moment - EPOCH
    return since.days * DAY + since.seconds // 60


def moment_of(minute: int) -> datetime:
    """Turn an epoch minute back into an aware UTC datetime."""
    return EPOCH + MINUTE * minute


def day_of(zone: str, minute: int) -> int:
    """Say on which local day an epoch minute falls."""
    return moment_of(minute).astimezone(zone_of(zone)).toordinal()


def local_date(zone: str, moment: datetime) -> date:
    """Say which date it is in a zone."""
    return moment.astimezone(zone_of(zone)).date()


def at_wall(zone: str, day: date, minute: int) -> datetime:
    """Turn a wall minute of a local date into aware UTC."""
    return moment_of(epoch_minute_at(zone, day.toordinal(), minute))


@lru_cache(maxsize=32_768)  # the 16 zones of Brazil over five years; about 10 MB when full
def day_span(zone: str, day: int) -> Span:
    """Say when a local day begins and when the next one does, in epoch minutes."""
    return _ask_zone(zone, day, 0), _ask_zone(zone, day + 1, 0)


def epoch_minute_at(zone: str, day: int, minute: int) -> int:
    """Turn a wall minute of a local day (1440 is the next midnight) into an epoch minute, inside that day."""
    start, end = day_span(zone, day)
    if end - start == DAY:
        return start + minute
    # A zone that crosses the date line skips a whole day: then the day is empty and so is every window in it.
    return min(_ask_zone(zone, day, minute), end)


def _ask_zone(zone: str, day: int, minute: int) -> int:
    if minute >= DAY:
        day, minute = day + 1, minute - DAY
    wall = datetime.fromordinal(day).replace(hour=minute // 60, minute=minute % 60, tzinfo=zone_of(zone))
    offset = wall.utcoffset() or timedelta()
    return (day - _EPOCH_DAY) * DAY + minute - offset // MINUTE


def weekday_of(day: int) -> int:
    return (day + 6) % 7  # the ordinal 1 was a Monday


def week_of(day: int) -> Span:
    """Give the Monday of a day's week and the Monday after."""
    monday = day - weekday_of(day)
    return monday, monday + 7


class Hours:
    """The open time of one professional: a week, the dates that differ, and a zone."""

    __slots__ = ("_blocked", "_closed", "_dates", "_week", "zone")

    def __init__(self, zone: str, weekly: Sequence[Window], exceptions: Sequence[DayException] = ()) -> None:
        zone_of(zone)
        self.zone: Final = zone
        self._week: Final = tuple(
            _united((w.start_minute, w.end_minute) for w in weekly if w.weekday == weekday) for weekday in range(7)
        )
        self._closed: Final[set[int]] = set()
        self._dates: Final[dict[int, tuple[Span, ...]]] = {}
        self._blocked: Final[dict[int, tuple[Span, ...]]] = {}
        for day in {e.date.toordinal() for e in exceptions}:
            self._except(day, [e for e in exceptions if e.date.toordinal() == day])

    def _except(self, day: int, exceptions: list[DayException]) -> None:
        spans: dict[ExceptionKind, list[Span]] = {}
        for e in exceptions:
            whole_day = e.kind is ExceptionKind.BLOCKED and e.start_minute is None and e.end_minute is None
            spans.setdefault(e.kind, []).append((0, DAY) if whole_day else (e.start_minute or 0, e.end_minute or 0))
        # What is blocked is so on a day off too: the buffer of an early time of the next day may reach into it.
        if blocked := _united(spans.get(ExceptionKind.BLOCKED, ())):
            self._blocked[day] = blocked
        if ExceptionKind.CLOSED in spans:  # no hours that were written for a day off open it
            self._closed.add(day)
            self._dates[day] = ()
            return
        week = self._week[weekday_of(day)]
        self._dates[day] = _united([*spans.get(ExceptionKind.HOURS, week), *spans.get(ExceptionKind.EXTRA, ())])

    def windows(self, day: int) -> tuple[Span, ...]:
        """Give the open windows of a local day in wall minutes, sorted, united; blocked parts are not taken out."""
        return self._dates[day] if day in self._dates else self._week[weekday_of(day)]

    def closed(self, day: int) -> bool:
        """Say whether a whole-day closure was written for this day."""
        return day in self._closed

    def blocked(self, first: int, last: int) -> list[Span]:
        """Give the blocked parts of the days first..last in epoch minutes."""
        return [
            span for day, spans in self._blocked.items() if first <= day <= last for span in self._placed(day, spans)
        ]

    def grids(self, first: int, last: int) -> list[Grid]:
        """Give the open time of the days first..last as grids, sorted, in epoch minutes.

        Touching windows are one, also over midnight. Only a day that is open around the clock starts a grid of its
        own at midnight, so that no grid depends on more than the day before, and an always-open week has the same
        times every day.
        """
        grids: list[Grid] = []
        start = end = 0
        for day in range(first, last + 1):
            windows = self.windows(day)
            around_the_clock = windows == _ALL_DAY
            for opens, closes in self._placed(day, windows):
                if grids and opens <= end and not around_the_clock:
                    end = max(end, closes)
                    grids[-1] = (start, end, end)
                else:
                    start, end = opens, closes
                    grids.append((start, end, end))
        return _reaching(grids)

    def _placed(self, day: int, windows: tuple[Span, ...]) -> Iterable[Span]:
        """Put the windows of a day into epoch minutes."""
        if not windows:
            return ()
        begins, ends = day_span(self.zone, day)
        if ends - begins == DAY:
            return [(begins + start, begins + end) for start, end in windows]
        zone = self.zone
        spans = ((epoch_minute_at(zone, day, start), epoch_minute_at(zone, day, end)) for start, end in windows)
        return sorted((start, end) for start, end in spans if start < end)


def _united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sort windows of a day and join those that touch or overlap; what is no window (8:00 to 7:00) is left out."""
    united: list[Span] = []
    for start, end in sorted(span for span in spans if 0 <= span[0] < span[1] <= DAY):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return tuple(united)


def _reaching(grids: list[Grid]) -> list[Grid]:
    """Let an appointment of one grid run on into the next where the two touch."""
    for i in range(len(grids) - 2, -1, -1):
        start, until, _ = grids[i]
        if until == grids[i + 1][0]:
            grids[i] = (start, until, grids[i + 1][2])
    return grids
