"""What clients are answered, message by message: taps, answers to an open question, corrections, new wishes."""

import re
from collections.abc import Sequence
from typing import Final

from ...notify.render import chat
from .. import buttons
from ..brain import Answer
from ..dates import Kind
from ..dialogue import likewise, swapping, undoing
from ..dialogue.gathering import (
    adds,
    another_matter,
    decided,
    drop,
    hear_days,
    hear_hour,
    not_understood,
    other_times,
    picked_option,
    recall,
    sorry,
    swaps,
    taken_back,
)
from ..dialogue.offer import BOOK, MOVE, NEXT, WAIT, choose_service, later, note, offer
from ..dialogue.picking import on_its_day
from ..dialogue.repeating import take_scope
from ..dialogue.searching import search
from ..dialogue.several import joined, questions
from ..dialogue.small_talk import unclear
from ..dialogue.swapping import SWAP, swap
from ..dialogue.talk import Talk, choices, start_of
from ..dialogue.usual import speaks_of_before
from ..reading import catalogue
from ..reading.intents import ASIDES, Intent, understand
from ..reading.remarks import remark
from ..reading.vocabulary import plain
from ..reading.wish import at
from ..reading.yesno import read_yes_no
from . import acts, waiting
from .acts import PERSON
from .handlers import ASKED, HANDLERS, MENU, POLITE, TAPS, TO_A_PERSON, answers, attendable, book, name_known
from .several import after_presence, means_both, means_several, yes_and_more

_WANTS: Final = re.compile(r"(?<!\S)(?:sim|quer\w*|pode|claro|vamos|bora|marc\w+|aceito|isso)(?!\S)")
_ASKS: Final = re.compile(r"(?<!\S)(?<!nao )(?:quer\w*|preciso|gostaria|tem|da para|marc\w+|agend\w+)(?!\S)")
_ENDS: Final = re.compile(r"(?<!\S)(?:ate|pel[oa])(?!\S)")
# "Oi, corte"; a mere greeting is shorter.
_SHORTEST_WISH: Final = 3
_COULD_BE: Final = re.compile(
    r"^(?!.* (?:marc\w+|agend\w+|tambem|mais um) )"
    r".*(?<!\S)(?:da para|daria para|pode|podia|poderia|tem como|consegue|melhor|prefiro) ser(?!\S)"
)
_SAME_HOUR: Final = re.compile(r"(?<!\S)mesm[oa] (?:horario|hora)(?!\S)")
_ANOTHER: Final = re.compile(r"(?<!\S)(?:o|a|outro|outra) (?:outr[oa]|horario|consulta)(?!\S)")


async def answer(talk: Talk) -> Answer:
    """Answer one message of a client."""
    if talk.asker.professional_id is None or talk.asked == "professional":
        return await search(talk)
    if talk.heard.payload:
        return await tapped(talk, *buttons.decode(talk.heard.payload))
    if talk.pending:
        recall(talk)
    hear_days(talk)
    if not talk.asked and not talk.pending and (rest := after_presence(talk)):
        return await _besides_presence(rest)
    if several := questions(talk, ASKED - TO_A_PERSON):
        return await _told_all(talk, several)
    if talk.asked and (found := await _continued(talk)):
        return found
    if undoing.corrects(talk):
        return await undoing.correct(talk)
    if likewise.means_likewise(talk):
        return await likewise.for_client(talk)
    return await wanted(talk, talk.reading.intent)


async def _told_all(talk: Talk, several: Sequence[Talk]) -> Answer:
    """Answer several questions in one bubble; one of ours that is open is put again below."""
    words = joined([await answers(each, each.reading.intent) for each in several])
    for each in several:
        talk.tokens |= each.tokens
    return talk.ask_again(words) if talk.asked else talk.text(words)


async def _besides_presence(talk: Talk) -> Answer:
    """Answer what is said besides "confirmo", which is written down by a word or a button of its own."""
    near = await attendable(talk)
    talk.memory["told"] = Intent.MINE.value  # "vou, mas pode ser às 11?" is about that appointment
    if near and _in_context(talk, talk.reading.intent) not in {Intent.RESCHEDULE, Intent.CANCEL}:
        talk.preface = chat("presence_apart", when=near[0]["label"])
    return await wanted(talk, talk.reading.intent)


async def tapped(talk: Talk, verb: str, value: str) -> Answer:
    """Go on with an option that was tapped, or whose number was typed."""
    match verb:
        case "slot":
            return await _slot(talk, value)
        case "service":
            return await _service(talk, value)
        case "wait":
            return await waiting.left(talk, value)
        case "appt":
            go_on = swapping.go_on if talk.memory.get("doing") == SWAP else acts.by_token
            return await go_on(talk, value)
        case "move" | "cancel":
            return await acts.by_id(talk, verb, value)
        case "do":
            return await _steered(talk, value)
    return talk.say("old_button")


async def _steered(talk: Talk, value: str) -> Answer:
    if value == NEXT and talk.memory.get("service"):
        return await later(talk)
    if picked := take_scope(talk, value):
        return await acts.picked(talk, picked)
    if value == WAIT and talk.memory.get("service"):
        return await waiting.join(talk)
    return await wanted(talk, TAPS[value]) if value in TAPS else talk.say("old_button")


async def _service(talk: Talk, token: str) -> Answer:
    match talk.memory.get("doing"):
        case "swap":
            return await swapping.take_service(talk, token)
        case "wait":
            choose_service(talk, token)
            return await waiting.wait(talk)
    return await acts.take_service(talk, token)


async def _slot(talk: Talk, token: str) -> Answer:
    """Take the time that was tapped; one offered for an appointment that exists moves that one."""
    kept = talk.known_tokens.get(token)
    if not kept:
        return talk.say("old_button")
    if appointment_id := kept.get("appointment_id"):
        return await acts.by_id(talk, MOVE, str(appointment_id), at(start_of(talk, kept)))
    return await acts.take_time(talk, {"token": token, "start": kept["start"]})


async def wanted(talk: Talk, intent: Intent) -> Answer:
    """Begin something new."""
    intent = _in_context(talk, intent)
    if not talk.heard.payload and (found := await swap(talk)):
        return found
    if intent in POLITE and await _wants_besides(talk, intent):
        return await book(talk)
    if handler := HANDLERS.get(intent):
        return await handler(talk)
    asks_besides = intent in {Intent.PRICES, Intent.SERVICES} or (intent is Intent.HOURS and _wants_to_book(talk))
    if asks_besides and talk.said.dated and not talk.heard.payload:
        # "Quero corte amanhã 10h, quanto custa?" asks for the price of what it wants.
        return await book(talk, *({intent} & ASIDES))
    if intent in ASKED:
        words = joined([talk.preface, await answers(talk, intent)])
        return talk.answer(choices(words, [PERSON] if intent in TO_A_PERSON else []))
    if intent is Intent.NONE and await _names_a_wish(talk):
        return await book(talk)
    return unclear(talk, MENU)


def _in_context(talk: Talk, intent: Intent) -> Intent:
    """Read a message by what was just told: of one's own time "dá pra ser quarta?" moves it."""
    told_last, words = talk.memory.get("told", ""), plain(talk.heard.text)
    if (
        told_last == Intent.MINE
        and talk.said.dated
        and intent in {Intent.NONE, Intent.BOOK}
        and _COULD_BE.search(words)
    ):
        return Intent.RESCHEDULE
    if told_last == Intent.PRICES and intent is Intent.NONE and words.startswith(" e ") and not talk.said.dated:
        return Intent.PRICES
    return intent


def _wants_to_book(talk: Talk) -> bool:
    """Tell whether one of the sentences of a message is a wish to book: "vocês abrem amanhã? quero cortar às 11"."""
    sentences = re.split(r"[?!.;\n]+", talk.heard.text)
    return any(understand(each, talk.asker.role).intent is Intent.BOOK for each in sentences)


async def _names_a_wish(talk: Talk) -> bool:
    return talk.said.dated or await _names_a_service(talk)


async def _wants_besides(talk: Talk, intent: Intent) -> bool:
    """Tell whether a greeting, a name or thanks come with a wish: "obrigada! ah, e quero barba no sábado"."""
    words = plain(talk.heard.text)
    if (
        intent in {Intent.THANKS, Intent.BYE}
        and not _ASKS.search(words)
        and (not talk.said.dated or _ENDS.search(words))
    ):
        return False  # "obrigada pelo corte", "até sexta às 10"
    if len(words.split()) < _SHORTEST_WISH:
        return False
    if talk.said.when.kind is not Kind.POINT and not await _names_a_service(talk):
        return False
    if intent is Intent.INTRO:
        talk.preface = joined([talk.preface, name_known(talk)])
    return True


async def _names_a_service(talk: Talk) -> bool:
    data = await acts.info(talk)
    return bool(data["ok"] and catalogue.meant(talk.said.rest, data["services"]))


async def _continued(talk: Talk) -> Answer | None:
    """Read a message as the answer to the open question; None when it asks for something else."""
    intent = talk.reading.intent
    if pick := picked_option(talk):
        return await tapped(talk, *buttons.decode(pick))
    if taken_back(talk):
        return drop(talk)
    decision = read_yes_no(talk.heard.text, str(talk.pending.get("tool", "")))
    if decision and talk.asked == "want":
        return await _taken_up(talk)
    if decision is not None or (intent is Intent.CONFIRM and not talk.said.dated):
        return await decided(talk, decision)
    if intent in ASKED:
        return talk.ask_again(await answers(talk, intent))
    if yes_and_more(talk) or means_both(talk):
        return talk.ask_again(chat("one_at_a_time"))
    if intent in {Intent.GREET, Intent.INTRO} and not await _names_a_wish(talk):  # "opa, barba" is more than a greeting
        return talk.ask_again()
    return await _ongoing(talk)


async def _ongoing(talk: Talk) -> Answer | None:
    """Add what a message says to what is being gathered."""
    if picked := take_scope(talk):
        return await acts.picked(talk, picked)
    if talk.asked == "appointment" and means_several(talk, ()):
        return talk.ask_again(chat("one_at_a_time"))
    match talk.memory.get("doing"):
        case "book" | "move":
            return await _gathering(talk)
        case "wait":
            return await waiting.continued(talk)
        case "cancel":
            return await _cancelling(talk)
        case "swap":
            return await swapping.continued(talk)
    return None


async def _taken_up(talk: Talk) -> Answer:
    """A yes to "quer marcar um?"; "ok, obrigada" is none."""
    if talk.reading.intent in {Intent.THANKS, Intent.BYE} and not _WANTS.search(plain(talk.heard.text)):
        talk.memory.clear()
        return await wanted(talk, talk.reading.intent)
    return await book(talk)


async def _gathering(talk: Talk) -> Answer | None:
    """Add what a message says to a booking or a move."""
    hear_hour(talk)
    intent, booking = talk.reading.intent, talk.memory["doing"] == BOOK
    if another_matter(talk):
        return None
    same_hour = not booking and _SAME_HOUR.search(plain(talk.heard.text))
    if adds(talk) or same_hour or (booking and (intent is Intent.BOOK or swaps(talk))):
        return await _added(talk)
    if intent in {Intent.MORE, Intent.CANCEL, Intent.RESCHEDULE}:
        return await other_times(talk)
    if intent not in {Intent.NONE, Intent.GREET}:
        return None
    if booking and (remark(talk.heard.text) or speaks_of_before(talk.heard.text) or await _names_a_wish(talk)):
        return await _added(talk)
    return not_understood(talk)


async def _added(talk: Talk) -> Answer:
    if talk.memory["doing"] == BOOK:
        return await book(talk)
    if "token" not in (talk.memory.get("appointment") or {}):
        return await acts.settle(talk)
    note(talk, *talk.said.wishes)
    return await offer(talk, on_its_day(talk, start_of(talk, talk.memory["appointment"])))


async def _cancelling(talk: Talk) -> Answer | None:
    """Settle which appointment is cancelled; or that it is moved instead."""
    intent = talk.reading.intent
    if intent is Intent.WAITLIST:
        return None
    if intent is Intent.RESCHEDULE and (appointment := talk.memory.get("appointment")):
        return await acts.instead(talk, appointment["token"])
    if _ANOTHER.search(plain(talk.heard.text)):
        return await acts.cancel_another(talk)
    if talk.said.dated or intent in {Intent.CANCEL, Intent.MORE}:
        return await acts.cancel(talk)
    return sorry(talk) if intent is Intent.NONE else None
