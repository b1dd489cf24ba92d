"""What a client can do and ask: book, cancel, move, see one's own appointments, prices, hours, address."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ... import phrases
from ...notify.render import chat
from ..brain import Answer
from ..dialogue.afterwards import known
from ..dialogue.gathering import CANCEL
from ..dialogue.offer import BOOK, MOVE, choose_service, note, offer, refused, take
from ..dialogue.picking import filtered, given_up, lines_of, move_in, of_service, on_its_day, options_of
from ..dialogue.repeating import CHANGES, is_rest, move_rest, scope_missing
from ..dialogue.several import joined
from ..dialogue.talk import Data, Talk, do, fitting, option, start_of
from ..dialogue.usual import same_day, take_usual
from ..reading import catalogue
from ..reading.intents import Intent
from ..reading.remarks import for_several, keep
from ..reading.rhythm import scope_in
from ..reading.vocabulary import plain
from ..reading.wish import Said, Wish, at
from .several import before_another, means_several, one_change, service_stays, two_times, without_kept

# Nobody reads a longer list on a phone, and it must leave room for a question below it.
MOST_LINES = 12
BETWEEN: Final = re.compile(r"\s+e\s+(?:tamb[ée]m\s+)?|[;\n]+|,\s+", re.IGNORECASE)
# "E a barba junto": beside what was wanted, not instead of it.
_TOO: Final = re.compile(r"^ e (?!se )|(?<!\S)(?:tambem|junto|inclui|adiciona|acrescenta|coloca)(?!\S)")
PERSON = do("person", "Falar com atendente")


async def book(talk: Talk) -> Answer:
    """Gather service and time, offer what is free."""
    about = talk.memory.pop("about", None)
    if talk.memory.get("doing") != BOOK:
        _start(talk, BOOK)
    if about:  # whose price was asked just now
        talk.memory.setdefault("service", about)
    keep(talk, moving=False)
    await _one_at_a_time(talk)
    note(talk, *await same_day(talk))
    note(talk, *talk.said.wishes)
    wishes = await take_usual(talk)
    question = chat("ask_service", professional=talk.heard.professional_name)
    if missing := await service_missing(talk, talk.said.rest, question):
        return missing
    return talk.ask("day", chat("day_past")) if talk.said.when.past else await offer(talk, wishes)


async def _one_at_a_time(talk: Talk) -> None:
    """Go on with the first of several wishes that each have a service and a time: "corte segunda e barba quarta"."""
    if not two_times(talk) and before_another(talk):
        talk.preface = chat("one_at_a_time")
    parts = [part for part in BETWEEN.split(talk.heard.text) if part.strip()]
    if len(parts) < 2:
        return
    services, said = (await info(talk)).get("services") or [], [Said.read(part, talk.now) for part in parts]
    named = [catalogue.meant(each.rest, services) for each in said]
    whole = [(each, found[0]) for each, found in zip(said, named, strict=True) if each.dated and len(found) == 1]
    if len(whole) == len(parts) or len({service["name"] for _, service in whole}) > 1:
        talk.said = whole[0][0]
        talk.heard = replace(talk.heard, text=talk.said.text)
        talk.preface = chat("one_at_a_time")
    elif for_several(" ".join(talk.heard.text.split())) and sum(map(bool, named)) > 1:
        # "Corte pra mim e barba pro meu pai" is no "Corte e barba".
        talk.said = replace(talk.said, rest=next(each.rest for each, found in zip(said, named, strict=True) if found))
    elif two_times(talk):
        talk.preface = joined([talk.preface, chat("one_at_a_time")])


def unlisted(talk: Talk, services: Sequence[Data]) -> str:
    """Say which of the services that a message names are none of this professional's; nothing where all are."""
    missing = catalogue.unlisted(talk.said.rest, services)
    professional = talk.heard.professional_name
    return chat("service_unlisted", services=phrases.listing(missing), professional=professional) if missing else ""


async def service_missing(talk: Talk, text: str, question: str) -> Answer | None:
    """Find out which service a text means; when that is not clear, ask."""
    known = talk.memory.get("service")
    if known and not any(letter.isalpha() for letter in text):
        return None
    data = await info(talk)
    if not data["ok"]:
        return refused(talk, data)
    services = data["services"]
    if not services:
        return talk.say("no_services", professional=data["name"])
    talk.preface = joined([talk.preface, unlisted(talk, services)])
    both = catalogue.meant(f"{known['name']} e {text}", services) if known and _TOO.search(plain(text)) else []
    found = (both if len(both) == 1 else catalogue.meant(text, services)) or ([] if known else services)
    if len(found) == 1:
        talk.memory["service"] = {"token": found[0]["token"], "name": found[0]["name"]}
    if len(found) < 2:
        return None
    rows = [option("service", one["token"], one["name"], f"{one['duration']}, {one['price']}") for one in found]
    return talk.ask("service", question, fitting(rows), label="Ver serviços")


async def cancel(talk: Talk) -> Answer:
    """Find the appointment and propose to cancel it."""
    _start(talk, CANCEL)
    one_change(talk)
    without_kept(talk)
    await _one_at_a_time(talk)
    return await _cancelled(talk, await own(talk))


async def cancel_another(talk: Talk) -> Answer:
    """Propose to cancel another one than was asked about: "não, o outro"."""
    last = (talk.memory.get("appointment") or {}).get("token")
    found = await own(talk)
    _start(talk, CANCEL)
    return await _cancelled(talk, [each for each in found if each["token"] != last] or found)


async def _cancelled(talk: Talk, found: Sequence[Data]) -> Answer:
    if not found:
        return _nothing_booked(talk)
    when = given_up(talk.said, talk.now)
    if when.alternatives:
        talk.preface = chat("one_at_a_time")
    fitting = [each for each in found if any(filtered([each], one) for one in when.alternatives or (when,))]
    return await _picked(talk, of_service(talk, fitting or found))


async def move(talk: Talk, *, besides: str = "") -> Answer:
    """Find the appointment, another than `besides`, and where it should go."""
    _start(talk, MOVE)
    keep(talk, moving=True)
    one_change(talk)
    await _one_at_a_time(talk)
    if talk.reading.intent is Intent.CANCEL:
        return await cancel(talk)
    wanted = move_in(talk.said, talk.now)
    note(talk, *wanted.wishes)
    if not (found := [each for each in await own(talk) if each["id"] != besides]):
        return _nothing_booked(talk)
    return await _picked(talk, of_service(talk, filtered(found, wanted.source) or found))


async def settle(talk: Talk) -> Answer:
    """Take a time as the answer to "which appointment?" where one is at that time, else as the one wanted instead."""
    found = await own(talk)
    fitting = filtered(found, talk.said.when)
    if len(fitting) == 1:
        return await picked(talk, fitting[0])
    note(talk, *talk.said.wishes)
    return await _picked(talk, fitting or found)


async def _picked(talk: Talk, found: Sequence[Data]) -> Answer:
    # An answer that quotes a message about one of them is about that one.
    found = [each for each in found if each["id"] == talk.heard.state.get("about")] or found
    if len(found) == 1:
        return await picked(talk, found[0])
    if not talk.preface and means_several(talk, found):
        talk.preface = chat("one_at_a_time")
    return talk.ask("appointment", chat("which_appointment"), fitting(options_of(talk, found)), label="Ver horários")


async def picked(talk: Talk, appointment: Data) -> Answer:
    """Go on with the one appointment that is meant."""
    if missing := scope_missing(talk, appointment):
        return missing
    if talk.memory.get("doing") == MOVE:
        return await (move_rest(talk) if is_rest(talk, appointment) else _moved(talk, appointment))
    tool = "cancel_series" if is_rest(talk, appointment) else "cancel_appointment"
    data, proposal = await talk.call(tool, appointment=appointment["token"])
    talk.memory["appointment"] = known(appointment)
    return talk.propose(proposal) if proposal else refused(talk, data)


async def _moved(talk: Talk, appointment: Data) -> Answer:
    local = start_of(talk, appointment)
    talk.memory["appointment"] = known(appointment)
    talk.memory["service"] = {"name": appointment["service"]}
    if not talk.heard.payload and not talk.pending:
        services = (await info(talk)).get("services") or []
        talk.preface = joined([talk.preface, service_stays(talk, appointment, services)])
    return await offer(talk, on_its_day(talk, local))


async def instead(talk: Talk, token: str) -> Answer:
    """Move the appointment that was about to be cancelled."""
    wanted = move_in(talk.said, talk.now)
    _start(talk, MOVE)
    keep(talk, moving=True)
    note(talk, *wanted.wishes)
    return await by_token(talk, token)


async def by_id(talk: Talk, doing: str, appointment_id: str, *wishes: Wish) -> Answer:
    """Go on with the appointment that a button of a reminder, or of a refusal, was about."""
    _start(talk, doing)
    note(talk, *wishes)
    found = [each for each in await own(talk) if each["id"] == appointment_id]
    return await picked(talk, found[0]) if found else talk.say("old_button")


async def by_token(talk: Talk, token: str) -> Answer:
    """Go on with the appointment that was tapped."""
    found = [each for each in await own(talk) if each["token"] == token]
    if not found or talk.memory.get("doing") not in {CANCEL, MOVE}:
        return talk.say("old_button")
    return await picked(talk, found[0])


async def take_time(talk: Talk, slot: Data) -> Answer:
    """Go on with a time that was tapped; where it is not settled which appointment goes there, ask."""
    if talk.memory.get("doing") == MOVE and not talk.memory.get("appointment"):
        note(talk, at(start_of(talk, slot)))
        found = await own(talk)
        return await _picked(talk, found) if found else _nothing_booked(talk)
    talk.memory.setdefault("doing", BOOK)
    return await take(talk, slot)


async def take_service(talk: Talk, token: str) -> Answer:
    """Go on with a service that was tapped; while an appointment is moved or cancelled, it begins another."""
    if talk.memory.get("doing") != BOOK:
        _start(talk, BOOK)
    choose_service(talk, token)
    return await offer(talk, note(talk))


async def mine(talk: Talk) -> Answer:
    """Tell the client's own appointments."""
    found = await own(talk)
    if found and not talk.asked:
        talk.memory["told"] = Intent.MINE.value
    return talk.text(chat("my_appointments", lines=lines_of(found))) if found else _nothing_booked(talk)


async def told(talk: Talk, intent: Intent) -> str:
    """Return the answer to a question that writes nothing."""
    if intent is Intent.MINE:
        found = await own(talk)
        return chat("my_appointments", lines=lines_of(found)) if found else chat("no_appointments")
    data = await info(talk)
    name = talk.heard.professional_name
    if not data["ok"]:
        return str(data.get("message") or chat("trouble"))
    match intent:
        case Intent.PRICES | Intent.SERVICES:
            shown = (intent is Intent.PRICES and catalogue.meant(talk.said.rest, data["services"])) or data["services"]
            if not talk.asked:
                talk.memory |= {"told": Intent.PRICES.value} | ({"about": _kept(shown[0])} if len(shown) == 1 else {})
            lines = [f"• {one['name']}: {one['price']} ({one['duration']})" for one in shown[:MOST_LINES]]
            listed = chat("prices", lines="\n".join(lines)) if lines else chat("no_services", professional=name)
            return joined([unlisted(talk, data["services"]), listed])
        case Intent.HOURS:
            lines = [f"• {line}" for line in data["hours"]]
            return chat("hours", lines="\n".join(lines)) if lines else chat("ask_person", professional=name)
        case Intent.ADDRESS if data["address"]:
            return chat("address", address=data["address"])
        case Intent.ADDRESS:
            return chat("address_unknown", professional=name)
        case Intent.WHO:
            return chat("who_client", professional=name)
        case Intent.HELP:
            return chat("help_client", professional=name)
    return chat("ask_person", professional=name)


def _kept(service: Data) -> dict[str, str]:
    return {"token": service["token"], "name": service["name"]}


async def info(talk: Talk) -> Data:
    """Return what the professional tells everybody."""
    data, _ = await talk.call("get_professional_info")
    return data


async def own(talk: Talk) -> list[Data]:
    """Return the client's own coming appointments."""
    data, _ = await talk.call("my_appointments")
    return list(data.get("appointments") or [])


def _nothing_booked(talk: Talk) -> Answer:
    # What was wanted instead is what a yes to "quer marcar?" books.
    wanted = {"doing": BOOK, "wishes": wishes} if (wishes := talk.memory.get("wishes")) else {}
    talk.memory.clear()
    talk.memory |= wanted
    return talk.ask("want", chat("no_appointments"), [do("book", "Marcar horário")])


def _start(talk: Talk, doing: str) -> None:
    talk.memory.clear()
    talk.memory["doing"] = doing
    if doing in CHANGES and (scope := scope_in(talk.heard.text)):
        talk.memory["scope"] = scope
