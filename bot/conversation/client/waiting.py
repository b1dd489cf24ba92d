"""Waiting for a time that is taken: "me avisa se abrir horário quinta de manhã", and no longer waiting."""

import re
from typing import Final

from ...notify.render import chat
from ..brain import Answer
from ..dialogue.offer import BOOK, WAIT, free, note, offer, service_words, wish_of, wishes_of
from ..dialogue.talk import Data, Talk, choices, fitting, option
from ..reading.phrasebook import CANCEL
from ..reading.vocabulary import plain
from .acts import PERSON, service_missing

LEAVE: Final = "leave"
_LEAVES: Final = re.compile(
    r"(?<!\S)(?:sair|saio|sai|tir[ae]r?|remov\w+|exclu\w+|desist\w+|cancel\w+|nao (?:quero|preciso)) "
    r"(?:(?!coloca|entra|bota|e )\S+ )*(?:lista|fila|espera|aviso)"
)
# Beside the list: it stays to be said again.
_GIVES_UP: Final = re.compile(rf"(?<!\S){CANCEL}(?!\S)")
_ASKS: Final = re.compile(r"(?<!\S)(?:estou|continuo|ainda|minha|meu lugar|qual|quais|que horarios) .*(?:lista|fila)")
_ANY_DAY: Final = re.compile(r"(?<!\S)(?:qualquer (?:dia|um|hora|horario)|tanto faz|o que (?:abrir|tiver|aparecer))")


async def wait(talk: Talk) -> Answer:
    """Join, look at or leave the list, whichever a message asks for."""
    words = plain(talk.heard.text)
    if _LEAVES.search(words):
        return await leave(talk)
    if _ASKS.search(words):
        return await _mine(talk)
    if _GIVES_UP.search(words):
        talk.preface = chat("one_at_a_time")
    if talk.memory.get("doing") not in {BOOK, WAIT}:
        talk.memory.clear()
    talk.memory["doing"] = WAIT
    any_day = bool(_ANY_DAY.search(words)) and not talk.said.dated
    if any_day:
        talk.memory.pop("wishes", None)
        talk.memory["any_day"] = True
    note(talk, *talk.said.wishes)
    if missing := await service_missing(talk, talk.said.rest, chat("ask_service_waitlist")):
        return missing
    wish = wish_of(talk)
    if wish.empty and not any_day and not talk.memory.get("any_day"):
        return talk.ask("wait_day", chat("ask_waitlist_day"))
    if not wish.empty and wish.has_day and (still := await _still_free(talk)):
        return still
    return await join(talk)


async def _still_free(talk: Talk) -> Answer | None:
    """Offer what is free of what was wished for: nobody needs to wait for it."""
    data = await free(talk, wish_of(talk))
    if not data["ok"] or data["refusal"] or not (data["exact"] or data["slots"]):
        return None
    talk.memory["doing"] = BOOK
    talk.preface = chat("still_free")
    return await offer(talk, note(talk))


async def join(talk: Talk) -> Answer:
    """Propose to wait for what was wished for; the service and the day are those that were full."""
    talk.memory["doing"] = WAIT
    if len(wishes_of(talk)) > 1:  # a place on the list is for one time
        talk.preface = chat("one_at_a_time")
    data, proposal = await talk.call("join_waitlist", when=wish_of(talk).words(), service=service_words(talk))
    if proposal is not None:
        return talk.propose(proposal)
    match data.get("error"):
        case "wish_unclear" | "day_unclear":
            talk.memory.pop("wishes", None)
            return talk.ask("wait_day", chat("ask_waitlist_day"))
        case "bad_wish":
            talk.memory.pop("wishes", None)
            return talk.ask("wait_day", f"{data['message']} {chat('ask_waitlist_day')}")
        case "service_needed" | "service_unknown":
            talk.memory.pop("service", None)
            return await wait(talk)
    talk.memory.clear()
    return talk.answer(choices(str(data.get("message") or chat("trouble")), [PERSON]))


async def continued(talk: Talk) -> Answer | None:
    """Add what a message says to the wish; None when it is about something else."""
    if talk.asked == "wait_day" and not talk.said.dated and not _ANY_DAY.search(plain(talk.heard.text)):
        return None
    return await wait(talk)


async def leave(talk: Talk) -> Answer:
    """Find what is waited for and propose to stop."""
    found = await _entries(talk)
    talk.memory.clear()
    if not found:
        return talk.say("waiting_for_nothing")
    talk.memory["doing"] = LEAVE
    if len(found) == 1:
        return await left(talk, found[0]["token"])
    rows = [option("wait", each["token"], each["service"], each["when"]) for each in found]
    return talk.ask("wait", chat("which_waitlist"), fitting(rows), label="Ver pedidos")


async def left(talk: Talk, token: str) -> Answer:
    """Propose to stop waiting for the one that was tapped."""
    data, proposal = await talk.call("leave_waitlist", entry=token)
    if proposal is None:
        return talk.text(str(data.get("message") or chat("trouble")))
    return talk.propose(proposal)


async def _mine(talk: Talk) -> Answer:
    found = await _entries(talk)
    talk.memory.clear()
    if not found:
        return talk.say("waiting_for_nothing")
    return talk.say("my_waitlist", lines="\n".join(f"• {each['service']}: {each['when']}" for each in found))


async def _entries(talk: Talk) -> list[Data]:
    data, _ = await talk.call("get_waitlist")
    return list(data.get("waiting") or [])
