"""Which message of ours an answer is about: the one that it quotes, else the one that asked last.

"Confirmo" under a reminder confirms that appointment, and "sim" under an older question is about that question, which
may have run out meanwhile. What a typed number means is read in `numbering`.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agenda.holiday_question import CLOSE, WORK
from ..models import Conversation, Outbound, PendingAction
from ..models.enums import WENT_OUT
from ..notify.delivery import spoken
from ..notify.messages import Reminder2h
from ..notify.outbox import CHAT
from ..text import plain
from ..whatsapp.outgoing import Choices, Option
from . import buttons
from .inbox import Held
from .reading.yesno import BARE, BOOK, CANCEL, DEED, MOVE, PRESENCE, read_yes_no

AGREES: Final = frozenset({buttons.YES, buttons.ATTEND, buttons.CONFIRM, buttons.ACCEPT, buttons.GRANT, CLOSE})
REFUSES: Final = frozenset({buttons.NO, buttons.REJECT, buttons.DECLINE, buttons.DENY, WORK})
# Options of our own answers: what a tap on one is about stands in the tap.
OF_ANSWERS: Final = frozenset({buttons.YES, buttons.NO, "slot", "service", "client", "appt", "wait"})
# What may be said for a button that changes an appointment, beside its own words.
CHANGES: Final = {CANCEL: "cancel", MOVE: "move"}
# A reminder comes a day before; what was told earlier than that is not what a bare "sim" is about.
RECENT: Final = timedelta(hours=24)
# Notices that may have come since something was said; more than these is another day.
BACK: Final = 6


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message of ours that a person answers: what it says, its options, and the appointment it spoke of."""

    options: Sequence[Option] = ()
    appointment_id: UUID | None = None
    body: str = ""
    # When it was written: it showed what was so then.
    at: datetime | None = None
    # Whether a yes may be an answer to it; a receipt only says what the talk is about.
    asks: bool = True


async def quoted(session: AsyncSession, held: Held) -> Quoted | None:
    """Return the message of ours that was quoted; None when none was, or not one to this person."""
    if held.reply_to is None or buttons.decode(held.payload or "").verb in OF_ANSWERS:
        return None
    row = await session.scalar(
        select(Outbound).where(Outbound.provider_id == held.reply_to, Outbound.contact_id == held.contact.id).limit(1)
    )
    if row is None:
        return None
    return _as_quoted(row)


def told_in(conversation: Conversation) -> Select[Outbound]:
    """Select what we said in a conversation, as far as it was shown, the newest first."""
    return (
        select(Outbound)
        .where(Outbound.conversation_id == conversation.id, Outbound.status.in_(WENT_OUT))
        .order_by(Outbound.sent_at.desc(), Outbound.id.desc())
    )


async def just_told(
    session: AsyncSession, conversation: Conversation, text: str, now: datetime, pending: PendingAction | None
) -> Sequence[Quoted]:
    """Return what a bare "confirmo" may answer beside the question that waits, the newest first.

    That is what we said last, if it asks, and every notice since that does; without any, the last notice.
    """
    if all(read_yes_no(text, tool) is None for tool in ("", *DEED)):
        return ()
    rows = [*await session.scalars(told_in(conversation).where(Outbound.sent_at > now - RECENT).limit(BACK))]
    since = next((place for place, row in enumerate(rows) if row.kind == CHAT), len(rows))
    found = [each for row in rows[:since] if (each := _as_quoted(row)).asks]
    if found or not since:
        return [*found, *(_asked_in(rows[since], text, pending, bool(found)) if since < len(rows) else ())]
    return [_as_quoted(rows[0])] if all(row.kind != rows[0].kind for row in rows[1:2]) else ()


def _asked_in(row: Outbound, text: str, pending: PendingAction | None, past: bool) -> Sequence[Quoted]:
    """Return what an answer of ours asks, one for each thing that its options are about.

    A question that waits no longer can still be answered while nothing came after it: then it is said so.
    """
    said = _as_quoted(row)
    about: dict[str, list[Option]] = {}
    for option in said.options:
        verb, value = buttons.decode(option.id)
        decides = verb in (buttons.YES, buttons.NO)
        mine = pending is not None and value == str(pending.id)
        if verb in AGREES | REFUSES and not mine and not (decides and (past or read_yes_no(text, BARE) is None)):
            about.setdefault(value, []).append(option)
    return [Quoted(options, body=said.body) for options in about.values()]


def _as_quoted(row: Outbound) -> Quoted:
    said = spoken(row)
    if isinstance(said, Choices):
        return Quoted(said.options, row.appointment_id, said.body, row.created_at)
    return Quoted((), row.appointment_id, at=row.created_at, asks=row.kind == Reminder2h.name)


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
    decided = next((said for tool in _deeds(verbs.keys()) if (said := read_yes_no(text, tool)) is not None), None)
    if decided is None:
        return None
    found = next((identifier for verb, identifier in verbs.items() if verb in (AGREES if decided else REFUSES)), None)
    # Whoever does not come is asked whether to cancel.
    return found if decided else found or verbs.get(CHANGES[CANCEL])


def _deeds(verbs: Set[str]) -> Sequence[str]:
    """Return the deeds whose naming agrees to one of these options: "pode marcar" says nothing about one's presence."""
    if buttons.YES in verbs:
        return ("", *DEED)
    if buttons.ATTEND in verbs:
        return (BARE, PRESENCE)
    return (BARE, BOOK) if verbs & {buttons.CONFIRM, buttons.ACCEPT} else (BARE,)
