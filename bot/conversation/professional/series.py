"""A fixed time for a client, made and changed by the professional: "marca a Júlia toda quinta às 15h"."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ...notify.render import chat
from ..brain import Answer
from ..client.acts import info, service_missing
from ..dialogue.gathering import CANCEL
from ..dialogue.offer import refused, service_words, whom
from ..dialogue.repeating import target_in
from ..dialogue.talk import Data, Talk
from ..reading.catalogue import meant, names
from ..reading.intents import Intent, phone_in
from ..reading.people import people_in
from ..reading.phrasebook import WEEKDAY
from ..reading.rhythm import REST, Rhythm, read_rhythm
from ..reading.vocabulary import plain
from .acts import client_missing, picked, start
from .clients import customers
from .reads import ask_which

SERIES: Final = "series"
_WEEKDAY: Final = re.compile(rf"(?<!\S)(?:{WEEKDAY})(?!\S)")


async def book(talk: Talk) -> Answer:
    """Gather client, service and rhythm; propose the series."""
    if talk.memory.get("doing") != SERIES:
        start(talk, SERIES)
        # Whoever's plan has no series should hear so before any question.
        data, _ = await talk.call("book_series", rhythm=talk.heard.text[:300])
        if data.get("error") == "not_in_plan":
            talk.memory.clear()
            return refused(talk, data)
    said, rest = read_rhythm(talk.heard.text[:300], talk.now)
    rhythm = Rhythm.load(talk.memory.get("rhythm") or {}).then(said)
    talk.memory["rhythm"] = rhythm.dump()
    services = (await info(talk)).get("services") or []
    people = people_in(rest, besides=names(services))
    for name in people:
        rest = rest.replace(name, " ")
    if len(found := meant(rest, services)) == 1:
        talk.memory["service"] = {"token": found[0]["token"], "name": found[0]["name"]}
    if "client" not in talk.memory and (missing := await client_missing(talk, people)):
        return missing
    if missing := await service_missing(talk, rest, chat("ask_service_for", client=talk.memory["client"]["name"])):
        return missing
    return await _propose(talk, rhythm)


async def _propose(talk: Talk, rhythm: Rhythm) -> Answer:
    if rhythm.day is None or rhythm.frequency is None:
        return talk.ask("rhythm", chat("ask_rhythm"))
    if rhythm.at is None:
        return talk.ask("rhythm", chat("ask_rhythm_hour", client=talk.memory["client"]["name"]))
    data, proposal = await talk.call(
        "book_series", rhythm=rhythm.words(), service=service_words(talk), **whom(talk.memory["client"])
    )
    if proposal is not None:
        return talk.propose(proposal)
    if data.get("error") in {"client_unknown", "client_ambiguous", "token_unknown", "not_in_plan"}:
        return refused(talk, data)
    return talk.ask("rhythm", f"{data.get('message') or chat('trouble')} {chat('ask_rhythm')}")


async def corrected(talk: Talk) -> Answer | None:
    """Add what a message says to the series that is being made; None when it is about something else."""
    if talk.reading.intent not in {Intent.NONE, Intent.SERIES, Intent.BOOK, Intent.SERVICES, Intent.MORE}:
        return None
    said, _ = read_rhythm(talk.heard.text[:300], talk.now)
    if said == Rhythm() and talk.asked not in {"client", "service"}:
        return talk.ask_again(chat("sorry"))
    return await book(talk)


async def change(talk: Talk, doing: str) -> Answer:
    """Cancel or move what comes back: "muda as quintas da Júlia para sexta às 10h"."""
    if talk.memory.get("doing") != doing or not talk.memory.get("every"):
        start(talk, doing)
        text = talk.heard.text[:300]
        talk.memory |= {"every": True, "scope": REST}
        if doing != CANCEL and (to := target_in(talk)):
            talk.memory["to"] = to
            text = text.replace(to, " ")
        said, rest = read_rhythm(text, talk.now)
        # Of "as terças e quintas", which is meant is asked where there are both.
        if said.day is not None and len({*_WEEKDAY.findall(plain(text))}) < 2:
            talk.memory["weekday"] = said.day.weekday()
    else:
        rest = talk.said.rest
    query = phone_in(talk.heard.text) or next(iter(people_in(rest)), "")
    if not query:
        return talk.ask("whom", chat("ask_client"))
    people = await customers(talk, query)
    if not people:
        return talk.ask("whom", chat("client_unknown", name=query))
    found = [each for person in people[:3] for each in await _fixed(talk, person)]
    if not found:
        talk.memory.clear()
        return talk.say("no_series", name=query)
    if len(found) > 1:
        return ask_which(talk, chat("which_appointment"), found)
    return await picked(talk, found[0])


async def _fixed(talk: Talk, person: Data) -> Sequence[Data]:
    """Return the next appointment of each series of a client, of the weekday that was said."""
    data, _ = await talk.call("find_appointments", client=person["token"])
    weekday = talk.memory.get("weekday")
    first: dict[str, Data] = {}
    for each in data.get("coming") or []:
        start_at = datetime.fromisoformat(each["start"])
        if each["series"] and weekday in {None, start_at.weekday()}:
            first.setdefault(each["series"], each)
    return list(first.values())
