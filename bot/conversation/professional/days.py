"""Days off and holidays by chat: "bloqueia sexta à tarde", "abre sábado das 9 às 12", "quais os próximos feriados?"."""

import re
from collections.abc import Sequence
from datetime import time
from typing import Final

from ...notify.render import chat
from ..brain import Answer
from ..dates import Kind
from ..dialogue.offer import note, refused, wish_of
from ..dialogue.talk import Talk
from ..reading import rhythm
from ..reading.intents import Intent
from ..reading.stretches import listed, written_out
from ..reading.vocabulary import plain
from ..reading.wish import Said, Wish, clock
from .acts import start

BLOCK, OPEN = "block", "open"
DAY: Final = 24 * 60
_TOOLS: Final = {BLOCK: "block_time", OPEN: "open_time"}
# Days that the calendar knows by name; the tool finds which date it is.
_NAMES: Final = (
    r"(?:natal|ano novo|carnaval|finados|tiradentes|corpus christi|sexta(?: feira)? santa"
    r"|consciencia negra|proclamacao|aparecida|independencia|dia do trabalh\w+)"
)
_NAMED: Final = re.compile(rf"(?<!\S)(?:feriado|{_NAMES})(?!\S)")
# What is more than the one date, or the one stretch, that can be asked about: "sexta e o natal", "menos às 10h",
# "a semana do natal", "terça o dia todo e quarta até meio-dia".
_AND_NAMED: Final = re.compile(
    rf"(?<!\S)(?:(?:e|nem) (?:n?[oa] )?{_NAMES}|{_NAMES} (?:e|nem)|(?:semana|vespera) d[eo] {_NAMES})(?!\S)"
)
_BUT: Final = re.compile(r"(?<!\S)(?:(?<!ou )menos|exceto|tirando|salvo)(?!\S)")
# Hours of the professional's own, which nobody has told.
_LUNCH: Final = re.compile(r"(?<!\S)almoco(?!\S)")
_WHOLE: Final = re.compile(r"(?<!\S)dia (?:todo|inteiro)(?!\S)")

# What is done on a day, and that it is not: "não vou atender amanhã" is about tomorrow all the same, and so is a
# journey, on which clients have no time.
_DEED: Final = re.compile(
    r"\b(?:n[ãa]o|n|vou|irei|quero|mais|trabalh\w+|abr(?:o|ir)|atend\w+|marc\w+|agend\w+|aceit\w+|encaix\w+|viaj\w+|ningu[ée]m|nada"
    r"|clientes?|hor[áa]rios?)\b",
    re.IGNORECASE,
)
_NOR: Final = re.compile(r"\bnem\b", re.IGNORECASE)
_EVERY_DAY: Final = re.compile(r"(?<!\S)(?:todo dia|todos os dias|diariamente|sempre)(?!\S)")


async def block(talk: Talk, *, like: Sequence[int] | None = None) -> Answer:
    """Propose to close a day, or a part of it: that of another day, where no hours are said."""
    if like and talk.said.when.kind is Kind.DATE:
        start(talk, BLOCK)
        first, end = (time(minute // 60 % 24, minute % 60) for minute in like)
        since, until = f"depois das {clock(first)}", f"antes das {clock(end)}"
        between = f"entre {clock(first)} e {clock(end)}"
        note(talk, Wish(stretch=until if like[0] == 0 else since if like[1] == DAY else between))
    return await _change(talk, BLOCK)


async def open_up(talk: Talk) -> Answer:
    """Propose to open a day, or a part of it."""
    return await _change(talk, OPEN)


async def _change(talk: Talk, doing: str) -> Answer:
    if talk.memory.get("doing") != doing:
        start(talk, doing)
    if rhythm.repeats(talk.heard.text) or _EVERY_DAY.search(plain(talk.heard.text)):
        talk.forget()
        return talk.say("every_week_hint")
    if not talk.said.dated:
        talk.said = Said.read(_DEED.sub(" ", _NOR.sub("e", talk.heard.text)), talk.now)
    if question := _too_much(talk):
        return talk.ask("days", chat(question))
    if stretch := written_out(talk.heard.text) or _several(talk):
        talk.memory |= {"named": stretch, "wishes": []}
    elif named := _NAMED.search(plain(talk.heard.text)):
        talk.memory["named"] = named[0].strip()
    if not stretch:
        note(talk, *talk.said.wishes)
    wish = wish_of(talk)
    words = wish.words() if wish.has_day else " ".join(filter(None, (talk.memory.get("named"), wish.words())))
    if not wish.has_day and not talk.memory.get("named"):
        return talk.ask("days", chat("ask_block_day"))
    if doing == OPEN and wish.stretch.startswith("antes"):
        return talk.ask("days", chat("ask_open_hours"))  # "até 21h" alone is not from midnight
    data, proposal = await talk.call(_TOOLS[doing], when=words)
    if proposal is not None:
        return talk.propose(proposal)
    match data.get("error"):
        case "hours_needed":
            return talk.ask("days", str(data["message"]))
        case "day_unclear" | "too_many_days":
            talk.memory.pop("wishes", None)
            talk.memory.pop("named", None)
            return talk.ask("days", chat("ask_block_day"))
    talk.memory.clear()
    return refused(talk, data)


def _too_much(talk: Talk) -> str:
    """Return the question for a message that names what cannot be asked about at once."""
    if len(talk.said.wishes) > 1 and not listed(talk.heard.text, talk.said.when):
        return "ask_block_day"
    words = plain(talk.heard.text)
    hours = {(wish.hour, wish.part, wish.stretch) for wish in talk.said.wishes}
    within = any(map(any, hours))
    differ = len(hours) > 1 or (_WHOLE.search(words) if within else _LUNCH.search(words))
    return "ask_block_each" if differ or _BUT.search(words) or _AND_NAMED.search(words) else ""


def _several(talk: Talk) -> str:
    """Return days that are named beside each other as words for the tools."""
    days = listed(talk.heard.text, talk.said.when)
    return " e ".join(Wish.of(each).words() for each in days)


async def continued(talk: Talk) -> Answer | None:
    """Add what a message says to the days in question; None when it is about something else."""
    doing = talk.memory["doing"]
    about_days = talk.said.dated or _NAMED.search(plain(talk.heard.text))
    if talk.reading.intent in {Intent.NONE, Intent.BLOCK, Intent.OPEN} and about_days:
        other = {Intent.BLOCK: BLOCK, Intent.OPEN: OPEN}.get(talk.reading.intent, doing)
        return await _change(talk, other)
    return talk.ask_again(chat("sorry")) if talk.reading.intent is Intent.NONE else None


async def holidays(talk: Talk) -> Answer:
    """Tell the next holidays and what becomes of them."""
    data, _ = await talk.call("list_holidays")
    found = data.get("holidays") or []
    if not found:
        return refused(talk, data)
    lines = "\n".join(f"• {each['day']}: {each['name']} (agenda {each['agenda']})" for each in found)
    return talk.say("holidays", lines=lines, day=found[0]["day"].split(", ")[-1])
