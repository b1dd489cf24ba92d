"""What both sides are answered alike: a greeting, thanks, goodbye, "deixa", and what says nothing that is known."""

from collections.abc import Sequence

from ...notify.render import chat
from ...whatsapp.outgoing import Option
from ..brain import Answer
from ..reading.yesno import closes
from .gathering import rounds_off, sorry
from .talk import Talk, choices
from .undoing import regrets, undo


def greeted(talk: Talk, words: str, opening: Sequence[Option]) -> Answer:
    """Greet somebody and begin anew; "tudo bem" after something, and no question, closes it."""
    if closes(talk.heard.text) and talk.heard.history:
        return talk.say("closing")
    talk.memory.clear()
    return talk.answer(choices(words, opening))


async def thanks(talk: Talk) -> Answer:
    """Say that it was a pleasure."""
    return talk.say("thanks")


async def bye(talk: Talk) -> Answer:
    """Say goodbye."""
    return talk.say("bye")


async def kept(talk: Talk) -> Answer:
    """Leave everything as it was, or propose to take back what was done, where that is what was meant."""
    if regrets(talk):
        return await undo(talk)
    talk.forget()
    return talk.say("kept")


def unclear(talk: Talk, menu: Sequence[Option]) -> Answer:
    """Answer what says nothing that is known: a mere "blz" rounds off, the rest is asked about."""
    if rounds_off(talk):
        return talk.say("closing")
    return sorry(talk) if talk.pending else talk.answer(choices(chat("not_understood"), menu))
