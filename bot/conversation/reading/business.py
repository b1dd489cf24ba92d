"""How people describe their business: "Corte, 30 min, R$ 50" and "seg a sex 9h–12h e 13h–18h"."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ...agenda.hours import Span, Window
from ...text import plain

# What a person would call a service; longer is a story.
NAME_LIMIT = 80

_PRICE = re.compile(r"r\$\s*(\d+\.\d{2}(?!\d)|\d+(?:\.\d{3})*(?:,\d{1,2})?)|(\d+(?:,\d{1,2})?)\s*reais", re.IGNORECASE)
_LENGTH = re.compile(
    r"\b(?:(?P<hours>\d{1,2})\s*h(?:oras?)?\s*(?:e\s*)?(?P<rest>\d{2}|meia)?(?:\s*min(?:utos?)?)?"
    r"|(?P<minutes>\d{1,3})\s*(?:min(?:utos?)?|m)\b|(?P<half>meia hora)|(?P<one>uma hora(?P<and> e meia)?))(?!\w)",
    re.IGNORECASE,
)
_SIGNS, _LINKS = r"[\s,;:\-–—.]+", r"(?:e|de|por|custa|dura|a|com)"
_JOINTS = re.compile(rf"^{_LINKS}\s+|\s+{_LINKS}$|^{_SIGNS}|{_SIGNS}$")

_DAYS: Final = {
    **dict.fromkeys(("segunda", "seg", "2a"), 0),
    **dict.fromkeys(("terca", "ter", "3a"), 1),
    **dict.fromkeys(("quarta", "qua", "4a"), 2),
    **dict.fromkeys(("quinta", "qui", "5a"), 3),
    **dict.fromkeys(("sexta", "sex", "6a"), 4),
    **dict.fromkeys(("sabado", "sab"), 5),
    **dict.fromkeys(("domingo", "dom"), 6),
}
_GROUPS: Final = {
    "todos os dias": range(7),
    "todo dia": range(7),
    "dias uteis": range(5),
    "dia de semana": range(5),
    "dias de semana": range(5),
    "fim de semana": range(5, 7),
}
_DAY = r"(?:" + "|".join(sorted(_DAYS, key=len, reverse=True)) + r")s?(?:[ -]?feiras?)?"
_TIME = r"(?:(\d{1,2})(?:(?:h|:)(\d{2})?)?|(meio[ -]dia)|(meia[ -]noite))(?:\s*(?:h|hs|horas?|hrs?))?"
_PIECE = re.compile(
    rf"(?P<group>{'|'.join(_GROUPS)})"
    rf"|(?P<first>\b{_DAY})\s*(?:a|ate|-|–)\s*(?P<last>{_DAY}\b)"
    rf"|(?P<day>\b{_DAY}\b)"
    rf"|(?P<from>(?<!\d){_TIME})\s*(?:as|ao|a|ate|-|–|e)\s*(?:(?:as|o|ao)\s+)?(?P<to>{_TIME}(?!\d))"
    r"|(?P<closed>fechado|folga|nao (?:trabalho|atendo|abro))"
)
_MOMENT = re.compile(rf"^{_TIME}$")
# What may stand between days and hours without meaning anything else.
_GLUE_WORDS: Final = (
    "de da do das dos no na nos nas em a o as os e ate para pra pro por so somente apenas agora eu vou quero meu meus "
    "horario horarios expediente atendimento trabalho trabalhar atender ser sera serao fica ficam vai vao dia dias"
)
_GLUE: Final = frozenset(_GLUE_WORDS.split())


@dataclass(frozen=True, slots=True)
class ServiceWish:
    """A service as it was described; minutes and centavos."""

    name: str
    minutes: int
    price_cents: int


def read_service(text: str) -> ServiceWish | None:
    """Read "Corte, 30 min, R$ 50"; None when the name, the length or the price is missing."""
    price, length = _PRICE.search(text), None
    rest = _PRICE.sub(" ", text, count=1) if price else text
    length = _LENGTH.search(rest)
    if price is None or length is None:
        return None
    name = " ".join((rest[: length.start()] + " " + rest[length.end() :]).split())
    while (trimmed := _JOINTS.sub("", name)) != name:
        name = trimmed
    if not name or len(name) > NAME_LIMIT or not any(letter.isalpha() for letter in name):
        return None
    return ServiceWish(name[0].upper() + name[1:], _minutes(length), _cents(price))


def read_minutes(text: str) -> int | None:
    """Read how long something takes: "40 min", "1h30", "meia hora"."""
    found = _LENGTH.search(text)
    return _minutes(found) if found else None


def _minutes(found: re.Match[str]) -> int:
    if found["half"]:
        return 30
    if found["one"]:
        return 90 if found["and"] else 60
    if found["minutes"]:
        return int(found["minutes"])
    rest = {"meia": 30, None: 0}.get(found["rest"], -1)
    return int(found["hours"]) * 60 + (int(found["rest"]) if rest < 0 else rest)


def _cents(found: re.Match[str]) -> int:
    number = found[1] or found[2]
    if "," in number or number.count(".") > 1 or re.search(r"\.\d{3}$", number):
        number = number.replace(".", "").replace(",", ".")
    return round(float(number) * 100)


def read_hours(text: str) -> tuple[Window, ...] | None:
    """Read weekly hours; None when a day has no hours, an hour has no day, or one makes no sense."""
    week = _read(text)
    if week is None or not any(week.values()):
        return None
    return tuple(Window(day, start, end) for day, spans in sorted(week.items()) for start, end in spans)


def read_changes(text: str) -> Mapping[int, Sequence[Span]] | None:
    """Read the weekdays that get other hours, in wall minutes, none for a day that is closed; None as above."""
    return _read(text) or None


def says_only_hours(text: str) -> bool:
    """Tell whether a text is about weekly hours and nothing else: no date, no person."""
    words = plain(text)
    rest = re.findall(r"[a-z0-9]+", _PIECE.sub(" ", words))
    return bool(_PIECE.search(words)) and _GLUE.issuperset(rest)


def repeats_weekly(text: str) -> bool:
    """Tell whether the days of a text can only be those of every week: "segunda a sexta", "dias úteis"."""
    return any(piece["group"] or piece["first"] for piece in _PIECE.finditer(plain(text)))


def _read(text: str) -> dict[int, list[Span]] | None:
    week: dict[int, list[Span]] = {}
    days: list[int] = []
    early: list[Span] = []  # hours said before their days: "das 9 às 18 de segunda a sexta"
    used = True  # whether the days said last already have hours
    for piece in _PIECE.finditer(plain(text)):
        if said := list(_days(piece)):
            days = [*said] if used else [*days, *said]
            used = False
        elif piece["closed"]:
            week |= {day: [] for day in days}
            days, used = [], True
        else:
            span = _span(piece)
            if span is None:
                return None
            if not days:
                early.append(span)
                continue
            for day in days:
                week.setdefault(day, []).append(span)
            used = True
    if early and days and not week:
        week, used = {day: list(early) for day in days}, True
    return _ordered(week) if used else None


def _days(piece: re.Match[str]) -> Iterator[int]:
    if piece["group"]:
        yield from _GROUPS[piece["group"]]
    elif piece["first"]:
        first, last = _weekday(piece["first"]), _weekday(piece["last"])
        yield from ((first + step) % 7 for step in range((last - first) % 7 + 1))
    elif piece["day"]:
        yield _weekday(piece["day"])


def _weekday(word: str) -> int:
    stem = re.split(r"[ -]?feira", word)[0].strip()
    return _DAYS[stem] if stem in _DAYS else _DAYS[stem.removesuffix("s")]


def _span(piece: re.Match[str]) -> Span | None:
    start, end = _minute(piece["from"]), _minute(piece["to"])
    if start is None or end is None:
        return None
    end = 1440 if end == 0 else end
    return (start, end) if start < end <= 1440 else None


def _minute(text: str) -> int | None:
    found = _MOMENT.match(text.strip())
    if not found:
        return None
    if found[3]:
        return 720
    if found[4]:
        return 0
    hour, minute = int(found[1]), int(found[2] or 0)
    return hour * 60 + minute if hour <= 24 and minute < 60 and hour * 60 + minute <= 1440 else None


def _ordered(week: Mapping[int, Sequence[Span]]) -> dict[int, list[Span]] | None:
    ordered = {day: sorted(set(spans)) for day, spans in week.items()}
    overlap = any(before[1] > after[0] for spans in ordered.values() for before, after in pairwise(spans))
    return None if overlap else ordered
