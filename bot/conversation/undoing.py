"""Taking back what was just agreed to: "desfaz", "volta atrás".

What the life cycle can turn back is proposed like anything else and waits for a yes. What it cannot (a cancelled
appointment, whose time may be somebody else's by now) is said, and offered anew.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from ..models.enums import Role
from ..notify.render import chat
from . import client_acts, client_waiting, professional_reads
from .afterwards import done
from .brain import Answer
from .intents import Intent
from .offer import BOOK, MOVE, offer, refused, wishes_of
from .talk import Data, Talk, choices, do
from .wish import at
from .yesno import closes

_DEEDS: Final[Mapping[str, Intent]] = {
    "book_appointment": Intent.BOOK,
    "cancel_appointment": Intent.CANCEL,
    "reschedule_appointment": Intent.RESCHEDULE,
}
_CHANGES: Final = (do("move", "Remarcar"), do("cancel", "Cancelar"))


async def undo(talk: Talk) -> Answer:
    """Propose what takes back the last deed; say so where nothing does."""
    last = done(talk)
    match last.get("tool"), last.get("action"):
        case None, _ if closes(talk.heard.text):
            return talk.say("closing")  # "foi engano": the message was
        case None, _:
            return talk.answer(choices(chat("undo_nothing"), _CHANGES))
        case ("cancel_appointment", _) | (_, "reject"):
            return await _anew(talk, last)
        case "reschedule_appointment", _:
            return await _back(talk, last)
        case ("book_appointment", _) | (_, "confirm"):
            return await _given_up(talk, last)
        case (("block_time" | "open_time"), _):
            return await _days(talk, last)
        case "join_waitlist", _:
            return await client_waiting.leave(talk)
    return talk.say("undo_impossible", action=last.get("action") or "")


def regrets(talk: Talk) -> bool:
    """Tell whether a message does not want what was just done: "não era pra cancelar!"."""
    return _DEEDS.get(done(talk).get("tool", "")) in talk.reading.unwanted


async def _anew(talk: Talk, last: Data) -> Answer:
    """Offer to book once more what was given up: its time may be taken by now."""
    gone, client = last.get("appointment") or {}, None
    if talk.asker.role is Role.PROFESSIONAL and gone.get("client"):
        found = await professional_reads.customers(talk, str(gone["client"]))
        client = {"token": found[0]["token"], "name": found[0]["name"]} if len(found) == 1 else None
    start = _local(talk, last["was"])
    if start <= talk.now or not gone.get("service") or (talk.asker.role is Role.PROFESSIONAL and client is None):
        return talk.say("undo_anew_by_hand", action=last.get("action") or "")
    _begin(talk, doing=BOOK, service={"token": "", "name": gone["service"]}, wishes=[at(start).dump()])
    if client:
        talk.memory["client"] = client
    talk.preface = chat("undo_anew", action=last.get("action") or "")
    return await offer(talk, wishes_of(talk))


async def _back(talk: Talk, last: Data) -> Answer:
    """Propose the time that an appointment was moved from."""
    moved, before = last.get("appointment") or {}, _local(talk, last["was"])
    if not moved.get("token") or before <= talk.now:
        return talk.say("undo_impossible", action=MOVE)
    appointment = {**moved, "start": last["start"]}
    _begin(talk, doing=MOVE, appointment=appointment, service={"name": moved.get("service", "")})
    talk.memory["wishes"] = [at(before).dump()]
    return await offer(talk, wishes_of(talk))


async def _given_up(talk: Talk, last: Data) -> Answer:
    """Propose to cancel what was booked or confirmed: it does not become a request again."""
    start = _local(talk, last.get("start") or last["was"])
    if talk.asker.role is Role.PROFESSIONAL:
        found = await professional_reads.appointments(talk, start.date(), start.date())
    else:
        found = await client_acts.own(talk)
    same = [each for each in found if _local(talk, each["start"]) == start]
    if len(same) != 1:
        return talk.say("undo_impossible", action="")
    confirmed = last.get("action") == "confirm"
    _begin(talk, doing="cancel", appointment=same[0])
    data, proposal = await talk.call("cancel_appointment", appointment=same[0]["token"])
    if proposal is None:
        return refused(talk, data)
    talk.preface = chat("undo_confirmed") if confirmed else ""
    return talk.propose(proposal)


async def _days(talk: Talk, last: Data) -> Answer:
    """Propose to open what was closed, as the day usually is, or to close what was opened."""
    days = [date.fromisoformat(each) for each in last["days"]]
    closed = last["tool"] == "block_time"
    if len(days) != (days[-1] - days[0]).days + 1:
        return talk.say("undo_impossible", action="")  # days between them were closed before
    words = professional_reads.words_of(days[0], days[-1])
    if not closed and last.get("span"):
        first, end = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in last["span"])
        words += f" das {first} às {end}"
    data, proposal = await talk.call("open_time" if closed else "block_time", when=words)
    if proposal is None:
        return refused(talk, data)
    _begin(talk, doing="open" if closed else "block")
    return talk.propose(proposal)


def _begin(talk: Talk, **gathered: Any) -> None:
    talk.memory.clear()
    talk.memory |= gathered


def _local(talk: Talk, moment: Any) -> datetime:
    return datetime.fromisoformat(str(moment)).astimezone(talk.asker.zone)
