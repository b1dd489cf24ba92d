"""Put together the pieces that speak of one moment: the day, the part of the day, the hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .clauses import DAYLIKE
from .days import Day, both
from .hours import Hours, Part
from .lexicon import CODE
from .patterns import compiled
from .pieces import Piece, What, any_of

OR = compiled("ou (?! better)")
# "Hoje às 15 ou 16? E amanhã?": what is asked anew takes no hour of what was asked before.
ANEW = compiled("asked e")
NEAR = compiled("[comma dash slash de da a]? [about umas]?")
ASIDE = any_of("comma", "stop", "asked", "polite", "about", "umas")


@dataclass(frozen=True, slots=True)
class Group:
    """What was said of one moment."""

    what: What  # DAY, or ANY, VAGUE, PAST
    pieces: tuple[Piece, ...]
    day: Day | None = None
    hours: Hours | None = None
    part: Part | None = None

    @property
    def timed(self) -> bool:
        return bool(self.hours or self.part)

    def joined(self, other: Group) -> Group | None:
        """Add to it; None if the other speaks of another moment."""
        day = both(self.day, other.day) if self.day and other.day else self.day or other.day
        hours = self.hours.joined(other.hours) if self.hours and other.hours else self.hours or other.hours
        part = self.part or other.part
        missing = (self.day and not day) or (self.hours and not hours) or (other.part and part is not other.part)
        what = self._what(other, day)
        if missing or what is None:
            return None
        return Group(what, self.pieces + other.pieces, day, hours, part)

    def _what(self, other: Group, day: Day | None) -> What | None:
        kinds = {self.what, other.what}
        if kinds == {What.DAY}:
            return What.DAY
        if kinds == {What.DAY, What.ANY}:  # "qualquer dia da semana que vem"
            return What.ANY if day is None else None if day.single else What.DAY
        if self.named and other.named:
            return None
        return self.what if other.what is What.DAY else other.what

    @property
    def named(self) -> bool:
        """Tell whether it names a day, if only vaguely."""
        return self.day is not None or self.what is not What.DAY


def grouped(codes: str, pieces: Sequence[Piece]) -> list[Group]:
    """Gather the pieces of each moment."""
    groups: list[Group] = []
    for piece in pieces:
        for turn, option in enumerate(_options(piece)):
            if turn and groups[-1].what in {What.VAGUE, What.PAST}:
                break  # "ontem às 15h ou 16h"
            apart = turn or not groups or OR.search(codes, groups[-1].pieces[-1].end, piece.start)
            apart = apart or (len(groups) > 1 and ANEW.search(codes, groups[-1].pieces[-1].end, piece.start))
            joined = None if apart else groups[-1].joined(option)
            groups[len(groups) - bool(joined) :] = [joined or option]
    return groups


def _options(piece: Piece) -> Iterator[Group]:
    """Give each reading of a piece that offers several ("dia 12 ou 13")."""
    what = piece.what if piece.what in DAYLIKE else What.DAY
    if what is not What.DAY:
        yield Group(what, (piece,))
        return
    if piece.days:
        each = [(day, hours) for day in piece.days for hours in piece.hours or (None,)]
        yield from (Group(what, (piece,), day, hours, piece.part) for day, hours in each)
    elif piece.hours:
        yield from (Group(what, (piece,), None, hours) for hours in piece.hours)
    else:
        yield Group(what, (piece,), part=piece.part)


def completed(groups: Sequence[Group]) -> list[Group]:
    """Share the day among hours ("terça às 10 ou 11") and the hour among days ("terça ou quarta às 10")."""
    done = list(groups)
    for at, group in enumerate(done):
        if at and not group.day and done[at - 1].day:
            done[at] = replace(group, day=done[at - 1].day)
    for at in reversed(range(len(done) - 1)):
        group, after = done[at], done[at + 1]
        if not group.day:
            done[at] = replace(group, day=after.day)
        elif not group.timed and groups[at + 1].day:
            done[at] = replace(group, hours=after.hours, part=after.part)
    return done


def firm(codes: str, pieces: Sequence[Piece]) -> list[Piece]:
    """Drop what is an hour or a part of the day only beside a day, and stands beside none."""
    return [piece for at, piece in enumerate(pieces) if not piece.weak or _held(codes, pieces, at)]


def _held(codes: str, pieces: Sequence[Piece], at: int) -> bool:
    piece = pieces[at]
    alone = all(code in ASIDE for code in codes[: piece.start] + codes[piece.end :])
    if alone or codes[piece.start - 1 : piece.start] == CODE["ser"]:
        return True
    before = [other.end for other in pieces[:at] if other.what in DAYLIKE or other.part]
    after = [other.start for other in pieces[at + 1 :] if other.what in DAYLIKE]
    return (bool(before) and _near(codes, before[-1], piece.start)) or (
        bool(after) and _near(codes, piece.end, after[0])
    )


def _near(codes: str, start: int, end: int) -> bool:
    return NEAR.fullmatch(codes, start, end) is not None
