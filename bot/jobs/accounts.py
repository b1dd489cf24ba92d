"""The numbers and instances of this installation: the one in the settings, and those of professionals."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Professional
from ..models.enums import Channel
from ..settings import Settings


async def accounts(session: AsyncSession, settings: Settings, channel: Channel) -> list[str]:
    """List what we have on one of the two ways to WhatsApp, that of the settings first."""
    first = settings.whatsapp_phone_number_id if channel is Channel.CLOUD else settings.evolution_instance
    own = await session.scalars(
        select(Professional.account)
        .where(Professional.channel == channel, Professional.account.is_not(None))
        .order_by(Professional.account)
    )
    return list(dict.fromkeys(each for each in (first, *own) if each))
