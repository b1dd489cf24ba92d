"""The question who has an address, put together once for each number of addresses: every message asks it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, false, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agenda.parties import table
from ..db import Swift
from ..models import Contact, ContactIdentity, Conversation, Professional
from ..models.base import attached, unattached
from ..models.enums import Channel, IdentityKind

Address = tuple[IdentityKind, str]
_IDENTITIES, _CONTACTS, _TALKS = map(table, (ContactIdentity, Contact, Conversation))
# Whose number a conversation came to.
OWNERS = and_(Professional.channel == Conversation.channel, Professional.account == Conversation.account)


def _named(addresses: int) -> ColumnElement[bool]:
    named = (
        and_(ContactIdentity.kind == bindparam(f"kind_{place}"), ContactIdentity.value == bindparam(f"value_{place}"))
        for place in range(addresses)
    )
    # Every channel named: so the index fits.
    channels: list[ColumnElement[str]] = [literal_column(f"'{channel}'") for channel in Channel]
    return and_(ContactIdentity.channel.in_(channels), or_(false(), *named))


@lru_cache(maxsize=8)
def asking(addresses: int) -> Any:
    """Ask who has one of so many addresses.

    A list that is spelled out anew each time costs as much as all the rest.
    """
    return (
        select(ContactIdentity, Contact)
        .join(Contact, Contact.id == ContactIdentity.contact_id)
        .where(_named(addresses))
        .execution_options(populate_existing=True)
    )


@lru_cache(maxsize=8)
def asking_at_home(addresses: int) -> Swift:
    """Ask the same, and for their conversation on one of our numbers and whose number that is, as plain rows."""
    theirs = and_(
        Conversation.contact_id == Contact.id,
        Conversation.channel == bindparam("channel"),
        Conversation.account == bindparam("account"),
    )
    return Swift(
        select(*_IDENTITIES.c, *_CONTACTS.c, *_TALKS.c, Professional.id)
        .select_from(ContactIdentity)
        .join(Contact, Contact.id == ContactIdentity.contact_id)
        .outerjoin(Conversation, theirs)
        .outerjoin(Professional, OWNERS)
        .where(_named(addresses))
    )


def parts_of(session: AsyncSession, row: Sequence[Any]) -> tuple[ContactIdentity, Contact, Conversation | None, Any]:
    """Make objects of a row of `asking_at_home`; the identity is only to be read."""
    one, two = len(_IDENTITIES.c), len(_IDENTITIES.c) + len(_CONTACTS.c)
    identity = unattached(ContactIdentity, row[:one])
    assert identity is not None  # noqa: S101 - the rest is joined to it
    talk = attached(session, Conversation, row[two:-1]) if row[two] is not None else None
    return identity, attached(session, Contact, row[one:two]), talk, row[-1]


def values(addresses: Sequence[Address]) -> dict[str, Any]:
    """Return what to ask it with."""
    kinds = {f"kind_{place}": kind for place, (kind, _) in enumerate(addresses)}
    return kinds | {f"value_{place}": value for place, (_, value) in enumerate(addresses)}
