"""What came in: over a period with the one before it, or over several, each and together."""

import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

from ... import phrases
from ...notify.render import chat
from ..brain import Answer
from ..client import acts as client_acts
from ..dates import Period, read_periods
from ..dialogue.offer import refused
from ..dialogue.talk import Data, Talk
from ..reading.catalogue import meant, names
from ..reading.intents import Intent
from ..reading.people import people_in
from ..reading.phrasebook import DAY
from ..reading.vocabulary import plain
from .clients import customers
from .reads import words_of

# A period that was named and not understood is asked for; where none was named, it is this month.
PERIOD_WORDS: Final = 6
_PERIOD: Final = re.compile(rf"\d|(?<!\S)(?:dias?|semanas?|mes|meses|anos?|quinzena|\w+mestre|{DAY})(?!\S)")
_WAY: Final = re.compile(r"(?<!\S)(?:pix|dinheiro|cartao|credito|debito)(?!\S)")
# "Compara com o mês passado": what a stretch is told with is the one before it.
_COMPARED: Final = re.compile(r"^ compar\w+ (?:\w+ ){0,3}com [oa] (mes|semana|ano) (?:passad|anterior)\w* [?!. ]*$")
_OF: Final = re.compile(r"(?<!\w)(?:com|d[aeo]s?|n[ao]s?)\s.+", re.IGNORECASE | re.DOTALL)


async def revenue(talk: Talk) -> Answer:
    """Tell what came in over a period, and before it; of several periods, over each and over all of them."""
    periods = read_periods(talk.heard.text[:300], talk.now)
    if len(periods) > 1:
        return await _over_each(talk, periods)
    data = await _of(talk, f"este {of[1]}" if (of := _COMPARED.search(plain(talk.heard.text))) else talk.heard.text)
    if not data["ok"] and not mentions_period(talk.heard.text):
        data = await _of(talk, "este mês")
    if not data["ok"]:
        return refused(talk, data)
    await _begin(talk)
    return talk.say(
        "revenue",
        period=data["period"],
        total=phrases.money(_total(data)),
        paid=data["received"],
        count=_count(data["appointments"]),
        previous_total=data["previous"]["received"],
        previous_period=data["previous"]["label"],
    )


async def _over_each(talk: Talk, periods: Sequence[Period]) -> Answer:
    """Tell what came in over each of several periods, and over all of them where no day is in two."""
    found: list[Data] = []
    for each in periods:
        data = await _of(talk, words_of(each.start, each.end - timedelta(days=1)))
        if not data["ok"]:
            return refused(talk, data)
        found.append(data)
    await _begin(talk)
    lines = [_line(each.label, data) for each, data in zip(periods, found, strict=True)]
    ordered = sorted(periods, key=lambda each: each.start)
    if all(before.end <= after.start for before, after in pairwise(ordered)):
        total, paid = sum(map(_total, found)), sum(_cents(each["received"]) for each in found)
        count = sum(each["appointments"] for each in found)
        sums = {"received": phrases.money(paid), "expected": phrases.money(total - paid), "appointments": count}
        lines.append(f"\n{_line('Ao todo', sums)}")
    return talk.say("revenue_each", lines="\n".join(lines))


def _line(label: str, data: Data) -> str:
    return chat(
        "revenue_line",
        period=label,
        total=phrases.money(_total(data)),
        paid=data["received"],
        count=_count(data["appointments"]),
    )


async def _of(talk: Talk, words: str) -> Data:
    data, _ = await talk.call("get_revenue_summary", period=words[:300])
    return data


async def _begin(talk: Talk) -> None:
    """Say that a part was asked for and the whole is told, and note that "e mês passado?" is about the same."""
    if await _of_a_part(talk):
        talk.preface = chat("revenue_whole")
    if not talk.asked:
        talk.memory["told"] = Intent.REVENUE.value


async def _of_a_part(talk: Talk) -> bool:
    """Tell whether revenue is asked of one client, service or way of paying; what is told is of all."""
    if _WAY.search(plain(talk.heard.text)):
        return True
    found = _OF.search(talk.said.rest)
    if not found:
        return False
    services = (await client_acts.info(talk)).get("services") or []
    if meant(found[0], services):
        return True
    return any([await customers(talk, name) for name in people_in(found[0], besides=names(services))])


def names_period(talk: Talk) -> bool:
    """Tell whether a message is little more than a period: "e mês passado?"."""
    words = plain(talk.heard.text).split()
    return len(words) <= PERIOD_WORDS and bool(_PERIOD.search(" ".join(words)))


def mentions_period(text: str) -> bool:
    """Tell whether a text names a period, understood or not."""
    return bool(_PERIOD.search(plain(text)))


def _total(data: Data) -> int:
    return _cents(data["received"]) + _cents(data["expected"])


def _count(appointments: int) -> str:
    return phrases.plural(appointments, "atendimento", "atendimentos")


def _cents(money: str) -> int:
    return int("".join(sign for sign in money if sign.isdigit()) or "0")
