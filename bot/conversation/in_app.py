"""Talking to the assistant on our own page: the same inbox, the same turn, no telephone in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import add_new
from ..errors import Conflict
from ..models import Inbound, Outbound, new_id
from ..models.enums import Channel, InboundKind, InboundStatus
from ..whatsapp.outgoing import Outgoing, from_json

# One line of ours, so that everybody has one conversation with the assistant there.
ACCOUNT = "app"


class KeyOfAnother(Conflict):
    """An idempotency key that belongs to another message."""

    code = "idempotency_key_reused"
    sentence = "Essa chave de repetição já foi usada em outra mensagem."


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that waits for its turn in `lane`."""

    inbound_id: UUID
    lane: str


async def ask(
    session: AsyncSession, contact_id: UUID, *, text: str, option: str | None, key: str | None, now: datetime
) -> Asked:
    """Put what somebody typed or tapped on the page into the inbox; the same key is the same message, or none."""
    lane = f"{Channel.APP}:{ACCOUNT}:{contact_id}"
    event = {
        "type": "interactive" if option else "text",
        "text": text,
        "payload": option,
        "contact_id": str(contact_id),
    }
    external = f"{contact_id}:{key or uuid4()}"
    row = {
        "id": new_id(),
        "channel": Channel.APP,
        "account": ACCOUNT,
        "external_id": external,
        "kind": InboundKind.MESSAGE,
        "lane": lane,
        "event": event,
        "status": InboundStatus.NEW,
        "attempts": 0,
        "error": "",
        "provider_at": now,
        "received_at": now,
        "due_at": now,
    }
    made = await add_new(session, Inbound, row)
    if made is None:
        first = select(Inbound.id, Inbound.event).where(Inbound.channel == Channel.APP, Inbound.external_id == external)
        made, before = (await session.execute(first)).one()
        if before != event:
            raise KeyOfAnother
    return Asked(made, lane)


async def replies(session: AsyncSession, inbound_id: UUID) -> Sequence[Outgoing] | None:
    """Return what was answered to a message, or None while its turn is not over."""
    row = await session.get(Inbound, inbound_id, populate_existing=True)
    if row is None or row.status is InboundStatus.NEW:
        return None
    said = await session.scalars(
        select(Outbound.payload)
        .where(
            Outbound.conversation_id == row.conversation_id,
            Outbound.conversation_id.is_not(None),
            # Its own turn's, or that of the burst it became a part of.
            or_(
                Outbound.dedup_key == f"turn:{row.id}",
                and_(Outbound.created_at > row.received_at, Outbound.created_at <= row.handled_at),
            ),
        )
        .order_by(Outbound.created_at, Outbound.id)
    )
    return [from_json(payload) for payload in said]
