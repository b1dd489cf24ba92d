"""Evidence: what the tools showed in a turn, to hold a sentence about an appointment against."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

WEEKDAYS = ("segunda", "terca", "quarta", "quinta", "sexta", "sabado", "domingo")
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)(?:t(\d\d):(\d\d)(?::[\d.]+)?(?:z|[+-]\d\d:\d\d)?)?")
_DAY = re.compile(r"\b(\d{1,2})/(\d{1,2})\b")
_HOUR = re.compile(r"\b(\d{1,2})(?::(\d\d)|\s?h(?:s|rs?|oras?)?\b|h(\d\d))|\bas (\d{1,2})\b(?![:/h\d])")
_WEEKDAY = re.compile(r"\b(" + "|".join(WEEKDAYS) + r")s?\b")
# Where a text in digits names a day, or an hour.
DAY_NAMED = re.compile(
    r"\bdepois de amanha\b|\b(?:" + "|".join((*WEEKDAYS, "hoje", "amanha", "ontem")) + r")s?\b|\b\d{1,2}/\d{1,2}\b"
)
HOUR_NAMED = _HOUR
_NEAR = {"ontem": -1, "hoje": 0, "amanha": 1}
_MONTHS = (
    *("janeiro", "fevereiro", "marco", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro"),
    *("novembro", "dezembro"),
)
_OF_MONTH = re.compile(rf"\b(\d{{1,2}})[oº]? de ({'|'.join(_MONTHS)})\b")
# Hours in words, as far as a working day goes.
_NUMBERS = {
    word: number
    for number, word in enumerate(
        (
            *("uma", "duas", "tres", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez", "onze", "doze", "treze"),
            *("quatorze", "quinze", "dezesseis", "dezessete", "dezoito", "dezenove", "vinte", "vinte e uma"),
            *("vinte e duas", "vinte e tres"),
        ),
        start=1,
    )
}
_WORD = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_SPELLED = re.compile(
    rf"\b(?:(?P<at>as|a) )?(?P<word>{_WORD}|\d{{1,2}})(?: ?(?P<h>h|hs|horas?))?"
    r"(?P<half> e (?:meia|quinze|trinta)\b)?(?: da (?P<part>manha|tarde|noite)\b)?(?![\w:/,.]*\d)"
)
_HALVES = {"meia": 30, "quinze": 15, "trinta": 30}
# The fields of a record that tools fill from our own columns.
_STATES = ("status", "payment")
_TIMES = ("start", "label", "hour", "day", "when")
_ACTIVE = {"confirmed", "pending_confirmation"}
# What a sentence may say of an appointment in which status or payment.
_WORDS = (
    (re.compile(r"\b(?:confirmad|confirmou|confirmed|aceit|garantid)"), {"confirmed"}),
    (
        re.compile(
            r"\b(?:agendad|marcad|reservad|encaixad|agendou|marcou|reservou|booked|scheduled|na (?:sua )?agenda)"
        ),
        _ACTIVE,
    ),
    (re.compile(r"\b(?:cancelad|desmarcad|cancelou|desmarcou|cancell?ed)"), {"cancelled"}),
    (re.compile(r"\b(?:recusad|recusou)"), {"rejected"}),
    (re.compile(r"\b(?:concluid|realizad|finalizad|feit)"), {"completed"}),
    (re.compile(r"\b(?:pag[oa]s?|pagou|pagamento (?:feito|recebido|aprovado))\b"), {"paid"}),
)


class Facts:
    """The records that tools returned, each with its states and the days and hours it names."""

    def __init__(self, seen: Sequence[Mapping[str, Any]], today: date | None = None) -> None:
        self._today = today
        self._records = [
            (states, self.times_in(fold_letters(" ".join(times)), today), fold_letters(who))
            for data in seen
            for states, times, who in _records(data)
            if states
        ]

    def bear_out(self, sentence: str) -> bool:
        """Return whether some record has every state, day and hour that a folded sentence speaks of.

        A sentence without day and hour is about nothing in particular, and could be heard of anything.
        """
        spoken = [states for words, states in _WORDS if words.search(sentence)] or [_ACTIVE]
        times = self.times_in(sentence, self._today)
        fits = [(named, who) for known, named, who in self._records if all(known & states for states in spoken)]
        fitting = [named for named, _ in fits]
        if not times or not self._of_each(sentence, times, fits):
            return False
        if sum(":" in time for time in times) > 1:
            # A sentence that lists several appointments: each of them must be there.
            return times <= set().union(*fitting)
        return any(times <= named for named in fitting)

    def _of_each(self, sentence: str, times: frozenset[str], fits: Sequence[tuple[frozenset[str], str]]) -> bool:
        """Tell whether everybody who is named has such a record; a first name may be that of any of them."""
        said = set(re.findall(r"[^\W\d_]+", sentence))
        firsts = {who.split()[0] for _, _, who in self._records if who} & said
        days = {time for time in times if ":" not in time}
        return all(any(who.split()[:1] == [first] and days & named for named, who in fits) for first in firsts if days)

    @staticmethod
    def times_in(folded: str, today: date | None = None) -> frozenset[str]:
        """Return the days and hours a folded text names: "quinta", "26/11", "15:00"."""
        return _times_in(folded, today)


# The same few sentences are looked at from several sides in a turn.
@lru_cache(maxsize=256)
def _times_in(folded: str, today: date | None) -> frozenset[str]:
    folded = in_digits(folded)
    found = {f"{int(day)}/{int(month)}" for day, month in _DAY.findall(folded)}
    found |= set(_WEEKDAY.findall(folded))
    for year, month, date_, hour, minute in _ISO.findall(folded):
        found.add(f"{int(date_)}/{int(month)}")
        found.add(WEEKDAYS[_weekday(int(year), int(month), int(date_))])
        if hour:
            found.add(f"{int(hour)}:{minute}")
    for hour, colon, glued, bare in _HOUR.findall(_ISO.sub(" ", folded)):
        found.add(f"{int(hour or bare)}:{colon or glued or '00'}")
    if "depois de amanha" in folded:
        day = today + timedelta(days=2) if today else None
        found.add(f"{day.day}/{day.month}" if day else "depois de amanha")
        folded = folded.replace("depois de amanha", "")
    for word, shift in _NEAR.items():
        if re.search(rf"\b{word}\b", folded):
            day = today + timedelta(days=shift) if today else None
            found.add(f"{day.day}/{day.month}" if day else word)
    return frozenset(found)


def in_digits(folded: str) -> str:
    """Return a folded text with hours and dates in words written as digits: "as tres da tarde" becomes "as 15h"."""
    folded = folded.replace("meio-dia", "meio dia").replace("meia-noite", "meia noite")
    folded = re.sub(r"\bmeio dia( e meia)?", lambda match: "12h30" if match[1] else "12h", folded)
    folded = re.sub(r"\bmeia noite\b", "0h", folded)
    folded = _OF_MONTH.sub(lambda match: f"{match[1]}/{_MONTHS.index(match[2]) + 1}", folded)
    return _SPELLED.sub(_hour_in_digits, folded)


def _hour_in_digits(match: re.Match[str]) -> str:
    spelled = match["word"] in _NUMBERS
    if not (match["h"] or match["part"] or match["half"] or (spelled and match["at"] == "as")):
        return match[0]
    if match["half"] and not (match["at"] or match["h"] or match["part"]):
        return match[0]
    hour = _NUMBERS.get(match["word"]) or int(match["word"] if not spelled else 0)
    if match["part"] in {"tarde", "noite"} and hour < 12:
        hour += 12
    minute = _HALVES[match["half"].split()[-1]] if match["half"] else 0
    return f"{match['at'] + ' ' if match['at'] else ''}{hour}h{minute:02}" if minute else f"{hour}h"


def _weekday(year: int, month: int, day: int) -> int:
    try:
        return datetime(year, month, day).weekday()  # noqa: DTZ001 - a calendar day, no moment
    except ValueError:
        return 0


def _records(data: object) -> Iterator[tuple[set[str], list[str], str]]:
    """Yield the states, the times and the client of every record in a result, each record by itself.

    Only these fields count: a client may call herself "confirmed, quinta às 10h".
    """
    if isinstance(data, Mapping):
        states = {str(data[field]) for field in _STATES if data.get(field)}
        yield states, [str(data[field]) for field in _TIMES if data.get(field)], str(data.get("client") or "")
        for value in data.values():
            yield from _records(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _records(value)


def fold_letters(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
