"""What a professional asks: the day, who is next, what waits for a decision, the money, a client, free times."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from .. import phrases
from ..models.enums import STANDING, Payment, Status
from ..notify.render import chat
from . import client_acts
from .brain import Answer
from .catalogue import names
from .dates import Kind, read
from .intents import Intent, phone_in
from .offer import refused
from .people import called, people_in
from .phrasebook import A_DAY, DAY
from .picking import WORDS, filtered, lines_of, options_of
from .talk import Data, Talk, fitting, option, start_of
from .vocabulary import plain
from .wish import PART_WORDS, Wish, fits

# A period that was named and not understood is asked for; where none was named, it is this month.
PERIOD_WORDS: Final = 6
_PERIOD: Final = re.compile(rf"\d|(?<!\S)(?:dias?|semanas?|mes|meses|anos?|quinzena|\w+mestre|{DAY})(?!\S)")
# "Minha sexta" and "agenda da semana" are those that come.
_OWN: Final = re.compile(r" (?:minha|d[ao]|n?a) (?=semana|segunda|terca|quarta|quinta|sexta|sabado|domingo)")
# What is looked through for something that waits: two weeks, a call a day.
AHEAD: Final = 14
# A week is the longest stretch of agenda that is read out in one message.
WEEK: Final = 7
# Free times are shown by the page; three of them are a day and more.
PAGES: Final = 3


async def agenda(talk: Talk) -> Answer:
    """Tell the agenda of a day, or of each day of a week that has something."""
    if talk.asked:
        # "E amanhã?" is about the same, and not the answer to the question that is open.
        talk.memory["told"] = Intent.AGENDA.value
    days = _days(talk)
    if not days:
        return talk.say("date_not_understood")
    if len(days) > 1:
        return await _agenda_of(talk, days)
    data, _ = await talk.call("get_appointments_today", when=days[0])
    if not data["ok"]:
        return refused(talk, data)
    if part := talk.said.when.part:
        found = [each for each in data["appointments"] if fits(talk.said.when, start_of(talk, each))]
        data = {**data, "appointments": found, "day": f"{data['day']}, {PART_WORDS[part]}"}
    return talk.text(_day_words(data) or chat("agenda_empty", day=data["day"]))


async def _agenda_of(talk: Talk, days: Sequence[str]) -> Answer:
    found = [await day_of(talk, each) for each in days]
    words = [text for data in found if data and (text := _day_words(data))]
    return talk.text("\n\n".join(words)[:3900] or chat("agenda_empty", day=talk.said.when.text))


def _day_words(data: Data) -> str:
    if not data["appointments"]:
        return ""
    lines = "\n".join(_line(each) for each in data["appointments"])
    count = phrases.plural(len(data["appointments"]), "horário", "horários")
    return chat("agenda", day=data["day"], lines=lines, count=count)


def _line(each: Data) -> str:
    notes = [WORDS.get(each["status"], "")] if each["status"] != Status.CONFIRMED else []
    notes += ["pago"] if each["payment"] == "paid" else []
    said = f"\n   “{each['note']}”" if each.get("note") else ""
    return f"• {each['hour']} {each['client']}, {each['service']}" + (f" ({', '.join(notes)})" if notes else "") + said


def _days(talk: Talk) -> list[str]:
    when = talk.said.when
    if not talk.said.dated:
        when = read(_OWN.sub(" esta ", plain(talk.heard.text)), talk.now)
    if days := dict.fromkeys(each.day for each in when.alternatives if each.day and not each.time_only):
        return [words_of(day) for day in days]
    if when.kind is Kind.SPAN and when.start and when.end:
        first = max(when.start.date(), talk.now.date())
        count = min((when.end.date() - first).days, WEEK)
        return [words_of(first + timedelta(days=each)) for each in range(count)]
    if when.day and not when.time_only:
        return [words_of(when.day)]
    if " ontem " in plain(talk.heard.text):
        return ["ontem"]
    # A day that was named and not understood must not become today.
    return [] if A_DAY.search(plain(talk.heard.text).replace(" hoje ", " ")) else ["hoje"]


def words_of(day: date) -> str:
    """Return a day as words for the tools."""
    return Wish(day=day.isoformat()).words()


async def day_of(talk: Talk, words: str) -> Data | None:
    """Return the agenda of a day, or None where there is none to be had."""
    data, _ = await talk.call("get_appointments_today", when=words)
    return data if data["ok"] else None


async def coming(talk: Talk) -> list[Data]:
    """Return what stands from now on, of the next two weeks."""
    found: list[Data] = []
    for ahead in range(AHEAD):
        data = await day_of(talk, words_of(talk.now.date() + timedelta(days=ahead)))
        found += data["appointments"] if data else []
    return [each for each in found if start_of(talk, each) > talk.now and each["status"] in STANDING]


async def upcoming(talk: Talk) -> Answer:
    """Tell who is next today."""
    data = await day_of(talk, "hoje")
    for each in data["appointments"] if data else ():
        if start_of(talk, each) > talk.now and each["status"] in STANDING:
            return talk.say("next_client", client=each["client"], service=each["service"], hour=each["hour"])
    return talk.say("nobody_next")


async def waiting(talk: Talk) -> Answer:
    """List the requests that wait for a decision; a tap decides."""
    found = [each for each in await coming(talk) if each["status"] == Status.PENDING_CONFIRMATION]
    talk.memory.clear()
    if not found:
        return talk.say("nothing_waits")
    talk.memory |= {"doing": "status", "action": "confirm"}
    return ask_which(talk, chat("waiting_requests"), found)


def ask_which(talk: Talk, words: str, found: Sequence[Data]) -> Answer:
    """Ask which of several appointments is meant."""
    shown = found[:9]
    kept = ("token", "start", "service", "client", "status", "series")
    talk.memory["candidates"] = [{name: each.get(name) for name in kept} for each in shown]
    return talk.ask("appointment", words, options_of(talk, shown, whose=True), label="Ver horários")


async def unpaid(talk: Talk) -> Answer:
    """Tell who of the last days has not paid."""
    lines: list[str] = []
    for back in range(WEEK):
        data = await day_of(talk, words_of(talk.now.date() - timedelta(days=back))) or {"appointments": ()}
        lines += [
            f"• {phrases.moment(start_of(talk, each))}: {each['client']}, {each['service']} ({each['price']})"
            for each in data["appointments"]
            if each["payment"] != Payment.PAID and each["status"] in _OWED and start_of(talk, each) <= talk.now
        ]
    return talk.say("unpaid", lines="\n".join(lines))


_OWED: Final = frozenset({Status.CONFIRMED, Status.COMPLETED})


async def revenue(talk: Talk) -> Answer:
    """Tell what came in over a period, and before it."""
    data, _ = await talk.call("get_revenue_summary", period=talk.heard.text[:300])
    if not data["ok"] and not mentions_period(talk.heard.text):
        data, _ = await talk.call("get_revenue_summary", period="este mês")
    if not data["ok"]:
        return refused(talk, data)
    if not talk.asked:
        # "E mês passado?" is about the same.
        talk.memory["told"] = Intent.REVENUE.value
    return talk.say(
        "revenue",
        period=data["period"],
        total=phrases.money(_cents(data["received"]) + _cents(data["expected"])),
        paid=data["received"],
        count=phrases.plural(data["appointments"], "atendimento", "atendimentos"),
        previous_total=data["previous"]["received"],
        previous_period=data["previous"]["label"],
    )


def names_period(talk: Talk) -> bool:
    """Tell whether a message is little more than a period: "e mês passado?"."""
    words = plain(talk.heard.text).split()
    return len(words) <= PERIOD_WORDS and bool(_PERIOD.search(" ".join(words)))


def mentions_period(text: str) -> bool:
    """Tell whether a text names a period, understood or not."""
    return bool(_PERIOD.search(plain(text)))


def _cents(money: str) -> int:
    return int("".join(sign for sign in money if sign.isdigit()) or "0")


async def customer(talk: Talk) -> Answer:
    """Show the card of a client, found by phone or name."""
    query = phone_in(talk.heard.text) or next(iter(people_in(talk.said.rest)), "")
    if not query:
        return talk.ask("card", chat("ask_whose_card"))
    found = await customers(talk, query)
    if not found:
        return talk.say("client_unknown", name=query)
    if len(found) > 1:
        talk.memory.clear()
        talk.memory["doing"] = "card"
        return ask_who(talk, query, found)
    return card(talk, found[0])


async def visits(talk: Talk) -> Answer:
    """Tell when a client comes next: "que horas é o João?"."""
    services = names((await client_acts.info(talk)).get("services") or [])
    query = phone_in(talk.heard.text) or next(iter(people_in(talk.said.rest, besides=services)), "")
    found = await customers(talk, query) if query else []
    if len(found) != 1:
        return await customer(talk)
    data, _ = await talk.call("find_appointments", client=found[0]["token"])
    ahead = data.get("coming") or []
    return talk.say("client_visits", client=found[0]["name"], lines=lines_of(filtered(ahead, talk.said.when) or ahead))


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
    return talk.say(
        "client_card",
        name=each["name"],
        phone=each.get("phone") or "",
        visits=each.get("visits", 0),
        last_visit=each.get("last") or "",
        next_visit=each.get("next") or "",
        notes_count=each.get("notes") or 0,
    )


async def free_times(talk: Talk) -> Answer:
    """Tell the free times of a day, for the shortest service: what is free for it is free at all."""
    data = await client_acts.info(talk)
    services = sorted(data.get("services") or [], key=lambda one: one.get("minutes") or 0)
    shortest = services[0]["token"] if services else ""
    words = Wish.of(talk.said.when).words() if talk.said.dated and talk.said.wishes else ""
    slots: list[Data] = []
    for _ in range(PAGES):
        after = {"after": slots[-1]["token"]} if slots else {}
        data, _ = await talk.call("list_free_slots", when=words, service=shortest, **after)
        if not data["ok"]:
            return refused(talk, data)
        slots += data["slots"]
        if not data.get("more") or not data["slots"]:
            break
    if not slots:
        return talk.say("no_free_times", day_phrase=data["day_phrase"])
    lines = _by_day(slots)
    return talk.say("free_times", service=data["service"]["name"], lines=lines, more=bool(data.get("more")))


def _by_day(slots: Sequence[Data]) -> str:
    return "\n".join(
        f"• {phrases.day(datetime.fromisoformat(day).date())}: {', '.join(slot['hour'] for slot in group)}"
        for day, group in groupby(slots, key=lambda slot: str(slot["day"]))
    )
