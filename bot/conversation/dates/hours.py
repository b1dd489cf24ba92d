"""Hours as they are said: "às 3", "8 da noite", "quinze para as três", "depois das 18h"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum


class Kind(StrEnum):
    """What a text says about when."""

    POINT = "point"
    DATE = "date"
    PART = "part"
    RANGE = "range"
    AFTER = "after"
    BEFORE = "before"
    SPAN = "span"
    NONE = "none"


class Part(StrEnum):
    """A part of the day, as it is counted in Brazil."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"

    @property
    def hours(self) -> tuple[time, time]:
        """Give its first hour and the hour it ends at."""
        return PART_HOURS[self]


PART_HOURS = {
    Part.MORNING: (time(6), time(12)),
    Part.AFTERNOON: (time(12), time(18)),
    Part.EVENING: (time(18), time(23)),
}


class Side(StrEnum):
    """Which half of the day was said right after an hour."""

    MORNING = "manhã"
    AFTERNOON = "tarde"
    EVENING = "noite"
    DAWN = "madrugada"
    AM = "am"
    PM = "pm"


SIDE_OF_PART = {Part.MORNING: Side.MORNING, Part.AFTERNOON: Side.AFTERNOON, Part.EVENING: Side.EVENING}
OF_PART: dict[Side | None, Part] = {side: part for part, side in SIDE_OF_PART.items()}
# The hours each side may be said of, and how many hours further they are on the clock.
ATTACHED: dict[Side, dict[int, int]] = {
    Side.MORNING: dict.fromkeys(range(1, 12), 0),
    Side.AFTERNOON: dict.fromkeys(range(1, 8), 12) | dict.fromkeys(range(12, 20), 0),
    Side.EVENING: dict.fromkeys(range(6, 12), 12) | dict.fromkeys(range(18, 24), 0),
    Side.DAWN: dict.fromkeys(range(7), 0),
    Side.AM: dict.fromkeys(range(1, 12), 0),
    Side.PM: dict.fromkeys(range(1, 12), 12) | dict.fromkeys(range(12, 24), 0),
}
# The same for a part of the day said elsewhere in the message ("sexta de manhã, às 9"), where less is certain.
APART: dict[Side, dict[int, int]] = {
    Side.MORNING: dict.fromkeys(range(6, 12), 0),
    Side.AFTERNOON: dict.fromkeys(range(1, 7), 12) | dict.fromkeys(range(12, 19), 0),
    Side.EVENING: ATTACHED[Side.EVENING],
}


class Doubtful(ValueError):
    """An hour that may be of the morning or of the afternoon."""


@dataclass(frozen=True, slots=True)
class Clock:
    """An hour as it was said."""

    hour: int
    minute: int = 0
    early: int = 0  # minutes before the hour: "quinze para as três"
    loose: bool = False  # 1 to 6 with no more said: the afternoon
    padded: bool = False  # "03:30", which some write for 15:30
    side: Side | None = None
    certain: bool = False  # counted from now

    def at(self, part: Part | None = None, side: Side | None = None) -> time:
        """Say which time it is; ValueError if it is none, or not of that part of the day."""
        allowed, said = ATTACHED, self.side or side
        if said in OF_PART and part is not None and OF_PART[said] is not part:
            raise ValueError(said)  # "de manhã, às 8 da noite"
        if said is None and part is not None:
            allowed, said = APART, SIDE_OF_PART[part]
        if said is not None:
            hour = self.hour + allowed[said].get(self.hour, 24)
        elif self.padded:
            raise Doubtful
        else:
            hour = self.hour + 12 if self.loose else self.hour
        hours, minute = divmod(hour * 60 + self.minute - self.early, 60)
        return time(hours, minute)


@dataclass(frozen=True, slots=True)
class Hours:
    """A time, or bounds of one: POINT and AFTER have `low`, BEFORE has `high`, RANGE has both."""

    kind: Kind
    low: Clock | None = None
    high: Clock | None = None

    def bounds(self, part: Part | None = None) -> tuple[time | None, time | None]:
        """Say which times they are; ValueError if they make no sense."""
        high = self.high.at(part) if self.high else None
        if self.low is None:
            return None, high
        if high is None or self.high is None:
            return self.low.at(part), None
        low = self._start(self.low, self.high.side, part, high)
        if low >= high:
            raise ValueError(self)
        return low, high

    @staticmethod
    def _start(low: Clock, side: Side | None, part: Part | None, high: time) -> time:
        """Read the start of "das 2 às 4 da tarde", and of "das 10 às 2 da tarde", whose start is of the morning."""
        try:
            start = low.at(part, side)
            if start < high:
                return start
        except ValueError:
            pass
        return low.at(part)

    def on(self, side: Side) -> Hours:
        """Put the hours of doubt on one side of noon."""
        low, high = (
            replace(clock, side=side) if clock and clock.padded and not clock.side else clock
            for clock in (self.low, self.high)
        )
        return Hours(self.kind, low, high)

    @property
    def at_midnight(self) -> bool:
        """Tell whether it is an hour of midnight, which two days share."""
        return self.low is not None and self.low.hour == 0 and not self.low.certain

    def joined(self, other: Hours) -> Hours | None:
        """Join two sayings of the hour; None if they are two hours."""
        if self == other:
            return self
        if (self.kind, other.kind) == (Kind.AFTER, Kind.BEFORE):
            return Hours(Kind.RANGE, self.low, other.high)
        return None
