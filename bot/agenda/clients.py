"""A professional's address book: who a contact is in it, who a name or a number means."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import insert_new
from ..errors import Invalid
from ..models import Client, Contact, ContactIdentity, new_id
from ..models.enums import Channel, IdentityKind
from ..text import plain
from ..whatsapp.phones import international, phone_key

NAME_LIMIT = 120
# As many as a list on the phone can show, and one more that says there are more.
FOUND = 10


class NameMissing(Invalid):
    code = "name_missing"
    sentence = "Qual é o nome do cliente?"


class NotAPhone(Invalid):
    code = "not_a_phone"
    sentence = "Não entendi o telefone. Escreva com DDD, por exemplo: 11 98888-7777."


async def of_contact(session: AsyncSession, professional_id: UUID, contact_id: UUID) -> Client | None:
    """Find the client that a contact is to a professional."""
    return await session.scalar(
        select(Client)
        .where(Client.professional_id == professional_id, Client.contact_id == contact_id)
        .order_by(Client.created_at)
        .limit(1)
    )


async def for_contact(
    session: AsyncSession, professional_id: UUID, contact_id: UUID, *, name: str = "", now: datetime
) -> Client:
    """Return the client that a contact is to a professional: linked by phone, or new with the name they go by."""
    if known := await of_contact(session, professional_id, contact_id):
        return known
    contact = await session.get_one(Contact, contact_id)
    key = phone_key(contact.phone) if contact.phone else None
    called = name.strip() or contact.name.strip() or "Cliente"
    return await _entered(session, professional_id, called, key, contact_id=contact_id, email=contact.email, now=now)


async def add(
    session: AsyncSession,
    professional_id: UUID,
    *,
    name: str,
    phone: str = "",
    email: str | None = None,
    proved: bool = True,
    now: datetime,
) -> Client:
    """Return the client with this phone, or enter a new one; the professional's own spelling of a name is kept.

    Without a phone there is nothing to recognise a client by: it is always a new one. A name that is not `proved` was
    typed by who may not be the owner of the phone, and is theirs in no other agenda. Refuses an empty name and a phone
    that is none.
    """
    if not name.strip():
        raise NameMissing
    if not phone.strip():
        return await _entered(session, professional_id, name, None, email=email, now=now)
    digits = international(phone)
    if digits is None:
        raise NotAPhone
    contact_id = await contact_of_phone(session, digits, name=name if proved else "", now=now)
    return await _entered(
        session, professional_id, name, phone_key(digits), contact_id=contact_id, email=email, proved=proved, now=now
    )


async def search(session: AsyncSession, professional_id: UUID, said: str) -> Sequence[Client]:
    """Find the clients that a name or a phone may mean, the best match first, at most `FOUND`.

    A phone matches whole, or by the eight digits every spelling shares. A name matches whole, else by whole words,
    else by the beginning of every word said.
    """
    if len(_digits(said)) >= 8:
        return await _among(session, professional_id, phone_like(said))
    words = plain(said).split()
    if not words:
        return []
    starts = [or_(_begins(word), Client.name_key.contains(f" {word}", autoescape=True)) for word in words]
    found = await _among(session, professional_id, *starts)
    named = [row for row in found if row.name_key == " ".join(words)]
    whole = [row for row in found if set(words) <= set(row.name_key.split())]
    # "Júlia" is not "Juliana" while there is a Júlia.
    return named or sorted(whole or found, key=lambda row: (not row.name_key.startswith(words[0]), row.name_key))


async def rename(session: AsyncSession, row: Client, name: str) -> None:
    """Give a client another name, and the key it is found by."""
    if not name.strip():
        raise NameMissing
    row.name = " ".join(name.split())[:NAME_LIMIT]
    row.name_key = plain(row.name)[:NAME_LIMIT]
    row.unproved = False
    await session.flush()


async def came_forward(session: AsyncSession, client_id: UUID, name: str) -> Client:
    """Call a client who was entered by somebody unknown what the owner of the phone says, now that they wrote to us.

    Where both begin alike, what was typed stays: it is mostly the fuller one.
    """
    row = await session.get_one(Client, client_id)
    row.unproved = False
    said = plain(name).split()
    if said and not row.name_key.startswith(said[0]):
        await rename(session, row, name)
    return row


def known_by(digits: str) -> ColumnElement[bool]:
    """Match the identities of international digits: a number is the same person on every channel."""
    return and_(
        ContactIdentity.channel.in_(Channel),
        ContactIdentity.kind == IdentityKind.PHONE,
        ContactIdentity.value == phone_key(digits),
    )


async def contact_of_phone(session: AsyncSession, digits: str, *, name: str, now: datetime) -> UUID:
    """Return the contact behind international digits, new when nobody wrote from there yet."""
    identity = select(ContactIdentity.contact_id).where(known_by(digits))
    if known := await session.scalar(identity.limit(1)):
        return known
    contact = Contact(name=" ".join(name.split())[:NAME_LIMIT], phone=digits, created_at=now)
    session.add(contact)
    await session.flush()
    row = {
        "id": new_id(),
        "contact_id": contact.id,
        "channel": Channel.CLOUD,
        "kind": IdentityKind.PHONE,
        "value": phone_key(digits),
        "created_at": now,
    }
    if await session.scalar(insert_new(session, ContactIdentity, row)) is None:  # their first message came just now
        await session.delete(contact)
        return (await session.scalars(identity.limit(1))).one()
    return contact.id


async def _entered(
    session: AsyncSession,
    professional_id: UUID,
    name: str,
    key: str | None,
    *,
    contact_id: UUID | None = None,
    email: str | None = None,
    proved: bool = True,
    now: datetime,
) -> Client:
    name = " ".join(name.split())[:NAME_LIMIT]
    values = {
        "id": new_id(),
        "professional_id": professional_id,
        "contact_id": contact_id,
        "name": name,
        "name_key": plain(name)[:NAME_LIMIT],
        "phone_key": key,
        "email": email,
        "unproved": not proved,
        "created_at": now,
    }
    entered = await session.scalar(insert_new(session, Client, values))
    if entered is not None:
        return await session.get_one(Client, entered)
    row = (
        await session.scalars(select(Client).where(Client.professional_id == professional_id, Client.phone_key == key))
    ).one()
    # Known by the phone alone until now: whoever writes from it is this client.
    row.contact_id = row.contact_id or contact_id
    row.email = row.email or email
    await session.flush()
    return row


async def _among(session: AsyncSession, professional_id: UUID, *conditions: ColumnElement[bool]) -> Sequence[Client]:
    statement = select(Client).where(Client.professional_id == professional_id, *conditions)
    return (await session.scalars(statement.order_by(Client.name_key, Client.id).limit(FOUND))).all()


def _begins(word: str) -> ColumnElement[bool]:
    return Client.name_key.startswith(word, autoescape=True)


def phone_like(said: str) -> ColumnElement[bool]:
    """Match a phone that has some digits in it, ends with eight or nine, or is what they are with their area."""
    digits = _digits(said)
    if len(digits) < 8:
        return Client.phone_key.contains(digits)
    whole = Client.phone_key == phone_key(international(said) or digits)
    # The key has no ninth digit: its last eight are what every spelling shares.
    return whole if len(digits) >= 10 else or_(whole, Client.phone_key.endswith(digits[-8:]))


def _digits(said: str) -> str:
    return "".join(sign for sign in said if sign.isdigit())
