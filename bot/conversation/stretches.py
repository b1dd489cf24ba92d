"""Several days in one: a stretch written in short ("de 20 a 30/12" begins in December, too), and days in a row."""

import re
from collections.abc import Sequence
from typing import Final

from .dates import When

_SHORT: Final = re.compile(
    r"(?<![\d/])(?:d[eo]s?\s+|entre\s+)?(?:dias?\s+)?(?P<first>\d{1,2})(?:/(?P<month>\d{1,2}))?"
    r"\s+(?:a|at[eé]|ao)\s+(?:o\s+)?(?:dia\s+)?(?P<last>\d{1,2})/(?P<of>\d{1,2})(?!\d)",
    re.IGNORECASE,
)


def written_out(text: str) -> str:
    """Return the stretch in a text with both its months, "de 20/12 a 30/12"; nothing where there is none."""
    found = _SHORT.search(text)
    if not found:
        return ""
    return f"de {found['first']}/{found['month'] or found['of']} a {found['last']}/{found['of']}"


def spelled(text: str) -> str:
    """Return a text whose stretches have both their months, as the date grammar reads them."""
    return _SHORT.sub(lambda found: f" {written_out(found[0])} ", text)


# What joins days, and what says that they are no list: a choice, or the day of a return.
_BOTH: Final = re.compile(r"(?<!\S)(?:e|nem)(?!\S)", re.IGNORECASE)
_NO_LIST: Final = re.compile(r"(?<!\S)(?:ou|volt\w+|retorn\w+)(?!\S)", re.IGNORECASE)


def listed(text: str, when: When) -> Sequence[When]:
    """Return the days that a text names beside each other, "quinta e sexta", "3, 4 e 7/12"; none where it leaves open
    which of them is meant."""
    if not _BOTH.search(text) or _NO_LIST.search(text) or not all(each.day for each in when.alternatives):
        return ()
    return when.alternatives
