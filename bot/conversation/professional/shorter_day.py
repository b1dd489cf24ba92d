"""A date with fewer hours than usual: "segunda só atendo até as 15", "sexta saio às 16h", "amanhã só de tarde".

What is closed is the rest of that date, so that is what is proposed, before and after the hours that are left.
"""

import re
from dataclasses import replace
from datetime import time
from typing import Final

from ... import phrases
from ...notify.render import chat
from ..brain import Answer, Proposal
from ..dates import Kind, Part, When, read
from ..dialogue.offer import note, refused, wish_of
from ..dialogue.talk import Data, Talk
from ..reading import rhythm
from ..reading.intents import Intent
from ..reading.vocabulary import plain
from ..reading.wish import Said, clock
from .acts import start

SHORTER: Final = "shorter"
# Around the hours: what is left when they are gone is the day.
_AROUND: Final = re.compile(
    r"\b(?:s[óo]|somente|apenas|vou|posso|consigo|poder|(?:atend|trabalh|fic|come[çc]|abr|cheg|entr|encerr|fech|par|termin)"
    r"(?:o|ar|er|ir|arei|erei)|saio|sair|mais (?:cedo|tarde))\b|,",
    re.IGNORECASE,
)
_ITS_OWN: Final = frozenset({Intent.NONE, Intent.KEEP, Intent.SHORTER})
_ENDS: Final = re.compile(r"(?<!\S)(?:saio|sair|encerr\w+|fech\w+|par(?:o|ar)|termin\w+)(?!\S)")


async def propose(talk: Talk) -> Answer:
    """Propose to close what is outside the hours that were said."""
    if talk.memory.get("doing") != SHORTER:
        start(talk, SHORTER)
    if _ENDS.search(plain(talk.heard.text)):
        talk.memory["ends"] = True
    if rhythm.repeats(talk.heard.text):
        talk.forget()
        return talk.say("every_week_hint")
    if not talk.said.dated:
        talk.said = Said.read(_AROUND.sub(" ", talk.heard.text), talk.now)
    wishes = note(talk, *talk.said.wishes)
    when = read(wishes[0].words(), talk.now)
    if len(wishes) > 1 or not wishes[0].day:
        talk.memory["wishes"] = [replace(wishes[0], day="", span="").dump()]
        return talk.ask("days", chat("shorter_which_day"))
    since, until = _hours(when, ends=bool(talk.memory.get("ends")))
    if since is None and until is None:
        return talk.ask("days", chat("shorter_which_hours"))
    return await _closed(talk, wish_of(talk).day, since, until)


async def continued(talk: Talk) -> Answer | None:
    """Add what a message says of the day or its hours; None when it is about something else."""
    return await propose(talk) if talk.said.dated and talk.reading.intent in _ITS_OWN else None


def _hours(when: When, *, ends: bool) -> tuple[time | None, time | None]:
    """Return since when and until when there is work; None is as usual."""
    match when.kind, when.part:
        case Kind.PART, Part.MORNING:
            return None, time(12)
        case Kind.PART, Part() as part:
            return part.hours[0], None
        case Kind.POINT, _:
            return (None, when.time) if ends else (when.time, None)
    return when.start.time() if when.start else None, when.end.time() if when.end else None


async def _closed(talk: Talk, day: str, since: time | None, until: time | None) -> Answer:
    date = read(day, talk.now).day
    words = [f"antes das {clock(since)}"] if since else []
    words += [f"depois das {clock(until)}"] if until else []
    found: list[Proposal] = []
    why: Data = {}
    for each in words:
        data, proposal = await talk.call("block_time", when=f"{date:%d/%m/%Y} {each}")
        found += [proposal] if proposal else []
        why = why if proposal else data
    if not found:
        return refused(talk, why)
    later = f"bloqueia {date:%d/%m} depois das {phrases.hour(until)}" if len(found) > 1 and until else ""
    talk.preface = chat("shorter_day", hours=_said(since, until), later=later)
    return talk.propose(found[0])


def _said(since: time | None, until: time | None) -> str:
    if since and until:
        return f"das {phrases.hour(since)} às {phrases.hour(until)}"
    return f"a partir das {phrases.hour(since)}" if since else f"até {phrases.hour(until)}" if until else ""
