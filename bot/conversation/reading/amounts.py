"""Amounts of money as they are typed: "R$ 60,5", "em 10%", "10 reais a mais", "para 1.234,56"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...text import plain

# A number is read whole or not at all: no part of "60,5" or of "15h" is an amount.
_NUMBER: Final = r"(?<![\w.,/:-])(?P<number>\d++(?:[.,]\d++)*+)"
_SAID: Final = re.compile(
    r"(?:(?<!\w)(?P<lead>para|pra|por|p|a|em|mais|menos|pagou|recebi)\s+)?(?P<sign>r\$\s*)?"
    + _NUMBER
    + r"(?:\s*(?P<reais>reais|real|conto|pila)\b|\s*(?P<percent>%|por\s?cento\b)"
    r"|\s*(?P<other>min\w*|h|hs|horas?|dias?|semanas?|vezes|anos?)\b|(?P<glued>[a-z/:-]\w*))?"
    r"(?=(?P<joint>\s+(?:a mais|a menos|n[oa]|d[oa])\b)?)"
)
_FORM: Final = re.compile(
    r"(?P<reais>\d{1,3}(?:\.\d{3})+|\d{1,6})(?:,(?P<cents>\d{1,2}))?|(?P<whole>\d{1,6})\.(?P<part>\d{2})"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount in a text: centavos, or hundredths of a percent."""

    value: int
    percent: bool
    # The word before it: "para 60" is a price, "em 10" a difference.
    lead: str
    # "10 reais a mais", "10 reais no corte".
    joined: bool
    # Said with "R$", "reais" or a word of paying: surely money.
    sure: bool


def read_cents(number: str) -> int | None:
    """Read reais as centavos: "60", "60,5", "1.234,56", "45.50"; None when they are written in no such way."""
    found = _FORM.fullmatch(number)
    if not found:
        return None
    if found["whole"]:
        return int(found["whole"]) * 100 + int(found["part"])
    return int(found["reais"].replace(".", "")) * 100 + int((found["cents"] or "0").ljust(2, "0"))


def amounts_in(text: str) -> Sequence[Amount]:
    """Return the amounts in a text, in order; numbers of hours, minutes or dates are none."""
    said = []
    for found in _SAID.finditer(plain(text)):
        value = read_cents(found["number"])
        if value is None or found["other"] or found["glued"]:
            continue
        sure = bool(found["sign"] or found["reais"] or found["lead"] in {"pagou", "recebi"})
        said.append(Amount(value, bool(found["percent"]), found["lead"] or "", bool(found["joint"]), sure))
    return said


def part_of(cents: int, percent: int) -> int:
    """Return so many hundredths of a percent of an amount, to the nearest centavo."""
    return (cents * percent + 5000) // 10000
