"""What a client can begin with: what each intent leads to, and the few words that need nothing else."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ... import phrases
from ...models.enums import Status
from ...notify.render import chat
from ...whatsapp.outgoing import BUTTONS, Text
from ..brain import Answer
from ..buttons import ATTEND
from ..dialogue.offer import NEXT
from ..dialogue.searching import search
from ..dialogue.several import joined
from ..dialogue.small_talk import bye, greeted, kept, thanks
from ..dialogue.talk import Data, Talk, choices, do, option, start_of
from ..dialogue.undoing import undo
from ..reading.intents import Intent
from ..reading.vocabulary import plain
from . import acts, waiting
from .acts import PERSON, told

MENU: Final = (do("book", "Marcar horário"), do("mine", "Meus horários"), do("prices", "Preços"), PERSON)
DOUBTS: Final = (do("mine", "Meus horários"), do("move", "Remarcar"), do("cancel", "Cancelar"), PERSON)
OPENING: Final = (do("book", "Marcar"), do("move", "Remarcar"), do("cancel", "Cancelar"))

# The reminder that asks whether one comes is sent a day before.
NEAR: Final = timedelta(hours=26)
# What may be said around a wish.
POLITE: Final = frozenset({Intent.GREET, Intent.INTRO, Intent.THANKS, Intent.BYE})
# What only the professional can answer.
TO_A_PERSON: Final = frozenset({Intent.PAYMENT, Intent.SERIES, Intent.LATE})
# Questions whose answer leaves what is going on as it was.
ASKED: Final = TO_A_PERSON | {
    Intent.PRICES,
    Intent.SERVICES,
    Intent.HOURS,
    Intent.ADDRESS,
    Intent.HELP,
    Intent.WHO,
    Intent.MINE,
}


async def book(talk: Talk, *asides: Intent) -> Answer:
    """Begin or go on to book, with what was asked along with it answered above."""
    told_too = [await told(talk, aside) for aside in (*asides, *talk.reading.asides)]
    talk.preface = joined([talk.preface, *told_too])
    return await acts.book(talk)


async def answers(talk: Talk, intent: Intent) -> str:
    """Return the answer to a question, and to those that came along with it."""
    return joined([await told(talk, each) for each in (intent, *talk.reading.asides)])


async def _attend(talk: Talk) -> Answer:
    """Tell the client's appointments; with a button for each of the near ones that says they come."""
    near = await attendable(talk)
    told_last = await acts.mine(talk)
    taps = [option(ATTEND, each["id"], f"Confirmar {phrases.hour(start_of(talk, each))}") for each in near]
    return replace(told_last, say=choices(told_last.say.body, taps)) if isinstance(told_last.say, Text) else told_last


async def attendable(talk: Talk) -> list[Data]:
    """Return the confirmed appointments that are near enough to say that one comes; no more than there are buttons."""
    found = [each for each in await acts.own(talk) if each["status"] == Status.CONFIRMED]
    return [each for each in found if start_of(talk, each) - talk.now < NEAR][:BUTTONS]


async def _greet(talk: Talk) -> Answer:
    words = chat("greeting_client", name=phrases.first_name(talk.asker.name), professional=talk.heard.professional_name)
    return greeted(talk, words, OPENING)


async def _introduced(talk: Talk) -> Answer:
    words = name_known(talk)
    return talk.text(words) if words else await _greet(talk)


def name_known(talk: Talk) -> str:
    """Say by which name somebody is known, where they say another one."""
    name = talk.asker.name
    if f" {plain(phrases.first_name(name)).strip()} " in plain(talk.heard.text):
        return ""
    return chat("name_known", name=name, professional=talk.heard.professional_name)


async def _person(talk: Talk) -> Answer:
    return talk.answer(handoff=True)


async def _search(talk: Talk) -> Answer:
    talk.memory.clear()
    return await search(talk)


async def _doubt(talk: Talk) -> Answer:
    if talk.pending:
        return talk.ask_again(chat("ask_person", professional=talk.heard.professional_name))
    return talk.answer(choices(chat("not_understood"), DOUBTS))


HANDLERS: Final[Mapping[Intent, Callable[[Talk], Awaitable[Answer]]]] = {
    Intent.GREET: _greet,
    Intent.INTRO: _introduced,
    Intent.THANKS: thanks,
    Intent.BYE: bye,
    Intent.BOOK: book,
    Intent.MORE: book,
    Intent.CANCEL: acts.cancel,
    Intent.RESCHEDULE: acts.move,
    Intent.MINE: acts.mine,
    Intent.WAITLIST: waiting.wait,
    Intent.CONFIRM: _attend,
    Intent.PERSON: _person,
    Intent.OTHER_PROFESSIONAL: _search,
    Intent.DROP: kept,
    Intent.KEEP: kept,
    Intent.UNDO: undo,
    Intent.UNSURE: _doubt,
}
TAPS: Final[Mapping[str, Intent]] = {
    "book": Intent.BOOK,
    "mine": Intent.MINE,
    "cancel": Intent.CANCEL,
    "move": Intent.RESCHEDULE,
    "help": Intent.HELP,
    "person": Intent.PERSON,
    "prices": Intent.PRICES,
    "hours": Intent.HOURS,
    "address": Intent.ADDRESS,
    NEXT: Intent.BOOK,
}
