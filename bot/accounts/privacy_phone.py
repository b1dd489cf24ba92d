"""A person by their phone: for whoever asks in writing, and for the operator who answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agenda.clients import known_by
from ..models import Client, Contact, ContactIdentity, User
from ..whatsapp.phones import forms, phone_key
from .privacy_erase import erase_client, erase_contact, erase_user
from .privacy_export import Export, export_client, export_contact, export_user


@dataclass(frozen=True, slots=True)
class People:
    """Whom a phone belongs to: logins, people without one, and cards of agendas whose person never wrote."""

    users: tuple[UUID, ...]
    contacts: tuple[UUID, ...]
    clients: tuple[UUID, ...]

    def __bool__(self) -> bool:
        return bool(self.users or self.contacts or self.clients)


async def people_of(session: AsyncSession, digits: str) -> People:
    """Find everybody behind international digits; each is listed once, where the most hangs on them."""
    key = phone_key(digits)
    contacts = set(await session.scalars(select(ContactIdentity.contact_id).where(known_by(digits))))
    contacts |= set(await session.scalars(select(Contact.id).where(Contact.phone.in_(forms(digits)))))
    users = (
        await session.execute(
            select(User.id, User.contact_id).where((User.phone_key == key) | User.contact_id.in_(contacts))
        )
    ).all()
    with_login = {row.contact_id for row in users}
    clients = await session.scalars(select(Client.id).where(Client.phone_key == key, Client.contact_id.is_(None)))
    return People(tuple(row.id for row in users), tuple(contacts - with_login), tuple(clients))


async def export_people(session: AsyncSession, people: People) -> list[Export]:
    """Return what is kept about each of them."""
    kept = [await export_user(session, user) for user in people.users]
    kept += [await export_contact(session, contact) for contact in people.contacts]
    for client in people.clients:
        card = await export_client(session, client)
        card.pop("client_notes")  # the professional's own
        kept.append(card)
    return kept


async def erase_people(session: AsyncSession, people: People, *, now: datetime) -> None:
    """Erase each of them."""
    for user in people.users:
        await erase_user(session, user, now=now)
    for contact in people.contacts:
        await erase_contact(session, contact, now=now)
    for client in people.clients:
        await erase_client(session, client, now=now)
