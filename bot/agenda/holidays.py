"""National holidays: when they are, and what they are called. Whether one is kept is each professional's to say.

The list is of the package `holidays`, which takes a third of a second to load: only where a holiday is asked about,
and beside the event loop.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from ..text import plain

# Days off by custom, which the law leaves open: asked about like the others, since nothing is imposed.
_BY_CUSTOM: Final = frozenset({"Carnaval", "Corpus Christi"})


@dataclass(frozen=True, slots=True)
class Holiday:
    day: date
    name: str


async def between(first: date, end: date) -> Sequence[Holiday]:
    """List the holidays on first <= day < end, in order."""
    years = range(first.year, end.year + 1)
    found = [each for year in years for each in await asyncio.to_thread(_of_year, year)]
    return [each for each in found if first <= each.day < end]


async def names(first: date, end: date) -> Mapping[date, str]:
    """Return what the holidays on first <= day < end are called."""
    return {each.day: each.name for each in await between(first, end)}


async def named(words: str, first: date) -> Holiday | None:
    """Find the next holiday that words name: "natal", "carnaval"; the next of all for "feriado"."""
    said = f" {plain(words)} "
    coming = await between(first, first.replace(year=first.year + 1, day=min(first.day, 28)))
    for each in coming:
        if any(f" {word} " in said for word in _distinctive(each.name)):
            return each
    return coming[0] if " feriado " in said and coming else None


def _distinctive(name: str) -> Sequence[str]:
    """Return what tells one holiday from another: "Dia do Trabalhador" is the day of "trabalhador"."""
    common = {"dia", "do", "da", "de", "e", "nossa", "senhora", "nacional", "sexta-feira", "universal", "brasil"}
    words = [word for word in plain(name).split() if word not in common]
    return ["ano novo", *words] if "confraternizacao" in words else words


@lru_cache(maxsize=8)
def _of_year(year: int) -> tuple[Holiday, ...]:
    from holidays import country_holidays  # noqa: PLC0415 - heavy, see above

    law = country_holidays("BR", years=year, language="pt_BR")
    custom = country_holidays("BR", years=year, language="pt_BR", categories=("optional",))
    days = {day: name for day, name in custom.items() if name in _BY_CUSTOM} | dict(law.items())
    return tuple(Holiday(day, name) for day, name in sorted(days.items()))
