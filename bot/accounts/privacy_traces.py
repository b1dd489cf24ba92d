"""A person's traces in free text: the name, the phone in any spelling, addresses; found, and struck out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ..phrases import first_name
from ..text import plain

# What stands where somebody was named.
STRUCK: Final = "[removido]"
_BRAZIL: Final = re.compile(r"55(\d\d)(\d{8})", re.ASCII)
# What people put between the digits of a number.
_GAP: Final = r"[\s().-]{0,3}"
# What is written where no name is known: striking these out would eat ordinary sentences.
NOBODY: Final = frozenset({"", "cliente", "um cliente", "cliente removido", "alguem"})
_ACCENTS: Final = {"a": "aáàâãä", "e": "eéèêë", "i": "iíìîï", "o": "oóòôõö", "u": "uúùûü", "c": "cç", "n": "nñ"}


@dataclass(frozen=True)
class Traces:
    """What a person is recognised by: names, phone keys, and words of other kinds (e-mail, CPF, ids of channels)."""

    names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str | None], phones: Iterable[str | None], words: Iterable[str | None]) -> "Traces":
        named = {" ".join(name.split()) for name in names if name}
        return cls(
            frozenset(name for name in named if plain(name) not in NOBODY and len(name) > 1),
            frozenset(phone for phone in phones if phone),
            frozenset(word for word in words if word and len(word) > 3),
        )

    def without_names(self, taken: Iterable[str]) -> "Traces":
        """Leave out the names that somebody else goes by, too."""
        others = {plain(name) for name in taken}
        return Traces(frozenset(name for name in self.names if plain(name) not in others), self.phones, self.words)

    def with_first_names(self) -> "Traces":
        """Recognise the person by their first name too: only where nobody else is meant by it."""
        firsts = frozenset(first for name in self.names if len(first := first_name(name)) > 1)
        return Traces(self.names | firsts, self.phones, self.words)

    @cached_property
    def needles(self) -> list[str]:
        """What a database can look for, to find the rows that are worth reading: digits and addresses, not names."""
        return [*sorted({phone[-8:] for phone in self.phones}), *sorted(self.words)]

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        parts = [rf"(?<!\w){_spelling(name)}(?!\w)" for name in sorted(self.names, key=len, reverse=True)]
        parts += [_number(phone) for phone in sorted(self.phones)]
        parts += [rf"(?<![\w.@]){re.escape(word)}(?![\w@])" for word in sorted(self.words, key=len, reverse=True)]
        return re.compile("|".join(parts), re.IGNORECASE) if parts else None

    def within(self, value: Any) -> bool:
        """Tell whether text, or any text in a JSON value, names the person."""
        return bool(self.struck(value) != value)

    def struck(self, value: Any) -> Any:
        """Return text, or a JSON value with texts in it, with the person struck out."""
        if isinstance(value, str):
            return self._pattern.sub(STRUCK, value) if self._pattern else value
        if isinstance(value, dict):
            return {self.struck(key): self.struck(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.struck(each) for each in value]
        return value


def _spelling(name: str) -> str:
    """Match a name in any case, with and without its accents, however it is spaced."""
    words = [plain(word) for word in name.split()]
    return r"\s+".join("".join(_letter(sign) for sign in word) for word in words)


def _letter(sign: str) -> str:
    return f"[{_ACCENTS[sign]}]" if sign in _ACCENTS else re.escape(sign)


def _number(key: str) -> str:
    """Match a number as people and machines write it: with and without country, area code and ninth digit."""
    found = _BRAZIL.fullmatch(key)
    if found is None:
        return rf"(?<!\d)\+?{_GAP.join(key)}(?!\d)"
    area, local = found.groups()
    area = rf"(?:\+?(?:55{_GAP})?\(?0?{_GAP.join(area)}{_GAP})?"
    return rf"(?<!\d){area}(?:9{_GAP})?{_GAP.join(local)}(?!\d)"
