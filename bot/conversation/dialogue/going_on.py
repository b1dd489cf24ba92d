"""What a stranger asked before a professional was chosen: answered in the very turn that chooses one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from ...notify.render import chat
from ...whatsapp.outgoing import BODY_LIMIT, Choices, Text
from .. import scene
from ..brain import Answer, Brain, Heard, Toolkit
from ..scene import Scene

# The sentence that names the professional, above an answer.
_PREFACE = 240


def asked_before(answer: Answer) -> str:
    """Return what was asked before, where an answer chooses a professional."""
    if answer.professional_id is None:
        return ""
    dialog = (answer.state or {}).get("dialog")
    return str(dialog.get("then") or "") if isinstance(dialog, Mapping) else ""


async def go_on(
    session: AsyncSession, here: Scene, chosen: Answer, toolkit: Toolkit, rules: Brain
) -> tuple[Scene, Answer]:
    """Answer what was asked before, as it is asked of the professional whom `chosen` turns to."""
    there = await scene.turned_to(session, here, chosen.professional_id)
    state: dict[str, Any] = {**(chosen.state or {}), "dialog": {}, "pending": None}
    heard = Heard(
        asker=there.asker,
        text=asked_before(chosen),
        history=there.history,
        state=state,
        toolbox=toolkit.for_asker(there.asker, state, professional=there.professional, session=session),
        professional_name=there.professional.name if there.professional else "",
    )
    answer = await rules.answer(heard)
    return there, replace(_introduced(answer, there), professional_id=chosen.professional_id)


def _introduced(answer: Answer, there: Scene) -> Answer:
    """Put above the answer whose agenda it speaks of."""
    owner = there.professional
    words = chat("professional_is", professional=owner.name, profession=owner.profession) if owner else ""
    if not words or len(words) > _PREFACE:
        return answer
    if answer.proposal and len(answer.proposal.question) + len(words) < BODY_LIMIT - _PREFACE:
        return replace(answer, proposal=replace(answer.proposal, question=f"{words}\n\n{answer.proposal.question}"))
    said = answer.say
    if isinstance(said, Text) or (isinstance(said, Choices) and len(said.numbered) + len(words) + 2 <= BODY_LIMIT):
        return replace(answer, say=replace(said, body=f"{words}\n\n{said.body}"))
    return answer
