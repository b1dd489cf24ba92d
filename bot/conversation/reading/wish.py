"""When somebody wants to come, gathered over several messages: "sexta", "de tarde", "não, às 16h".

A wish is kept with the conversation, so it is JSON, and it is passed on as words that the date grammar reads
without a doubt: "27/11/2026 às 16:00".
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Self

from ..dates import Kind, Part, When, cut, read
from .intents import without_phone
from .stretches import spelled, with_months

PART_WORDS: Mapping[Part, str] = {Part.MORNING: "de manhã", Part.AFTERNOON: "à tarde", Part.EVENING: "à noite"}


@dataclass(frozen=True, slots=True)
class Wish:
    """A day, and where in it: an exact hour, a part of the day, or the words of a stretch of time."""

    day: str = ""
    hour: str = ""
    part: str = ""
    # "depois das 15:00", "entre 14:00 e 16:00": an hour that is no point, without its day.
    stretch: str = ""
    # The person's own words for several days: "semana que vem".
    span: str = ""

    @classmethod
    def of(cls, when: When) -> Self:
        """Return the wish that one message holds."""
        day = when.day.isoformat() if when.day and not when.time_only else ""
        hour = f"{when.time:%H:%M}" if when.time and when.kind is Kind.POINT else ""
        if when.kind is Kind.SPAN:
            return cls(span=when.text)
        return cls(day, hour, when.part.value if when.part else "", _stretch(when))

    @classmethod
    def load(cls, data: Mapping[str, Any] | None) -> Self:
        """Return a wish as it was kept."""
        return cls(**{name: str(value) for name, value in (data or {}).items() if name in cls.__dataclass_fields__})

    def dump(self) -> dict[str, str]:
        """Return the wish to keep it."""
        return {name: value for name in self.__dataclass_fields__ if (value := getattr(self, name))}

    def then(self, later: "Wish") -> "Wish":
        """Return this wish with what was said later: a new day keeps the hour, a new hour keeps the day."""
        kept = self
        if later.day or later.span:
            kept = replace(kept, day="", span="")
        if later.hour or later.part or later.stretch or later.span:
            kept = replace(kept, hour="", part="", stretch="")
        return Wish(*(getattr(later, name) or getattr(kept, name) for name in self.__dataclass_fields__))

    @property
    def empty(self) -> bool:
        return self == Wish()

    @property
    def has_day(self) -> bool:
        return bool(self.day or self.span)

    def words(self) -> str:
        """Return the wish as words for the tools."""
        day = f"{date.fromisoformat(self.day):%d/%m/%Y}" if self.day else self.span
        hour = f"às {clock(time.fromisoformat(self.hour))}" if self.hour else ""
        part = PART_WORDS[Part(self.part)] if self.part else ""
        return " ".join(piece for piece in (day, hour or self.stretch or part) if piece)


def clock(at_time: time) -> str:
    """Return an hour as words that cannot be of the other half of the day: "06:00" alone may be six in the evening."""
    return f"{at_time:%H:%M} da manhã" if 0 < at_time.hour < 12 else f"{at_time:%H:%M}"


def _stretch(when: When) -> str:
    match when.kind, when.start, when.end:
        case Kind.RANGE, datetime() as start, datetime() as end:
            return f"entre {clock(start.time())} e {clock(end.time())}"
        case Kind.AFTER, datetime() as start, _:
            return f"depois das {clock(start.time())}"
        case Kind.BEFORE, _, datetime() as end:
            return f"antes das {clock(end.time())}"
    return ""


@dataclass(frozen=True, slots=True)
class Said:
    """A message taken apart: when it speaks of, and what is left of it without that."""

    text: str
    when: When
    rest: str

    @classmethod
    def read(cls, text: str, now: datetime) -> Self:
        """Read `text` as of `now`, the professional's wall time (aware)."""
        safe = with_months(without_phone(text))
        when, full = read(safe, now), spelled(safe)
        if when.kind in {Kind.DATE, Kind.NONE} and full != safe and (whole := read(full, now)).kind is Kind.SPAN:
            # "De 10 a 20/12" is no wish for the 20th.
            safe, when = full, whole
        return cls(text, when, cut(safe, when))

    @property
    def dated(self) -> bool:
        """Tell whether it speaks of a time at all, if only of two."""
        return self.when.kind is not Kind.NONE or bool(self.when.alternatives)

    @property
    def wishes(self) -> list[Wish]:
        """The time it names, or each of the times between which it leaves the choice."""
        named = self.when.alternatives if self.when.kind is Kind.NONE else (self.when,)
        return [Wish.of(when) for when in named]


def at(moment: datetime) -> Wish:
    """Return the wish for an exact local moment."""
    return Wish(moment.date().isoformat(), f"{moment:%H:%M}")


def fits(when: When, local: datetime) -> bool:
    """Tell whether an appointment at `local` may be the one a message speaks of."""
    if when.kind is Kind.NONE:
        return True
    if when.day and not when.time_only and local.date() != when.day:
        return False
    if when.time is not None and local.time().replace(tzinfo=None) != when.time:
        return False
    if when.part and not _within(local.time(), *when.part.hours):
        return False
    if not _within(local.time(), when.since or time.min, when.until or time.max):
        return False
    naive = local.replace(tzinfo=None)
    return (when.start is None or when.time_only or naive >= when.start) and (
        when.end is None or when.time_only or naive < when.end
    )


def _within(at_time: time, start: time, end: time) -> bool:
    return start <= at_time < end
