"""Which message of ours an echo is about, where no id of ours came back with it.

Evolution tells of each message that left through it, with the words and the person, often before it has answered the
request to send it. And what left through it may come back as if somebody had typed it on the phone.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import ContactIdentity, Inbound, Outbound
from ..models.enums import Channel, IdentityKind, OutboundStatus, Transport
from ..whatsapp.evolution.wire import row_of
from ..whatsapp.outgoing import Document, Image, plain
from ..whatsapp.phones import phone_key
from .delivery import spoken
from .told import Told

# On their way, as far as we know: what arrived has its id already.
_IN_THE_AIR = (OutboundStatus.SENDING, OutboundStatus.UNCERTAIN)


async def told_of(session: AsyncSession, row: Told) -> Outbound | None:
    """Return the message on its way that the API's echo tells of: to that person, and with just these words."""
    said = row.event.get("said")
    recipient = row.event.get("recipient")
    if row.channel is not Channel.EVOLUTION or row.event.get("status") != "accepted" or not recipient:
        return None
    return await _in_the_air(session, _person(str(recipient)), str(said or ""))


async def is_ours(session: AsyncSession, row: Inbound) -> bool:
    """Tell whether an echo of something typed on the phone is really what we sent ourselves."""
    known = select(Outbound.id).where(_named(row.external_id)).limit(1)
    if await session.scalar(known):
        return True
    who = row.event.get("to") or row.event.get("lid")
    if row.channel is not Channel.EVOLUTION or not who:
        return False
    return await _in_the_air(session, _person(str(who)), str(row.event.get("text") or "")) is not None


def _named(external_id: str) -> ColumnElement[bool]:
    own = row_of(external_id)
    given = Outbound.provider_id == external_id
    return or_(given, Outbound.id == UUID(own)) if own else given


def _person(who: str) -> ColumnElement[bool]:
    lid = who.endswith("@lid")
    kind, value = (IdentityKind.LID, who) if lid else (IdentityKind.PHONE, phone_key(who))
    return and_(ContactIdentity.kind == kind, ContactIdentity.value == value, ContactIdentity.channel.in_(Channel))


async def _in_the_air(session: AsyncSession, who: ColumnElement[bool], said: str) -> Outbound | None:
    people = select(ContactIdentity.contact_id).where(who)
    rows = await session.scalars(
        select(Outbound)
        .where(
            Outbound.contact_id.in_(people),
            Outbound.transport == Transport.WHATSAPP,
            Outbound.status.in_(_IN_THE_AIR),
            Outbound.provider_id.is_(None),
        )
        .order_by(Outbound.created_at, Outbound.id)
        .with_for_update()
    )
    return next((row for row in rows if _says(row) == said.strip()), None)


def _says(row: Outbound) -> Any:
    message = spoken(row)
    return (message.caption if isinstance(message, Image | Document) else plain(message)).strip()
