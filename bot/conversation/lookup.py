"""The question who has an address, put together once for each number of addresses: every message asks it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, bindparam, false, literal_column, or_, select

from ..models import Contact, ContactIdentity, Conversation, Professional
from ..models.enums import Channel, IdentityKind

Address = tuple[IdentityKind, str]
# Whose number a conversation came to.
OWNERS = and_(Professional.channel == Conversation.channel, Professional.account == Conversation.account)


@lru_cache(maxsize=8)
def asking(addresses: int, *, at_home: bool) -> Any:
    """Ask who has one of so many addresses; `at_home`, for their conversation on one of our numbers too.

    A list that is spelled out anew each time costs as much as all the rest.
    """
    named = (
        and_(ContactIdentity.kind == bindparam(f"kind_{place}"), ContactIdentity.value == bindparam(f"value_{place}"))
        for place in range(addresses)
    )
    known: Any = (
        select(ContactIdentity, Contact)
        .join(Contact, Contact.id == ContactIdentity.contact_id)
        # Every channel named: so the index fits.
        .where(
            ContactIdentity.channel.in_([literal_column(f"'{channel}'") for channel in Channel]), or_(false(), *named)
        )
        .execution_options(populate_existing=True)
    )
    if not at_home:
        return known
    theirs = (
        Conversation.contact_id == Contact.id,
        Conversation.channel == bindparam("channel"),
        Conversation.account == bindparam("account"),
    )
    return (
        known.add_columns(Conversation, Professional.id)
        .outerjoin(Conversation, and_(*theirs))
        .outerjoin(Professional, OWNERS)
    )


def values(addresses: Sequence[Address]) -> dict[str, Any]:
    """Return what to ask it with."""
    kinds = {f"kind_{place}": kind for place, (kind, _) in enumerate(addresses)}
    return kinds | {f"value_{place}": value for place, (_, value) in enumerate(addresses)}
