"""Writes that wait for a yes: proposed with exact arguments, asked by us, run once, or let go.

A question waits only while it is the last thing on the person's screen: what is answered meanwhile ends with it, or
ends it.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..agenda.booking import lock
from ..agenda.entry import Rows
from ..agenda.parties import table
from ..db import Instant, Swift
from ..errors import Refused
from ..models import Outbound, PendingAction, new_id
from ..models.enums import PendingStatus
from ..notify.messages import MESSAGES, from_json
from ..notify.render import chat, in_window
from ..whatsapp.outgoing import TEXT_LIMIT, Choices, Outgoing, Text
from .brain import Answer, Proposal, Toolkit
from .buttons import yes_no
from .dialogue.afterwards import asked_next, remembered
from .dialogue.refusals import Undone, explain
from .dialogue.talk import choices
from .reading.yesno import begins_with_no
from .scene import Scene

# Long enough to ask somebody at home, short enough that the question still means what it said.
VALID = timedelta(minutes=10)
# A time is kept for less: other people are waiting for it.
HOLD = timedelta(minutes=5)
_ASKS: Final = re.compile(r"\?\W*$")

_ROWS: Final = table(PendingAction)
_NOW: Final = bindparam("now", type_=Instant)
_BECOMES: Final = bindparam("becomes", type_=_ROWS.c.status.type)


def _closing(*whose: ColumnElement[bool]) -> Swift:
    return Swift(
        update(_ROWS)
        .where(*whose, _ROWS.c.status == PendingStatus.OPEN)
        .values(status=_BECOMES, hold_until=None, decided_at=_NOW)
        .returning(_ROWS.c.id)
    )


_CLOSE: Final = _closing(_ROWS.c.id == bindparam("question"))
_CLOSE_ALL: Final = _closing(_ROWS.c.conversation_id == bindparam("talk"))
_RIVAL: Final = Swift(
    select(_ROWS.c.id)
    .where(
        _ROWS.c.hold_professional_id == bindparam("professional"),
        _ROWS.c.hold_until > _NOW,
        _ROWS.c.hold_start_at < bindparam("end"),
        _ROWS.c.hold_end_at > bindparam("start"),
    )
    .limit(literal_column("1"))
)


async def propose(session: AsyncSession, here: Scene, proposal: Proposal) -> tuple[Choices, Rows]:
    """Put a proposal in place of any earlier one; return the question with its two buttons, and the row to write."""
    if here.asked:  # nobody else asks while this turn holds the conversation
        replaced = {"becomes": PendingStatus.REPLACED, "now": here.now}
        await _CLOSE_ALL.all(session, {"talk": here.conversation.id, **replaced})
    held = await _may_hold(session, here, proposal)
    professional_id, start, end = proposal.hold if held and proposal.hold else (None, None, None)
    identifier = new_id()
    row = {
        "id": identifier,
        "conversation_id": here.conversation.id,
        "role": here.asker.role,
        "tool": proposal.tool,
        "arguments": dict(proposal.arguments),
        "question": proposal.question,
        "status": PendingStatus.OPEN,
        "hold_professional_id": professional_id,
        "hold_start_at": start,
        "hold_end_at": end,
        "hold_until": here.now + HOLD if start else None,
        "expires_at": here.now + VALID,
        "decided_at": None,
        "created_at": here.now,
    }
    return Choices(proposal.question, yes_no(identifier)), [(PendingAction, row)]


async def accept(session: AsyncSession, here: Scene, pending: PendingAction, toolkit: Toolkit) -> Answer:
    """Run what was proposed, once; raise `Undone` where that is refused."""
    if answer := await _settled(session, pending, PendingStatus.DONE, here.now):
        return answer
    question, arguments = pending.id, pending.arguments
    try:
        receipt = await toolkit.perform(session, here.asker, pending.tool, arguments, key=f"pending:{question}")
    except Refused as refusal:
        raise Undone(_instead(here, explain(refusal, here.asker, arguments)), question) from refusal
    if receipt is None and here.contact.opted_out_at is not None:
        receipt = await _noticed(session, here)
    dialog = remembered(here.state.get("dialog") or {}, pending.tool, arguments, here.now)
    return Answer(say=asked_next(dialog, receipt), state={**here.state, "dialog": dialog})


def _instead(here: Scene, answer: Answer) -> Answer:
    """Let the dialogue go on with the times that are offered instead: "10h30" chooses among them."""
    dialog = dict(here.state.get("dialog") or {})
    if not isinstance(answer.say, Choices) or not dialog.get("doing"):
        return answer
    dialog |= {
        "asked": "slot",
        "question": answer.say.body,
        "options": [[option.id, option.title, option.description] for option in answer.say.options],
        "offered": [[token, kept["start"]] for token, kept in answer.tokens.items()],
    }
    return replace(answer, state={**here.state, "dialog": dialog})


async def _noticed(session: AsyncSession, here: Scene) -> Outgoing | None:
    """Return as an answer the notice that somebody who wants no notices would not get: they have asked for this."""
    row = await session.scalar(
        select(Outbound)
        .where(Outbound.contact_id == here.contact.id, Outbound.created_at == here.now, Outbound.kind.in_(MESSAGES))
        .order_by(Outbound.priority)
        .limit(1)
    )
    return in_window(from_json(row.kind, row.payload)) if row else None


async def decline(session: AsyncSession, here: Scene, pending: PendingAction) -> Answer:
    """Forget what was proposed."""
    if answer := await _settled(session, pending, PendingStatus.REFUSED, here.now):
        return answer
    words = "declined" if pending.tool == "book_appointment" else "kept"
    return Answer(say=Text(chat(words)), state={**here.state, "dialog": {}})


async def left(session: AsyncSession, here: Scene, answer: Answer) -> Outgoing | None:
    """Put a question that an answer leaves open again below it, and return both; close it where that makes no sense.

    None where there is no such question, or it is closed: a yes from now on must not run it.
    """
    question = here.pending
    turned = answer.state is not None and answer.state.get("pending", question) is None
    if question is None or question.status is not PendingStatus.OPEN:
        return None
    if answer.say is None and not (turned or answer.handoff):
        return None  # nothing was said: it is still the last thing on the screen
    again = None if turned or answer.handoff else _again(here, question, answer.say)
    if again is None:
        late = question.expires_at <= here.now
        await _close(session, question.id, PendingStatus.EXPIRED if late else PendingStatus.REFUSED, here.now)
    return again


def _again(here: Scene, question: PendingAction, said: Outgoing | None) -> Outgoing | None:
    """Return an answer with the open question below it; None where a yes could be meant for something else."""
    # "Não, ..." has answered it, whatever else was read in it.
    answered = here.payload is None and begins_with_no(here.text)
    if answered or question.expires_at <= here.now:
        return None
    mine = {option.id for option in yes_no(question.id)}
    if isinstance(said, Choices) and any(option.id in mine for option in said.options):
        return said
    asks_itself = isinstance(said, Text) and said.body != question.question and _ASKS.search(said.body)
    if not isinstance(said, Text) or asks_itself:
        return None
    body = "\n\n".join(dict.fromkeys((said.body, question.question)))
    return choices(body, yes_no(question.id)) if len(body) <= TEXT_LIMIT else None


async def find(session: AsyncSession, here: Scene, pending_id: UUID) -> PendingAction | None:
    """Return a pending action of this conversation and role, whatever became of it."""
    open_one = here.pending
    if open_one is not None and open_one.id == pending_id and open_one.role is here.asker.role:
        return open_one
    return await session.scalar(
        select(PendingAction).where(
            PendingAction.id == pending_id,
            PendingAction.conversation_id == here.conversation.id,
            PendingAction.role == here.asker.role,
        )
    )


async def _settled(
    session: AsyncSession, pending: PendingAction, becomes: PendingStatus, now: datetime
) -> Answer | None:
    """Close a question that is open, once; else say what became of it."""
    status = pending.status
    if status is PendingStatus.OPEN:
        late = pending.expires_at <= now
        if await _close(session, pending.id, PendingStatus.EXPIRED if late else becomes, now):
            pending.status = PendingStatus.EXPIRED if late else becomes
            return Answer(say=Text(chat("expired_question"))) if late else None
        # Closed by somebody else since it was read.
        status = (await session.scalars(select(PendingAction.status).where(PendingAction.id == pending.id))).one()
        pending.status = status
    return Answer(say=Text(chat("already_done" if status is PendingStatus.DONE else "expired_question")))


async def refused(session: AsyncSession, question: UUID | None, now: datetime) -> None:
    """Close a question, if it was one, whose yes came to nothing."""
    if question is not None:
        await _close(session, question, PendingStatus.REFUSED, now)


async def _close(session: AsyncSession, question: UUID, becomes: PendingStatus, now: datetime) -> bool:
    return await _CLOSE.first(session, {"question": question, "becomes": becomes, "now": now}) is not None


async def _may_hold(session: AsyncSession, here: Scene, proposal: Proposal) -> bool:
    """A time is kept for the first who asks; a second one is asked too, without keeping it."""
    if proposal.hold is None:
        return False
    professional_id, start, end = proposal.hold
    await lock(session, professional_id)
    values = {"professional": professional_id, "start": start, "end": end, "now": here.now}
    return await _RIVAL.first(session, values) is None
