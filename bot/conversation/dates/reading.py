"""Read when a person means: "sexta não dá, pode ser sábado às 9?"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from .clauses import wanted
from .days import ONE, Day, Roll
from .grammar import pieces
from .groups import Group, completed, firm, grouped
from .hours import Doubtful, Hours, Kind, Part, Side
from .pieces import Piece, What
from .words import words

# A longer text is prose: what it says of days is not one wish, and a part of it must not be read as the whole.
LONGEST = 2_000
MIDNIGHT = time(0)
# A name of its own, for a field below is called `time`.
Clock = time


@dataclass(frozen=True, slots=True)
class When:
    """What a text says about when; days and times are local to the professional."""

    kind: Kind
    day: date | None = None  # none for a PART of "qualquer dia"
    time: time | None = None
    part: Part | None = None
    start: datetime | None = None  # RANGE, AFTER, SPAN: naive wall time
    end: datetime | None = None  # RANGE, BEFORE, SPAN: naive wall time, exclusive
    since: Clock | None = None  # SPAN: "depois das 17h" of each day
    until: Clock | None = None  # SPAN: "antes das 10h" of each day, exclusive
    time_only: bool = False  # no day was said: the day is the next one on which that hour is still ahead
    past: bool = False  # for NONE: it named a moment that is gone
    alternatives: tuple[When, ...] = ()  # for NONE: the moments it named, when there were several
    text: str = ""  # the words that were read, joined by spaces
    spans: tuple[tuple[int, int], ...] = ()  # where they stand in the input


NOTHING = When(Kind.NONE)
GONE = When(Kind.NONE, past=True)


def read(text: str, now: datetime) -> When:
    """Say when a message means, seen from `now` (aware, in the professional's zone); NONE when it is not certain."""
    if len(text) > LONGEST:
        text = text.rstrip()
    if len(text) > LONGEST:
        return NOTHING
    try:
        return _read(text, now)
    except (ValueError, OverflowError):  # the ends of the calendar
        return NOTHING


def _read(text: str, now: datetime) -> When:
    message = words(text)
    found = firm(message.codes, list(pieces(message, now)))
    if not found or any(piece.what is What.IMPOSSIBLE for piece in found):
        return NOTHING
    groups = grouped(message.codes, wanted(message.codes, found))
    meant = completed([group for group in groups if group.what in {What.DAY, What.ANY}])
    local = now.replace(tzinfo=None)
    settled = list(dict.fromkeys(when for group in meant for when in _settled(group, local)))
    if not settled:
        return GONE if any(group.what is What.PAST for group in groups) else NOTHING
    if len(settled) > 1:
        ahead = tuple(when for when in settled if when.kind is not Kind.NONE)
        return When(Kind.NONE, past=not ahead and all(when.past for when in settled), alternatives=ahead)
    if settled[0].kind is Kind.NONE:
        return settled[0]
    spans = tuple((message.spans[piece.start][0], message.spans[piece.end - 1][1]) for piece in _read_pieces(meant))
    return replace(settled[0], text=" ".join(text[start:end] for start, end in spans), spans=spans)


def _read_pieces(groups: list[Group]) -> list[Piece]:
    placed = {piece.start: piece for group in groups for piece in group.pieces}
    return [placed[start] for start in sorted(placed)]


def _settled(group: Group, now: datetime) -> Iterator[When]:
    """Say which moment a group means; two, for an hour that may be of the morning or of the afternoon."""
    if group.what is What.ANY:
        known = group.part is not None and group.hours is None
        yield When(Kind.PART, part=group.part, time_only=True) if known else NOTHING
        return
    settle = _span if group.day and not group.day.single else _moment
    try:
        yield settle(group, group.hours, now)
    except Doubtful:
        if group.hours is not None:
            yield from (settle(group, group.hours.on(side), now) for side in (Side.AM, Side.PM))
    except ValueError:
        yield NOTHING


def _span(group: Group, hours: Hours | None, now: datetime) -> When:
    if group.day is None or group.day.end <= now.date():
        return GONE
    span = When(Kind.SPAN, part=group.part, start=_midnight(group.day.start), end=_midnight(group.day.end))
    if hours is None:
        return span
    if hours.kind is Kind.POINT:
        return replace(span, time=hours.bounds(group.part)[0])
    try:
        since, until = hours.bounds(group.part)
    except Doubtful:  # of the morning or of the afternoon: all of each day is shown
        return span
    return replace(span, since=since, until=until)


def _moment(group: Group, hours: Hours | None, now: datetime) -> When:
    low, high = hours.bounds(group.part) if hours else (None, None)
    # The midnight of a day may be its first or its last moment; what counts from now ("em meia hora") is sure.
    if group.day and hours and hours.at_midnight:
        return NOTHING
    for day in _turns(group.day, now.date()):
        first, last = _extent(day, hours, low, high, group.part)
        # "Hoje" and "27/11" stand while any of it is ahead; "sábado" on a Saturday, while all of it is.
        stays = group.day is not None and (
            group.day.roll is Roll.NEVER or (group.day.roll is Roll.MONTH and hours is None)
        )
        if (last if stays else first) > now:
            return _when(day, hours, low, high, group)
    return GONE


def _turns(day: Day | None, today: date) -> Iterator[date]:
    """Give the days it may be, soonest first; without a day, today and the next ones."""
    if day is None:
        yield from (today, today + ONE, today + 2 * ONE)
        return
    yield day.start
    later = day.next()
    if later:
        yield later.start


def _extent(
    day: date, hours: Hours | None, low: time | None, high: time | None, part: Part | None
) -> tuple[datetime, datetime]:
    """Give the first and the last moment that count when asking whether it is still ahead."""
    if hours is not None:
        first = datetime.combine(day, low or high or MIDNIGHT)
        if high is not None:
            return first, datetime.combine(day, high)
        return first, _midnight(day + ONE) if hours.kind is Kind.AFTER else first
    if part is not None:
        begins, ends = (datetime.combine(day, hour) for hour in part.hours)
        return begins + (ends - begins) / 2, ends  # "à tarde", said at two, is today's
    return _midnight(day), _midnight(day + ONE)


def _when(day: date, hours: Hours | None, low: time | None, high: time | None, group: Group) -> When:
    alone = group.day is None
    if hours is None:
        return When(Kind.PART if group.part else Kind.DATE, day, part=group.part, time_only=alone)
    if hours.kind is Kind.POINT:
        return When(Kind.POINT, day, low, time_only=alone)
    start = datetime.combine(day, low) if low else None
    end = datetime.combine(day, high) if high else None
    return When(hours.kind, day, part=group.part, start=start, end=end, time_only=alone)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, MIDNIGHT)


def window(when: When, now: datetime) -> tuple[datetime, datetime] | None:
    """Give the local wall times [start, end) at which something may begin, nothing before `now`; None for none."""
    bounds = _bounds(when)
    if bounds is None:
        return None
    start, end = max(bounds[0], now.replace(tzinfo=None)), bounds[1]
    return (start, end) if start < end else None


def _bounds(when: When) -> tuple[datetime, datetime] | None:
    if when.kind is Kind.SPAN and when.start and when.end:
        return when.start, when.end
    if when.day is None:
        return None
    if when.time is not None:
        start = datetime.combine(when.day, when.time)
        return start, start + timedelta(minutes=1)
    start, end = _midnight(when.day), _midnight(when.day + ONE)
    if when.part:
        start, end = (datetime.combine(when.day, hour) for hour in when.part.hours)
    return max(when.start or start, start), min(when.end or end, end)


def cut(text: str, when: When) -> str:
    """Take the words that were read out of a text, to see what else it says."""
    for start, end in reversed(when.spans):
        text = f"{text[:start]} {text[end:]}"
    return " ".join(text.split())
