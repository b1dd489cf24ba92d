"""Something for everybody of a day: "cancela todo mundo de amanhã". Each client is told, so each is asked about."""

import re
from typing import Final

from .. import phrases
from ..notify.render import chat
from .brain import Answer
from .dates import Kind
from .gathering import CANCEL, STATUS
from .offer import MOVE, note
from .picking import filtered, move_in
from .professional_acts import candidates, picked, start
from .professional_reads import ask_which
from .talk import Talk
from .vocabulary import plain

_DEEDS: Final = re.compile(
    r" (?:(?P<confirm>confirm|aceit|aprov)|(?P<reject>recus|rejeit)|(?P<move>remar|reagend|pass|jog|mud|empurr|adi))"
)


async def one_by_one(talk: Talk) -> Answer:
    """List those of whom something was said at once, and ask which is first."""
    found = _DEEDS.search(plain(talk.heard.text))
    deed = (found and found.lastgroup) or CANCEL
    start(talk, {CANCEL: CANCEL, MOVE: MOVE}.get(deed, STATUS))
    if talk.memory["doing"] == STATUS:
        talk.memory["action"] = deed
    when = talk.said.when
    if deed == MOVE:
        wanted = move_in(talk.said, talk.now)
        when = wanted.source
        note(talk, *wanted.wishes)
    several = filtered(await candidates(talk, ()), when)
    day = phrases.day(when.day, talk.now.date(), relative=True) if when.day and not when.time_only else ""
    if not several:
        talk.memory.clear()
        return talk.say("nobody_for_all", day=day, waiting=deed in {"confirm", "reject"})
    if len(several) == 1:
        return await picked(talk, several[0])
    closing = day.split(", ")[-1] if deed == CANCEL and when.kind is Kind.DATE else ""
    count = phrases.plural(len(several), "horário", "horários")
    return ask_which(talk, chat("one_by_one", deed=deed, count=count, day=day, closing=closing), several)
