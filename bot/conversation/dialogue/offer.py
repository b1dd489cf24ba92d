"""Times on offer: listed, chosen, and made into a proposal to book or to move.

Used by both sides. What is gathered is in the memory: `doing` (book or move), `service`, `wishes`, and whom or what it
is for (`client`, `appointment`). Nothing here calculates with dates: the tools read the person's words.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from ... import phrases
from ...models.enums import Role
from ...notify.render import chat
from ...whatsapp.outgoing import ROWS, Option
from ..brain import Answer
from ..reading.choosing import wants_first
from ..reading.phrasebook import DAY
from ..reading.remarks import passed_on
from ..reading.vocabulary import plain
from ..reading.wish import Wish, at
from .refusals import slot_option
from .several import joined
from .talk import Data, Talk, do, fitting, option, start_of

BOOK, MOVE = "book", "move"
NEXT = "next"
# Waiting for a time that is taken, instead of another one that is free.
WAIT = "wait"
WAIT_OPTION = option("do", WAIT, "Lista de espera", "aviso se abrir vaga")
# Of the times between which somebody leaves the choice: each has a row of the list, beside "other times".
MOST_WISHES: Final = ROWS - 1
_A_DAY: Final = re.compile(rf"(?<!qualquer dia da )(?<!\S)(?!dias ){DAY}(?!\S)")


def wish_of(talk: Talk) -> Wish:
    """Return the time that is wanted, as far as it is known."""
    return wishes_of(talk)[0]


def wishes_of(talk: Talk) -> list[Wish]:
    """Return the times that are wanted: several where any will do, an empty one where nothing is known."""
    return [Wish.load(each) for each in talk.memory.get("wishes") or [{}]]


def note(talk: Talk, *later: Wish) -> list[Wish]:
    """Add what was said about when to what is known, and return it."""
    found = [known.then(each) for known in wishes_of(talk) for each in later] or wishes_of(talk)
    found = list(dict.fromkeys(found))[:MOST_WISHES]
    if wants_first(talk.heard.text):
        talk.memory["first"] = True
    if not (later or talk.said.dated) and talk.memory.get("doing") == BOOK and _A_DAY.search(plain(talk.heard.text)):
        # A day that was named and not understood must not become the next one that is free.
        talk.memory["unread"] = True
    elif later:
        talk.memory.pop("unread", None)
    talk.memory["wishes"] = [each.dump() for each in found]
    return found


async def offer(talk: Talk, wishes: Sequence[Wish]) -> Answer:
    """Answer with the free times that fit: an exact one as a question, several as a list, none with the nearest."""
    wish = wishes[0]
    if talk.memory.pop("unread", False):
        return ask_day(talk)
    if len(wishes) > 1:
        return await _either(talk, wishes)
    if not wish.empty and not wish.has_day:
        return await _of_no_day(talk, wish)
    data = await free(talk, wish)
    if not data["ok"]:
        return refused(talk, data)
    if data["exact"]:
        return await take(talk, data["exact"])
    if data["refusal"]:
        return await _instead(talk, data)
    if data["slots"]:
        return await take(talk, data["slots"][0]) if talk.memory.pop("first", False) else _listed(talk, data)
    return await _same_day(talk, data, wish) or await _soonest(talk, data)


async def free(talk: Talk, wish: Wish, *, after: str = "") -> Data:
    """Return the free times for the service in question."""
    arguments = {"when": wish.words(), "service": service_words(talk)} | ({"after": after} if after else {})
    moved = talk.memory.get("appointment") or {} if talk.memory.get("doing") == MOVE else {}
    if moved.get("token") not in talk.known_tokens:
        data, _ = await talk.call("list_free_slots", **arguments)
        return data
    data, _ = await talk.call("list_free_slots", **arguments, appointment=moved["token"])
    return _but(datetime.fromisoformat(moved["start"]), data) if data["ok"] else data


def _but(start: datetime, data: Data) -> Data:
    """Leave out where an appointment stands: it is free for it, and no change."""
    others: dict[str, Any] = {
        name: [each for each in data[name] if _start(each) != start] for name in ("slots", "nearest")
    }
    if data["exact"] and _start(data["exact"]) == start:
        others |= {"exact": None, "refusal": {"message": chat("already_there")}}
    return {**data, **others}


def _start(slot: Data) -> datetime:
    return datetime.fromisoformat(slot["start"])


def service_words(talk: Talk) -> str:
    """Return the service in question as the tools take it; a token that was forgotten is replaced by the name."""
    service = talk.memory.get("service") or {}
    token = str(service.get("token", ""))
    return token if token in talk.known_tokens else str(service.get("name", ""))


def choose_service(talk: Talk, token: str) -> None:
    """Take the service that was tapped; its title was in the list."""
    titles = {option_id: title for option_id, title, _ in talk.memory.get("options", [])}
    talk.memory["service"] = {"token": token, "name": titles.get(f"service:{token}", "")}


async def take(talk: Talk, slot: Data) -> Answer:
    """Propose the time that was chosen; if it is gone by now, offer what is near."""
    if talk.memory.get("doing") == MOVE:
        data, proposal = await talk.call(
            "reschedule_appointment",
            appointment=talk.memory["appointment"]["token"],
            slot=slot["token"],
            **passed_on(talk),
        )
    else:
        data, proposal = await talk.call("book_appointment", slot=slot["token"], **_client(talk), **passed_on(talk))
    talk.memory["wishes"] = [at(start_of(talk, slot)).dump()]
    if proposal is not None:
        return talk.propose(proposal)
    if data.get("error") in {"client_unknown", "client_ambiguous", "token_unknown"}:
        return refused(talk, data)
    return await _gone(talk, data)


def _client(talk: Talk) -> dict[str, Any]:
    if talk.asker.role is not Role.PROFESSIONAL:
        return {}
    return whom(talk.memory["client"])


def whom(client: Data) -> dict[str, Any]:
    """Return whom a professional books for, as the tools take it."""
    if not client.get("new"):
        return {"client": client["token"]}
    return {"client": client["name"], "new_client": True} | ({"phone": phone} if (phone := client.get("phone")) else {})


async def _gone(talk: Talk, data: Data) -> Answer:
    taken = data.get("error") == "slot_taken"
    near = await free(talk, Wish(day=wish_of(talk).day))
    if not near.get("slots"):
        near = await free(talk, Wish())
    if not near.get("slots"):
        return talk.ask("day", chat("slot_gone_alone") if taken else str(data.get("message") or chat("trouble")))
    body = chat("slot_gone") if taken else f"{data.get('message', '')}\n\n{chat('nearest_times')}".strip()
    return _ask_slot(talk, body, near["slots"])


async def later(talk: Talk) -> Answer:
    """Show times after the last ones shown; when there were none, those of the day without its hour."""
    wish, last = wish_of(talk), str(talk.memory.get("last", ""))
    day = Wish(day=wish.day, part=wish.part, stretch=wish.stretch, span=wish.span)
    if last not in talk.known_tokens:
        last = ""
    data = await free(talk, day if day.has_day else Wish(), after=last)
    if day.has_day and not data.get("slots"):
        data = await free(talk, Wish(), after=last)
    if not data["ok"]:
        return refused(talk, data)
    return _listed(talk, data) if data["slots"] else talk.ask("day", chat("ask_day", service=data["service"]["name"]))


def ask_day(talk: Talk) -> Answer:
    """Ask for the day; the hour that is known stays known."""
    return talk.ask("day", chat("ask_day", service=(talk.memory.get("service") or {}).get("name", "")))


def offered(talk: Talk) -> list[Data]:
    """Return the times that were listed last and may be meant by "o primeiro" or "às 15h"."""
    slots = [{"token": token, "start": start} for token, start in talk.memory.get("offered", [])]
    return [slot for slot in slots if slot["token"] in talk.known_tokens]


def refused(talk: Talk, data: Data) -> Answer:
    """Say why not, and ask for what would help."""
    match data.get("error"):
        case "day_unclear":
            return talk.ask("day", chat("date_not_understood"))
        case "invalid_arguments" | "unknown_tool" | None:
            return talk.say("trouble")
    return talk.text(str(data.get("message") or chat("trouble")))


async def _of_no_day(talk: Talk, wish: Wish) -> Answer:
    """An hour without its day: one of the times on the table, or of the one day they are of; else the day is asked."""
    slots = offered(talk)
    days = {start_of(talk, slot).date() for slot in slots}
    if len(days) == 1:
        return await offer(talk, note(talk, Wish(day=days.pop().isoformat())))
    same = [slot for slot in slots if wish.hour and start_of(talk, slot).strftime("%H:%M") == wish.hour]
    if len(same) == 1:
        return await take(talk, same[0])
    if same:
        return _ask_slot(talk, chat("which_day"), same, picked=True)
    return ask_day(talk)


async def _either(talk: Talk, wishes: Sequence[Wish]) -> Answer:
    """Days or hours of which any will do: some times of each in one list; the only one that is free as a question."""
    if not all(wish.has_day for wish in wishes):
        return ask_day(talk)
    found: list[Data] = []
    for wish in wishes:
        data = await free(talk, wish)
        if not data["ok"]:
            return refused(talk, data)
        found.append(data)
    exact = [data["exact"] for data in found if data["exact"]]
    refusals = list(dict.fromkeys(data["refusal"]["message"] for data in found if data["refusal"]))
    if len(exact) == 1 and len(exact) + len(refusals) == len(found):
        talk.preface = joined([talk.preface, *refusals])
        return await take(talk, exact[0])
    return await _several(talk, found, refusals)


async def _several(talk: Talk, found: Sequence[Data], refusals: Sequence[str]) -> Answer:
    """List what is free of several times; near those that are not, where nothing else is."""
    each = MOST_WISHES // len(found)
    listed = [[data["exact"]] if data["exact"] else [] if data["refusal"] else data["slots"][:each] for data in found]
    if not any(listed):
        listed = [(data["nearest"] or data["slots"])[:each] for data in found]
    slots = list({slot["token"]: slot for some in listed for slot in some}.values())
    if not slots:
        return await _soonest(talk, found[-1])
    shown = (data["day_phrase"] for data, some in zip(found, listed, strict=True) if some or not data["refusal"])
    days = phrases.listing(list(dict.fromkeys(shown)))
    body = chat("offer_times", service=found[-1]["service"]["name"], day_phrase=days)
    return _ask_slot(talk, joined([*refusals, body]), slots, picked=True)


async def _instead(talk: Talk, data: Data) -> Answer:
    """The exact time is not free: say why, and show the nearest."""
    slots = data["nearest"] or data["slots"]
    if not slots:
        soon = await free(talk, Wish())
        slots = soon["slots"] if soon["ok"] else []
    if not slots:
        return talk.ask("day", data["refusal"]["message"], [WAIT_OPTION] if _may_wait(talk, data) else ())
    words = f"{data['refusal']['message']}\n\n{chat('nearest_times')}"
    return _ask_slot(talk, words, slots, picked=True, wait=_may_wait(talk, data))


async def _same_day(talk: Talk, data: Data, wish: Wish) -> Answer | None:
    """Nothing is free in that part of the day: show what else is free on it."""
    if not wish.day or not (wish.part or wish.stretch):
        return None
    whole = await free(talk, Wish(day=wish.day))
    if not whole["ok"] or not whole["slots"]:
        return None
    words = chat("no_times_then", service=data["service"]["name"], day_phrase=whole["day_phrase"])
    return _ask_slot(talk, words, whole["slots"], wait=_may_wait(talk, data))


async def _soonest(talk: Talk, data: Data) -> Answer:
    """Nothing is free then: say so, and show what is free soonest."""
    service = data["service"]["name"]
    soon = await free(talk, Wish())
    if not soon["ok"] or not soon["slots"]:
        return talk.ask("day", chat("no_times_soon", service=service), [WAIT_OPTION] if _may_wait(talk, data) else ())
    words = chat("no_times", service=service, day_phrase=data["day_phrase"])
    return _ask_slot(talk, words, soon["slots"], wait=_may_wait(talk, data))


def _may_wait(talk: Talk, data: Data) -> bool:
    """Tell whether somebody can wait for what they wanted: a client who books, where the list is in use."""
    return bool(data.get("waitlist")) and talk.memory.get("doing") == BOOK


def _listed(talk: Talk, data: Data) -> Answer:
    words = chat("offer_times", service=data["service"]["name"], day_phrase=data["day_phrase"])
    return _ask_slot(talk, words, data["slots"])


def _ask_slot(talk: Talk, words: str, slots: Sequence[Data], *, picked: bool = False, wait: bool = False) -> Answer:
    """List times; `picked` ones leave out others between them, so that "other times" begin with the first again."""
    talk.memory["offered"] = [[slot["token"], slot["start"]] for slot in slots]
    talk.memory["last"] = "" if picked else slots[-1]["token"]
    options: list[Option] = [slot_option(str(slot["token"]), start_of(talk, slot)) for slot in slots]
    more = [do(NEXT, "Outros horários"), *([WAIT_OPTION] if wait else [])]
    return talk.ask("slot", words, fitting(options, *more), label="Ver horários")
