"""Taking back what was just agreed to: "desfaz", "volta atrás".

What the life cycle can turn back is proposed like anything else and waits for a yes. What it cannot (a cancelled
appointment, whose time may be somebody else's by now) is said, and offered anew.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from ...models.enums import STANDING, Role
from ...notify.render import chat
from ..brain import Answer
from ..client import acts as client_acts
from ..client import waiting as client_waiting
from ..professional import clients as professional_clients
from ..professional import reads as professional_reads
from ..reading.intents import Intent
from ..reading.vocabulary import plain
from ..reading.wish import Said, Wish, at
from ..reading.yesno import closes
from .afterwards import done, known
from .offer import BOOK, MOVE, note, offer, refused, wishes_of
from .picking import on_its_day
from .talk import Data, Talk, choices, do

_DEEDS: Final[Mapping[str, Intent]] = {
    "book_appointment": Intent.BOOK,
    "cancel_appointment": Intent.CANCEL,
    "reschedule_appointment": Intent.RESCHEDULE,
}
_TIMED: Final = frozenset({"book_appointment", "reschedule_appointment"})
_PLAIN: Final = frozenset({Intent.NONE, Intent.BOOK, Intent.MORE, Intent.RESCHEDULE, Intent.AGENDA})
_CORRECTS: Final = re.compile(
    r"\b(?:desculp[ae]|errei|me enganei|na verdade|quis dizer|digo|era(?:\s+(?:pra|para|pro|p))?(?:\s+ser)?"
    r"|volta(?:\s+(?:pra|para|pro|p))?)\b[\s,]*",
    re.IGNORECASE,
)
# Said first, or "volta" last; a question and another wish correct nothing.
_BEGINS: Final = re.compile(
    r"^(?!.*(?:[?]| (?:marc\w+|agend\w+|tambem) )) (?:(?:ah|ai|nao|ops|opa|oi|desculp[ae]|foi mal|[,!.]) )*"
    r"(?:(?:errei|me enganei|na verdade|quis dizer|digo|era|volta) |.* volta (?:por favor )?$)"
)
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
        case tool, _ if before := last.get("before"):
            return await _put_back(talk, str(tool), before)
    return talk.say("undo_impossible", action=last.get("action") or "")


def regrets(talk: Talk) -> bool:
    """Tell whether a message does not want what was just done: "não era pra cancelar!"."""
    return _DEEDS.get(done(talk).get("tool", "")) in talk.reading.unwanted


def corrects(talk: Talk) -> bool:
    """Tell whether a message wants what was just booked or moved at another time: "errei, era sábado 9h30"."""
    words = plain(talk.heard.text)
    if done(talk).get("tool") not in _TIMED or talk.reading.intent not in _PLAIN or not _BEGINS.search(words):
        return False
    meant = _CORRECTS.sub(" ", talk.heard.text)  # what "era" is said of is no past time
    return meant != talk.heard.text and Said.read(meant, talk.now).dated


async def correct(talk: Talk) -> Answer:
    """Propose the time that was meant for what was just booked or moved; a day alone keeps the hour."""
    start = _local(talk, done(talk)["start"])
    if (meant := await _at(talk, start)) is None:
        return talk.say("undo_impossible", action="")
    _begin(talk, doing=MOVE, appointment=known(meant), service={"name": meant["service"]})
    note(talk, Wish(hour=f"{start:%H:%M}"))
    talk.said = Said.read(_CORRECTS.sub(" ", talk.heard.text), talk.now)
    note(talk, *talk.said.wishes)
    return await offer(talk, on_its_day(talk, start))


async def _anew(talk: Talk, last: Data) -> Answer:
    """Offer to book once more what was given up: its time may be taken by now."""
    gone, client = last.get("appointment") or {}, None
    if talk.asker.role is Role.PROFESSIONAL and gone.get("client"):
        found = await professional_clients.customers(talk, str(gone["client"]))
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
    there = await _at(talk, _local(talk, last.get("start") or last["was"]))
    if there is None:
        return talk.say("undo_impossible", action="")
    confirmed = last.get("action") == "confirm"
    _begin(talk, doing="cancel", appointment=known(there))
    data, proposal = await talk.call("cancel_appointment", appointment=there["token"])
    if proposal is None:
        return refused(talk, data)
    talk.preface = chat("undo_confirmed") if confirmed else ""
    return talk.propose(proposal)


async def _put_back(talk: Talk, tool: str, before: Mapping[str, Any]) -> Answer:
    """Propose a price, a length, a deadline or the times of two clients as they were."""
    data, proposal = await talk.call(tool, **before)
    _begin(talk)
    return talk.propose(proposal) if proposal else refused(talk, data)


async def _at(talk: Talk, start: datetime) -> Data | None:
    """Return the one appointment that stands at a time."""
    if talk.asker.role is Role.PROFESSIONAL:
        found = await professional_reads.appointments(talk, start.date(), start.date())
    else:
        found = await client_acts.own(talk)
    same = [each for each in found if _local(talk, each["start"]) == start and each["status"] in STANDING]
    return same[0] if len(same) == 1 else None


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
