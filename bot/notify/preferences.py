"""What people told WhatsApp about our messages: "no offers", or offers again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Contact, ContactIdentity
from ..models.enums import Channel, IdentityKind
from ..whatsapp.phones import phone_key
from ..whatsapp.tolerant import mapping, moment, several, text
from .told import Told


async def heard(session: AsyncSession, row: Told, now: datetime) -> None:
    """Remember for each person named in a notice whether they want offers; everything else goes on as before."""
    if row.channel is not Channel.CLOUD or row.event.get("field") != "user_preferences":
        return
    for told in map(mapping, several(mapping(row.event.get("value")).get("user_preferences"))):
        said = text(told.get("value")).lower()
        whose = _whose(told)
        if said in ("stop", "resume") and whose is not None:
            person = select(ContactIdentity.contact_id).where(ContactIdentity.channel == Channel.CLOUD, whose)
            at = min(moment(told.get("timestamp")) or row.provider_at or now, now)
            change = update(Contact).where(Contact.id.in_(person))
            if said == "stop":
                change = change.values(marketing_stopped_at=at)
            else:  # one from before the stop, delivered late, takes nothing back
                change = change.where(Contact.marketing_stopped_at <= at).values(marketing_stopped_at=None)
            await session.execute(change)


def _whose(told: Mapping[str, Any]) -> Any:
    known = []
    if phone := text(told.get("wa_id")):
        known.append(and_(ContactIdentity.kind == IdentityKind.PHONE, ContactIdentity.value == phone_key(phone)))
    if bsuid := text(told.get("user_id")):
        known.append(and_(ContactIdentity.kind == IdentityKind.BSUID, ContactIdentity.value == bsuid))
    return or_(*known) if known else None
