"""Whom free text can still reach: the conversation on a professional's number, while its window is open."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Conversation, Professional
from ..models.enums import Channel
from ..whatsapp import window


async def open_talk(session: AsyncSession, account: str | None, contact_id: UUID, now: datetime) -> Conversation | None:
    """Return the conversation of a contact on the number `account`, or on a shared one, if they wrote within a day."""
    others = select(Professional.account).where(Professional.account.is_not(None))
    talk = await session.scalar(
        select(Conversation)
        .where(
            Conversation.contact_id == contact_id,
            Conversation.account == account if account else Conversation.account.not_in(others),
            Conversation.last_inbound_at.is_not(None),
            # On our own page a client is somebody else: the owner of an agenda.
            Conversation.channel != Channel.APP,
        )
        .order_by(Conversation.last_inbound_at.desc())
        .limit(1)
    )
    return talk if talk is not None and window.is_open(talk.last_inbound_at, now, talk.channel) else None
