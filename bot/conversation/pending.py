"""Writes that wait for a yes: proposed with exact arguments, asked by us, run once, or let go."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..agenda.booking import lock
from ..errors import Refused
from ..models import Outbound, PendingAction
from ..models.enums import PendingStatus
from ..notify.messages import MESSAGES, from_json
from ..notify.render import chat, in_window
from ..whatsapp.outgoing import Choices, Outgoing, Text
from .brain import Answer, Proposal, Toolkit
from .buttons import yes_no
from .refusals import explain
from .scene import Scene

# Long enough to ask somebody at home, short enough that the question still means what it said.
VALID = timedelta(minutes=10)
# A time is kept for less: other people are waiting for it.
HOLD = timedelta(minutes=5)


async def propose(session: AsyncSession, here: Scene, proposal: Proposal) -> Choices:
    """Store a proposal in place of any earlier one and return the question with its two buttons."""
    await _let_go(session, here)
    held = await _may_hold(session, here, proposal)
    professional_id, start, end = proposal.hold if held and proposal.hold else (None, None, None)
    row = PendingAction(
        conversation_id=here.conversation.id,
        role=here.asker.role,
        tool=proposal.tool,
        arguments=dict(proposal.arguments),
        question=proposal.question,
        hold_professional_id=professional_id,
        hold_start_at=start,
        hold_end_at=end,
        hold_until=here.now + HOLD if start else None,
        expires_at=here.now + VALID,
        created_at=here.now,
    )
    session.add(row)
    await session.flush()
    return Choices(proposal.question, yes_no(row.id))


async def accept(session: AsyncSession, here: Scene, pending: PendingAction, toolkit: Toolkit) -> Answer:
    """Run what was proposed, once; a refusal undoes it alone and is explained."""
    pending = await session.get_one(PendingAction, pending.id)
    if answer := _settled(pending, here.now):
        return answer
    try:
        async with session.begin_nested():
            receipt = await toolkit.perform(
                session, here.asker, pending.tool, pending.arguments, key=f"pending:{pending.id}"
            )
    except Refused as refusal:
        _close(pending, PendingStatus.REFUSED, here.now)
        return _instead(here, explain(refusal, here.asker, pending.arguments))
    _close(pending, PendingStatus.DONE, here.now)
    if receipt is None and here.contact.opted_out_at is not None:
        receipt = await _noticed(session, here)
    return Answer(say=receipt, state={**here.state, "dialog": {}})


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
    pending = await session.get_one(PendingAction, pending.id)
    if answer := _settled(pending, here.now):
        return answer
    _close(pending, PendingStatus.REFUSED, here.now)
    words = "declined" if pending.tool == "book_appointment" else "kept"
    return Answer(say=Text(chat(words)), state={**here.state, "dialog": {}})


async def find(session: AsyncSession, here: Scene, pending_id: UUID) -> PendingAction | None:
    """Return a pending action of this conversation and role, whatever became of it."""
    return await session.scalar(
        select(PendingAction).where(
            PendingAction.id == pending_id,
            PendingAction.conversation_id == here.conversation.id,
            PendingAction.role == here.asker.role,
        )
    )


def _settled(pending: PendingAction, now: datetime) -> Answer | None:
    if pending.status is PendingStatus.DONE:
        return Answer(say=Text(chat("already_done")))
    if pending.status is not PendingStatus.OPEN or pending.expires_at <= now:
        if pending.status is PendingStatus.OPEN:
            _close(pending, PendingStatus.EXPIRED, now)
        return Answer(say=Text(chat("expired_question")))
    return None


def _close(pending: PendingAction, status: PendingStatus, now: datetime) -> None:
    pending.status = status
    pending.decided_at = now
    pending.hold_until = None


async def _let_go(session: AsyncSession, here: Scene) -> None:
    await session.execute(
        update(PendingAction)
        .where(PendingAction.conversation_id == here.conversation.id, PendingAction.status == PendingStatus.OPEN)
        .values(status=PendingStatus.REPLACED, hold_until=None, decided_at=here.now)
    )


async def _may_hold(session: AsyncSession, here: Scene, proposal: Proposal) -> bool:
    """A time is kept for the first who asks; a second one is asked too, without keeping it."""
    if proposal.hold is None:
        return False
    professional_id, start, end = proposal.hold
    await lock(session, professional_id)
    rival = await session.scalar(
        select(PendingAction.id)
        .where(
            PendingAction.hold_professional_id == professional_id,
            PendingAction.hold_until > here.now,
            PendingAction.hold_start_at < end,
            PendingAction.hold_end_at > start,
        )
        .limit(1)
    )
    return rival is None
