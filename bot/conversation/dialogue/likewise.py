"""What was just done, for another one: "o outro também", "e o Pedro também", "a mesma coisa pra das 15h"."""

import re
from datetime import timedelta
from typing import Final

from ...models.enums import Role
from ...notify.render import chat
from ..brain import Answer
from ..client import acts as client_acts
from ..professional import acts as professional_acts
from ..professional import days as professional_days
from ..professional.finding import CHARGE, candidates, of_people
from ..professional.reads import ask_which
from ..reading.intents import Intent
from ..reading.people import called, people_in
from ..reading.vocabulary import plain
from ..reading.wish import Said, Wish, at
from .afterwards import done
from .gathering import CANCEL, DOING, STATUS
from .offer import BOOK, MOVE, note
from .picking import shift_in
from .talk import Data, Talk, start_of

_OTHER: Final = r"(?:outr[oa]s?|rest[oa]|demais)"
_LIKEWISE: Final = re.compile(
    r"(?<!\S)(?:tambem|idem|(?:a )?mesma coisa|igualmente)(?!\S)"
    rf"|^ (?:agora |e |entao |todos )*[oa]s? {_OTHER} [?!. ]*$"
)
# "O outro pra terça 10h" after one that was moved, "agora o de sexta" after one that was cancelled.
_OTHER_TO: Final = re.compile(rf"^ (?:(?:agora|e|entao) )*[oa] (?:{_OTHER}|d[aeo]s? \S+(?: feira)?) para ")
_NOW_THAT: Final = re.compile(r"^ (?:agora|e) [oa] d[aeo]s? \S+(?: feira)? [!. ]*$")
# After one of several that were listed.
_NEXT: Final = re.compile(r"^ (?:agora |e |entao |vamos a?o )*[oa]? ?proxim[oa] [?!. ]*$")
# "E o Diego 14:30", after a booking; "e quinta o dia todo", after a day off. With a question mark it asks.
_AND: Final = re.compile(r"^ (?:e|agora|depois) (?!.*[?])|(?<!\S)tambem(?!\S)")
# "Ops, era a Ana".
_WAS: Final = re.compile(r"(?<!\S)era [oa] (?!outr)")
_INSTEAD: Final = re.compile(r"(?<!\S)(?:no lugar|(?:n?esse|n?este|no mesmo) horario)(?!\S)")
_ALL_OTHERS: Final = re.compile(rf"(?<!\S)(?:{_OTHER})(?!\S)")
# What a message may ask for that says no more than that.
_BARE: Final = frozenset({Intent.NONE, Intent.MORE, Intent.NEXT, Intent.THANKS})
_SAME: Final = {
    CANCEL: frozenset({Intent.CANCEL}),
    MOVE: frozenset({Intent.RESCHEDULE}),
    "confirm": frozenset({Intent.CONFIRM}),
    "reject": frozenset({Intent.REJECT}),
    "complete": frozenset({Intent.COMPLETE}),
    "no_show": frozenset({Intent.NO_SHOW}),
    "paid": frozenset({Intent.PAID}),
    CHARGE: frozenset({Intent.CHARGE}),
}
_DOING: Final = {**DOING, "request_payment": CHARGE}
# What adds to the agenda, and what asks for more of it.
_ADDS: Final = {"book_appointment": frozenset({Intent.BOOK}), "block_time": frozenset({Intent.BLOCK})}


def means_likewise(talk: Talk) -> bool:
    """Tell whether a message asks for the last deed once more."""
    last, words, intent = done(talk), plain(talk.heard.text), talk.reading.intent
    tool, people = last.get("tool", ""), people_in(talk.said.rest)
    if tool in _ADDS and talk.asker.role is Role.PROFESSIONAL:
        named = people or (talk.said.dated and tool == "block_time")
        return bool(named and _AND.search(words)) and intent in _ADDS[tool] | {Intent.NONE, Intent.AGENDA}
    same = _SAME.get(last.get("action") or _DOING.get(tool, ""))
    if same is None:
        return False
    if _refuses(talk) or _replaces(talk) or (last.get("many") and _NEXT.match(words)):
        return True
    if talk.asker.role is Role.CLIENT and intent in _BARE | same:
        that = {MOVE: _OTHER_TO, CANCEL: _NOW_THAT}.get(DOING.get(tool, ""))
        if that and that.search(words):
            return True
    and_who = people and talk.asker.role is Role.PROFESSIONAL and (_AND.search(words) or _WAS.search(words))
    again = _LIKEWISE.search(words) or and_who or (intent in same and _ALL_OTHERS.search(words))
    return bool(again) and intent in _BARE | same


def _replaces(talk: Talk) -> bool:
    """Tell whether somebody else gets the time that was just given up: "marca a Beatriz no lugar dela"."""
    given_up = done(talk).get("tool") == "cancel_appointment" and talk.asker.role is Role.PROFESSIONAL
    return given_up and talk.reading.intent is Intent.BOOK and bool(_INSTEAD.search(plain(talk.heard.text)))


def _refuses(talk: Talk) -> bool:
    """Tell whether one is confirmed and another is not: "a Luiza não"."""
    if done(talk).get("action") != "confirm" or talk.reading.intent not in {Intent.NONE, Intent.KEEP}:
        return False
    return " nao " in plain(talk.heard.text) and len(people_in(talk.said.rest)) == 1


async def for_client(talk: Talk) -> Answer:
    """Propose the last deed for the client's other appointment."""
    last = done(talk)
    others = [each for each in await client_acts.own(talk) if each["id"] != last["appointment_id"]]
    if not others:
        return talk.say("no_other_appointment")
    if DOING[last["tool"]] == CANCEL:
        return await client_acts.cancel(talk)
    return await client_acts.move(talk, besides=str(last["appointment_id"]))


async def for_professional(talk: Talk) -> Answer:
    """Propose the last deed for whoever is named, or for the others of that day."""
    last, refuses, replaces = done(talk), _refuses(talk), _replaces(talk)
    if last["tool"] == "block_time":
        return await professional_days.block(talk, like=last.get("span"))
    if replaces:
        professional_acts.start(talk, BOOK)
        note(talk, at(start_of(talk, {"start": last["was"]})))
        return await professional_acts.book(talk)
    doing = _DOING[last["tool"]]
    professional_acts.start(talk, STATUS if doing == CHARGE else doing)
    if doing == CHARGE:
        talk.memory["action"] = CHARGE
    if talk.memory["doing"] == BOOK:
        note(talk, Wish(day=start_of(talk, last).date().isoformat()))
        return await professional_acts.book(talk)
    talk.memory |= {name: last[name] for name in ("action", "by", "many") if name in last}
    if refuses:
        talk.memory["action"] = "reject"
    if _WAS.search(plain(talk.heard.text)):
        talk.preface = chat("first_stays")
    if talk.said.dated or people_in(talk.said.rest):
        return await professional_acts.act(talk)
    others = await _others(talk, last)
    if not others:
        talk.memory.clear()
        return talk.say("nobody_else")
    if len(others) == 1:
        return await professional_acts.picked(talk, others[0])
    away = shift_in(str(last.get("by", "")))
    return ask_which(talk, chat("which_appointment"), others[::-1] if away and away > timedelta() else others)


async def _others(talk: Talk, last: Data) -> list[Data]:
    """Return those that the last deed is possible for, too: of whoever was named with it, else of its day."""
    anytime, known = Said.read("", talk.now).when, last.get("appointment") or {}
    if named := last.get("names"):
        left = {name: cents for name, cents in named.items() if not called(name, str(known.get("client", "")))}
        talk.memory["names"] = left
        return of_people([*left], await candidates(talk, [*left], anytime)) if left else []
    was = last.get("was") or known.get("start") or talk.now.isoformat()
    day = Said.read(f"{start_of(talk, {'start': was}):%d/%m/%Y}", talk.now).when
    for when in (day,) if last.get("many") == "day" else (day, anytime):
        found = await candidates(talk, (), when)
        if others := [each for each in found if each["id"] != last["appointment_id"]]:
            return others
    return []
