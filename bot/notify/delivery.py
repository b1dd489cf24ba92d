"""What becomes of an outbound row: the only place that moves one out of `sending`, and never backwards.

The answer to the POST and the statuses that follow tell the same story through two doors, in any order and
more than once; whichever comes first is believed, and the end is the same.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, cast
from uuid import UUID

from sqlalchemy import String, Table, Text, Uuid, bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Instant
from ..models import Contact, Conversation, Message, Outbound
from ..models.base import choice
from ..models.enums import STILL_OWED, Author, OutboundStatus
from ..whatsapp.faults import NO_CONNECTION, Action, Fault, seconds_until_retry
from ..whatsapp.outgoing import Outgoing, from_json, plain
from ..whatsapp.window import LENGTH
from . import bad_news, messages, numbers
from .outbox import CHAT
from .render import in_window
from .these import EachOf

log = logging.getLogger(__name__)

TRIES = 5
# While nobody is there to try: about half an hour, for pauses grow up to ten minutes.
TRIES_OF_THE_DOOR = 12
# A status follows a message within seconds; after a minute none will come.
STATUS_WAIT = timedelta(seconds=60)
# Marks a row that is sent once more because nobody could tell whether it went out the first time.
AGAIN = "again"
# Marks a row that a sender held when it died.
DIED = "sender_died"

_TABLE = cast(Table, Outbound.__table__)
_LINES = cast(Table, Message.__table__)


class Worded(Protocol):
    """Anything that knows what a row says."""

    @property
    def kind(self) -> str: ...

    @property
    def payload(self) -> Mapping[str, Any]: ...


def spoken(row: Worded) -> Outgoing:
    """Return what a row says, as it is said inside the 24-hour window."""
    return from_json(row.payload) if row.kind == CHAT else in_window(messages.from_json(row.kind, row.payload))


def author_of(row: Worded) -> Author:
    """Return whose words a row carries: a person's own travel like the bot's."""
    return Author(row.payload.get("author", Author.BOT))


async def sent(
    session: AsyncSession, row: Outbound, provider_id: str, at: datetime, *, said: str | None = None
) -> None:
    """Note that the provider took the message, and write it into the conversation, once: `said`, if already known."""
    if row.sent_at is None and row.conversation_id is not None:
        line = Message(
            id=row.id,
            conversation_id=row.conversation_id,
            professional_id=row.professional_id,
            author=author_of(row),
            text=plain(spoken(row)) if said is None else said,
            created_at=at,
        )
        session.add(line)
    row.sent_at = min(row.sent_at or at, at)
    row.provider_id = provider_id
    if row.status is OutboundStatus.FAILED:
        await bad_news.take_back(session, row)
    if row.status in STILL_OWED or row.status is OutboundStatus.FAILED:
        row.status, row.lease_until, row.error_code, row.error = OutboundStatus.SENT, None, "", ""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the provider took at the first go: its row, the provider's id, when, and what it says."""

    id: UUID
    conversation_id: UUID | None
    professional_id: UUID | None
    provider_id: str
    at: datetime
    said: str
    author: Author


_SENT = EachOf(
    "UPDATE outbound SET status = 'sent', lease_until = NULL, error_code = '', error = '',"
    " provider_id = new.provider, sent_at = new.at FROM {new} WHERE outbound.id = new.row",
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("row"))
    .values(
        status=OutboundStatus.SENT,
        lease_until=None,
        error_code="",
        error="",
        provider_id=bindparam("provider"),
        sent_at=bindparam("at"),
    ),
    row=Uuid(),
    provider=String(),
    at=Instant(),
)
_SAID = EachOf(
    "INSERT INTO messages (id, conversation_id, professional_id, author, text, created_at) SELECT * FROM {new}",
    insert(_LINES),
    id=Uuid(),
    conversation_id=Uuid(),
    professional_id=Uuid(),
    author=choice(Author),
    text=Text(),
    created_at=Instant(),
)


async def sent_many(session: AsyncSession, taken: Sequence[Taken]) -> None:
    """Do what `sent` does for many rows that are locked, being sent and were never sent before, in two statements."""
    await _SENT.run(session, [{"row": each.id, "provider": each.provider_id, "at": each.at} for each in taken])
    lines = [
        {
            "id": each.id,
            "conversation_id": each.conversation_id,
            "professional_id": each.professional_id,
            "author": each.author,
            "text": each.said,
            "created_at": each.at,
        }
        for each in taken
        if each.conversation_id is not None
    ]
    await _SAID.run(session, lines)


async def failed(
    session: AsyncSession, row: Outbound, fault: Fault, account: str, now: datetime, *, refused: bool = False
) -> None:
    """Do what the table of faults says. `refused` tells that a status said so: then it certainly did not arrive."""
    row.lease_until = None
    log.warning(
        "a message was not sent",
        extra={"outbound": str(row.id), "kind": row.kind, "code": fault.code, "action": fault.action.value},
    )
    match fault.action:
        case Action.RETRY | Action.THROTTLED | Action.SLOW_DOWN:
            await _later(session, row, fault, now, TRIES_OF_THE_DOOR if fault.code == NO_CONNECTION else TRIES)
        case Action.RETRY_ONCE:
            await _later(session, row, fault, now, 2)
        case Action.AWAIT_STATUS if refused:
            await _later(session, row, fault, now, 2)
        case Action.AWAIT_STATUS:
            doubt(row, fault, now)
        case Action.USE_TEMPLATE:
            shut = await _shut_window(session, row, now)
            if row.kind == CHAT:
                await give_up(session, row, Fault("window_closed", fault.action, fault.details), now)
            else:
                # As a template at once; where it was one already, that is no use.
                await _later(session, row, fault, now, TRIES, wait=0 if shut else None)
        case Action.STOP_ACCOUNT:
            stop = await numbers.stop(session, account, fault, now, row.id)
            if not (refused and stop.blames):
                row.attempts -= 1  # the number was at fault, not the message: it keeps all its tries
            await _later(session, row, fault, now, TRIES, wait=(stop.until - now).total_seconds())
        case Action.UNREACHABLE:
            await _mark(session, row, unreachable_at=now)
            await give_up(session, row, fault, now)
        case Action.STOPPED_OFFERS:
            await _mark(session, row, marketing_stopped_at=now)
            await give_up(session, row, fault, now)
        case Action.TEMPLATE | Action.BUG | Action.DROP:
            await give_up(session, row, fault, now)


def doubt(row: Outbound, fault: Fault, now: datetime) -> None:
    """Wait for a status: whether the message went out is not known."""
    row.status, row.due_at, row.lease_until = OutboundStatus.UNCERTAIN, now + STATUS_WAIT, None
    row.error_code, row.error = (AGAIN if row.error_code == AGAIN else fault.code), fault.details or fault.code


async def give_up(session: AsyncSession, row: Outbound, fault: Fault, now: datetime) -> None:
    """Mark a row failed, visibly, and tell the professional whom it concerns."""
    row.status, row.lease_until = OutboundStatus.FAILED, None
    row.error_code, row.error = fault.code[:24], fault.details
    log.error("a message failed", extra={"outbound": str(row.id), "kind": row.kind, "code": fault.code})
    await bad_news.tell(session, row, fault, now)


def skip(row: Outbound, why: str) -> None:
    """Mark a row that is of no use to anybody any more."""
    row.status, row.lease_until, row.error_code = OutboundStatus.SKIPPED, None, why


async def _later(
    session: AsyncSession, row: Outbound, fault: Fault, now: datetime, tries: int, *, wait: float | None = None
) -> None:
    if row.attempts >= tries:
        await give_up(session, row, fault, now)
        return
    seconds = seconds_until_retry(fault.action, row.attempts) if wait is None else wait
    row.status, row.due_at = OutboundStatus.QUEUED, now + timedelta(seconds=seconds)
    row.error_code = AGAIN if row.error_code == AGAIN else fault.code
    row.error = fault.details


async def _mark(session: AsyncSession, row: Outbound, **values: datetime) -> None:
    await session.execute(update(Contact).where(Contact.id == row.contact_id).values(**values))


async def _shut_window(session: AsyncSession, row: Outbound, now: datetime) -> bool:
    """Believe Meta that the window is shut: our clock or our record was wrong. Tell whether it was open to us."""
    open_until_now = (Conversation.id == row.conversation_id, Conversation.last_inbound_at > now - LENGTH)
    shut = update(Conversation).where(*open_until_now).values(last_inbound_at=now - LENGTH)
    return bool((await session.scalars(shut.returning(Conversation.id))).all())
