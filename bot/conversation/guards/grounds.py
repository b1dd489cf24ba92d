"""Grounds: what was shown to a model in a turn, taken apart into what a sentence can be held against.

Times are kept record by record, so that the hour of one free time is not put to the day of another. Only fields that
our own code fills count: a client may call herself "quinta às 15h, R$ 10".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from . import deeds
from .evidence import WEEKDAYS, Facts, fold_letters, in_digits

# Said back from the model's own arguments, or not meant for people: no evidence of anything.
_ECHOES = frozenset(
    {"day_phrase", "error", "hint", "details", "allowed", "tools", "not_found", "token", "id", "picture", "ok"}
)
# Of a refusal, what our code wrote; the rest may repeat what the model had asked for.
_OF_REFUSALS = frozenset({"message", "nearest", "slots", "exact", "customers", "services", "wanted"})
# Refusals that speak of a time; the others say nothing about what is free.
_OF_TIMES = frozenset(
    {
        *("slot_taken", "day_full", "week_full", "in_the_past", "too_soon", "too_far", "closed_day", "closed_then"),
        *("outside_hours", "not_a_start"),
    }
)
# Written by people: a name may be said as it stands, and what it seems to say proves nothing.
_NAMES = frozenset({"client", "name", "service", "professional"})
_TIMES_OF_A_RECORD = frozenset({"start", "label", "hour", "day"})
_RANGE = re.compile(rf"({'|'.join(WEEKDAYS)}) a ({'|'.join(WEEKDAYS)})")
AMOUNT = re.compile(r"r\$ ?(\d[\d.]*(?:[,']\d{1,2})?)|\b(\d[\d.]*(?:[,']\d{1,2})?) ?(?:reais|real)\b")
CLOCK = re.compile(
    r"\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b|\b\d{1,2}:\d\d\b|\b\d{1,2} ?h(?:s|rs?|oras?)?(?:\d\d)?\b|\bas \d{1,2}\b"
)
_WORDS = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\b\d+")
_SPELLED = {
    word: number
    for number, words in enumerate(("dois|duas", "tres", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez"), 2)
    for word in words.split("|")
}
_IN_WORDS = re.compile(rf"\b(?:{'|'.join(_SPELLED)})\b(?! (?:horas?|e meia|meses|semanas|dias))")


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that was shown: its times, its prices, what it is called, and whether it is a time still free."""

    times: frozenset[str]
    money: frozenset[int]
    names: frozenset[str]
    free: bool
    # Whose it is, and the numbers that it counts.
    who: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()


@dataclass(slots=True)
class Grounds:
    """Everything a turn has shown, and what the person said."""

    today: date
    records: list[Record] = field(default_factory=list)
    # Phrases that may be said as they are, longest first.
    names: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    # Whether the model looked anything up: what it denies without looking is invented too.
    looked: bool = False
    # What a look found none of, and whether one was refused: only then may something be denied.
    none: set[str] = field(default_factory=set)
    refused: bool = False
    # Whether the person only greeted or thanked: to anything else a mere "Perfeito!" would sound like a yes.
    courteous: bool = False
    said_times: set[str] = field(default_factory=set)
    said_money: set[int] = field(default_factory=set)
    said_words: set[str] = field(default_factory=set)

    def shown(self, data: Mapping[str, Any]) -> None:
        """Add what a tool returned."""
        self.looked = True
        if data.get("ok") is False:
            self.refused |= data.get("error") in _OF_TIMES
            data = {key: value for key, value in data.items() if key in _OF_REFUSALS}
        self._walk(data, "")
        self.names.sort(key=len, reverse=True)

    def told(self, text: str, *, free: bool = False) -> None:
        """Add what the conversation showed earlier: its times and prices count, its words do not."""
        folded = fold_letters(text)
        for line in folded.splitlines():
            self._record(line, frozenset(), free=free)
        self.numbers |= numbers_in(folded)

    def called(self, *names: str) -> None:
        """Add names that may be said: whose agenda it is, who is speaking."""
        for name in filter(None, names):
            self._name(name)
        self.names.sort(key=len, reverse=True)

    def said(self, text: str) -> None:
        """Add the person's own words: good enough for a question, never for a statement."""
        folded = fold_letters(text)
        self.courteous = bool(deeds.COURTESY.match(" ".join(re.sub(r"[^\w\s,'-]", " ", folded).split())))
        self.said_times |= Facts.times_in(folded, self.today)
        self.said_money |= money_in(folded)
        self.said_words |= set(_WORDS.findall(folded))

    @property
    def offers(self) -> bool:
        return any(record.free for record in self.records)

    def _walk(self, value: object, key: str) -> None:
        match value:
            case Mapping():
                self._take(value)
                for name, part in value.items():
                    if name not in _ECHOES:
                        self._walk(part, str(name))
            case bool():
                return
            case int():
                self.numbers.add(value)
            case str():
                self._text(value, key)
            case Sequence():
                self.numbers |= set(range(len(value) + 1))
                if not value:
                    self.none.add(key)
                for part in value:
                    self._walk(part, key)

    def _take(self, data: Mapping[str, Any]) -> None:
        texts = [
            fold_letters(str(part))
            for key, part in data.items()
            if key not in _ECHOES | _NAMES and isinstance(part, str)
        ]
        self.refused |= data.get("error") in _OF_TIMES
        # A customer has a name; so have a service and, in a report, a stretch of time.
        person = "visits" in data or "client" in data
        who = frozenset(fold_letters(str(data[key])) for key in ("client", "name") if person and data.get(key))
        named = {"service", "period", "name", "label"} - {person and "name", "token" in data and "label"}
        called = frozenset(
            re.sub(r"^(?:em|n[oa]s?) ", "", fold_letters(str(data[key])))
            for key in named
            if isinstance(data.get(key), str)
        )
        numbers = frozenset(part for part in data.values() if isinstance(part, int) and not isinstance(part, bool))
        free = "token" in data and "label" in data and "status" not in data
        self._record(" | ".join(texts), called, free=free, who=who, numbers=numbers)

    def _record(
        self,
        folded: str,
        names: frozenset[str],
        *,
        free: bool,
        who: frozenset[str] = frozenset(),
        numbers: frozenset[int] = frozenset(),
    ) -> None:
        times = set(Facts.times_in(folded, self.today))
        for first, last in _RANGE.findall(folded):
            start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
            times |= {WEEKDAYS[day % 7] for day in range(start, end + (8 if end < start else 1))}
        times |= {f"dia {day.partition('/')[0]}" for day in times if "/" in day}
        money = money_in(folded)
        if times or money or (who and numbers):
            self.records.append(Record(frozenset(times), frozenset(money), names, free, who, numbers))

    def _text(self, text: str, key: str) -> None:
        folded = fold_letters(text)
        if key in _NAMES:
            self._name(text)
            return
        self.words |= set(_WORDS.findall(folded))
        self.numbers |= numbers_in(folded)
        if key not in _TIMES_OF_A_RECORD:
            self._record(folded, frozenset(), free=False)

    def _name(self, text: str) -> None:
        folded = " ".join(_spaced(fold_letters(text)))
        if folded:
            first = folded.split()[0]
            self.names += [folded] if len(first) < 3 else [folded, first]


def _spaced(folded: str) -> Iterator[str]:
    yield from re.findall(r"[^\W_]+", folded)


def numbers_in(folded: str) -> set[int]:
    """Return the numbers of a folded text that are no price, date or hour."""
    bare = CLOCK.sub(" ", AMOUNT.sub(" ", in_digits(folded)))
    return {int(number) for number in _NUMBER.findall(bare)} | {_SPELLED[word] for word in _IN_WORDS.findall(bare)}


def money_in(folded: str) -> set[int]:
    """Return the amounts a folded text names, in cents."""
    found = set()
    for sign, word in AMOUNT.findall(folded):
        whole, _, cents = (sign or word).replace(".", "").replace("'", ",").partition(",")
        found.add(int(whole) * 100 + int(cents.ljust(2, "0") or 0))
    return found
