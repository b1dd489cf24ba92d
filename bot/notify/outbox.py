"""What is owed: rows written in the same transaction as the change that causes them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from ..db import add_new
from ..models import Appointment, Conversation, Outbound, new_id
from ..models import Message as Line
from ..models.enums import Author, Channel, OutboundStatus, Transport
from ..whatsapp.outgoing import Outgoing, plain, to_json
from .message import Message

CHAT = "chat"
# A letter in words of its own, to an address that stands in the row.
ALERT = "alert"
# Lower leaves first. Whoever looks for what is due names them all: what has another one would never leave.
PRIORITIES = range(10)


def owed(
    message: Message,
    *,
    contact_id: UUID | None,
    professional_id: UUID | None,
    now: datetime,
    conversation_id: UUID | None = None,
    appointment: Appointment | None = None,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    dedup_key: str | None = None,
    reminds: bool = False,
    transport: Transport = Transport.WHATSAPP,
) -> dict[str, Any]:
    """Build the row of one of the 19 messages to a contact; it is written once per `dedup_key`.

    A row that `reminds` is sent only while its appointment is active and starts when it does now.
    """
    return _row(
        transport=transport,
        conversation_id=conversation_id,
        contact_id=contact_id,
        professional_id=professional_id,
        appointment_id=appointment.id if appointment else None,
        appointment_start_at=appointment.start_at if appointment and reminds else None,
        kind=message.name,
        payload=message.to_json(),
        dedup_key=dedup_key,
        priority=message.priority,
        due_at=due_at or now,
        expires_at=expires_at,
        created_at=now,
    )


def alert(
    to: str,
    subject: str,
    text: str,
    *,
    priority: int,
    now: datetime,
    expires_at: datetime,
    professional_id: UUID | None = None,
) -> Outbound:
    """Build the row of a letter in words of its own, which is of no use after `expires_at`."""
    return Outbound(
        transport=Transport.EMAIL,
        kind=ALERT,
        payload={"subject": subject, "text": text, "to": to},
        priority=priority,
        professional_id=professional_id,
        due_at=now,
        expires_at=expires_at,
        created_at=now,
    )


async def owe(session: AsyncSession, message: Message, **values: Any) -> None:
    """Owe one of the 19 messages now; the values are those of `owed`."""
    await add_new(session, Outbound, owed(message, **values))


async def say(
    session: AsyncSession,
    outgoing: Outgoing,
    conversation: Conversation,
    *,
    now: datetime,
    dedup_key: str | None = None,
    priority: int = 0,
    author: Author = Author.BOT,
) -> UUID:
    """Owe an answer in a conversation; answers go before everything else, unless one belongs behind a message.

    In a conversation on our own page nothing has to leave: it is in the log at once. Return the id of what is owed,
    which its line in the log gets too.
    """
    rows = spoken(outgoing, conversation, now=now, dedup_key=dedup_key, priority=priority, author=author)
    for model, row in rows:
        await add_new(session, model, row)
    owed: UUID = rows[-1][1]["id"]
    return owed


def spoken(
    outgoing: Outgoing,
    conversation: Conversation,
    *,
    now: datetime,
    dedup_key: str | None = None,
    priority: int = 0,
    author: Author = Author.BOT,
) -> list[tuple[type[Any], dict[str, Any]]]:
    """Build what `say` writes: the row that is owed, after its line in the log where that is written at once."""
    in_app = conversation.channel is Channel.APP
    row = _row(
        transport=Transport.APP if in_app else Transport.WHATSAPP,
        conversation_id=conversation.id,
        contact_id=conversation.contact_id,
        professional_id=conversation.professional_id,
        kind=CHAT,
        payload=to_json(outgoing) | ({} if author is Author.BOT else {"author": author.value}),
        dedup_key=dedup_key,
        priority=priority,
        due_at=now,
        created_at=now,
    )
    if not in_app:
        return [(Outbound, row)]
    line = {
        "id": row["id"],
        "conversation_id": conversation.id,
        "professional_id": conversation.professional_id,
        "author": author,
        "text": plain(outgoing),
        "created_at": now,
    }
    return [(Line, line), (Outbound, row | {"status": OutboundStatus.DELIVERED, "sent_at": now})]


def _row(**values: Any) -> dict[str, Any]:
    if values["priority"] not in PRIORITIES:
        raise ValueError(f"nothing leaves with priority {values['priority']}")
    return {"id": new_id(), "status": OutboundStatus.QUEUED, "attempts": 0, "error_code": "", "error": "", **values}
