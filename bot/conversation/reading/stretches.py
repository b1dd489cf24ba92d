"""Several days in one: a stretch written in short ("de 20 a 30/12" begins in December, too), and days in a row."""

import re
from collections.abc import Sequence
from datetime import datetime, time
from typing import Final

from ..dates import When, read

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
    return _SHORT.sub(lambda found: f" {written_out(found[0])} ", with_months(text))


_WEEKDAY: Final = (
    r"(?:segunda|ter[çc]a|quarta|quinta|sexta)(?:(?:\s|-)?feira)?|s[áa]bado|domingo|seg|ter|qua|qui|sex|s[áa]b|dom"
)
_OF_A_WEEK: Final = re.compile(
    rf"(?<!\w)(?:d[ea]\s+(?=.+?\s(?:a|à|at[eé])\s)|entre\s+(?=\S+\s+e\s))(?P<first>{_WEEKDAY}|hoje|amanh[ãa])"
    rf"\s+(?:a|à|at[eé](?:\s+[ao])?|e)\s+(?P<last>{_WEEKDAY})(?!\w)",
    re.IGNORECASE,
)


def dated(text: str, now: datetime) -> str:
    """Return a text with dates for "de segunda a quarta": the next Monday, and the Wednesday after it."""
    return _OF_A_WEEK.sub(lambda found: _dated(found, now), text)


def _dated(found: re.Match[str], now: datetime) -> str:
    if (first := read(found["first"], now).day) is None:
        return found[0]
    last = read(found["last"], datetime.combine(first, time(), tzinfo=now.tzinfo)).day
    return f"de {first:%d/%m} a {last:%d/%m}" if last and last > first else found[0]


# Days in a row whose month is said once, behind the last: "dia 5, 6 e 7 de janeiro". Hours and stretches are none.
_ROW: Final = re.compile(
    r"(?<![\d/:])(?P<before>(?:[àa]s|das|pr?as|entre)\s+)?(?P<days>(?P<dia>dias?\s+)?(?:\d{1,2}(?:\s*,\s*|\s+e\s+)(?:dia\s+)?)+)"
    r"(?P<last>\d{1,2}(?P<of>/\d{1,2}(?![\d/])|\s+de\s+(?:janeiro|fevereiro|mar[çc]o|abril|maio|junho|julho|agosto|setembro"
    r"|outubro|novembro|dezembro)))",
    re.IGNORECASE,
)


def with_months(text: str) -> str:
    """Return a text that says the month behind each day of a row."""
    return _ROW.sub(_with_months, text)


def _with_months(found: re.Match[str]) -> str:
    days = found["days"]
    listed_days = found["dia"] or re.search(r"\se\s+(?:dia\s+)?$", days)
    if found["before"] or not listed_days or any(int(day) > 31 for day in re.findall(r"\d+", days)):
        return found[0]
    return re.sub(r"\d+", lambda day: day[0] + found["of"], days) + found["last"]


# What joins days, and what says that they are no list: a choice, or the day of a return.
_BOTH: Final = re.compile(r"(?<!\S)(?:e|nem)(?!\S)", re.IGNORECASE)
_NO_LIST: Final = re.compile(r"(?<!\S)(?:ou|volt\w+|retorn\w+)(?!\S)", re.IGNORECASE)


def listed(text: str, when: When) -> Sequence[When]:
    """Return the days that a text names beside each other, "quinta e sexta", "3, 4 e 7/12"; none where it leaves open
    which of them is meant."""
    if not _BOTH.search(text) or _NO_LIST.search(text) or not all(each.day for each in when.alternatives):
        return ()
    return when.alternatives
