"""When a tool is asked about: everything that its words say, or a refusal that tells how to say it.

A model copies what a person wrote, or writes a moment the way machines do. Half of either is another day: what cannot
be read as a whole is refused, and what may mean several moments is refused with each of them.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot import phrases
from bot.conversation.dates import Kind, When, cut, read
from bot.conversation.reading.stretches import spelled
from bot.conversation.reading.wish import Wish
from bot.errors import Invalid
from bot.text import plain

_ISO: Final = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)
# The hour in "tomorrow at 3pm" can be read, its day cannot: it would be another day's.
_FOREIGN: Final = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|next|every|week(?:ly|end)?|month(?:ly)?"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|manana|hoy|lunes|martes|miercoles|jueves|viernes)\b"
)
# "Essa semana e a próxima", "este mês e o passado".
_AND_ANOTHER: Final = re.compile(r"\be (?:[ao]s? |n[ao]s? )?(?:proxim|seguinte|passad|retrasad|anterior)")
NOON: Final = 12
_BUT: Final = re.compile(r"\b(?:menos|exceto|excet[ao]s?|tirando|salvo|sem ser|so que)\b")


class DayUnclear(Invalid):
    """Words were given for a day, and they do not name one."""

    code = "day_unclear"
    sentence = "Não entendi o dia. Pode escrever, por exemplo, “quinta às 15h”?"


class SeveralMoments(DayUnclear):
    """The words name more than one moment, or one that may be either of two."""

    sentence = "Isso pode ser mais de um dia ou horário: {moments}. Diga um de cada vez."


class DayOver(DayUnclear):
    sentence = "Esse dia ou horário já passou. Para que dia é?"


def said(words: str, local: datetime) -> When:
    """Return the moment or the stretch that words name, as of `local`, an aware wall time; refuse what is not one."""
    when = understood(words, local)
    if when.alternatives:
        raise several(when, local)
    if when.kind is Kind.NONE:
        raise DayOver if when.past else DayUnclear
    return when


def understood(words: str, local: datetime) -> When:
    """Read words that may name nothing, or several moments; refuse those of which a part would be lost."""
    text = spelled(in_words(words, local))
    when = read(text, local)
    if foreign(text) or names_another(cut(text, when)):
        raise DayUnclear
    return when


def several(when: When, local: datetime) -> SeveralMoments:
    """Return the refusal that names each of the moments a text may mean, in words that a tool takes."""
    return SeveralMoments(moments="; ".join(_label(each, local) for each in when.alternatives))


def in_words(words: str, local: datetime) -> str:
    """Return words with the moments of machines as the date grammar reads them; refuse those of another zone."""

    def spoken(found: re.Match[str]) -> str:
        try:
            moment = datetime.fromisoformat(found[0])
        except ValueError:
            raise DayUnclear from None
        wall = moment.replace(tzinfo=None)
        if moment.tzinfo is not None and moment.astimezone(local.tzinfo).replace(tzinfo=None) != wall:
            raise DayUnclear
        return f"{wall:%Y-%m-%d %H:%M}" if wall.hour or wall.minute else f"{wall:%Y-%m-%d}"

    return _ISO.sub(spoken, words)


def foreign(words: str) -> bool:
    """Tell whether words speak of days in a language that the date grammar does not read."""
    return bool(_FOREIGN.search(plain(words)))


def names_another(words: str) -> bool:
    """Tell whether words add a stretch to one that was named: "este mês e o passado"."""
    return bool(_AND_ANOTHER.search(plain(words)))


def leaves_out(words: str) -> bool:
    """Tell whether words take something away from what they name: "semana que vem, menos quinta"."""
    return bool(_BUT.search(plain(words)))


def _label(when: When, local: datetime) -> str:
    today = local.date()
    if when.kind is Kind.SPAN and when.start and when.end:
        last = when.end - timedelta.resolution
        return f"de {phrases.day(when.start.date(), today)} a {phrases.day(last.date(), today)}"
    day = phrases.day(when.day, today) if when.day and not when.time_only else ""
    hours = replace(Wish.of(when), day="").words()
    if when.kind is Kind.POINT and when.time:
        # "7h" alone could be of the evening.
        hours = phrases.at_hour(when.time) + (" da manhã" if 0 < when.time.hour < NOON else "")
    return ", ".join(filter(None, (day, hours)))
