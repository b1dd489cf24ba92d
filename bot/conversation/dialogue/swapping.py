"""Another service for a time that is booked: "na verdade é corte e barba", "inclui a barba no meu horário".

An appointment keeps its service for life: its length, its price and what was agreed hang on it. So it is cancelled and
the other service is proposed for the same time, each for a yes of its own.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from ...models.enums import Role
from ...notify.render import chat
from ..brain import Answer
from ..client import acts as client_acts
from ..professional import clients as professional_clients
from ..professional import reads as professional_reads
from ..reading import catalogue
from ..reading.catalogue import names
from ..reading.intents import Intent
from ..reading.people import called, people_in
from ..reading.phrasebook import SHIFT
from ..reading.vocabulary import plain
from ..reading.wish import at
from .afterwards import known
from .gathering import CANCEL
from .offer import choose_service, refused
from .picking import filtered, names_present, options_of
from .talk import Data, Talk, fitting, option, start_of

SWAP: Final = "swap"
_HINTS: Final = re.compile(
    rf"(?<!\S)(?:na verdade|em vez|ao inves|no lugar|junto|(?:no|ao) (?:meu |mesmo )horario|{SHIFT}"
    r"|inclu\w+|adicion\w+|acrescent\w+)(?!\S)"
)
# "Corte e barba em vez de corte": what it was is no wish.
_NOT_ANY_MORE: Final = re.compile(r"\b(?:em vez|ao inv[ée]s|no lugar) d[aeo]s?\b.*", re.IGNORECASE | re.DOTALL)
_TOO: Final = re.compile(r"(?<!\S)(?:junto|inclu\w+|adicion\w+|acrescent\w+)(?!\S)")
_MAY_BE: Final = frozenset({Intent.NONE, Intent.MINE, Intent.BOOK, Intent.RESCHEDULE, Intent.SERVICES, Intent.SWAP})


async def swap(talk: Talk) -> Answer | None:
    """Propose the first step towards another service for what is booked; None where a message wants nothing of it."""
    explicit = talk.reading.intent is Intent.SWAP
    hinted = explicit or _HINTS.search(plain(talk.heard.text))
    elsewhere = talk.said.dated and not (talk.said.when.spans and names_present(talk.said))  # "no de quinta" is no wish
    if not hinted or elsewhere or talk.reading.intent not in _MAY_BE:
        return None
    services = (await client_acts.info(talk)).get("services") or []
    wanted = _wanted(talk.said.rest, services)
    if not wanted and not explicit:
        return None
    found = filtered(await _booked(talk, services), talk.said.when)
    if not found or (wanted and any(each["service"] == wanted["name"] for each in found)):
        return None
    if wanted and _TOO.search(plain(talk.heard.text)):
        both = catalogue.meant(f"{found[0]['service']} e {wanted['name']}", services)
        wanted = both[0] if len(both) == 1 else wanted
    talk.memory.clear()
    talk.memory |= {"doing": SWAP, "candidates": [known(each) for each in found]}
    if wanted:
        talk.memory["service"] = {"token": wanted["token"], "name": wanted["name"]}
        return await go_on(talk)
    rows = [option("service", one["token"], one["name"], f"{one['duration']}, {one['price']}") for one in services]
    return talk.ask("service", chat("ask_other_service"), fitting(rows), label="Ver serviços")


def _wanted(text: str, services: Sequence[Data]) -> Data | None:
    found = catalogue.meant(_NOT_ANY_MORE.sub("", text), services)
    return found[0] if len(found) == 1 else None


async def _booked(talk: Talk, services: Sequence[Data]) -> list[Data]:
    if talk.asker.role is Role.CLIENT:
        return await client_acts.own(talk)
    people = people_in(talk.said.rest, besides=names(services))
    coming = await professional_reads.coming(talk) if len(people) == 1 else []
    return [each for each in coming if called(people[0], each["client"])]


async def continued(talk: Talk) -> Answer | None:
    """Take a message as the service or the appointment that was asked for; None when it is about something else."""
    if talk.asked == "service" and (wanted := _wanted(talk.said.rest, (await client_acts.info(talk))["services"])):
        talk.memory["service"] = {"token": wanted["token"], "name": wanted["name"]}
        return await go_on(talk)
    one = filtered(talk.memory.get("candidates", []), talk.said.when) if talk.said.dated else []
    if talk.asked == "appointment" and len(one) == 1:
        return await go_on(talk, one[0]["token"])
    return talk.ask_again(chat("sorry")) if talk.reading.intent is Intent.NONE else None


async def take_service(talk: Talk, token: str) -> Answer:
    """Go on with the service that was tapped."""
    choose_service(talk, token)
    return await go_on(talk)


async def go_on(talk: Talk, token: str = "") -> Answer:
    """Propose to cancel the appointment that is meant; ask which where there are several."""
    found = [each for each in talk.memory.get("candidates", []) if token in {"", each["token"]}]
    if len(found) > 1:
        rows = options_of(talk, found, whose=talk.asker.role is Role.PROFESSIONAL)
        return talk.ask("appointment", chat("which_appointment"), fitting(rows), label="Ver horários")
    if not found or not talk.memory.get("service"):
        return talk.say("old_button")
    service, appointment = talk.memory.pop("service"), found[0]
    if no_room := await _no_room(talk, service, appointment):
        talk.memory.clear()
        return talk.say("swap_no_room", old=appointment["service"], new=service["name"], reason=no_room)
    data, proposal = await talk.call("cancel_appointment", appointment=appointment["token"])
    if proposal is None:
        return refused(talk, data)
    talk.memory.clear()
    talk.memory |= {"doing": CANCEL, "appointment": appointment, SWAP: service, **await _whose(talk, appointment)}
    is_client = talk.asker.role is Role.CLIENT
    talk.preface = chat("swap_service", old=appointment["service"], new=service["name"], person=is_client)
    return talk.propose(proposal)


async def _no_room(talk: Talk, service: Data, appointment: Data) -> str:
    """Say why the other service does not fit where the appointment stands; nothing where it does."""
    when = at(start_of(talk, appointment)).words()
    given = {"when": when, "service": service["token"], "appointment": appointment["token"]}
    data, _ = await talk.call("list_free_slots", **given)
    refusal = data.get("refusal") if data["ok"] else data
    return str(refusal["message"]) if refusal else ""


async def _whose(talk: Talk, appointment: Data) -> dict[str, Any]:
    if talk.asker.role is Role.CLIENT:
        return {}
    people = await professional_clients.customers(talk, str(appointment["client"]))
    return {"client": {"token": people[0]["token"], "name": people[0]["name"]}} if len(people) == 1 else {}
