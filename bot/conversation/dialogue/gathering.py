"""Answers to an open question, the same for both sides: yes and no, "o segundo", "outro horário", "esquece"."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ...notify.render import chat
from ..brain import Answer
from ..dates import Kind
from ..reading.choosing import any_will_do, chosen
from ..reading.intents import LATER, Intent
from ..reading.stretches import dated
from ..reading.vocabulary import plain
from ..reading.wish import Said, at
from ..reading.yesno import begins_with_no, closes
from .offer import BOOK, MOVE, ask_day, later, note, offer, offered, take, wish_of
from .picking import nudged
from .talk import Talk, start_of

CANCEL, STATUS = "cancel", "status"

DOING: Final[Mapping[str, str]] = {
    "book_appointment": BOOK,
    "reschedule_appointment": MOVE,
    "cancel_appointment": CANCEL,
    "update_appointment_status": STATUS,
}
# "Cancela" in the middle of a booking takes back the booking, not an appointment.
_TAKEN_BACK: Final = re.compile(r"^(?:pode )?cancel(?:a|ar|e)(?: isso| tudo| por favor)*$")
_LEAVES: Final = re.compile(r"(?<!\S)(?:deixa|mante(?:m|nha)|fica|continua)(?!\S)")
_EXPLICIT: Final = re.compile(r"(?<!\S)(?:cancel|desmar)")
# Somebody who thinks about it has not been misunderstood.
_MOMENT: Final = re.compile(
    r"(?<!\S)(?:hu?m+|pera|perai|espera|calma|um (?:momento|momentinho|minuto|minutinho|instante|segundo)"
    r"|ja (?:volto|respondo)|(?:deixa eu|vou) (?:ver|pensar|confirmar|conferir|olhar|perguntar)|acho que sim"
    r"|talvez)(?!\S)"
)
_SWAPS: Final = re.compile(r"^ (?:(?:pode|quero|da para) )?(?:mudar?|trocar?|troque|alterar?) (?:para|por) (?!outr)")
_NUMBER: Final = re.compile(r"\W*(\d{1,2})\W*")
_RATHER: Final = re.compile(
    r"^ (?:nao (?:, )?)?(?:melhor|prefiro|digo|pode ser|quero|(?:muda|troca|passa|bota|coloca) para)"
    r"(?: [ao]s?)? (\d{1,2}) $"
)
_OTHER_DAY: Final = re.compile(r"outr[oa]s? (?:dia|data)")


def picked_option(talk: Talk) -> str | None:
    """Return the payload of the option that was chosen by its place in the list."""
    options = [option_id for option_id, *_ in talk.memory.get("options", []) if not option_id.startswith("do:")]
    return chosen(talk.heard.text, options, alike=talk.asked == "slot") or _hour_alone(talk)


def _hour_alone(talk: Talk) -> str | None:
    """Read a number that is of no option as the hour of the one time on offer that it can be: "9" beside seven."""
    found = re.fullmatch(r"\W*(\d{1,2})\W*", talk.heard.text) if talk.asked == "slot" else None
    hours = {int(found[1]), int(found[1]) + 12} if found else frozenset[int]()
    times = [(slot, start_of(talk, slot)) for slot in offered(talk)]
    same = [slot["token"] for slot, local in times if local.hour in hours and not local.minute]
    return f"slot:{same[0]}" if len(same) == 1 else None


def taken_back(talk: Talk) -> bool:
    """Tell whether what is going on should simply end."""
    if talk.reading.intent in {Intent.DROP, Intent.KEEP, Intent.UNDO} or _stays(talk):
        return True
    words = plain(talk.heard.text)
    later = bool(LATER.search(words)) and not talk.said.dated
    return talk.memory.get("doing") in {BOOK, MOVE} and (later or bool(_TAKEN_BACK.match(words.strip())))


def _stays(talk: Talk) -> bool:
    """Tell whether an appointment that is being moved shall stay on its day: "não, deixa terça mesmo"."""
    appointment, when = talk.memory.get("appointment") or {}, talk.said.when
    if talk.memory.get("doing") != MOVE or not appointment.get("start") or when.kind is not Kind.DATE:
        return False
    return start_of(talk, appointment).date() == when.day and bool(_LEAVES.search(plain(talk.heard.text)))


def drop(talk: Talk) -> Answer:
    """End what is going on, and what waits for a yes with it."""
    words = "declined" if talk.memory.get("doing") == BOOK or talk.asked == "want" else "kept"
    talk.forget()
    return talk.say(words)


async def decided(talk: Talk, decision: bool | None) -> Answer:
    """A yes or a no to a question that is not about a proposal: the turn itself answers those."""
    on_the_table = offered(talk)
    match talk.asked, decision:
        case "slot", True | None if len(on_the_table) == 1:
            return await take(talk, on_the_table[0])
        case "slot", False:
            talk.memory.pop("wishes", None)
            return ask_day(talk)
        case _, False:
            return drop(talk)
    return talk.ask_again(chat("no_hurry") if _MOMENT.search(plain(talk.heard.text)) else "")


def rounds_off(talk: Talk) -> bool:
    """Tell whether a message wants nothing, where nothing waits for an answer: "blz", "depois eu marco"."""
    later = LATER.search(plain(talk.heard.text)) and not talk.said.dated
    return not talk.pending and (closes(talk.heard.text) or bool(later))


def another_matter(talk: Talk) -> bool:
    """Tell whether a message turns away from the booking or move that is going on."""
    intent, doing = talk.reading.intent, talk.memory.get("doing")
    if intent is Intent.CANCEL:
        return bool(_EXPLICIT.search(plain(talk.heard.text)))
    elsewhere = Intent.RESCHEDULE if doing == BOOK else Intent.BOOK
    return intent is elsewhere and not talk.said.dated and not swaps(talk)


def swaps(talk: Talk) -> bool:
    """Tell whether a booking that is going on is to be of something else: "muda pra barba"."""
    return talk.memory.get("doing") == BOOK and bool(_SWAPS.match(plain(talk.heard.text)))


def hear_hour(talk: Talk) -> None:
    """Read "melhor 11" as an hour where a time is in question, and a number beyond a list of services, too."""
    number = _NUMBER.fullmatch(talk.heard.text) if talk.asked == "service" else None
    if number and len(talk.memory.get("options", [])) < int(number[1]) < 24:
        talk.said = Said.read(f"às {number[1]}", talk.now)
    if not talk.said.dated and (found := _RATHER.match(plain(talk.heard.text))):
        talk.said = Said.read(f"às {found[1]}", talk.now)


def hear_days(talk: Talk) -> None:
    """Read "de segunda a quarta" as the next of these days where free times are asked for."""
    asks = talk.reading.intent in {Intent.BOOK, Intent.MORE, Intent.NONE} and talk.memory.get("doing") in {None, BOOK}
    if asks and (said := Said.read(dated(talk.heard.text, talk.now), talk.now)).when.kind is Kind.SPAN:
        talk.said = said


async def other_times(talk: Talk) -> Answer:
    """Show what else is free: later or earlier than the time in question, on another day, or further on."""
    if not talk.memory.get("service"):
        return talk.ask_again()
    about = _in_question(talk)
    if about and (nearby := nudged(talk.said, about)):
        return await offer(talk, note(talk, nearby))
    if _OTHER_DAY.search(plain(talk.heard.text)):
        talk.memory.pop("wishes", None)
        return ask_day(talk)
    return await later(talk)


def _in_question(talk: Talk) -> datetime | None:
    """Return the time that is wanted, or the one that is to be moved; of times on offer, the first or the last."""
    wish, appointment = wish_of(talk), talk.memory.get("appointment") or {}
    if wish.day and wish.hour:
        return datetime.fromisoformat(f"{wish.day}T{wish.hour}").replace(tzinfo=talk.asker.zone)
    if wish.empty and appointment.get("start"):
        return start_of(talk, appointment)
    times = [start_of(talk, slot) for slot in offered(talk)]
    if times and times[0].date() == times[-1].date():
        return times[0] if " cedo " in plain(talk.heard.text) else times[-1]
    return None


def adds(talk: Talk) -> bool:
    """Tell whether a message says something of when: a time, or that any will do."""
    return talk.said.dated or any_will_do(talk.heard.text)


def not_understood(talk: Talk) -> Answer:
    """Say so, and put the open question again."""
    if talk.said.when.past:
        return talk.ask("day", chat("day_past"))
    return talk.say("date_not_understood") if talk.asked == "day" else sorry(talk)


def sorry(talk: Talk) -> Answer:
    """Put the open question again below an apology; a "não, ..." that nothing else is read in has answered it."""
    if talk.pending and begins_with_no(talk.heard.text):
        return drop(talk)
    return talk.ask_again(chat("no_hurry" if _MOMENT.search(plain(talk.heard.text)) else "sorry"))


def recall(talk: Talk) -> None:
    """Rebuild what led to a question that waits for a yes, where another brain has asked it."""
    doing = DOING.get(str(talk.pending.get("tool")))
    if doing is None or talk.asked == "yes":
        return
    arguments = talk.pending.get("arguments") or {}
    talk.memory.clear()
    talk.memory |= {"doing": doing, "asked": "yes"}
    if action := arguments.get("action"):
        talk.memory["action"] = action
    tokens = {str(kept.get("id")): token for token, kept in talk.known_tokens.items() if isinstance(kept, Mapping)}
    if start := arguments.get("start"):
        talk.memory["wishes"] = [at(datetime.fromisoformat(start).astimezone(talk.asker.zone)).dump()]
    if service := tokens.get(str(arguments.get("service_id"))):
        talk.memory["service"] = {"token": service, "name": ""}
    if client := tokens.get(str(arguments.get("client_id"))):
        talk.memory["client"] = {"token": client, "name": ""}
    if appointment := tokens.get(str(arguments.get("appointment_id"))):
        talk.memory["appointment"] = {"token": appointment, "start": start or talk.now.isoformat()}
