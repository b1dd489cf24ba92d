"""Evidence: what the tools showed in a turn, to hold a sentence about an appointment against."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

_WEEKDAYS = ("segunda", "terca", "quarta", "quinta", "sexta", "sabado", "domingo")
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)(?:t(\d\d):(\d\d))?")
_DAY = re.compile(r"\b(\d{1,2})/(\d{1,2})\b")
_HOUR = re.compile(r"\b(\d{1,2})(?::(\d\d)|\s?h(?:s|rs?|oras?)?\b|h(\d\d))|\bas (\d{1,2})\b(?![:/h\d])")
_WEEKDAY = re.compile(r"\b(" + "|".join(_WEEKDAYS) + r")\b")
_NEAR = {"ontem": -1, "hoje": 0, "amanha": 1}
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
            (states, self.times_in(_fold(" ".join(times)), today))
            for data in seen
            for states, times in _records(data)
            if states
        ]

    def bear_out(self, sentence: str) -> bool:
        """Return whether some record has every state, day and hour that a folded sentence speaks of.

        A sentence without day and hour must be true of every record.
        """
        spoken = [states for words, states in _WORDS if words.search(sentence)] or [_ACTIVE]
        times = self.times_in(sentence, self._today)
        fitting = [named for known, named in self._records if all(known & states for states in spoken)]
        if not times:
            return bool(fitting) and len(fitting) == len(self._records)
        if sum(":" in time for time in times) > 1:
            # A sentence that lists several appointments: each of them must be there.
            return times <= set().union(*fitting)
        return any(times <= named for named in fitting)

    @staticmethod
    def times_in(folded: str, today: date | None = None) -> set[str]:
        """Return the days and hours a folded text names: "quinta", "26/11", "15:00"."""
        found = {f"{int(day)}/{int(month)}" for day, month in _DAY.findall(folded)}
        found |= set(_WEEKDAY.findall(folded))
        for year, month, date_, hour, minute in _ISO.findall(folded):
            found.add(f"{int(date_)}/{int(month)}")
            found.add(_WEEKDAYS[_weekday(int(year), int(month), int(date_))])
            if hour:
                found.add(f"{int(hour)}:{minute}")
        for hour, colon, glued, bare in _HOUR.findall(_ISO.sub(" ", folded)):
            found.add(f"{int(hour or bare)}:{colon or glued or '00'}")
        for word, shift in _NEAR.items():
            if re.search(rf"\b{word}\b", folded):
                day = today + timedelta(days=shift) if today else None
                found.add(f"{day.day}/{day.month}" if day else word)
        return found


def _weekday(year: int, month: int, day: int) -> int:
    try:
        return datetime(year, month, day).weekday()  # noqa: DTZ001 - a calendar day, no moment
    except ValueError:
        return 0


def _records(data: object) -> Iterator[tuple[set[str], list[str]]]:
    """Yield the states and the times of every record in a result, each record by itself.

    Only these fields count: a client may call herself "confirmed, quinta às 10h".
    """
    if isinstance(data, Mapping):
        states = {str(data[field]) for field in _STATES if data.get(field)}
        yield states, [str(data[field]) for field in _TIMES if data.get(field)]
        for value in data.values():
            yield from _records(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _records(value)


def _fold(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
