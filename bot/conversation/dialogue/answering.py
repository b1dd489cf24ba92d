"""A plain yes or no: to the question that waits, if that is the last thing on the screen.

Where a notice has asked something of its own since, nobody can tell which of the two is meant, so that is asked.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from ...models import PendingAction
from ...notify.render import chat
from ...whatsapp.outgoing import Choices, Option
from .. import buttons, pending
from ..brain import Answer, Toolkit
from ..quoting import AGREES, REFUSES, Quoted
from ..reading.intents import Intent, understand
from ..reading.vocabulary import plain
from ..reading.wish import Said
from ..reading.yesno import BARE, YES, read_yes_no
from ..scene import Scene
from .talk import choices, option

_FAREWELL: Final = frozenset({Intent.THANKS, Intent.BYE})
_VALUES: Final = re.compile(r"\*([^*\n]+)\*")


async def answer(session: AsyncSession, here: Scene, toolkit: Toolkit) -> Answer | None:
    """Answer a strict yes or no, or a farewell, while something waits for one."""
    if here.payload:
        return None
    question, rivals = here.pending, [each for each in here.told if each.asks]
    decision = read_yes_no(here.text, question.tool if question else "")
    if question is None:
        return _which(None, rivals, decision) if decision is not None and len(rivals) > 1 else None
    if decision is None:
        return await pending.decline(session, here, question) if _takes_leave(here) else None
    if rivals and read_yes_no(here.text, BARE) is not None:  # "pode cancelar" names what it answers
        return _which(question, rivals, decision)
    if decision:
        return await pending.accept(session, here, question, toolkit)
    return await pending.decline(session, here, question)


def _takes_leave(here: Scene) -> bool:
    """Tell whether somebody says thanks or goodbye and nothing else: "obrigada, vou pensar"."""
    if understand(here.text, here.asker.role).intent not in _FAREWELL or "?" in here.text:
        return False
    agreed = any((word,) in YES for word in plain(here.text).split())
    return not agreed and not Said.read(here.text, here.asker.local).dated


def _which(question: PendingAction | None, rivals: Sequence[Quoted], decision: bool) -> Answer | None:
    """Ask which of several questions was answered."""
    options = [found for each in rivals for found in _answers(each, decision)]
    if question is not None:
        own = Quoted(buttons.yes_no(question.id), body=question.question)
        options += _answers(own, decision)
        if len(options) == 1:
            return Answer(say=Choices(question.question, buttons.yes_no(question.id)))
    return Answer(say=choices(chat("which_question"), options, label="Ver perguntas")) if options else None


def _answers(asked: Quoted, decision: bool) -> Iterator[Option]:
    """Return the options of a question that mean yes, or no, each with what it is about."""
    meant = AGREES if decision else {*REFUSES, "cancel"}
    for each in asked.options:
        verb, value = buttons.decode(each.id)
        if verb in meant:
            yield option(verb, value, each.title, each.description or _about(asked.body))


def _about(body: str) -> str:
    """Return about whom and when a question is, and what it asks, on one line: what is cut off is the least."""
    asks = next((line for line in body.splitlines() if line.endswith("?")), "")
    return ". ".join(filter(None, (" · ".join(_VALUES.findall(body)), asks)))
