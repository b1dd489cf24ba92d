"""Stretches of days as they are written in short: "de 20 a 30/12" begins in December, too."""

import re
from typing import Final

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
    """Return a text whose stretch has both its months, as the date grammar reads it."""
    return _SHORT.sub(lambda found: f" {written_out(found[0])} ", text, count=1) if written_out(text) else text
