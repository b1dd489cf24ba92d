"""What repeats, in Brazilian Portuguese: "toda quinta às 15h", "quinzenal, terça 9h", "todo dia 10 até julho".

The words for the repetition, its beginning and its end are taken out; the day and the hour that stay are read by the
date grammar, and what is left after that says whom and what it is for.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Self

from ... import phrases
from ...models.enums import Frequency
from ..dates import Kind, cut, read
from ..dates.days import day_and_month, day_of_month
from .wish import clock

_WEEKDAY: Final = r"(?:segunda|terca|quarta|quinta|sexta|sabado|domingo)"
_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        ("um uma", "dois duas", "tres", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez", "onze", "doze"), 1
    )
    for word in words.split()
}
_NUMBER: Final = rf"(?:\d{{1,3}}|{'|'.join(_NUMBERS)})"

_ALTERNATE: Final = re.compile(
    rf"\b(?P<day>{_WEEKDAY})(?:-feira)? sim,? (?:e )?(?:(?:{_WEEKDAY}|outra|outro)(?:-feira)? )?nao\b"
)
_FORTNIGHT: Final = re.compile(
    r"\bquinzenal(?:mente)?\b|\ba cada (?:15|quinze|14) dias\b|\bde (?:15|quinze) em (?:15|quinze)(?: dias)?\b"
    r"|\ba cada (?:2|duas) semanas\b|\bde duas em duas semanas\b|\bsemana sim,? (?:e )?(?:(?:semana|outra) )?nao\b"
    r"|\buma semana sim,? (?:e )?(?:outra|uma) nao\b|\btoda quinzena\b"
)
_MONTH_DAY: Final = re.compile(r"\btodo (?P<day>dia \d{1,2})\b(?!\s*/)")
_MONTH: Final = re.compile(
    r"\bmensal(?:mente)?\b|\btodos? (?:os )?mes(?:es)?\b|\b(?:uma|1) vez (?:por|ao) mes\b|\ba cada mes\b|\bpor mes\b"
)
_WEEK: Final = re.compile(
    r"\bsemanal(?:mente)?\b|\btodas? (?:as )?semanas?\b|\b(?:uma|1) vez por semana\b|\ba cada semana\b"
)
_EVERY: Final = re.compile(
    rf"\b(?:tod[ao]s? (?:[ao]s )?(?P<all>{_WEEKDAY})s?(?:-feiras?)?"
    rf"|(?:(?:as|aos|nas|nos|os) )?(?P<many>{_WEEKDAY})s(?:-feiras)?)\b"
)
_FIXED: Final = re.compile(r"\b(?:em )?horarios? fixos?\b|\bfix[oa]s?\b|\bsempre\b")
_TIMES: Final = re.compile(
    rf"\b(?:(?:por|durante|nas|pelas|de) (?:as )?(?:proxim[ao]s )?)?(?P<number>{_NUMBER})"
    r" (?P<unit>semanas?|mes(?:es)?|anos?|vez(?:es)?|sess(?:oes|ao)|encontros?|aulas?|consultas?)\b"
)
_FOREVER: Final = re.compile(r"\bsem (?:data (?:para|pra|de) (?:acabar|fim|terminar)|fim|prazo)\b|\bpara sempre\b")
_UNTIL: Final = re.compile(r"\bate (?P<end>(?!a[s ]|\d{1,2} ?h).+?)(?=[,;.]|\ba partir\b|\bcomecando\b|$)")
_FROM: Final = re.compile(
    r"\b(?:a partir d[aeo]|a partir da|comecando(?: em| n[ao]| d[aeo])?|desde)"
    r" (?P<start>.+?)(?=[,;.]|\bate\b|\bpor\b|\bdurante\b|$)"
)
_MONTHS: Final = {
    unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode(): number
    for number, name in enumerate(phrases.MONTHS, 1)
}
_YEAR_END: Final = re.compile(r"\b(?:fim|final) d[eo] ano\b")
# "As quintas" and "toda quinta", whatever is to be done with them.
_SAID: Final = re.compile(
    "|".join(each.pattern.replace("?P<day>", "?:").replace("?P<all>", "?:").replace("?P<many>", "?:")
             for each in (_ALTERNATE, _FORTNIGHT, _MONTH_DAY, _MONTH, _WEEK, _EVERY))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A repetition as far as it is known; what is missing is None."""

    frequency: Frequency | None = None
    # The first local date: the next such weekday, unless a beginning was named.
    day: date | None = None
    at: time | None = None
    count: int | None = None
    until: date | None = None
    # Until when, as a stretch from the first day: "por 10 semanas", "por 3 meses".
    weeks: int | None = None
    months: int | None = None

    def then(self, later: "Rhythm") -> "Rhythm":
        """Return this rhythm with what was said later; a new end takes the place of the old one."""
        ends = ("count", "until", "weeks", "months")
        kept = replace(self, **dict.fromkeys(ends)) if any(getattr(later, each) is not None for each in ends) else self
        return replace(kept, **later._said())

    def _said(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if getattr(self, name) is not None}

    def dump(self) -> dict[str, Any]:
        """Return the rhythm as JSON, to be kept with the conversation."""
        return {name: value if isinstance(value, int) else str(value) for name, value in self._said().items()}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """Return a rhythm as it was kept."""
        kept = dict(data)
        for name, read_ in (("frequency", Frequency), ("day", date.fromisoformat), ("until", date.fromisoformat)):
            if name in kept:
                kept[name] = read_(str(kept[name]))
        if "at" in kept:
            kept["at"] = time.fromisoformat(str(kept["at"]))
        return cls(**kept)

    @property
    def last_day(self) -> date | None:
        """The last local date that may have an occurrence, where the end is a date or a stretch."""
        if self.until is not None or self.day is None:
            return self.until
        if self.weeks is not None:
            return self.day + timedelta(weeks=self.weeks) - timedelta(days=1)
        return _months_later(self.day, self.months) - timedelta(days=1) if self.months is not None else None

    def words(self) -> str:
        """Return the rhythm as words that `read_rhythm` reads without a doubt."""
        names = {Frequency.WEEKLY: "semanal", Frequency.BIWEEKLY: "quinzenal", Frequency.MONTHLY: "mensal"}
        pieces = [names[self.frequency] if self.frequency else ""]
        pieces += [f"{self.day:%d/%m/%Y}" if self.day else "", f"às {clock(self.at)}" if self.at else ""]
        pieces += [f"por {self.count} vezes" if self.count else ""]
        pieces += [f"até {self.last_day:%d/%m/%Y}" if self.last_day else ""]
        return " ".join(piece for piece in pieces if piece)


_ONE: Final = re.compile(r"\b(?:so|somente|apenas)\b|^\W*(?:ess[ea]|est[ea]|um|uma|este aqui|ess[ea] mesm[oa])\W*$")
_REST: Final = re.compile(
    r"\b(?:proxim[oa]s|seguintes|demais)\b|\btod[oa]s\b|\bem diante\b|\b(?:para|pra) frente\b|\ba serie\b|\bsempre\b"
)
# How much of a series is meant.
ONE, REST = "one", "rest"


def scope_in(text: str) -> str:
    """Tell how much of a series a text speaks of: `ONE`, `REST` (this one and the next), or nothing."""
    folded = _folded(text)
    if _ONE.search(folded):
        return ONE
    return REST if _REST.search(folded) or repeats(text) else ""


def repeats(text: str) -> bool:
    """Tell whether a text speaks of something that comes back: "toda quinta", "as quintas", "quinzenal"."""
    return bool(_SAID.search(_folded(text)))


def read_rhythm(text: str, now: datetime) -> tuple[Rhythm, str]:
    """Read a repetition as of `now`, the professional's wall time; return it and what is left of the text."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    rest, start = _Rest(text), None
    # First of all: "a cada duas semanas" is no length of two weeks.
    often = _frequency(rest)
    found = Rhythm()
    if match := rest.take(_FROM):
        start = _beginning(match["start"], now)
    if match := rest.take(_UNTIL):
        found = replace(found, until=_end(match["end"], now))
    elif match := rest.take(_TIMES):
        found = replace(found, **_length(match))
    else:
        rest.take(_FOREVER)
    fixed = rest.take(_FIXED)
    found = replace(found, frequency=often or (Frequency.WEEKLY if fixed else None))
    when = read(rest.text, now)
    if when.day is not None and not when.time_only:
        found = replace(found, day=_first(when.day, start, found.frequency))
    elif start is not None:
        found = replace(found, day=start)
    if when.kind is Kind.POINT and when.time is not None:
        found = replace(found, at=when.time)
    return found, cut(rest.text, when)


def _frequency(rest: "_Rest") -> Frequency | None:
    """Take out what says how often; a weekday in it stays, for the date grammar."""
    found = None
    if rest.take(_ALTERNATE, "day") or rest.take(_FORTNIGHT):
        found = Frequency.BIWEEKLY
    elif rest.take(_MONTH_DAY, "day") or rest.take(_MONTH):
        found = Frequency.MONTHLY
    elif rest.take(_WEEK):
        found = Frequency.WEEKLY
    every = rest.take(_EVERY, "all", "many")
    return found or (Frequency.WEEKLY if every else None)


class _Rest:
    """What is left of a text, matched without accents and capitals."""

    def __init__(self, text: str) -> None:
        self.text = text

    def take(self, pattern: re.Pattern[str], *keep: str) -> re.Match[str] | None:
        """Cut out what the pattern finds, but for the groups to keep."""
        match = pattern.search(_folded(self.text))
        if match:
            kept = " ".join(match[name] for name in keep if match[name])
            self.text = " ".join(f"{self.text[: match.start()]} {kept} {self.text[match.end() :]}".split())
        return match


def _folded(text: str) -> str:
    """Return `text` in small letters without accents, letter for letter, so that places stay the same."""
    letters = (unicodedata.normalize("NFD", letter)[0].lower()[:1] for letter in unicodedata.normalize("NFC", text))
    return "".join(letters)


def _length(match: re.Match[str]) -> dict[str, Any]:
    number = int(match["number"]) if match["number"].isdigit() else _NUMBERS[match["number"]]
    match match["unit"][:3]:
        case "sem":
            return {"weeks": number}
        case "mes":
            return {"months": number}
        case "ano":
            return {"months": 12 * number}
    return {"count": number}


def _end(words: str, now: datetime) -> date | None:
    """Read the last day of a series: a date, a month (its last day), the end of the year, Christmas."""
    today = now.date()
    if _YEAR_END.search(words):
        return date(today.year, 12, 31)
    if " natal" in f" {words}":
        return day_and_month(25, 12, today).start
    when = read(words, now)
    if when.day is not None and not when.time_only:
        return when.day
    if when.end is not None:
        return (when.end - timedelta(days=1)).date()
    month = _month(words, today)
    return _months_later(month, 1) - timedelta(days=1) if month else None


def _beginning(words: str, now: datetime) -> date | None:
    """Read from when on a series is: a date, or the first day of a month, a week or a year."""
    when = read(words, now)
    if when.day is not None or when.start is None:
        return when.day or _month(words, now.date())
    return when.start.date()


def _month(words: str, today: date) -> date | None:
    """Read a month's name as its first day: of the year that is said, or of the next such month, this one included."""
    for name, number in _MONTHS.items():
        if re.search(rf"\b{name}\b", words):
            year = re.search(r"\b20\d\d\b", words)
            return date(int(year[0]) if year else today.year + (number < today.month), number, 1)
    return None


def _first(day: date, start: date | None, frequency: Frequency | None) -> date:
    """Return the first such day from the beginning that was named on."""
    if start is None or day >= start:
        return day
    if frequency is Frequency.MONTHLY:
        return day_of_month(day.day, start).start
    return day + timedelta(days=-(-(start - day).days // 7) * 7)


def _months_later(day: date, months: int) -> date:
    """Return the same day some months on, or the last one of a shorter month."""
    count = day.month - 1 + months
    first = date(day.year + count // 12, count % 12 + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))
