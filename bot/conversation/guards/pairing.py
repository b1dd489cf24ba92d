"""Pairing: what a sentence puts together must stand together in one of the records that were shown.

"Quinta às 15h e sexta às 10h" names two days, two hours, and which hour is of which day. Each part may have been shown
and the sentence still be untrue: of several days, people, services or periods it is the pairs that count.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, product
from operator import attrgetter
from typing import Any, Final

from .evidence import DAY_NAMED, HOUR_NAMED, Facts, in_digits
from .grounds import AMOUNT, CLOCK, Grounds, Record, money_in

# A value and where in the text it stands.
Mark = tuple[int, frozenset[object]]
# What a record says of itself.
Of = Callable[[Record], frozenset[Any]]
_WHO: Final[Of] = attrgetter("who")
_NAMES: Final[Of] = attrgetter("names")
_TIMES: Final[Of] = attrgetter("times")
_FIGURES: Final[Of] = attrgetter("numbers")
_PRICES: Final[Of] = attrgetter("money")
_NUMBER: Final = re.compile(r"\b\d+\b")
# What is said of several at once; records are of one.
_ALL: Final = re.compile(
    r"\b(?:[oa]s|n[oa]s|d[oa]s) (?:dois|duas|tres)\b|\bamb[oa]s\b|\btudo livre\b|\bcada(?: um| uma)?\W*$|\btodos (?!os)"
)


def stands(stated: str, grounds: Grounds) -> bool:
    """Tell whether everything that folded, stated words put together was shown together."""
    text = in_digits(stated)
    days, hours, money = _marks(text, DAY_NAMED, grounds), _marks(text, HOUR_NAMED, grounds), _money(text)
    if _ALL.search(text) and (hours or money):
        return False
    numbers = _numbers(text)
    records = grounds.records
    people, things = _named(text, records, _WHO), _named(text, records, _NAMES)
    free = set(chain.from_iterable(each.times for each in records if each.free))
    return (
        _together(people, hours, records, _WHO, _TIMES, free)
        and _together(things, hours, records, _NAMES, _TIMES, free)
        and _together(people, numbers, records, _WHO, _FIGURES)
        and _together(things, numbers, records, _NAMES, _FIGURES)
        and _together(days, numbers, records, _TIMES, _FIGURES)
        and _together(days, money, records, _TIMES, _PRICES)
    )


def on_their_days(said: str, grounds: Grounds, records: Sequence[Collection[str]], also: Collection[str] = ()) -> bool:
    """Tell whether each hour of folded words was shown on every day that they put it to; `also` may be said anyway."""
    text = in_digits(said)
    return all(
        hour in also or any(day in times and hour in times for times in records)
        for days, hours in pairs(_marks(text, DAY_NAMED, grounds), _marks(text, HOUR_NAMED, grounds))
        for day, hour in product(days, hours)
    )


def pairs(left: Sequence[Mark], right: Sequence[Mark]) -> Iterator[tuple[frozenset[object], frozenset[object]]]:
    """Yield what belongs together: whichever kind comes first leads, and begins anew after one of the other kind."""
    marks = sorted([(*mark, 0) for mark in left] + [(*mark, 1) for mark in right], key=lambda mark: mark[0])
    group: list[list[frozenset[object]]] = [[], []]
    for _, value, kind in marks:
        if kind == marks[0][2] and group[1 - kind]:
            yield from product(*group)
            group = [[], []]
        group[kind].append(value)
    yield from product(*group)


def _together(
    left: Sequence[Mark],
    right: Sequence[Mark],
    records: Sequence[Record],
    of: Of,
    has: Of,
    also: Collection[object] = (),
) -> bool:
    """Tell whether no pair is against the records of its left side; one that nothing was shown of is not judged."""
    for named, values in pairs(left, right):
        known = [has(record) for record in records if of(record) & named and has(record)]
        if known and not any(values & each for each in known) and not values & set(also):
            return False
    return True


def _marks(text: str, pattern: re.Pattern[str], grounds: Grounds) -> list[Mark]:
    """Find where days, or hours, are named."""
    found = [(each.start(), Facts.times_in(each[0], grounds.today)) for each in pattern.finditer(text)]
    return [(start, times) for start, times in found if times]


def _money(text: str) -> list[Mark]:
    return [(each.start(), frozenset(money_in(each[0]))) for each in AMOUNT.finditer(text)]


def _numbers(text: str) -> list[Mark]:
    def blank(found: re.Match[str]) -> str:
        return " " * len(found[0])

    bare = re.sub(r"\bdia \d+", blank, CLOCK.sub(blank, AMOUNT.sub(blank, text)))
    return [(each.start(), frozenset({int(each[0])})) for each in _NUMBER.finditer(bare)]


def _named(text: str, records: Iterable[Record], of: Of) -> list[Mark]:
    """Find whole names, the longest first, then first names, each with all whom it may mean."""
    called: dict[str, set[object]] = {}
    for name in chain.from_iterable(map(of, records)):
        for short in (name, name.split()[0] if name else ""):
            if len(short) > 2:
                called.setdefault(short, set()).add(name)
    found: list[Mark] = []
    for short in sorted(called, key=len, reverse=True):
        for each in re.finditer(rf"\bn?{re.escape(short)}\b", text):  # "neste mês" is "este mês"
            found.append((each.start(), frozenset(called[short])))
            text = f"{text[: each.start()]}{' ' * len(each[0])}{text[each.end() :]}"
    return found
