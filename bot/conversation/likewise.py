"""What was just done, for another one: "o outro também", "e o Pedro também", "a mesma coisa pra das 15h"."""

import re
from datetime import timedelta
from typing import Final

from ..notify.render import chat
from . import client_acts, professional_acts
from .afterwards import done
from .brain import Answer
from .gathering import CANCEL, DOING
from .intents import Intent
from .offer import MOVE
from .people import people_in
from .picking import shift_in
from .professional_reads import ask_which
from .talk import Talk, start_of
from .vocabulary import plain
from .wish import Said

_OTHER: Final = r"(?:outr[oa]s?|proxim[oa]s?|rest[oa]|demais)"
_LIKEWISE: Final = re.compile(
    r"(?<!\S)(?:tambem|idem|(?:a )?mesma coisa|igualmente)(?!\S)"
    rf"|^ (?:agora |e |entao |todos )*[oa]s? {_OTHER} [?!. ]*$"
)
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
}


def means_likewise(talk: Talk) -> bool:
    """Tell whether a message asks for the last deed once more."""
    doing = DOING.get(done(talk).get("tool", ""), "")
    same = _SAME.get(done(talk).get("action") or doing)
    words = plain(talk.heard.text)
    if same is None or not (_LIKEWISE.search(words) or (talk.reading.intent in same and _ALL_OTHERS.search(words))):
        return False
    return talk.reading.intent in _BARE | same


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
    last = done(talk)
    professional_acts.start(talk, DOING[last["tool"]])
    talk.memory |= {name: last[name] for name in ("action", "by") if name in last}
    if talk.said.dated or people_in(talk.said.rest):
        return await professional_acts.act(talk)
    day = Said.read(f"{start_of(talk, {'start': last['was']}):%d/%m/%Y}", talk.now).when
    for when in (day, Said.read("", talk.now).when):
        found = await professional_acts.candidates(talk, (), when)
        if others := [each for each in found if each["id"] != last["appointment_id"]]:
            break
    else:
        talk.memory.clear()
        return talk.say("nobody_else")
    if len(others) == 1:
        return await professional_acts.picked(talk, others[0])
    away = shift_in(str(last.get("by", "")))
    return ask_which(talk, chat("which_appointment"), others[::-1] if away and away > timedelta() else others)
