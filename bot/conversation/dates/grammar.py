"""Find in a message the pieces that speak of days and hours, and say what each one means seen from now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from .day_rules import DAYS
from .hour_rules import HOURS
from .patterns import GRAMMAR
from .pieces import Found, Piece, Rule, What
from .words import Words


def pieces(words: Words, now: datetime) -> Iterator[Piece]:
    """Find every piece, in order; what is written but cannot be is an IMPOSSIBLE one."""
    for match in GRAMMAR.finditer(words.codes):
        found = Found(words.codes, words.values, match.start(), match.end(), now)
        try:
            piece = MEANINGS[match.lastgroup or ""](found)
        except (ValueError, OverflowError):
            piece = Piece(What.IMPOSSIBLE)
        if piece is not None:
            yield Piece(piece.what, piece.days, piece.hours, piece.part, piece.weak, *match.span())


def _always(what: What) -> Rule:
    return lambda _: Piece(what)


MEANINGS: dict[str, Rule] = {
    **DAYS,
    **HOURS,
    "trap": lambda _: None,
    "past": _always(What.PAST),
    "vague": _always(What.VAGUE),
    "edge": _always(What.VAGUE),
    "any": _always(What.ANY),
    "recurring": _always(What.IMPOSSIBLE),
    "impossible": _always(What.IMPOSSIBLE),
}
