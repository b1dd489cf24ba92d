"""Money and the rules of the house by chat: the Pix key, prices, receipts, a chart, the deadline, a delay."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from ... import phrases
from ...notify.render import chat
from ..brain import Answer
from ..client.acts import info, service_missing
from ..dialogue.offer import refused, service_words
from ..dialogue.talk import Data, Talk
from ..reading.amounts import amounts_in
from ..reading.business import read_minutes
from ..reading.catalogue import meant, names
from ..reading.intents import Intent
from ..reading.people import called, people_in
from ..reading.vocabulary import plain
from .acts import start
from .many import JOINT
from .prices import change_in, new_price, price_of, several, turn_in
from .prices import implied as prices_implied
from .reads import coming
from .revenue import mentions_period

PIX, PRICE, LENGTH, DEADLINE, LATE, CPF = "pix", "price", "length", "deadline", "late", "cpf"
ASKED_FOR: Final = (PIX, PRICE, LENGTH, DEADLINE, LATE, CPF)

_KEY: Final = re.compile(
    r"[^\s@]+@[^\s@]+\.[a-z]{2,}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|(?:\+\s?|\()?\d[\d\s().\-/]{8,}\d",
    re.IGNORECASE,
)
_CPF: Final = re.compile(r"(?<!\d)\d{3}[.\s]?\d{3}[.\s]?\d{3}[-\s]?\d{2}(?!\d)")
_LATER: Final = re.compile(
    r"(?<!\S)(?:a ?partir d[aeo]s? (?!hoje|agora|ja )|(?:mes|ano|semana) que vem|proxim[oa] (?:mes|ano|semana)|amanha"
    r"|em (?:janeiro|fevereiro|marco|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro))"
)
_FOR_SOME: Final = re.compile(r"(?<!\S)descontos?(?!\S)")
_TIME: Final = re.compile(r"(?P<number>\d{1,3}) ?(?P<unit>h|hs|horas?|dias?)(?![a-z])")
_ANY_TIME: Final = re.compile(r"(?<!\S)(?:sem prazo|qualquer (?:hora|momento)|ate a hora|quando quiser)")
_FEE: Final = re.compile(r"(?<!\S)(?:multas?|taxas?|cobr\w+)(?!\S)")
_MINUTES: Final = re.compile(r"(?P<number>\d{1,3}) ?(?:m|min|mins|minutos?|minutinhos)?(?![a-z\d])")
_EVERYBODY: Final = re.compile(r"(?<!\S)(?:tod[oa]s|todo mundo|geral|galera|pessoal|clientes)(?!\S)")
# Who comes later than that hears of it in time.
_FOLLOW: Final = 6


async def chart(talk: Talk) -> Answer:
    """Send the revenue of a period as a picture."""
    return await _shown(talk, "send_revenue_chart")


async def export(talk: Talk) -> Answer:
    """Send what was paid in a period as a file."""
    return await _shown(talk, "export_receipts")


async def _shown(talk: Talk, tool: str) -> Answer:
    talk.memory.clear()
    answer = await talk.show(tool, period=talk.heard.text[:300])
    if answer is None and talk.refusal.get("error") == "period_unclear" and not mentions_period(talk.heard.text):
        answer = await talk.show(tool, period="este mês")
    return answer or refused(talk, talk.refusal)


async def pix_key(talk: Talk) -> Answer:
    """Keep the key that money goes to."""
    _begin(talk, PIX)
    found = _KEY.search(talk.heard.text)
    if not found:
        return talk.ask(PIX, chat("ask_pix_key"))
    if len({one[0].strip() for one in _KEY.finditer(talk.heard.text)}) > 1:
        return talk.ask(PIX, chat("ask_one_pix_key"))
    data, proposal = await talk.call("set_pix_key", key=found[0].strip())
    if proposal is not None:
        return talk.propose(proposal)
    return talk.ask(PIX, str(data.get("message") or chat("ask_pix_key")))


async def price(talk: Talk) -> Answer:
    """Change what a service costs."""
    _begin(talk, PRICE)
    if talk.reading.intent is Intent.SET_PRICE:
        talk.memory.pop("change", None)  # of another wish
    if turn := turn_in(talk.heard.text):
        talk.memory["turn"] = turn
    if change := change_in(talk.heard.text, turn):
        talk.memory["change"] = change
    services = (await info(talk)).get("services") or []
    if _LATER.search(plain(talk.heard.text)):
        talk.preface = chat("price_at_once")
    limited = talk.said.dated or people_in(talk.said.rest, besides=names(services))
    if limited and _FOR_SOME.search(plain(talk.heard.text)):
        talk.memory.clear()
        return talk.say("discount_for_some")
    if (each := several(talk.heard.text, services)) is not None:
        return await _all(talk, PRICE, each)
    if len(found := meant(talk.said.rest, services)) == 1:
        talk.memory["service"] = {"token": found[0]["token"], "name": found[0]["name"]}
    minutes = read_minutes(talk.heard.text)
    if minutes and not amounts_in(talk.heard.text):
        return await length(talk)
    if missing := await service_missing(talk, talk.said.rest, chat("ask_service_price")):
        return missing
    service = next((one for one in services if one["token"] == talk.memory["service"]["token"]), None)
    change, turn = talk.memory.get("change") or {}, talk.memory.get("turn", 0)
    cents = new_price(change, turn, price_of(service) if service else None)
    if cents is None:
        several_said = len({one.value for one in amounts_in(talk.heard.text)}) > 1
        return talk.ask(PRICE, chat("ask_each_price" if several_said else "ask_price"))
    if minutes and service:
        whole = f"{service['name']}, {minutes} min, {phrases.money(cents)}"
        return await _proposed(talk, "save_services", PRICE, services=[whole])
    return await _proposed(talk, "set_price", PRICE, price=phrases.money(cents), service=service_words(talk))


async def implied(talk: Talk) -> Answer | None:
    """Change the prices of several services that are named with no more than their prices."""
    if talk.said.dated or len(amounts_in(talk.heard.text)) < 2:
        return None
    services = (await info(talk)).get("services") or []
    named = people_in(talk.said.rest, besides=names(services))
    return await price(talk) if not named and prices_implied(talk.heard.text, services) else None


async def _all(talk: Talk, asked: str, services: Sequence[str]) -> Answer:
    """Propose several services at once, or ask for what is not clear of them."""
    if not services:
        return talk.ask(asked, chat("ask_each_price"))
    return await _proposed(talk, "save_services", asked, services=services)


async def length(talk: Talk) -> Answer:
    """Change how long a service takes."""
    _begin(talk, LENGTH)
    services = (await info(talk)).get("services") or []
    if (each := several(talk.heard.text, services, lengths=True)) is not None:
        return await _all(talk, LENGTH, each)
    minutes = read_minutes(talk.heard.text)
    if minutes and any(one.lead or one.sure for one in amounts_in(talk.heard.text)):
        return await price(talk)
    if minutes:
        talk.memory["minutes"] = minutes
    if missing := await service_missing(talk, talk.said.rest, chat("ask_service_length")):
        return missing
    if "minutes" not in talk.memory:
        return talk.ask(LENGTH, chat("ask_length"))
    return await _proposed(talk, "set_duration", LENGTH, minutes=talk.memory["minutes"], service=service_words(talk))


async def deadline(talk: Talk) -> Answer:
    """Set until when clients may cancel by themselves."""
    _begin(talk, DEADLINE)
    words = plain(talk.heard.text)
    if _ANY_TIME.search(words):
        return await _proposed(talk, "set_cancellation_deadline", DEADLINE, hours=0, late="allow")
    found = _TIME.search(words) or (re.fullmatch(r"\D*(?P<number>\d{1,3})\D*(?P<unit>)", words.strip()))
    if not found:
        now = (await info(talk)).get("cancellation", "a qualquer momento")
        return talk.ask(DEADLINE, chat("ask_deadline", now=now))
    if len({one[0] for one in _TIME.finditer(words)}) > 1:
        return talk.ask(DEADLINE, chat("ask_one_deadline"))
    if _FEE.search(words):
        talk.preface = chat("no_fee")
    hours = int(found["number"]) * (24 if found["unit"].startswith("d") else 1)
    return await _proposed(talk, "set_cancellation_deadline", DEADLINE, hours=hours)


async def late(talk: Talk) -> Answer:
    """Tell the next client that the professional runs late."""
    _begin(talk, LATE)
    words = plain(talk.heard.text)
    found = _MINUTES.search(words)
    hour = _TIME.search(words)
    minutes = 30 if " meia hora" in words else 60 if re.search(r" uma hora| 1 ?h(?:ora)? ", words) else 0
    if hour and not minutes and hour["unit"].startswith("h"):
        minutes = int(hour["number"]) * 60
    minutes = minutes or (int(found["number"]) if found else 0)
    if not minutes:
        return talk.ask(LATE, chat("ask_minutes"))
    said = talk.said.when.alternatives or (talk.said.when,)
    other_days = [one for one in said if one.day not in {None, talk.now.date()} and not one.time_only]
    if len(other_days) == len(said):
        talk.memory.clear()
        return talk.say("late_today")
    if other_days:
        talk.preface = chat("late_today")
    else:
        talk.preface = await _who_follows(talk, everybody=bool(_EVERYBODY.search(words)))
    return await _proposed(talk, "warn_of_delay", LATE, minutes=minutes)


async def _who_follows(talk: Talk, *, everybody: bool) -> str:
    """Say that the next client alone is told, who comes after them, and what can be done for those: where everybody
    shall hear of it, or one of them."""
    after = (await coming(talk, timedelta()))[1:]
    named = people_in(talk.said.rest)
    if not after or not (everybody or any(called(name, each["client"]) for name in named for each in after)):
        return ""
    lines = "\n".join(f"• {each['hour']} {each['client']}, {each['service']}" for each in after[:_FOLLOW])
    return chat("late_one_by_one", lines=lines, name=phrases.first_name(after[0]["client"]))


async def cpf(talk: Talk) -> Answer:
    """Note the CPF of the professional or of a client, for receipts."""
    _begin(talk, CPF)
    found = _CPF.search(talk.heard.text)
    rest = _CPF.sub(" ", talk.heard.text)
    if names := people_in(rest, besides={"cpf", "crp", "crm"}):
        talk.memory["whose"] = names[0]
    if not found:
        return talk.ask(CPF, chat("ask_cpf"))
    if _CPF.search(after := talk.heard.text[found.end() :]):
        talk.preface = chat("one_of_several", what="CPF", rest=f"CPF {JOINT.sub('', after)}")
    return await _proposed(talk, "note_cpf", CPF, cpf=found[0], client=talk.memory.get("whose", ""))


def _begin(talk: Talk, doing: str) -> None:
    if talk.memory.get("doing") != doing:
        start(talk, doing)


async def _proposed(talk: Talk, tool: str, asked: str, **arguments: object) -> Answer:
    data, proposal = await talk.call(tool, **arguments)
    if proposal is not None:
        return talk.propose(proposal)
    if data.get("error") in _ASKED_AGAIN:
        return talk.ask(asked, _sentence(data))
    talk.memory.clear()
    return refused(talk, data)


def _sentence(data: Data) -> str:
    return str(data.get("message") or chat("sorry"))


_ASKED_AGAIN: Final = frozenset(
    {"price_unclear", "bad_price", "bad_service_minutes", "bad_deadline", "bad_delay", "cpf_invalid", "service_unknown"}
)


async def continued(talk: Talk) -> Answer | None:
    """Take a message as the answer to what was asked; None when it is about something else."""
    go_on, own = _ONGOING[talk.memory["doing"]]
    if talk.reading.intent is Intent.NONE and talk.heard.text.rstrip().endswith("?"):
        return None
    return await go_on(talk) if talk.reading.intent in own else None


_ONGOING: Final[Mapping[str, tuple[Callable[[Talk], Awaitable[Answer]], frozenset[Intent]]]] = {
    # A number alone looks like somebody's telephone.
    PIX: (pix_key, frozenset({Intent.NONE, Intent.PIX_KEY, Intent.CUSTOMER, Intent.CPF})),
    CPF: (cpf, frozenset({Intent.NONE, Intent.CPF, Intent.CUSTOMER})),
    PRICE: (price, frozenset({Intent.NONE, Intent.SET_PRICE, Intent.SERVICES, Intent.AGENDA})),
    LENGTH: (length, frozenset({Intent.NONE, Intent.SET_LENGTH, Intent.SET_PRICE, Intent.SERVICES, Intent.AGENDA})),
    DEADLINE: (deadline, frozenset({Intent.NONE, Intent.DEADLINE})),
    LATE: (late, frozenset({Intent.NONE, Intent.LATE})),
}
