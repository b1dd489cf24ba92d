"""Free times: one pure function in whole minutes of UTC.

Listing and booking ask the same `free_times`, so what cannot be listed cannot be booked. The conventions:
times step from the start of each working window; intervals are half-open; an appointment with its buffers may
not overlap the core of another; the notice is inclusive; the horizon is whole local days, today and N more;
limits count the active appointments that start on the local day, or in its week from Monday to Sunday.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from ..errors import Invalid
from .hours import (
    DAY,
    EPOCH,
    MINUTE,
    Grid,
    Hours,
    Span,
    day_of,
    day_span,
    epoch_minute,
    moment_of,
    week_of,
)
from .rules import MAX_DAYS, Rules

NEAREST_DAYS: Final = 32  # how far from the wanted time `nearest` looks: a monthly habit is still found
_NO_SHADOW: Final = (1 << 60, 1 << 60)  # beyond every epoch minute
_LAST_DAY: Final = date(9990, 1, 1).toordinal()  # arithmetic on dates ends with the year 9999


class BadPeriod(Invalid):
    code = "bad_period"
    sentence = "O período precisa terminar depois de começar e ter no máximo dez anos."


class Reason(StrEnum):
    """Why a time cannot be booked."""

    PAST = "past"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    CLOSED = "closed"
    OUTSIDE_HOURS = "outside_hours"
    DAY_FULL = "day_full"
    WEEK_FULL = "week_full"
    TAKEN = "taken"
    OFF_GRID = "off_grid"


@dataclass(frozen=True, slots=True)
class Busy:
    """Time that is gone; `counts` when it is an active appointment, which the limits of a day and a week count."""

    start: datetime
    end: datetime
    counts: bool = True


def free_times(rules: Rules, busy: Sequence[Busy], start: datetime, end: datetime, now: datetime) -> list[datetime]:
    """List the times in start <= t < end at which an appointment may begin, as aware UTC, sorted.

    `busy` needs what overlaps `busy_period(rules, start, end)`, in any order; more does not matter.
    """
    if end < start:
        raise BadPeriod(start=start, end=end)
    return [EPOCH + MINUTE * t for t in _free(rules, busy, _ceil_minute(start), _ceil_minute(end), now)]


def is_free(rules: Rules, busy: Sequence[Busy], at: datetime, now: datetime) -> bool:
    """Say whether `free_times` lists exactly this time."""
    minute = epoch_minute(at)
    return minute == _ceil_minute(at) and bool(_free(rules, busy, minute, minute + 1, now))


def why_not(rules: Rules, busy: Sequence[Busy], at: datetime, now: datetime) -> Reason | None:
    """Say why a time cannot be booked, or None when it can: clock, hours, limits, appointments, grid, in that order."""
    if is_free(rules, busy, at, now):
        return None
    minute = epoch_minute(at)
    earliest, latest = _bookable(rules, now)
    if at < now:
        return Reason.PAST
    if minute < earliest:
        return Reason.TOO_SOON
    if minute >= latest:
        return Reason.TOO_FAR
    return _why_not_that_day(rules, busy, minute)


def nearest(rules: Rules, busy: Sequence[Busy], at: datetime, now: datetime, count: int = 3) -> list[datetime]:
    """List up to `count` free times of the period `around` a wanted time, the nearest ones, in calendar order."""
    earliest, latest = _bookable(rules, now)
    wanted = epoch_minute(at)
    centre = max(earliest, min(wanted, latest - 1))
    found: list[int] = []
    for days in (1, 8, NEAREST_DAYS):  # mostly the same or the next day has them
        found = _free(rules, busy, centre - days * DAY, centre + days * DAY + 1, now)
        if len(found) >= count:
            break
    return [moment_of(t) for t in sorted(sorted(found, key=lambda t: (abs(t - wanted), t))[:count])]


def around(rules: Rules, at: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Say what period `nearest` searches: `NEAREST_DAYS` about the wanted time, moved to where times can be booked."""
    earliest, latest = _bookable(rules, now)
    centre = max(earliest, min(epoch_minute(at), latest - 1))
    return moment_of(centre - NEAREST_DAYS * DAY), moment_of(centre + NEAREST_DAYS * DAY + 1)


def busy_period(rules: Rules, start: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Say what period of busy time decides the free times of start <= t < end: load what overlaps it."""
    earliest, latest = _bookable(rules, now)
    first = max(earliest, min(epoch_minute(start), latest))
    last = max(first, min(_ceil_minute(end), latest))
    since, until = first - rules.buffer_before, last + rules.minutes + rules.buffer_after
    if rules.limited:
        monday, _ = week_of(day_of(rules.zone, first))
        _, next_monday = week_of(day_of(rules.zone, last))
        since = min(since, day_span(rules.zone, monday)[0])
        until = max(until, day_span(rules.zone, next_monday)[0])
    return moment_of(since), moment_of(until)


def _free(rules: Rules, busy: Sequence[Busy], low: int, high: int, now: datetime) -> list[int]:
    """List the free times of low <= t < high in epoch minutes: every door comes through here."""
    earliest, latest = _bookable(rules, now)
    low, high = max(low, earliest), min(high, latest)
    if low >= high:
        return []
    if high - low > MAX_DAYS * DAY:
        raise BadPeriod(start=moment_of(low), end=moment_of(high))
    # Hours may have begun the evening before, and may be needed until the last appointment ends.
    first, last = day_of(rules.zone, low) - 1, day_of(rules.zone, high - 1 + rules.minutes)
    grids = rules.hours.grids(first, last)
    taken = _shadows(rules, [*_cores(busy), *rules.hours.blocked(first - 1, last + 1)])
    free = _open_starts(rules, grids, taken, low, high)
    return _without_full_days(rules, busy, free) if free and rules.limited else free


def _bookable(rules: Rules, now: datetime) -> Span:
    """Say from which epoch minute the notice allows a booking, and from which the horizon does not any more."""
    today = day_of(rules.zone, epoch_minute(now))
    last_day = _LAST_DAY if rules.horizon_days is None else min(today + rules.horizon_days, _LAST_DAY)
    return _ceil_minute(now) + rules.min_notice, day_span(rules.zone, last_day)[1]


def _ceil_minute(moment: datetime) -> int:
    until = EPOCH - moment
    return -(until.days * DAY + until.seconds // 60)


def _cores(busy: Iterable[Busy]) -> list[Span]:
    """Give the busy time in epoch minutes: a minute that is touched is gone."""
    cores: list[Span] = []
    for event in busy:  # both roundings written out: they are most of the cost of a listing
        start, end = event.start - EPOCH, EPOCH - event.end
        core = (start.days * DAY + start.seconds // 60, -end.days * DAY - end.seconds // 60)
        if core[0] < core[1]:
            cores.append(core)
    return cores


def _shadows(rules: Rules, cores: list[Span]) -> list[Span]:
    """Turn busy cores into the starts they forbid, sorted and united.

    A start t is forbidden when t - before < core end and core start < t + minutes + after.
    """
    lead, lag = rules.minutes + rules.buffer_after - 1, rules.buffer_before
    shadows: list[Span] = []
    start = end = 0
    for core_start, core_end in sorted(cores):
        if shadows and core_start - lead <= end:
            end = max(end, core_end + lag)
            shadows[-1] = (start, end)
        else:
            start, end = core_start - lead, core_end + lag
            shadows.append((start, end))
    return shadows


def _open_starts(rules: Rules, grids: list[Grid], shadows: list[Span], low: int, high: int) -> list[int]:
    """Walk the grids and the shadows once, both sorted, and keep the steps of a grid that no shadow covers."""
    minutes, step = rules.minutes, rules.step
    starts: list[int] = []
    ahead = iter(shadows)
    shadow, light = next(ahead, _NO_SHADOW)
    for anchor, until, reach in grids:
        t, end = max(anchor, low), min(until, high, reach - minutes + 1)
        while t < end:
            while light <= t:
                shadow, light = next(ahead, _NO_SHADOW)
            stop = min(end, shadow)
            if t < stop:
                starts.extend(range(t + (anchor - t) % step, stop, step))
            t = light if stop < end else end
    return starts


def _without_full_days(rules: Rules, busy: Iterable[Busy], free: list[int]) -> list[int]:
    counted = _counted(busy)
    for day in range(day_of(rules.zone, free[0]), day_of(rules.zone, free[-1]) + 1):
        if _full(rules, counted, day):
            start, end = day_span(rules.zone, day)
            del free[bisect_left(free, start) : bisect_left(free, end)]
    return free


def _counted(busy: Iterable[Busy]) -> list[int]:
    return sorted(epoch_minute(b.start) for b in busy if b.counts)


def _full(rules: Rules, counted: list[int], day: int) -> Reason | None:
    """Say which limit a local day has reached, given the sorted starts of the active appointments."""

    def between(first: int, after: int) -> int:
        start, end = day_span(rules.zone, first)[0], day_span(rules.zone, after)[0]
        return bisect_left(counted, end) - bisect_left(counted, start)

    if rules.max_per_day is not None and between(day, day + 1) >= rules.max_per_day:
        return Reason.DAY_FULL
    if rules.max_per_week is not None and between(*week_of(day)) >= rules.max_per_week:
        return Reason.WEEK_FULL
    return None


def _why_not_that_day(rules: Rules, busy: Sequence[Busy], minute: int) -> Reason:
    day, end = day_of(rules.zone, minute), minute + rules.minutes
    if not _fits(rules.hours, minute, end):
        if rules.hours.closed(day) or _fits(Hours(rules.zone, rules.weekly), minute, end):
            return Reason.CLOSED  # the week alone would have had it
        return Reason.OUTSIDE_HOURS
    if full := _full(rules, _counted(busy), day):
        return full
    since, until = minute - rules.buffer_before, end + rules.buffer_after
    if _touches(rules.hours.blocked(day - 2, day_of(rules.zone, until)), since, until):
        return Reason.CLOSED
    return Reason.TAKEN if _touches(_cores(busy), since, until) else Reason.OFF_GRID


def _fits(hours: Hours, start: int, end: int) -> bool:
    """Say whether hours are open from start to end without a break, on their grid or not."""
    grids = hours.grids(day_of(hours.zone, start) - 1, day_of(hours.zone, end))
    return any(opens <= start < until and end <= reach for opens, until, reach in grids)


def _touches(cores: Iterable[Span], start: int, end: int) -> bool:
    return any(core_start < end and start < core_end for core_start, core_end in cores)
