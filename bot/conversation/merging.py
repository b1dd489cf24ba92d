"""Two contacts that turn out to be one person become one, with everything that belongs to them.

A person known by a number and one known by Meta's id of a user, or a number entered by hand and one that writes: at
first nobody can tell that they are the same. Once a message carries both addresses, what hangs on either moves to the
one that stays, in the transaction that found it out. Which tables those are is read from the models, so that a new
table cannot be forgotten.
"""

import logging
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Table, UniqueConstraint, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Client, ClientNote, Contact, Conversation, Professional, User
from ..models.base import Base
from ..phrases import phone

log = logging.getLogger(__name__)

Row = TypeVar("Row", Client, Contact, Conversation, User)


async def merge(session: AsyncSession, kept: Contact, other: Contact) -> None:
    """Move everything of `other` to `kept` and remove it; both are locked by the caller."""
    await _conversations(session, kept.id, other.id)
    await _clients(session, kept.id, other.id)
    await _users(session, kept.id, other.id)
    kept.name = kept.name or other.name
    kept.phone = kept.phone or other.phone
    kept.email = kept.email or other.email
    # Whoever said PARAR from one address meant to be left alone on all of them.
    kept.opted_out_at = kept.opted_out_at or other.opted_out_at
    kept.marketing_stopped_at = kept.marketing_stopped_at or other.marketing_stopped_at
    kept.unreachable_at = kept.unreachable_at and other.unreachable_at
    kept.created_at = min(kept.created_at, other.created_at)
    await _absorb(session, kept, other)
    log.info("two contacts were one person", extra={"kept": str(kept.id), "merged": str(other.id)})


async def give_number(session: AsyncSession, contact: Contact, key: str, old: str | None = None) -> None:
    """Enter a phone that became known, or that took the place of `old`, where the person is known without it."""
    mine = (Client.contact_id == contact.id, Client.phone_key.is_not_distinct_from(old))
    for client in await _locked(session, Client, *mine):
        theirs = (Client.professional_id == client.professional_id, Client.phone_key == key, Client.id != client.id)
        if not (rivals := await _locked(session, Client, *theirs)):
            client.phone_key = key
        elif rivals[0].contact_id in (None, contact.id):
            rivals[0].contact_id = contact.id
            await _one_client(session, rivals[0], client)
    waiting = (Client.phone_key == key, Client.contact_id.is_(None))
    await session.execute(update(Client).where(*waiting).values(contact_id=contact.id))
    for user in await _locked(session, User, User.contact_id == contact.id, User.phone_key.is_not_distinct_from(old)):
        others = await _locked(session, User, User.phone_key == key, User.id != user.id)
        if not others:
            user.phone_key = key
        elif others[0].contact_id is None:
            await _one_user(session, user, others[0])
    await session.flush()


async def _conversations(session: AsyncSession, kept_id: UUID, other_id: UUID) -> None:
    """Join the conversations on the same number of ours; the others just change hands."""
    rows = await _locked(session, Conversation, Conversation.contact_id.in_((kept_id, other_id)))
    kept = {(row.channel, row.account): row for row in rows if row.contact_id == kept_id}
    for row in rows:
        stays = kept.get((row.channel, row.account))
        if stays is None or row.contact_id == kept_id:
            continue
        if row.last_inbound_at and row.last_inbound_at > (stays.last_inbound_at or stays.created_at):
            # The newer thread of thought goes on; the older one is history.
            stays.state, stays.mode = row.state, row.mode
            stays.professional_id = row.professional_id or stays.professional_id
        stays.professional_id = stays.professional_id or row.professional_id
        stays.silent_until = _latest(stays.silent_until, row.silent_until)
        stays.last_inbound_at = _latest(stays.last_inbound_at, row.last_inbound_at)
        stays.created_at = min(stays.created_at, row.created_at)
        await _absorb(session, stays, row)


async def _clients(session: AsyncSession, kept_id: UUID, other_id: UUID) -> None:
    """Join the two cards of a person in one professional's address book."""
    rows = await _locked(session, Client, Client.contact_id.in_((kept_id, other_id)))
    for row in (row for row in rows if row.contact_id == other_id):
        same = [each for each in rows if each.contact_id == kept_id and each.professional_id == row.professional_id]
        if same:
            await _one_client(session, same[0], row)


async def _one_client(session: AsyncSession, kept: Client, other: Client) -> None:
    if other.phone_key not in (None, kept.phone_key) or other.name_key != kept.name_key:
        # What the professional wrote on the card that goes is theirs to see.
        written = " · ".join(part for part in (other.name, phone(other.phone_key or ""), other.email) if part)
        session.add(
            ClientNote(
                professional_id=kept.professional_id,
                client_id=kept.id,
                text=f"Cadastro unido a este: {written}",
                created_at=other.created_at,
            )
        )
    filled = {name: getattr(kept, name) or getattr(other, name) for name in ("phone_key", "email", "cpf")}
    kept.created_at = min(kept.created_at, other.created_at)
    await _absorb(session, kept, other)
    for name, value in filled.items():  # afterwards: a phone is unique among the clients of a professional
        setattr(kept, name, value)


async def _users(session: AsyncSession, kept_id: UUID, other_id: UUID) -> None:
    rows = await _locked(session, User, User.contact_id.in_((kept_id, other_id)))
    if len(rows) == 2:
        mine, theirs = sorted(rows, key=lambda row: row.contact_id != kept_id)
        await _one_user(session, mine, theirs)


async def _one_user(session: AsyncSession, mine: User, theirs: User) -> None:
    """Make two logins one; two that own an agenda each stay two, and the second is reached by its e-mail only."""
    ids = (mine.id, theirs.id)
    owners = set(await session.scalars(select(Professional.user_id).where(Professional.user_id.in_(ids))))
    if len(owners) == 2:
        log.error("one person owns two agendas", extra={"users": [str(each) for each in ids]})
        theirs.contact_id = None
        await session.flush()
        return
    kept, other = (theirs, mine) if theirs.id in owners else (mine, theirs)
    contact_id = mine.contact_id
    names = ("name", "phone_key", "email", "subject")
    filled = {name: getattr(kept, name) or getattr(other, name) for name in names}
    await _absorb(session, kept, other)
    for name, value in {**filled, "contact_id": contact_id}.items():
        setattr(kept, name, value)
    await session.flush()


async def _locked(session: AsyncSession, table: type[Row], *conditions: Any) -> Sequence[Row]:
    """Return rows, oldest first, locked: nobody hangs anything new on a row that is about to go."""
    statement = select(table).where(*conditions).order_by(table.created_at, table.id).with_for_update()
    return (await session.scalars(statement.execution_options(populate_existing=True))).all()


async def _absorb(session: AsyncSession, kept: Row, other: Row) -> None:
    """Point at `kept` whatever points at `other`, then remove it."""
    target = kept.__table__
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table is target:
                await _repoint(session, table, key.parent, kept.id, other.id)
    await session.execute(delete(type(other)).where(type(other).id == other.id))
    session.expunge(other)


async def _repoint(session: AsyncSession, table: Table, column: Any, kept: UUID, other: UUID) -> None:
    """Move references; a row that both have, by a key of several columns, is kept once."""
    for constraint in table.constraints:
        if not isinstance(constraint, UniqueConstraint) or column.name not in constraint.columns:
            continue
        if rest := [each for each in constraint.columns if each.name != column.name]:
            twin = table.alias()
            both = exists().where(twin.c[column.name] == kept, *(twin.c[each.name] == each for each in rest))
            await session.execute(delete(table).where(column == other, both))
    await session.execute(update(table).where(column == other).values({column.name: kept}))


def _latest(one: Any, two: Any) -> Any:
    return max((each for each in (one, two) if each is not None), default=None)
