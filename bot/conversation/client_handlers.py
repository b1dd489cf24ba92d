"""What a client can begin with: what each intent leads to, and the few words that need nothing else."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from .. import phrases
from ..notify.render import chat
from . import client_acts, client_waiting
from .brain import Answer
from .client_acts import PERSON, told
from .gathering import rounds_off, sorry
from .intents import Intent
from .offer import NEXT
from .searching import search
from .talk import Talk, choices, do
from .undoing import regrets, undo
from .vocabulary import plain
from .yesno import closes

MENU: Final = (do("book", "Marcar horário"), do("mine", "Meus horários"), do("prices", "Preços"), PERSON)
DOUBTS: Final = (do("mine", "Meus horários"), do("move", "Remarcar"), do("cancel", "Cancelar"), PERSON)
OPENING: Final = (do("book", "Marcar"), do("move", "Remarcar"), do("cancel", "Cancelar"))

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
    talk.preface = "\n\n".join(dict.fromkeys(told_too))
    return await client_acts.book(talk)


async def _greet(talk: Talk) -> Answer:
    if closes(talk.heard.text) and talk.heard.history:
        return talk.say("closing")  # "tudo bem" after something, and no question
    talk.memory.clear()
    words = chat("greeting_client", name=phrases.first_name(talk.asker.name), professional=talk.heard.professional_name)
    return talk.answer(choices(words, OPENING))


async def _introduced(talk: Talk) -> Answer:
    name = talk.asker.name
    if f" {plain(phrases.first_name(name)).strip()} " in plain(talk.heard.text):
        return await _greet(talk)
    return talk.say("name_known", name=name, professional=talk.heard.professional_name)


async def _person(talk: Talk) -> Answer:
    return talk.answer(handoff=True)


async def _search(talk: Talk) -> Answer:
    talk.memory.clear()
    return await search(talk)


async def _thanks(talk: Talk) -> Answer:
    return talk.say("thanks")


async def _bye(talk: Talk) -> Answer:
    return talk.say("bye")


async def _kept(talk: Talk) -> Answer:
    if regrets(talk):
        return await undo(talk)
    talk.forget()
    return talk.say("kept")


async def _doubt(talk: Talk) -> Answer:
    if talk.pending:
        return talk.ask_again(chat("ask_person", professional=talk.heard.professional_name))
    return talk.answer(choices(chat("not_understood"), DOUBTS))


async def unclear(talk: Talk) -> Answer:
    """Answer what says nothing that is known: a mere "blz" rounds off, the rest is asked about."""
    if rounds_off(talk):
        return talk.say("closing")
    return sorry(talk) if talk.pending else talk.answer(choices(chat("not_understood"), MENU))


HANDLERS: Final[Mapping[Intent, Callable[[Talk], Awaitable[Answer]]]] = {
    Intent.GREET: _greet,
    Intent.INTRO: _introduced,
    Intent.THANKS: _thanks,
    Intent.BYE: _bye,
    Intent.BOOK: book,
    Intent.MORE: book,
    Intent.CANCEL: client_acts.cancel,
    Intent.RESCHEDULE: client_acts.move,
    Intent.MINE: client_acts.mine,
    Intent.WAITLIST: client_waiting.wait,
    Intent.CONFIRM: client_acts.mine,
    Intent.PERSON: _person,
    Intent.OTHER_PROFESSIONAL: _search,
    Intent.DROP: _kept,
    Intent.KEEP: _kept,
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
