"""What a client always has: "o de sempre", "igual da outra vez", "no horário de sempre", "no mesmo dia".

The source is the last visit, as the tools know it. Where there was none nothing is taken, and what is missing is
asked for as ever; what is taken stands in the question before anything is booked.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from ...models.enums import Role
from ..dates import read, window
from ..reading.vocabulary import plain
from ..reading.wish import Wish
from .offer import wishes_of
from .talk import Data, Talk, start_of

_LAST: Final = r"(?:de sempre|de costume|habitual|d[ao] (?:ultima|outra)(?: vez)?|da vez passada|d[ao] \w+ passad[ao])"
_SAME: Final = r"(?:(?:n?[oa]|meu) )?(?:mesm[oa] )?"
_WHEN: Final = re.compile(
    rf"(?<!\S)(?:(?P<both>{_SAME}dia (?:da semana )?e (?:(?:n?[oa] )?mesm[oa] )?(?:horario|hora)(?: {_LAST})?)"
    rf"|(?P<hour>{_SAME}(?:horario|hora) {_LAST})|(?P<day>{_SAME}dia {_LAST}|(?:n?o )?mesmo dia da semana))(?!\S)"
)
# "No mesmo horário do Carlos" is somebody else's.
_SAME_HOUR: Final = re.compile(r"(?<!\S)mesm[oa] (?:horario|hora)(?! (?:d[aeo]s?|que)(?!\S))(?!\S)")
# "Da última vez ficou curto" tells of it, and does not want it again.
_WHAT: Final = re.compile(
    r"(?<!\S)(?:de sempre|de costume|mesmo servico|(?:sempre (?:faco|corto)|(?:faco|corto) sempre)"
    rf"|(?:igual(?:zinho)?|como|mesm[oa](?: \w+)?|que (?:eu )?(?:fiz|fizemos|cortei)) (?:[ao]o? |n?a |foi )?{_LAST}"
    r"|(?:quer\w*|vou|vamos|gostaria de|bora|para) repetir)(?!\S)|^ repetir "
)
_SAME_DAY: Final = re.compile(r"(?<!\S)mesmo dia(?!\S)")


@dataclass(frozen=True, slots=True)
class Usual:
    """Which parts of the last visit a message asks for."""

    service: bool
    hour: bool
    day: bool
    # "No mesmo horário" alone is that of what is booked already, if one is.
    perhaps_hour: bool

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a message."""
        words = plain(text)
        when = {found.lastgroup for found in _WHEN.finditer(words)}
        rest = _WHEN.sub(" ", words)
        return cls(
            bool(_WHAT.search(rest)),
            bool(when & {"hour", "both"}),
            bool(when & {"day", "both"}),
            bool(_SAME_HOUR.search(rest)),
        )


def speaks_of_before(text: str) -> bool:
    """Tell whether a message says what is wanted by what was or is: "no mesmo dia", "o de sempre"."""
    return bool(_SAME_DAY.search(plain(text))) or Usual.read(text) != Usual.read("")


async def take_usual(talk: Talk) -> list[Wish]:
    """Take from the client's last visit what a message wants like that, and return what is wanted."""
    asked = Usual.read(talk.heard.text)
    if asked != Usual.read("") and (visit := await _last_visit(talk, asked)):
        if asked.service and (service := visit["service"]):
            talk.memory["service"] = {"token": service["token"], "name": service["name"]}
        found = [_filled(talk, each, start_of(talk, visit), asked) for each in wishes_of(talk)]
        talk.memory["wishes"] = [each.dump() for each in found]
    return wishes_of(talk)


async def _last_visit(talk: Talk, asked: Usual) -> Data | None:
    if talk.asker.role is Role.PROFESSIONAL:
        client = talk.memory.get("client") or {}
        if client.get("new"):
            return None
        data, _ = await talk.call("find_appointments", client=client["token"], last=True)
        coming = data.get("coming")
    else:
        data, _ = await talk.call("my_appointments", last=True)
        coming = data.get("appointments")
    if coming and not (asked.service or asked.hour or asked.day):
        return {**coming[0], "service": None} if len(coming) == 1 else None
    return data.get("last")


def _filled(talk: Talk, wish: Wish, last: datetime, asked: Usual) -> Wish:
    """Fill what is not said of the day and of the hour."""
    if (asked.hour or asked.perhaps_hour) and not (wish.hour or wish.part or wish.stretch):
        wish = replace(wish, hour=f"{last:%H:%M}")
    if not asked.day or wish.day:
        return wish
    # "Semana que vem no mesmo dia"
    span = window(read(wish.span, talk.now), talk.now) if wish.span else None
    first = span[0].date() if span else talk.now.date()
    day = first + timedelta(days=(last.weekday() - first.weekday()) % 7)
    if span and day >= span[1].date():
        return wish
    gone = day == talk.now.date() and wish.hour <= f"{talk.now:%H:%M}"
    return replace(wish, day=(day + timedelta(days=7) if gone else day).isoformat(), span="")


async def same_day(talk: Talk) -> list[Wish]:
    """Read "no mesmo dia" as the day that this client's appointments are on, while they are all on one."""
    if not _SAME_DAY.search(plain(talk.heard.text)) or Usual.read(talk.heard.text).day:
        return []
    data, _ = await talk.call("my_appointments")
    days = {start_of(talk, each).date() for each in data.get("appointments") or []}
    return [Wish(day=day.isoformat()) for day in days] if len(days) == 1 else []
