"""The pieces of a message that speak of days and hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto

from .days import Day
from .hours import Hours, Part, Side
from .lexicon import CODE, Value


class What(Enum):
    """What a piece is of."""

    DAY = auto()
    PART = auto()
    HOURS = auto()
    ANY = auto()  # "qualquer dia"
    VAGUE = auto()  # a day, but no one day: "toda terça"
    PAST = auto()  # a day that is gone: "ontem"
    IMPOSSIBLE = auto()  # "dia 31 de abril"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of words and what it says; several days or hours are alternatives."""

    what: What
    days: tuple[Day, ...] = ()
    hours: tuple[Hours, ...] = ()
    part: Part | None = None
    weak: bool = False  # holds only beside a day: "amanhã 3h" is an hour, "sessão de 3h" is none
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """One match of a rule."""

    codes: str
    values: tuple[Value, ...]
    start: int
    end: int
    now: datetime

    @property
    def today(self) -> date:
        """Give the local day."""
        return self.now.date()

    @property
    def own(self) -> str:
        """Give its own categories."""
        return self.codes[self.start : self.end]

    def has(self, *names: str) -> bool:
        """Tell whether a word of one of these categories is in it."""
        return any(CODE[name] in self.own for name in names)

    def of(self, codes: str) -> list[Value]:
        """Give the values of the words of these categories."""
        return [self.values[i] for i in range(self.start, self.end) if self.codes[i] in codes]

    def first(self, codes: str) -> int | None:
        """Give the number of the first word of these categories."""
        found = self.of(codes)
        return found[0][0] if found else None


# What a rule of the grammar makes of a match; a trap makes nothing.
Rule = Callable[[Found], Piece | None]


def any_of(*names: str) -> str:
    """Give the characters of some categories."""
    return "".join(CODE[name] for name in names)


FIGURE = any_of("s", "n", "z", "b", "dez", "one", "first")
WEEKDAY = any_of("ord", "week", "dom", "ter", "teca")
MONTH = any_of("month", "mon")
CLOCK = any_of("k", "ks", "kc", "kz", "dec")
SIDES = {
    CODE["manha"]: Side.MORNING,
    CODE["tarde"]: Side.AFTERNOON,
    CODE["noite"]: Side.EVENING,
    CODE["dawn"]: Side.DAWN,
    CODE["pm"]: Side.PM,
    CODE["am"]: Side.AM,
}
PARTS = {CODE["manha"]: Part.MORNING, CODE["tarde"]: Part.AFTERNOON, CODE["noite"]: Part.EVENING}
