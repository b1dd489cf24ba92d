"""What a professional decides: booking for a client, moving, cancelling, and the moves of the life cycle."""

import re
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Final

from ... import phrases
from ...notify.render import chat
from ...whatsapp.phones import international
from ..brain import Answer
from ..client.acts import info, service_missing
from ..dates import Kind, read
from ..dialogue.afterwards import known
from ..dialogue.gathering import CANCEL, STATUS, drop
from ..dialogue.offer import BOOK, MOVE, note, offer, refused, take
from ..dialogue.picking import move_in, of_service, on_its_day, shift_in
from ..dialogue.repeating import is_rest, move_rest, scope_missing
from ..dialogue.talk import Data, Talk, do, start_of
from ..dialogue.usual import take_usual
from ..reading.amounts import amounts_in
from ..reading.catalogue import meant, names
from ..reading.intents import Intent, phone_in
from ..reading.people import called, in_a_row, people_in
from ..reading.rhythm import scope_in
from ..reading.stretches import listed
from ..reading.vocabulary import plain
from ..reading.wish import Said
from ..reading.yesno import begins_with_no
from .clients import ask_who, customer, customers
from .finding import CHARGE, at_times, candidates, hour_said, of_people
from .reads import ask_which, whether_paid

ACTIONS: Final[Mapping[Intent, str]] = {
    Intent.CONFIRM: "confirm",
    Intent.REJECT: "reject",
    Intent.COMPLETE: "complete",
    Intent.NO_SHOW: "no_show",
    Intent.PAID: "paid",
    Intent.CHARGE: CHARGE,
}
# "Luiza pagou, Carlos não".
_NOR_THEY: Final = re.compile(r"(?:,|(?<!\w)(?:e|mas))\s+(?:[ao]\s+)?\w+\s+(?:ainda\s+)?n[ãa]o\s*[.!]*$", re.IGNORECASE)
SAID_NEW: Final = re.compile(
    r"(?<!\S)(?:(?:cliente|paciente|alun[oa]) nov[oa]|nov[oa] (?:cliente|paciente|alun[oa]))(?!\S)"
)
NEW_CLIENT: Final = (do("new", "É cliente novo"), do("drop", "Deixa pra lá"))


async def book(talk: Talk) -> Answer:
    """Gather client, service and time; offer what is free."""
    if talk.memory.get("doing") != BOOK:
        start(talk, BOOK)
    wishes = note(talk, *talk.said.wishes)
    if len(wishes) > 1 and listed(talk.heard.text, talk.said.when):
        talk.preface = chat("one_at_a_time")
    services = (await info(talk)).get("services") or []
    people = people_in(talk.said.rest, besides=names(services))
    text = talk.said.rest
    for name in people:
        text = text.replace(name, " ")
    found = meant(text, services)
    each_their_own = len(people) > 1 and any(" e " in one["name"] for one in found)  # "Júlia corte e Carlos barba"
    if len(found) == 1 and not each_their_own:
        # Known before it is asked for: the question about the client may come first.
        talk.memory["service"] = {"token": found[0]["token"], "name": found[0]["name"]}
    if "client" not in talk.memory and (missing := await client_missing(talk, people)):
        return missing
    wishes = await take_usual(talk)
    question = chat("ask_service_for", client=talk.memory["client"]["name"])
    if missing := await service_missing(talk, text, question):
        return missing
    if slot := talk.memory.pop("slot", None):
        return await take(talk, slot)
    return await offer(talk, wishes)


async def client_missing(talk: Talk, people: Sequence[str]) -> Answer | None:
    """Find out who the client is; the question, when that is not clear."""
    phone, name = phone_in(talk.heard.text), people[0] if len(people) == 1 else ""
    if not (query := phone or name):
        first = chat("ask_first_client", names=phrases.listing(people, "ou")) if people else chat("ask_client")
        return talk.ask("client", first)
    found = await customers(talk, query)
    if len(found) == 1:
        talk.memory["client"] = {"token": found[0]["token"], "name": found[0]["name"]}
        return None
    if found:
        return ask_who(talk, query, found)
    return _unknown(talk, name or talk.memory.get("new_name", ""), phone)


def _unknown(talk: Talk, name: str, phone: str) -> Answer | None:
    """Ask whether somebody is new, and for what is missing of their name and phone; None once they may be entered."""
    asked_for = bool(talk.memory.get("new_phone")) and not phone
    talk.memory["new_name"] = name
    if phone and international(phone) is None:
        return talk.ask("client", chat("phone_without_area", phone=phone))
    phone = talk.memory["new_phone"] = phone or talk.memory.get("new_phone", "")
    if not name:
        return talk.ask("client", chat("ask_new_name", phone=phone))
    if asked_for or SAID_NEW.search(plain(talk.heard.text)):
        take_new_client(talk)
        return None
    words = chat("client_new", name=name, phone=phone) if phone else chat("client_unknown", name=name)
    return talk.ask("client", words, NEW_CLIENT)


async def names_another(talk: Talk) -> bool:
    """Tell whether a message is about somebody else than the booking or move that is going on."""
    for_whom = talk.memory.get("client") or {"name": (talk.memory.get("appointment") or {}).get("client", "")}
    if not for_whom["name"] or not people_in(talk.said.rest):
        return False
    people = people_in(talk.said.rest, besides=names((await info(talk)).get("services") or []))
    others = [name for name in people if not called(name, for_whom["name"])]
    return bool(others) and (others == people or any(in_a_row(name, talk.said.rest) for name in others))


def take_name(talk: Talk) -> None:
    """Take a message as the name or phone of the client that was asked for."""
    text = talk.heard.text.strip()
    if not people_in(talk.said.rest) and not phone_in(text):
        talk.said = Said(text, talk.said.when, text)


def take_new_client(talk: Talk) -> None:
    """Take the name that was not found as that of somebody who is not in the address book yet."""
    phone = talk.memory.pop("new_phone", "")
    talk.memory["client"] = {"name": talk.memory.pop("new_name"), "new": True, "phone": phone}


async def decide(talk: Talk, intent: Intent) -> Answer:
    """Begin to confirm, refuse, complete, note as missed or as paid."""
    if intent in {Intent.COMPLETE, Intent.NO_SHOW} and talk.heard.text.rstrip().endswith("?"):
        return await customer(talk)  # "a Ana veio?", "a Ana já faltou?"
    if intent is Intent.PAID and talk.heard.text.rstrip().endswith("?"):
        return await whether_paid(talk)
    start(talk, STATUS)
    talk.memory["action"] = ACTIONS[intent]
    return await act(talk)


async def cancel(talk: Talk) -> Answer:
    start(talk, CANCEL)
    return await act(talk)


async def move(talk: Talk) -> Answer:
    start(talk, MOVE)
    return await act(talk)


async def act(talk: Talk) -> Answer:
    """Find the appointment that is meant and go on with it."""
    moving = talk.memory["doing"] == MOVE
    wanted = move_in(talk.said, talk.now)
    when = wanted.source if moving else talk.said.when
    if moving:
        note(talk, *wanted.wishes)
        if shift_in(talk.heard.text):  # of several, the one that is picked goes as far
            talk.memory["by"] = talk.heard.text[:300]
    services = names((await info(talk)).get("services") or [])
    people, hour = people_in(_NOR_THEY.sub("", talk.said.rest), besides=services), hour_said(talk)
    if phone := phone_in(talk.heard.text):
        found = await customers(talk, phone)
        if len(found) != 1:
            return talk.ask("whom", chat("client_unknown", name=phone))
        people = [found[0]["name"]]
    told = bool(people or hour or when.kind is not Kind.NONE or when.alternatives)
    if not told and talk.memory["doing"] in {CANCEL, MOVE}:
        return talk.ask("whom", chat("ask_whom"))
    found = of_people(people, at_times(talk, await candidates(talk, people, when), when))
    found = [each for each in found if hour is None or start_of(talk, each).strftime("%H:%M") == hour]
    if not found:
        there = of_people(people, await candidates(talk, people, read("", talk.now))) if people and told else []
        return ask_which(talk, chat("not_then"), there) if there else _nobody(talk, phrases.listing(people))
    besides = talk.memory.pop("besides", None)
    if not (found := [each for each in found if each["token"] != besides]):
        return drop(talk)  # "não, a Ana veio sim": about the one that was asked about
    found = of_service(talk, found)
    each_in_turn = _in_turn(talk, people, found)
    if len(found) > 1:
        return ask_which(talk, chat("one_of_named" if each_in_turn else "which_appointment"), found)
    return await picked(talk, found[0])


def _in_turn(talk: Talk, people: Sequence[str], found: Sequence[Data]) -> bool:
    """Note those who are named, to come to each, with the amount that stands beside each; say who is not found."""
    absent = [name for name in people if not of_people([name], found) and in_a_row(name, talk.said.rest)]
    if absent and len(people) > 1:
        talk.preface = chat("client_not_there", name=phrases.listing(absent))
    if len(people) < 2 or len({each["client"] for each in found}) < 2:
        return False
    amounts = [one.value for one in amounts_in(talk.heard.text) if not one.percent]
    if " cada " in plain(talk.heard.text):
        amounts = amounts * len(people)
    each_its_own = amounts if len(amounts) == len(people) else repeat(0, len(people))
    talk.memory |= {"many": "named", "names": dict(zip(people, each_its_own, strict=True))}
    return True


async def corrected(talk: Talk) -> Answer | None:
    """Read "não, o Pedro" as the same deed for somebody else, or at another time; None where neither is named."""
    doing = talk.memory["doing"]
    if not begins_with_no(talk.heard.text) or talk.reading.intent is not Intent.NONE:
        return None
    other_time = talk.said.dated and doing in {CANCEL, STATUS}  # of a booking or a move it is where it shall go
    if not other_time and not people_in(talk.said.rest, besides=names((await info(talk)).get("services") or [])):
        return None
    if doing == BOOK:
        before = talk.memory.pop("client", None) or {}
        answer = await book(talk)
        if talk.memory.get("client") == before and " outr" in plain(talk.heard.text):
            talk.memory.pop("client")
            return talk.ask("client", chat("client_no_other", client=before["name"]))
        return answer
    talk.memory["besides"] = (talk.memory.pop("appointment", None) or {}).get("token")
    return await act(talk)


def _nobody(talk: Talk, name: str) -> Answer:
    if name:
        return talk.ask("whom", chat("client_not_there", name=name))
    if talk.memory.get("action") in {"confirm", "reject"}:
        talk.memory.clear()
        return talk.say("nothing_waits")
    return talk.ask("whom", chat("ask_whom"))


async def picked(talk: Talk, appointment: Data) -> Answer:
    """Propose the deed for the one appointment that is meant."""
    token = appointment["token"]
    talk.memory["appointment"] = known(appointment)
    talk.memory.pop("candidates", None)
    if missing := scope_missing(talk, appointment):
        return missing
    match talk.memory["doing"]:
        case "move" if is_rest(talk, appointment):
            return await move_rest(talk)
        case "move":
            talk.memory["service"] = {"name": appointment["service"]}
            return await offer(talk, on_its_day(talk, start_of(talk, appointment)))
        case "cancel":
            tool = "cancel_series" if is_rest(talk, appointment) else "cancel_appointment"
            data, proposal = await talk.call(tool, appointment=token)
        case _ if talk.memory.get("action") == CHARGE:
            data, proposal = await talk.call("request_payment", appointment=token)
        case _:
            action = talk.memory["action"]
            if action == "paid" and (differs := _named_otherwise(talk, appointment)):
                talk.preface = differs
            data, proposal = await talk.call("update_appointment_status", appointment=token, action=action)
    return talk.propose(proposal) if proposal else refused(talk, data)


def _named_otherwise(talk: Talk, appointment: Data) -> str:
    """Say that the amount that was named is not the one that was agreed on, where neither it nor a sum is."""
    said = [one for one in amounts_in(talk.heard.text) if not one.percent]
    named = [one.value for one in said] if any(one.sure for one in said) else []
    names = talk.memory.get("names") or {}
    if len(names) > 1 or not named:
        named = [cents for name, cents in names.items() if cents and called(name, appointment["client"])]
    if not named or phrases.money(sum(named)) == appointment["price"]:
        return ""
    return chat("amount_differs", named=phrases.listing([*map(phrases.money, named)]), price=appointment["price"])


def start(talk: Talk, doing: str) -> None:
    """Begin to gather something new."""
    talk.memory.clear()
    talk.memory["doing"] = doing
    if doing in {CANCEL, MOVE} and (scope := scope_in(talk.heard.text)):
        talk.memory["scope"] = scope
