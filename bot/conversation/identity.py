"""Who is speaking: from the addresses a verified webhook carried to one contact and one conversation."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import insert_new
from ..models import Contact, ContactIdentity, Conversation, Professional, User, new_id
from ..models.enums import Channel, IdentityKind, Role
from ..whatsapp.phones import phone_key


def identities(event: Mapping[str, Any]) -> list[tuple[IdentityKind, str]]:
    """Return every address in a message event, the phone first; both ninth-digit forms are one key."""
    key = phone_key(event.get("from") or "")
    others = (IdentityKind.BSUID, IdentityKind.LID, IdentityKind.USERNAME)
    phone = [(IdentityKind.PHONE, key)] if key else []
    return phone + [(kind, str(event[kind.value])) for kind in others if event.get(kind.value)]


async def recognise(session: AsyncSession, channel: Channel, event: Mapping[str, Any], now: datetime) -> Contact:
    """Return the contact behind an event, created when nobody knew any of its addresses."""
    addresses = identities(event)
    known = (
        await session.execute(
            select(ContactIdentity, Contact)
            .join(Contact, Contact.id == ContactIdentity.contact_id)
            .where(
                ContactIdentity.channel == channel,
                tuple_(ContactIdentity.kind, ContactIdentity.value).in_(addresses),
            )
        )
    ).all()
    # A phone outlives a username: when two contacts turn out to be one person, the phone's is kept.
    known = sorted(known, key=lambda pair: addresses.index((pair[0].kind, pair[0].value)))
    contact = known[0][1] if known else await _new_contact(session, event, now)
    for identity, other in known:
        if other.id != contact.id:
            identity.contact_id = contact.id
    have = {(identity.kind, identity.value) for identity, _ in known}
    if fresh := [address for address in addresses if address not in have]:
        rows = [
            {"id": new_id(), "contact_id": contact.id, "channel": channel, "kind": kind, "value": value}
            | {"created_at": now}
            for kind, value in fresh
        ]
        await session.execute(insert_new(session, ContactIdentity, rows))
    # The form it came in is the form to answer to: some accounts are registered without the ninth digit.
    if event.get("from"):
        contact.phone = event["from"]
    if event.get("name") and not contact.name:
        contact.name = event["name"][:120]
    return contact


async def _new_contact(session: AsyncSession, event: Mapping[str, Any], now: datetime) -> Contact:
    contact = Contact(name=(event.get("name") or "")[:120], phone=event.get("from"), created_at=now)
    session.add(contact)
    await session.flush()
    return contact


async def own_agenda(session: AsyncSession, contact_id: UUID) -> Professional | None:
    """Return the agenda that the person behind a contact owns, if any."""
    return await session.scalar(
        select(Professional).join(User, User.id == Professional.user_id).where(User.contact_id == contact_id)
    )


async def conversation_with(
    session: AsyncSession, contact: Contact, channel: Channel, account: str, now: datetime
) -> Conversation:
    """Return this person's conversation on one of our numbers; a new one starts in the mode they most likely mean."""
    where = (Conversation.channel == channel, Conversation.account == account, Conversation.contact_id == contact.id)
    if found := await session.scalar(select(Conversation).where(*where)):
        return found
    agenda = await own_agenda(session, contact.id)
    straight_to = await session.scalar(
        select(Professional.id).where(Professional.channel == channel, Professional.account == account)
    )
    row = {
        "id": new_id(),
        "channel": channel,
        "account": account,
        "contact_id": contact.id,
        "mode": Role.PROFESSIONAL if agenda else Role.CLIENT,
        "professional_id": straight_to,
        "state": {},
        "created_at": now,
    }
    await session.execute(insert_new(session, Conversation, row))
    return (await session.scalars(select(Conversation).where(*where))).one()
