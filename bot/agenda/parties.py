"""The two people of an appointment and the ways to reach them: plain values, read in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Table, Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Swift
from ..models import Client, Contact, Professional, User
from ..models.enums import LatePolicy, Plan
from .refusals import ClientUnknown


@dataclass(frozen=True, slots=True)
class Owner:
    """A professional, as far as an agenda is concerned."""

    id: UUID
    user_id: UUID
    name: str
    address: str
    timezone: str
    plan: Plan
    pix_key: str | None
    account: str | None
    slot_interval_minutes: int | None
    buffer_before_minutes: int
    buffer_after_minutes: int
    min_notice_minutes: int
    horizon_days: int
    max_per_day: int | None
    max_per_week: int | None
    cancel_deadline_hours: int
    late_policy: LatePolicy


@dataclass(frozen=True, slots=True)
class Guest:
    """A client, under the name that the professional uses."""

    id: UUID
    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Reach:
    """How a client can be written to."""

    id: UUID
    email: str | None
    opted_out_at: datetime | None
    unreachable_at: datetime | None


@dataclass(frozen=True, slots=True)
class Parties:
    """A professional and one of their clients; a contact or an account may be missing."""

    professional: Owner
    # Where the professional is written to.
    owner_contact_id: UUID | None
    client: Guest
    contact: Reach | None
    # The client's own login, once there is one.
    account_id: UUID | None

    @property
    def email(self) -> str | None:
        return self.client.email or (self.contact.email if self.contact else None)


def columns(kind: type[Any], table: FromClause) -> list[ColumnElement[Any]]:
    """List the columns that a value is read from: they have the names of its fields."""
    return [table.c[field.name] for field in fields(kind)]


def table(model: type[Any]) -> Table:
    """Return the table of a model: rows of it are plain, and cost half of what objects do."""
    found: Table = model.__table__
    return found


PROFESSIONALS: Final = table(Professional)
_CLIENTS: Final = table(Client)
_CONTACTS: Final = table(Contact)
_USERS: Final = table(User).alias("owner_user")
_ACCOUNTS: Final = table(User).alias("account")

# What `parties_of` reads, and where from: the client is outer, so that the professional is found without them.
PARTIES: Final = (
    *columns(Owner, PROFESSIONALS),
    _USERS.c.contact_id.label("owner_contact_id"),
    *columns(Guest, _CLIENTS),
    *columns(Reach, _CONTACTS),
    _ACCOUNTS.c.id.label("account_id"),
)


def both(client_id: ColumnElement[Any], beside: FromClause = PROFESSIONALS) -> FromClause:
    """Join a professional, who is in `beside`, and one of their clients."""
    return (
        beside.join(_USERS, _USERS.c.id == PROFESSIONALS.c.user_id)
        .outerjoin(_CLIENTS, (_CLIENTS.c.professional_id == PROFESSIONALS.c.id) & (_CLIENTS.c.id == client_id))
        .outerjoin(_CONTACTS, _CONTACTS.c.id == _CLIENTS.c.contact_id)
        .outerjoin(_ACCOUNTS, _ACCOUNTS.c.contact_id == _CLIENTS.c.contact_id)
    )


BOTH: Final = both(bindparam("client_id", type_=Uuid))
_OWNER_END: Final = len(fields(Owner))
_GUEST: Final = slice(_OWNER_END + 1, _OWNER_END + 1 + len(fields(Guest)))
_REACH: Final = slice(_GUEST.stop, _GUEST.stop + len(fields(Reach)))

# Built once: putting a statement together costs as much as running it.
_PARTIES: Final = Swift(
    select(*PARTIES).select_from(BOTH).where(PROFESSIONALS.c.id == bindparam("professional_id", type_=Uuid))
)


def parties_of(row: Sequence[Any]) -> Parties:
    """Read the columns of `PARTIES`, which come first in a row."""
    if row[_GUEST.start] is None:
        raise ClientUnknown
    return Parties(
        Owner(*row[:_OWNER_END]),
        row[_OWNER_END],
        Guest(*row[_GUEST]),
        Reach(*row[_REACH]) if row[_REACH.start] is not None else None,
        row[_REACH.stop],
    )


async def load_parties(session: AsyncSession, professional_id: UUID, client_id: UUID) -> Parties:
    """Read a professional and a client of theirs; anybody else's client does not exist."""
    values = {"professional_id": professional_id, "client_id": client_id}
    row = await _PARTIES.first(session, values)
    if row is None:
        raise ClientUnknown
    return parties_of(row)
