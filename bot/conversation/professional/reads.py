"""What a professional asks: the day, who is next, what waits for a decision, who owes, free times."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from ... import phrases
from ...models.enums import STANDING, Payment, Status
from ...notify.render import chat
from ..brain import Answer
from ..client import acts as client_acts
from ..dates import Kind, Part, Period, read, read_periods
from ..dialogue.offer import refused
from ..dialogue.picking import WORDS, options_of
from ..dialogue.talk import Data, Talk, start_of
from ..reading.catalogue import names
from ..reading.intents import Intent
from ..reading.people import called, people_in
from ..reading.phrasebook import A_DAY
from ..reading.vocabulary import plain
from ..reading.wish import PART_WORDS, Wish, fits

# "Minha sexta" and "agenda da semana" are those that come.
_OWN: Final = re.compile(r" (?:minha|d[ao]|n?a) (?=semana|segunda|terca|quarta|quinta|sexta|sabado|domingo)")
# What is looked through for something that waits: two weeks.
AHEAD: Final = timedelta(days=13)
# A week is the longest stretch of agenda that is read out in one message, and what may be unpaid is of the last one.
WEEK: Final = timedelta(days=6)
# Who is asked about by name: what they had in a month.
LATELY: Final = timedelta(days=30)
# Of those who have not paid: what fits one message, whatever the names are.
OWED_SHOWN: Final = 30
# Of an agenda, what fits one message beside what else is said in it.
LONGEST: Final = 3900
_MISSED: Final = re.compile(r"(?<!\S)quem (?:\w+ ){0,2}(?:falt|fur)(?:ou|aram)(?!\S)")
# Free times are shown by the page; three of them are a day and more.
PAGES: Final = 3
# Of several days: what fits one message.
DAYS: Final = 4


async def agenda(talk: Talk) -> Answer:
    """Tell the agenda of a day, or of each day of several that has something."""
    if talk.asked:
        # "E amanhã?" is about the same, and not the answer to the question that is open.
        talk.memory["told"] = Intent.AGENDA.value
    periods = read_periods(talk.heard.text, talk.now) if _MISSED.search(plain(talk.heard.text)) else []
    if any(one.end - one.start > timedelta(days=1) for one in periods):
        return await _missed(talk, periods)  # of one day its agenda says who
    asked = _asked(talk)
    if not asked:
        return talk.say("date_not_understood")
    named = talk.said.when.alternatives or (talk.said.when,)
    parts = {words_of(when.day, when.day) if when.day else "": when.part for when in named}
    part = named[0].part if len(set(parts.values())) == 1 else None
    told: list[str] = []
    empty: list[str] = []
    for each in asked:
        data, _ = await talk.call("get_appointments_today", when=each)
        if not data["ok"]:
            return refused(talk, data)
        found = data["appointments"]
        if any(parts.values()):
            found = [one for one in found if any(fits(when, start_of(talk, one)) for when in named)]
        for day, group in groupby(found, key=lambda one: start_of(talk, one).date()):
            words = _of_part(phrases.day(day, talk.now.date(), relative=True), parts.get(words_of(day, day), part))
            told.append(_day_words(words, list(group)))
        if not found:
            empty.append(_of_part(data["day"], None if part else parts.get(each)))
    nothing = chat("agenda_empty", day=_of_part(phrases.listing(empty), part)) if empty else ""
    # What is named and has nothing is said last: cut off it would be missing.
    return talk.text("\n\n".join(filter(None, ["\n\n".join(told)[:LONGEST], nothing])))


def _of_part(day: str, part: Part | None) -> str:
    return f"{day}, {PART_WORDS[part]}" if part else day


def _day_words(day: str, found: Sequence[Data]) -> str:
    lines = "\n".join(_line(each) for each in found)
    return chat("agenda", day=day, lines=lines, count=phrases.plural(len(found), "horário", "horários"))


def _line(each: Data) -> str:
    notes = [WORDS.get(each["status"], "")] if each["status"] != Status.CONFIRMED else []
    notes += ["pago"] if each["payment"] == "paid" else []
    said = f"\n   “{each['note']}”" if each.get("note") else ""
    return f"• {each['hour']} {each['client']}, {each['service']}" + (f" ({', '.join(notes)})" if notes else "") + said


def _asked(talk: Talk) -> list[str]:
    """Return the days that are asked for as words for the tool, those in a row as one."""
    when = talk.said.when
    if not talk.said.dated:
        when = read(_OWN.sub(" esta ", plain(talk.heard.text)), talk.now)
    if days := dict.fromkeys(each.day for each in when.alternatives if each.day and not each.time_only):
        return [words_of(day, day) for day in days]
    if when.kind is Kind.SPAN and when.start and when.end:
        first = max(when.start.date(), talk.now.date())
        return [words_of(first, min((when.end - timedelta.resolution).date(), first + WEEK))]
    if when.day and not when.time_only:
        return [words_of(when.day, when.day)]
    if " ontem " in plain(talk.heard.text):
        return ["ontem"]
    # A day that was named and not understood must not become today.
    return [] if A_DAY.search(plain(talk.heard.text).replace(" hoje ", " ")) else ["hoje"]


def words_of(first: date, last: date) -> str:
    """Return a day, or the days from one to another, as words for the tools."""
    return f"{first:%d/%m/%Y}" if first == last else f"de {first:%d/%m/%Y} a {last:%d/%m/%Y}"


async def appointments(talk: Talk, first: date, last: date) -> list[Data]:
    """Return what the agenda has from one day to another, in order."""
    data, _ = await talk.call("get_appointments_today", when=words_of(first, last))
    return list(data["appointments"]) if data["ok"] else []


async def coming(talk: Talk, ahead: timedelta = AHEAD) -> list[Data]:
    """Return what stands from now on, of today and so many days more."""
    found = await appointments(talk, talk.now.date(), talk.now.date() + ahead)
    return [each for each in found if start_of(talk, each) > talk.now and each["status"] in STANDING]


async def upcoming(talk: Talk) -> Answer:
    """Tell who is next today."""
    found = await coming(talk, timedelta())
    if not found:
        return talk.say("nobody_next")
    first = found[0]
    return talk.say("next_client", client=first["client"], service=first["service"], hour=first["hour"])


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
    kept = ("token", "start", "service", "client", "status", "series", "price")
    talk.memory["candidates"] = [{name: each.get(name) for name in kept} for each in shown]
    return talk.ask("appointment", words, options_of(talk, shown, whose=True), label="Ver horários")


async def _missed(talk: Talk, periods: Sequence[Period]) -> Answer:
    """Tell who did not come in one period or in several."""
    found = [each for one in periods for each in await appointments(talk, one.start, one.end - timedelta(days=1))]
    lines = [
        f"• {phrases.moment(start_of(talk, each))}: {each['client']}, {each['service']}"
        for each in found
        if each["status"] == Status.NO_SHOW
    ]
    period = phrases.listing([one.label for one in periods])
    return talk.say("missed", period=period, lines=phrases.cut(lines, OWED_SHOWN, "falta", "faltas"))


async def unpaid(talk: Talk) -> Answer:
    """Tell who of the last days has not paid, the last first."""
    lines = [
        f"• {phrases.moment(start_of(talk, each))}: {each['client']}, {each['service']} ({each['price']})"
        for each in reversed(await appointments(talk, talk.now.date() - WEEK, talk.now.date()))
        if each["payment"] != Payment.PAID and each["status"] in _OWED and start_of(talk, each) <= talk.now
    ]
    return talk.say("unpaid", lines=phrases.cut(lines, OWED_SHOWN, "horário", "horários"))


async def whether_paid(talk: Talk) -> Answer:
    """Tell what those who are named have paid of what they had lately, the last first."""
    people = people_in(talk.said.rest, besides=names((await client_acts.info(talk)).get("services") or []))
    lines = [
        f"• {phrases.moment(start_of(talk, each))}: {each['client']}, {each['service']} ({each['price']}),"
        f" {'pago' if each['payment'] == Payment.PAID else 'sem pagamento registrado'}"
        for each in reversed(await appointments(talk, talk.now.date() - LATELY, talk.now.date()))
        if each["status"] in _OWED
        and start_of(talk, each) <= talk.now
        and any(called(name, each["client"]) for name in people)
    ]
    shown = phrases.cut(lines, OWED_SHOWN, "horário", "horários")
    return talk.say("whether_paid", lines=shown, name=phrases.listing(people))


_OWED: Final = frozenset({Status.CONFIRMED, Status.COMPLETED})


async def free_times(talk: Talk) -> Answer:
    """Tell the free times of a day, or of each of several, for the shortest service: what is free for it is free."""
    if not talk.said.dated and A_DAY.search(plain(talk.heard.text)):
        return talk.say("date_not_understood")
    data = await client_acts.info(talk)
    services = sorted(data.get("services") or [], key=lambda one: one.get("minutes") or 0)
    shortest = services[0]["token"] if services else ""
    slots: list[Data] = []
    days: list[str] = []
    more = False
    for wish in (talk.said.wishes if talk.said.dated else [])[:DAYS] or [Wish()]:
        found, data = await _free(talk, wish.words(), shortest)
        if not data["ok"]:
            return refused(talk, data)
        slots += found
        days.append(data["day_phrase"])
        more = more or bool(data.get("more"))
    if not slots:
        return talk.say("no_free_times", day_phrase=phrases.listing(days))
    return talk.say("free_times", service=data["service"]["name"], lines=_by_day(slots), more=more)


async def _free(talk: Talk, words: str, service: str) -> tuple[list[Data], Data]:
    """Return the free times of a wish, and what the last page of them says."""
    slots: list[Data] = []
    for _ in range(PAGES):
        after = {"after": slots[-1]["token"]} if slots else {}
        data, _ = await talk.call("list_free_slots", when=words, service=service, **after)
        if not data["ok"]:
            break
        slots += data["slots"]
        if not data.get("more") or not data["slots"]:
            break
    return slots, data


def _by_day(slots: Sequence[Data]) -> str:
    return "\n".join(
        f"• {phrases.day(datetime.fromisoformat(day).date())}: {', '.join(slot['hour'] for slot in group)}"
        for day, group in groupby(slots, key=lambda slot: str(slot["day"]))
    )
