"""What professionals are answered, message by message: taps, answers to an open question, questions, commands."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ...notify.render import chat
from .. import buttons
from ..brain import Answer
from ..dialogue import likewise, repeating, swapping, undoing
from ..dialogue.gathering import (
    CANCEL,
    STATUS,
    adds,
    another_matter,
    decided,
    drop,
    hear_hour,
    not_understood,
    other_times,
    picked_option,
    recall,
    sorry,
    swaps,
    taken_back,
)
from ..dialogue.offer import BOOK, MOVE, choose_service, later, note, offer, take
from ..dialogue.picking import on_its_day
from ..dialogue.several import answers
from ..dialogue.small_talk import unclear
from ..dialogue.swapping import SWAP, swap
from ..dialogue.talk import Talk, start_of
from ..reading import rhythm
from ..reading.intents import Intent, phone_in
from ..reading.people import people_in
from ..reading.vocabulary import plain
from ..reading.yesno import read_yes_no
from . import acts, clients, days, exchanging, finding, many, money, reads, revenue, series, shorter_day
from .acts import ACTIONS
from .handlers import HANDLERS, MENU, TAPS

# What is asked for a name or a phone.
NAMES_ASKED: Final = frozenset({"client", "whom"})
# What may be about the person whose card was asked for.
NAME_LIKE: Final = frozenset({Intent.NONE, Intent.CUSTOMER, Intent.AGENDA})

# After an agenda: "e amanhã?".
_AND_THEN: Final = re.compile(r"\s*e (?:n[ao] |para )?\S+(?: que vem)?\s*\?*\s*$", re.IGNORECASE)
_NEW: Final = re.compile(r"(?<!\S)(?:nov[oa]|cadastr\w+|marca mesmo assim)(?!\S)")


async def answer(talk: Talk) -> Answer:
    """Answer one message of a professional."""
    if talk.heard.payload:
        return await tapped(talk, *buttons.decode(talk.heard.payload))
    if talk.pending:
        recall(talk)
    if words := await answers(talk, wanted):
        return talk.text(words)
    many.without_telling(talk)
    await many.name_everybody(talk)
    if found := await exchanging.exchange(talk):
        return found
    await many.one_at_a_time(talk)
    if talk.asked and (found := await _continued(talk)):
        return found
    if undoing.corrects(talk):
        return await undoing.correct(talk)
    if likewise.means_likewise(talk):
        return await likewise.for_professional(talk)
    return await wanted(talk, talk.reading.intent)


async def tapped(talk: Talk, verb: str, value: str) -> Answer:
    """Go on with an option that was tapped, or whose number was typed."""
    match verb:
        case "slot":
            return await _slot(talk, value)
        case "service":
            return await _service(talk, value)
        case "client":
            return await _client(talk, value)
        case "appt" if talk.memory.get("doing") == SWAP:
            return await swapping.go_on(talk, value)
        case "appt" if talk.memory.get("doing") == exchanging.EXCHANGE:
            return await exchanging.go_on(talk, value)
        case "appt":
            for each in talk.memory.get("candidates", []):
                if each["token"] == value:
                    return await acts.picked(talk, each)
        case "do":
            return await _steered(talk, value)
    return talk.say("old_button")


async def _steered(talk: Talk, value: str) -> Answer:
    match value:
        case "next" if talk.memory.get("service"):
            return await later(talk)
        case "new" if talk.memory.get("new_name"):
            return await _new_client(talk)
        case "drop":
            return drop(talk)
        case "one" | "rest" if picked := repeating.take_scope(talk, value):
            return await acts.picked(talk, picked)
    return await wanted(talk, TAPS[value]) if value in TAPS else talk.say("old_button")


async def _service(talk: Talk, token: str) -> Answer:
    if talk.memory.get("doing") == SWAP:
        return await swapping.take_service(talk, token)
    going_on = WITH_SERVICE.get(talk.memory.get("doing", ""))
    if going_on is None:
        return talk.say("old_button")
    choose_service(talk, token)
    return await going_on(talk)


async def _slot(talk: Talk, token: str) -> Answer:
    kept = talk.known_tokens.get(token)
    if not kept:
        return talk.say("old_button")
    slot = {"token": token, "start": kept["start"]}
    if talk.memory.get({BOOK: "client", MOVE: "appointment"}.get(talk.memory.get("doing", ""), "")):
        return await take(talk, slot)
    # A time on its own: whose it shall be is asked next.
    acts.start(talk, BOOK)
    talk.memory |= {"slot": slot, "service": {"token": "", "name": ""}}
    return talk.ask("client", chat("ask_client"))


async def _client(talk: Talk, token: str) -> Answer:
    name = (talk.memory.get("people") or {}).get(token)
    if not name:
        return talk.say("old_button")
    if going_on := BOOKS.get(talk.memory.get("doing", "")):
        talk.memory["client"] = {"token": token, "name": name}
        return await going_on(talk)
    found = await clients.customers(talk, token)
    return clients.card(talk, found[0]) if found else talk.say("client_unknown", name=name)


async def _new_client(talk: Talk) -> Answer:
    acts.take_new_client(talk)
    return await BOOKS.get(talk.memory.get("doing", ""), acts.book)(talk)


async def _named(talk: Talk) -> Answer:
    """Go on with the name or phone that was asked for."""
    acts.take_name(talk)
    doing = talk.memory.get("doing", "")
    if going_on := BOOKS.get(doing):
        return await going_on(talk)
    if talk.memory.get("every"):
        return await series.change(talk, doing)
    if doing in {CANCEL, MOVE, STATUS}:
        return await acts.act(talk)
    return await clients.customer(talk)


async def wanted(talk: Talk, intent: Intent) -> Answer:
    """Begin something new."""
    if not talk.heard.payload and (found := await swap(talk)):
        return found
    if intent in {Intent.NONE, Intent.RESCHEDULE} and (found := await money.implied(talk)):
        return found
    if intent in CHANGES and rhythm.repeats(talk.heard.text):
        return await series.change(talk, CHANGES[intent])
    if intent in ACTIONS:
        return await acts.decide(talk, intent)
    if handler := HANDLERS.get(intent):
        return await handler(talk)
    if intent is Intent.NONE and (found := await _implied(talk)):
        return found
    return unclear(talk, MENU)


async def _implied(talk: Talk) -> Answer | None:
    """A day alone asks for its agenda, or for its money after money; a name alone, for the client."""
    when, names = talk.said.when, people_in(talk.said.rest)
    if talk.memory.get("told") == Intent.REVENUE and revenue.names_period(talk) and not names:
        return await revenue.revenue(talk)
    if when.day and not when.time_only and not names:
        return await reads.agenda(talk)
    if len(names) == 1 and names[0].split() == talk.said.rest.split():
        found = await clients.customers(talk, names[0])
        return await clients.customer(talk) if found else None
    return None


async def _continued(talk: Talk) -> Answer | None:
    """Read a message as the answer to the open question; None when it asks for something else."""
    intent = talk.reading.intent
    if pick := picked_option(talk):
        return await tapped(talk, *buttons.decode(pick))
    if taken_back(talk):
        return drop(talk)
    decision = read_yes_no(talk.heard.text, str(talk.pending.get("tool", "")))
    if talk.memory.get("new_name") and (decision or _NEW.search(plain(talk.heard.text))):
        return await _new_client(talk)
    if decision is not None:
        takes_up = decision and talk.asked == "want"
        return await (acts.book(talk) if takes_up else decided(talk, decision))
    if talk.memory.pop("told", "") == Intent.AGENDA and _AND_THEN.match(talk.heard.text) and talk.said.dated:
        return await reads.agenda(talk)
    # "Quem tenho terça?" and "telefone da Ana?" are questions of their own, whoever they name.
    # A number names a client only where nothing else is asked with it: a Pix key may be somebody's number, too.
    names = intent is Intent.NONE or (intent in {*NAME_LIKE, Intent.BOOK} and phone_in(talk.heard.text))
    if talk.asked in NAMES_ASKED and names:
        return await _named(talk)
    if talk.asked == "card" and intent in NAME_LIKE and (intent is not Intent.AGENDA or people_in(talk.said.rest)):
        return await clients.customer(talk)
    which = talk.asked == "appointment" and intent is Intent.NONE and talk.memory.get("doing") not in OF_THEIR_OWN
    if which and (one := finding.described(talk)):
        return await acts.picked(talk, one)
    return await _ongoing(talk)


async def _ongoing(talk: Talk) -> Answer | None:
    """Add what a message says to what is being gathered."""
    doing = talk.memory.get("doing")
    if talk.pending and doing in CORRECTED and (found := await acts.corrected(talk)):
        return found
    if picked := repeating.take_scope(talk):
        return await acts.picked(talk, picked)
    if going_on := ONGOING.get(str(doing)):
        return await going_on(talk)
    if doing == MOVE and talk.memory.get("scope") == rhythm.REST and repeating.target_in(talk):
        return await repeating.move_rest(talk)
    if talk.asked == "appointment" and talk.reading.intent is Intent.NONE and not talk.said.dated:
        return sorry(talk)
    return await _gathering(talk) if doing in {BOOK, MOVE} else None


async def _gathering(talk: Talk) -> Answer | None:
    """Add what a message says to a booking or a move."""
    hear_hour(talk)
    intent, booking = talk.reading.intent, talk.memory["doing"] == BOOK
    if another_matter(talk) or intent in ACTIONS:
        return None
    if intent in {Intent.BOOK, Intent.RESCHEDULE} and await acts.names_another(talk):
        acts.start(talk, talk.memory["doing"])
        return None
    if adds(talk) and intent in {Intent.NONE, Intent.BOOK, Intent.RESCHEDULE, Intent.MORE, Intent.GREET}:
        if booking:
            return await acts.book(talk)
        if not talk.memory.get("appointment"):
            return await acts.act(talk)
        note(talk, *talk.said.wishes)
        return await offer(talk, on_its_day(talk, start_of(talk, talk.memory["appointment"])))
    if booking and (intent is Intent.BOOK or swaps(talk) or (intent is Intent.NONE and talk.asked == "service")):
        return await acts.book(talk)
    if intent in {Intent.MORE, Intent.RESCHEDULE}:
        return await other_times(talk)
    return not_understood(talk) if intent is Intent.NONE else None


# What "não, o Pedro" corrects while it waits for a yes.
CORRECTED: Final = frozenset({BOOK, MOVE, CANCEL, STATUS})
# What goes on by itself with the appointment that was asked for.
OF_THEIR_OWN: Final = frozenset({SWAP, exchanging.EXCHANGE})
# What is gathered for a client: how it goes on once it is known for whom.
BOOKS: Final[Mapping[str, Callable[[Talk], Awaitable[Answer]]]] = {
    BOOK: acts.book,
    series.SERIES: series.book,
}
# What is gathered otherwise: how a message is added to it, or found to be about something else.
ONGOING: Final[Mapping[str, Callable[[Talk], Awaitable[Answer | None]]]] = {
    series.SERIES: series.corrected,
    days.BLOCK: days.continued,
    days.OPEN: days.continued,
    shorter_day.SHORTER: shorter_day.continued,
    SWAP: swapping.continued,
    exchanging.EXCHANGE: exchanging.continued,
    **dict.fromkeys(money.ASKED_FOR, money.continued),
}
WITH_SERVICE: Final = {
    **BOOKS,
    money.PRICE: money.price,
    money.LENGTH: money.length,
}
CHANGES: Final[Mapping[Intent, str]] = {Intent.CANCEL: CANCEL, Intent.RESCHEDULE: MOVE}
