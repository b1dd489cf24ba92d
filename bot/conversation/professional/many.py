"""Something for several at once: "cancela todo mundo de amanhã", "confirma a Ana e cancela o Carlos".

Each client is told, so each is asked about.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ... import phrases
from ...notify.render import chat
from ..brain import Answer
from ..client.acts import BETWEEN, info
from ..dates import Kind
from ..dialogue.gathering import CANCEL, STATUS
from ..dialogue.offer import MOVE, note
from ..dialogue.picking import move_in, shift_in
from ..dialogue.talk import Data, Talk, start_of
from ..reading.catalogue import names
from ..reading.intents import ACTS, Intent, understand
from ..reading.people import people_in
from ..reading.phrasebook import A_DAY
from ..reading.vocabulary import plain
from ..reading.wish import Said, fits
from .acts import picked, start
from .clients import customers
from .finding import candidates, of_people
from .reads import ask_which

_VERBS: Final = {CANCEL: "cancelar", MOVE: "remarcar", "confirm": "confirmar", "reject": "recusar"}
# "Todo mundo menos a Ana".
_BUT: Final = re.compile(r"(?<!\w)(?:menos|exceto|fora|tirando|salvo)(?!\w)", re.IGNORECASE)
# "Cancela a Júlia e avisa ela".
_AND_TELL: Final = re.compile(
    r"[,;]?\s+(?:e|depois)\s+(?:j[áa]\s+)?avis(?:a|ar|e)\s+(?:pra\s+|para\s+)?"
    r"(?:el[ea]s?|[oa]s?\s+client\w+|o\s+pessoal|a\s+galera|todo\s+mundo|tod[oa]s)\s*[.!]*$",
    re.IGNORECASE,
)
_PARTS: Final = re.compile(rf",?\s+mas\s+|{BETWEEN.pattern}", re.IGNORECASE)
_THEM: Final = re.compile(r"(?<!\w)(?:el[ea]|del[ea])s?(?!\w)", re.IGNORECASE)
_AND: Final = re.compile(r"[\s,;]*(?:\b(?:e|mas)\s*)?$", re.IGNORECASE)
# What is done to an agenda and not with somebody's appointment; what is neither here nor a deed has no kind.
_KINDS: Final = {
    **dict.fromkeys((Intent.BLOCK, Intent.OPEN), "days"),
    **dict.fromkeys((Intent.SET_PRICE, Intent.SET_LENGTH), "services"),
    Intent.CHARGE: "money",
    Intent.EVERYBODY: "",  # "não atendo sexta, cancela todo mundo": of that day
}
JOINT: Final = re.compile(r"^[\s,;]*(?:(?:e|mas)\s+)?", re.IGNORECASE)
_DEEDS: Final = re.compile(
    r" (?:(?P<confirm>confirm|aceit|aprov)|(?P<reject>recus|rejeit)"
    r"|(?P<move>remar|reagend|pass|jog|mud|empurr|adi|atras|antecip))"
)


def without_telling(talk: Talk) -> None:
    """Leave out "e avisa ela" behind a wish: of appointments clients hear by themselves, of all else it is said."""
    head = _AND_TELL.sub("", talk.heard.text)
    reading = understand(head, talk.asker.role)
    if head == talk.heard.text or talk.heard.payload or reading.intent in {Intent.NONE, Intent.LATE, Intent.TELL}:
        return
    talk.heard, talk.said, talk.reading = replace(talk.heard, text=head), Said.read(head, talk.now), reading
    if reading.intent not in ACTS or reading.intent in {Intent.BLOCK, Intent.OPEN, Intent.COMPLETE, Intent.NO_SHOW}:
        talk.preface = chat("tells_by_itself")


async def name_everybody(talk: Talk) -> None:
    """Write clients who are named in small letters behind one with a capital as they are called: "Marca Julia e
    carlos". A telephone writes the first name large and the others as they are typed."""
    others = [part for part in _PARTS.split(talk.heard.text) if part.strip()][1:]
    if not others or talk.heard.payload or not any(name[0].isupper() for name in people_in(talk.said.rest)):
        return
    text, services = talk.heard.text, names((await info(talk)).get("services") or [])
    for part in others:
        small = [name for name in people_in(Said.read(part, talk.now).rest, besides=services) if name[0].islower()]
        for name in small[:1]:
            if await customers(talk, name):
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", name.title(), text)
    if text != talk.heard.text:
        talk.heard, talk.said = replace(talk.heard, text=text), Said.read(text, talk.now)


async def one_at_a_time(talk: Talk) -> None:
    """Go on with the first of several deeds for different people: "marca a Ana 10h e o Carlos 11h"."""
    split = [part for part in _PARTS.split(talk.heard.text) if part.strip()]
    if len(split) < 2 or _another_kind(talk, split):
        return
    parts = [Said.read(part, talk.now) for part in split]
    deeds = [understand(part.text, talk.asker.role) for part in parts]
    # "Julia pagou, marca ela de novo": whom it means is said before.
    theirs = [people_in(part.rest) or (nth and _THEM.search(part.rest)) for nth, part in enumerate(parts)]
    several = deeds[0].intent in ACTS and all(theirs)
    if not several or not (all(deed.intent in ACTS for deed in deeds) or all(part.dated for part in parts)):
        return
    services = names((await info(talk)).get("services") or [])
    if all(people_in(part.rest, besides=services) or _THEM.search(part.rest) for part in parts):
        # "O Carlos 11h" alone says nothing; "e o Carlos 11h" does the same for him.
        rest = JOINT.sub("e ", talk.heard.text.split(split[0], 1)[1])
        talk.heard, talk.said, talk.reading = replace(talk.heard, text=parts[0].text), parts[0], deeds[0]
        talk.preface = chat("one_of_several", what="horário", rest=rest)


def _another_kind(talk: Talk, split: Sequence[str]) -> bool:
    """Go on with the deed before one of another kind: "cancela a Ana e bloqueia a tarde"."""
    deeds = [understand(part, talk.asker.role).intent for part in split]
    kinds = [_KINDS.get(deed, "appointment" if deed in ACTS else "") for deed in deeds]
    other = next((nth for nth, kind in enumerate(kinds) if kind not in {"", kinds[0]}), 0)
    if not kinds[0] or not other:
        return False
    where = talk.heard.text.index(split[other])
    head = _AND.sub("", talk.heard.text[:where])
    talk.preface = chat("one_of_several", what="pedido", rest=JOINT.sub("e ", talk.heard.text[where:]))
    talk.heard, talk.said = replace(talk.heard, text=head), Said.read(head, talk.now)
    talk.reading = understand(head, talk.asker.role)
    return True


async def one_by_one(talk: Talk) -> Answer:
    """List those of whom something was said at once, and ask which is first."""
    named_deed = _DEEDS.search(plain(talk.heard.text))
    deed = (named_deed and named_deed.lastgroup) or CANCEL
    start(talk, {CANCEL: CANCEL, MOVE: MOVE}.get(deed, STATUS))
    if talk.memory["doing"] == STATUS:
        talk.memory["action"] = deed
    when = talk.said.when
    if deed == MOVE:
        wanted = move_in(talk.said, talk.now)
        when = wanted.source
        note(talk, *wanted.wishes)
    if not talk.said.dated and A_DAY.search(plain(talk.heard.text)):
        return talk.say("date_not_understood")
    moments = when.alternatives or (when,)
    found = [
        each for each in await candidates(talk, (), when) if any(fits(one, start_of(talk, each)) for one in moments)
    ]
    several = _of_whom(talk, found)
    if deed == MOVE and several and (by := shift_in(talk.heard.text)):
        talk.memory["by"] = talk.heard.text[:300]
        several = _of_one_day(talk, several, from_the_end=by > timedelta())
    days = [one.day for one in moments if one.day and not one.time_only]
    day = phrases.listing([phrases.day(each, talk.now.date(), relative=True) for each in days])
    if not several:
        talk.memory.clear()
        return talk.say("nobody_for_all", day=day, waiting=deed in {"confirm", "reject"})
    if len(several) == 1:
        return await picked(talk, several[0])
    talk.memory["many"] = "day" if len(days) == 1 else "all"
    closing = day.split(", ")[-1] if deed == CANCEL and when.kind is Kind.DATE else ""
    count = phrases.plural(len(several), "horário", "horários")
    return ask_which(talk, chat("one_by_one", verb=_VERBS[deed], count=count, day=day, closing=closing), several)


def _of_one_day(talk: Talk, several: Sequence[Data], *, from_the_end: bool) -> list[Data]:
    """Return those of the first day; who is put off makes way for the one before."""
    first = start_of(talk, several[0]).date()
    day = [each for each in several if start_of(talk, each).date() == first]
    return day[::-1] if from_the_end else day


def _of_whom(talk: Talk, appointments: Sequence[Data]) -> list[Data]:
    """Return the appointments of those who are named, without those of whom they are said not to be."""
    said, *but = _BUT.split(talk.said.rest, maxsplit=1)
    named, spared = (
        [name for name in people_in(" ".join(words)) if of_people([name], appointments)] for words in ([said], but)
    )
    without = of_people(spared, appointments) if spared else []
    return [each for each in of_people(named, appointments) if each not in without]
