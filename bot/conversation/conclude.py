"""The end of a turn: what was said and decided becomes rows, in one transaction with "handled"."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from ..agenda.entry import Rows
from ..models import Message, new_id
from ..models.enums import Author
from ..notify import outbox
from ..notify.render import chat
from ..whatsapp.outgoing import Choices, Outgoing, Text
from . import inbox, pending
from .brain import Answer
from .dialogue.talk import choices
from .handoff import call_person
from .scene import Scene

# Tokens handed out before the last sixty are forgotten: two long lists of times and a few names.
TOKENS = 60


async def conclude(session: AsyncSession, here: Scene, answer: Answer) -> bool:
    """Write down a turn: the log, the dialogue's state, the proposal or the answer, and "handled".

    Tell whether more waits in the lane.
    """
    rows: Rows = []
    said = _with_transcript(await _said(session, here, answer, rows), here.transcript)
    state = _state(here.conversation.state, answer, said)
    conversation = await inbox.let_go(session, here.held, state=state, about=answer.professional_id)
    if words := _words(here):
        line = {
            "id": new_id(),
            "conversation_id": conversation.id,
            "professional_id": here.asker.professional_id,
            "author": Author.PROFESSIONAL if here.is_professional else Author.CLIENT,
            "text": words,
            "created_at": here.now,
        }
        rows.append((Message, line))
    if said is not None:
        rows += outbox.spoken(said, conversation, now=here.now, dedup_key=f"turn:{here.first.id}")
    return await inbox.handled(session, here.held, rows, now=here.now)


async def _said(session: AsyncSession, here: Scene, answer: Answer, rows: Rows) -> Outgoing | None:
    if answer.proposal is not None and not answer.handoff:
        question, asked = await pending.propose(session, here, answer.proposal)
        rows += asked
        return question
    said = await call_person(session, here) if answer.handoff else answer.say
    if (again := await pending.left(session, here, answer)) is not None:
        return again
    return said


def _with_transcript(said: Outgoing | None, transcript: str) -> Outgoing | None:
    """Put what was understood of a voice note above the answer, in the same bubble."""
    if not transcript or not isinstance(said, Text | Choices):
        return said
    words = chat("voice_heard", transcript=transcript) + "\n\n" + said.body
    return replace(said, body=words) if isinstance(said, Text) else choices(words, said.options, label=said.label)


def _state(before: Mapping[str, Any], answer: Answer, said: Outgoing | None) -> dict[str, Any]:
    state = dict(before if answer.state is None else answer.state)
    for passing in ("pending", "about"):  # of this turn only
        state.pop(passing, None)
    state["menu"] = [option.id for option in said.options] if isinstance(said, Choices) else []
    tokens = {**state.get("tokens", before.get("tokens", {})), **answer.tokens}
    state["tokens"] = _remembered(tokens, [state["menu"], state.get("dialog")])
    return state


def _remembered(tokens: Mapping[str, Any], about: object) -> dict[str, Any]:
    """Forget the oldest tokens where there are too many, those that the dialogue or its options are about last."""
    if len(tokens) <= TOKENS:
        return dict(tokens)
    named = json.dumps(about)
    return dict(sorted(tokens.items(), key=lambda each: each[0] in named)[-TOKENS:])


def _words(here: Scene) -> str:
    if here.held.payload:
        return str(here.first.event.get("title") or here.first.event.get("text") or "")
    return here.text
