"""An answer that quotes a message of ours is about that message, not about whatever was asked last.

"Confirmo" under a reminder confirms that appointment, and "sim" under an older question is about that question, which
may have run out meanwhile. What a typed number means is read in `numbering`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Conversation, Outbound, PendingAction
from ..models.enums import Role
from ..notify.delivery import spoken
from ..notify.outbox import CHAT
from ..text import plain
from ..whatsapp.outgoing import Choices, Option
from . import buttons
from .inbox import Held
from .yesno import CANCEL, DEED, MOVE, read_yes_no

AGREES: Final = frozenset({buttons.YES, buttons.ATTEND, buttons.CONFIRM, buttons.ACCEPT})
REFUSES: Final = frozenset({buttons.NO, buttons.REJECT, buttons.DECLINE})
# What may be said for a button that changes an appointment, beside its own words.
CHANGES: Final = {CANCEL: "cancel", MOVE: "move"}
# A reminder comes a day before; what was told earlier than that is not what a bare "sim" is about.
RECENT: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message of ours that a person answers: its options, and the appointment it spoke of."""

    options: Sequence[Option] = ()
    appointment_id: UUID | None = None


async def quoted(session: AsyncSession, held: Held) -> Quoted | None:
    """Return the message of ours that was quoted; None when none was, or not one to this person."""
    if held.reply_to is None:
        return None
    row = await session.scalar(
        select(Outbound).where(Outbound.provider_id == held.reply_to, Outbound.contact_id == held.contact.id).limit(1)
    )
    if row is None:
        return None
    return _as_quoted(row)


async def shown_at(session: AsyncSession, held: Held, appointment_id: UUID | None) -> datetime | None:
    """Say when the message about an appointment was written that a tap or a word answers; None when none is known."""
    if held.reply_to is None or appointment_id is None:
        return None
    written: datetime | None = await session.scalar(
        select(Outbound.created_at)
        .where(Outbound.provider_id == held.reply_to, Outbound.appointment_id == appointment_id)
        .limit(1)
    )
    return written


async def just_told(session: AsyncSession, conversation: Conversation, text: str, now: datetime) -> Quoted | None:
    """Return the notice that a bare "confirmo" answers: the last thing said, and no other like it beside it.

    Only a client's: a professional who has two requests waiting says which one.
    """
    if conversation.mode is not Role.CLIENT or all(read_yes_no(text, tool) is None for tool in ("", *DEED)):
        return None
    latest = (
        select(Outbound)
        .where(Outbound.conversation_id == conversation.id, Outbound.sent_at > now - RECENT)
        .order_by(Outbound.sent_at.desc(), Outbound.id.desc())
        .limit(2)
    )
    last, *before = [*await session.scalars(latest)] or [None]
    if last is None or last.kind == CHAT or any(row.kind == last.kind for row in before):
        return None
    return _as_quoted(last)


def _as_quoted(row: Outbound) -> Quoted:
    said = spoken(row)
    return Quoted(said.options if isinstance(said, Choices) else (), row.appointment_id)


def meant(text: str, about: Quoted, pending: PendingAction | None) -> str | None:
    """Return the option of a quoted message that words stand for, or None when they are more than that."""
    words = plain(text).strip(" .!")
    for option in about.options:
        if words == plain(option.title):
            return option.id
    verbs = {buttons.decode(option.id).verb: option.id for option in about.options}
    if pending is not None and verbs.get(buttons.YES) == buttons.encode(buttons.YES, pending.id):
        return None  # what is asked just now: a yes to it is read with all that can be said for it
    for tool, verb in CHANGES.items():
        if verb in verbs and read_yes_no(text, "") is None and read_yes_no(text, tool):
            return verbs[verb]
    decided = next((said for tool in ("", *DEED) if (said := read_yes_no(text, tool)) is not None), None)
    if decided is None:
        return None
    return next((identifier for verb, identifier in verbs.items() if verb in (AGREES if decided else REFUSES)), None)
