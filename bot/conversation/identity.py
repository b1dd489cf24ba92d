"""Who is speaking: from the addresses a verified webhook carried to one contact and one conversation.

A number (by its key: both ninth-digit forms are one), Meta's id of a user and Evolution's LID each mean one person;
a message that carries two of them makes their people one. A username is only noted: it can change hands.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import insert_new
from ..models import Contact, ContactIdentity, Conversation, Professional, User, new_id
from ..models.enums import Channel, IdentityKind, Role
from ..whatsapp.phones import phone_key
from . import merging
from .lookup import OWNERS, Address, asking, asking_at_home, parts_of, values

Known = tuple[ContactIdentity, Contact]

_CERTAIN = (IdentityKind.PHONE, IdentityKind.BSUID, IdentityKind.LID)
# Each round lost means that somebody else entered or merged one of the same addresses; nobody can do so for long.
ROUNDS = 5


def identities(event: Mapping[str, Any]) -> list[Address]:
    """Return the addresses in a message event that mean a person, the phone first."""
    key = phone_key(event.get("from") or "")
    phone = [(IdentityKind.PHONE, key)] if key else []
    return phone + [(kind, str(event[kind.value])) for kind in _CERTAIN[1:] if event.get(kind.value)]


async def recognise(
    session: AsyncSession, channel: Channel, event: Mapping[str, Any], now: datetime, *, dialled: bool = False
) -> Contact:
    """Return the contact behind an event: known, made one out of several, or new.

    A number that was `dialled` by us is not always spelled as the person is registered: it replaces none.
    """
    if channel is Channel.APP:  # whoever writes on our own page has proved who they are
        return await session.get_one(Contact, UUID(event["contact_id"]))
    found = await _known(session, channel, _named(event))
    return await _recognised(session, channel, event, found, now, dialled=dialled)


async def at_home(
    session: AsyncSession, channel: Channel, account: str, event: Mapping[str, Any], now: datetime
) -> tuple[Contact, Conversation]:
    """Return who is behind an event, and their conversation on one of our numbers; mostly both are known."""
    if channel is Channel.APP:
        contact = await recognise(session, channel, event, now)
        return contact, await conversation_with(session, contact, channel, account, now)
    addresses = _named(event)
    asked = values(addresses) | {"channel": channel, "account": account}
    rows = [parts_of(session, row) for row in await asking_at_home(len(addresses)).all(session, asked)]
    found = _ranked(channel, addresses, [(identity, contact) for identity, contact, *_ in rows])
    contact = await _recognised(session, channel, event, found, now)
    mine = [(talk, owner) for _, each, talk, owner in rows if each is contact and talk is not None]
    if mine and len({each.id for _, each in found}) == 1:  # nobody was made one with somebody else
        return contact, _of_owner(*mine[0])
    return contact, await conversation_with(session, contact, channel, account, now)


def _named(event: Mapping[str, Any]) -> list[Address]:
    """Return every address in an event, a username last: it means nobody for certain."""
    name = [(IdentityKind.USERNAME, str(event["username"]))] if event.get("username") else []
    return [*identities(event), *name]


async def _recognised(
    session: AsyncSession,
    channel: Channel,
    event: Mapping[str, Any],
    found: Sequence[Known],
    now: datetime,
    *,
    dialled: bool = False,
) -> Contact:
    addresses = identities(event)
    known = [pair for pair in found if pair[0].kind is not IdentityKind.USERNAME]
    people = {contact.id: contact for _, contact in known}
    entered = {(row.kind, row.value) for row, _ in known if row.channel is channel}
    if len(people) == 1 and entered >= set(addresses):
        contact = known[0][1]
    else:
        contact = await _united(session, channel, addresses, event, now)
    # The form it came in is the form to answer to: some accounts are registered without the ninth digit.
    if event.get("from") and contact.phone != event["from"] and not (dialled and contact.phone):
        contact.phone = event["from"]
    if contact.unreachable_at and not dialled:
        contact.unreachable_at = None  # whoever writes is there
    if event.get("name") and not contact.name:
        contact.name = event["name"][:120]
    holders = [other.id for row, other in found if row.kind is IdentityKind.USERNAME]
    if event.get("username") and contact.id not in holders:
        await _note_username(session, channel, _named(event)[-1], contact, now)
    return contact


async def moved(
    session: AsyncSession, channel: Channel, old: Mapping[str, Any], new: Mapping[str, Any], now: datetime
) -> None:
    """Give a person the addresses of `new` in place of those of `old`; whoever gets the old number is somebody else.

    Both carry `from` and `bsuid`, as the events of messages do. Nothing happens when nobody knows the old addresses.
    """
    if not identities(new) or not await _known(session, channel, identities(old)):
        return
    kept = await _united(session, channel, [*identities(old), *identities(new)], new, now)
    replaced = {kind for kind, _ in identities(new)}
    gone = [address for address in identities(old) if address[0] in replaced and address not in identities(new)]
    if not gone:
        return
    mine = ContactIdentity.contact_id == kept.id
    await session.execute(delete(ContactIdentity).where(mine, _any_of(gone)))
    if new.get("from"):
        kept.phone = new["from"]
        await merging.give_number(session, kept, phone_key(new["from"]), old=dict(gone).get(IdentityKind.PHONE))


async def _known(session: AsyncSession, channel: Channel, addresses: Sequence[Address]) -> Sequence[Known]:
    """Return what is known of addresses, the most lasting one first; a phone is the same on every channel."""
    found = await session.execute(asking(len(addresses)), values(addresses))
    return _ranked(channel, addresses, [(row[0], row[1]) for row in found])


def _ranked(channel: Channel, addresses: Sequence[Address], found: Sequence[Known]) -> Sequence[Known]:
    rank = {address: place for place, address in enumerate(addresses)}
    rows = [pair for pair in found if pair[0].channel is channel or pair[0].kind is IdentityKind.PHONE]
    return sorted(rows, key=lambda pair: (rank[pair[0].kind, pair[0].value], pair[1].created_at, pair[1].id))


def _any_of(addresses: Sequence[Address]) -> ColumnElement[bool]:
    return tuple_(ContactIdentity.kind, ContactIdentity.value).in_(addresses)


async def _united(
    session: AsyncSession, channel: Channel, addresses: Sequence[Address], event: Mapping[str, Any], now: datetime
) -> Contact:
    """Make everybody behind these addresses one contact that has all of them, whoever else is at it."""
    await _lock(session, addresses)
    made: list[Contact] = []
    for _ in range(ROUNDS):
        known = await _known(session, channel, addresses)
        people = list({contact.id: contact for contact in [*(found for _, found in known), *made]}.values())
        if len(people) > 1 and not await _all_still_there(session, people):
            continue
        if not people:
            made = people = [await _new_contact(session, event, now)]
        contact = people[0]
        for other in people[1:]:
            await merging.merge(session, contact, other)
            made = [each for each in made if each is not other]
        had_number = any(row.kind is IdentityKind.PHONE for row, _ in known)
        missing = set(addresses) - {(row.kind, row.value) for row, _ in known if row.channel is channel}
        if await _enter(session, channel, contact, missing, now) < len(missing):
            continue  # entered by somebody else this very moment
        if event.get("from") and not had_number:
            await merging.give_number(session, contact, phone_key(event["from"]))
        return contact
    raise RuntimeError("addresses that never come to rest")


async def _lock(session: AsyncSession, addresses: Sequence[Address]) -> None:
    """Let messages that share an address pass one after the other until the transaction ends."""
    if session.get_bind().dialect.name == "sqlite":  # one writer
        return
    keys = sorted(int.from_bytes(sha256(f"{kind}:{value}".encode()).digest()[:7]) for kind, value in addresses)
    for key in keys:  # in one order everywhere
        await session.execute(select(func.pg_advisory_xact_lock(key)))


async def _all_still_there(session: AsyncSession, people: Sequence[Contact]) -> bool:
    """Lock contacts that are about to be merged; one may have gone while we waited for it."""
    ids = [contact.id for contact in people]
    statement = select(Contact.id).where(Contact.id.in_(ids)).order_by(Contact.id).with_for_update()
    return len((await session.scalars(statement)).all()) == len(ids)


async def _enter(
    session: AsyncSession, channel: Channel, contact: Contact, addresses: set[Address], now: datetime
) -> int:
    """Note addresses of a contact; return how many of them were nobody's."""
    if not addresses:
        return 0
    shared = {"contact_id": contact.id, "channel": channel, "created_at": now}
    rows = [{"id": new_id(), "kind": kind, "value": value, **shared} for kind, value in sorted(addresses)]
    return len((await session.scalars(insert_new(session, ContactIdentity, rows))).all())


async def _new_contact(session: AsyncSession, event: Mapping[str, Any], now: datetime) -> Contact:
    contact = Contact(name=(event.get("name") or "")[:120], phone=event.get("from"), created_at=now)
    session.add(contact)
    await session.flush()
    return contact


async def _note_username(
    session: AsyncSession, channel: Channel, name: Address, contact: Contact, now: datetime
) -> None:
    """Remember a username; whoever had it before has given it up."""
    if not await _enter(session, channel, contact, {name}, now):
        theirs = and_(ContactIdentity.channel == channel, _any_of([name]))
        await session.execute(update(ContactIdentity).where(theirs).values(contact_id=contact.id))


async def own_agenda(session: AsyncSession, contact_id: UUID) -> Professional | None:
    """Return the agenda that the person behind a contact owns, if any."""
    return await session.scalar(
        select(Professional).join(User, User.id == Professional.user_id).where(User.contact_id == contact_id)
    )


async def owner_of(session: AsyncSession, channel: Channel, account: str) -> Professional | None:
    """Return the professional whose own number this is; it stays theirs whatever becomes of their plan."""
    return await session.scalar(
        select(Professional).where(Professional.channel == channel, Professional.account == account)
    )


async def conversation_with(
    session: AsyncSession, contact: Contact, channel: Channel, account: str, now: datetime
) -> Conversation:
    """Return this person's conversation on one of our numbers; a new one starts in the mode they most likely mean.

    On a professional's own number it is about that agenda, whatever it was about before the number was theirs.
    """
    where = (Conversation.channel == channel, Conversation.account == account, Conversation.contact_id == contact.id)
    here = select(Conversation, Professional.id).outerjoin(Professional, OWNERS).where(*where)
    if found := (await session.execute(here)).first():
        return _of_owner(*found)
    agenda = await own_agenda(session, contact.id)
    owner = await owner_of(session, channel, account)
    row = {
        "id": new_id(),
        "channel": channel,
        "account": account,
        "contact_id": contact.id,
        "mode": Role.PROFESSIONAL if agenda else Role.CLIENT,
        "professional_id": owner.id if owner else None,
        "state": {},
        "created_at": now,
    }
    await session.execute(insert_new(session, Conversation, row))
    return (await session.scalars(select(Conversation).where(*where))).one()


def _of_owner(conversation: Conversation, owner_id: UUID | None) -> Conversation:
    """Let a conversation on a professional's own number be about their agenda."""
    if owner_id is not None and conversation.professional_id != owner_id:
        conversation.professional_id, conversation.state = owner_id, {}
    return conversation
