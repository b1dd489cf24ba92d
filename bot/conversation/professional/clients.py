"""Whom a professional asks about: a client's card, and when they come next; of several, one below the other."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ...notify.render import chat
from ..brain import Answer
from ..client import acts as client_acts
from ..dialogue.afterwards import whose
from ..dialogue.picking import filtered, lines_of
from ..dialogue.several import joined
from ..dialogue.talk import Data, Talk, fitting, option
from ..reading.catalogue import names
from ..reading.intents import phone_in
from ..reading.people import called, people_in
from ..reading.vocabulary import plain

_MISSED: Final = re.compile(r"(?<!\S)falt\w+")
# "Telefone dele": of whom something was just done for.
_HIS: Final = re.compile(r"(?<!\S)(?:del[ea]|el[ea])(?!\S)")


async def customer(talk: Talk) -> Answer:
    """Show the card of a client, or of each of several, found by phone or name."""
    return await _cards(talk, _queries(talk, people_in(talk.said.rest)))


async def visits(talk: Talk) -> Answer:
    """Tell when a client, or each of several, comes next: "que horas é o João?"."""
    services = names((await client_acts.info(talk)).get("services") or [])
    queries = _queries(talk, people_in(talk.said.rest, besides=services))
    if len(queries) > 1:
        return await _of_each(talk, queries, _visits_words)
    found = await customers(talk, queries[0]) if queries else []
    return talk.text(await _visits_words(talk, found[0])) if len(found) == 1 else await _cards(talk, queries)


def _queries(talk: Talk, named: Sequence[str]) -> Sequence[str]:
    """Return the phone that is asked for, or else the names; "dele" is whom something was just done for."""
    if phone := phone_in(talk.heard.text):
        return [phone]
    if not named and _HIS.search(plain(talk.heard.text)) and (known := whose(talk)):
        return [known]
    return named


async def _cards(talk: Talk, queries: Sequence[str]) -> Answer:
    if not queries:
        return talk.ask("card", chat("ask_whose_card"))
    if len(queries) > 1:
        return await _of_each(talk, queries, _card_words)
    found = await customers(talk, queries[0])
    if not found:
        return talk.say("client_unknown", name=queries[0])
    if len(found) > 1:
        talk.memory.clear()
        talk.memory["doing"] = "card"
        return ask_who(talk, queries[0], found)
    return card(talk, found[0])


async def _of_each(talk: Talk, queries: Sequence[str], words: Callable[[Talk, Data], Awaitable[str]]) -> Answer:
    """Tell of everybody who is named, and who is not found; of namesakes, all."""
    told: list[str] = []
    for query in queries:
        found = await customers(talk, query)
        told += [await words(talk, each) for each in found] or [chat("client_unknown", name=query)]
    talk.memory.clear()
    return talk.text(joined(told))


async def _visits_words(talk: Talk, each: Data) -> str:
    data, _ = await talk.call("find_appointments", client=each["token"])
    ahead = data.get("coming") or []
    return chat("client_visits", client=each["name"], lines=lines_of(filtered(ahead, talk.said.when) or ahead))


async def customers(talk: Talk, query: str) -> list[Data]:
    """Return the clients that a phone or name may mean; those with exactly that name leave the others out."""
    data, _ = await talk.call("get_customer_by_phone", query=query)
    found = list(data.get("customers") or [])
    exact = [each for each in found if called(query, each["name"]) == 2]
    return exact or found


def ask_who(talk: Talk, query: str, found: Sequence[Data]) -> Answer:
    """Ask which of several clients is meant."""
    talk.memory["people"] = {each["token"]: each["name"] for each in found[:9]}
    rows = [option("client", each["token"], each["name"], each.get("phone") or "") for each in found[:9]]
    return talk.ask("client", chat("which_client", name=query), fitting(rows), label="Ver clientes")


def card(talk: Talk, each: Data) -> Answer:
    """Show what is known of a client."""
    talk.memory.clear()
    return talk.text(_card(talk, each))


async def _card_words(talk: Talk, each: Data) -> str:
    return _card(talk, each)


def _card(talk: Talk, each: Data) -> str:
    missed = each.get("no_shows", 0)
    return chat(
        "client_card",
        name=each["name"],
        phone=each.get("phone") or "",
        visits=each.get("visits", 0),
        no_shows=str(missed) if missed or _MISSED.search(plain(talk.heard.text)) else "",
        last_visit=each.get("last") or "",
        next_visit=each.get("next") or "",
        notes_count=each.get("notes") or 0,
    )
