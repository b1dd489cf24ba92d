"""The two people of an appointment, and the ways to reach them, in one statement."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ..models import Client, Contact, Professional, User
from .refusals import ClientUnknown


@dataclass(frozen=True, slots=True)
class Parties:
    """A professional and one of their clients; a contact or an account may be missing."""

    professional: Professional
    owner: Contact | None
    client: Client
    contact: Contact | None
    # The client's own login, once there is one.
    account: User | None

    @property
    def email(self) -> str | None:
        return self.client.email or (self.contact.email if self.contact else None)


def _both() -> Any:
    user, owner, contact, account = aliased(User), aliased(Contact), aliased(Contact), aliased(User)
    return (
        select(Professional, owner, Client, contact, account)
        .join(user, user.id == Professional.user_id)
        .outerjoin(owner, owner.id == user.contact_id)
        .join(Client, Client.professional_id == Professional.id)
        .outerjoin(contact, contact.id == Client.contact_id)
        .outerjoin(account, account.contact_id == Client.contact_id)
        .where(Professional.id == bindparam("professional_id"), Client.id == bindparam("client_id"))
    )


# Built once: putting it together costs as much as running it.
_BOTH: Final = _both()


async def load_parties(session: AsyncSession, professional_id: UUID, client_id: UUID) -> Parties:
    """Read a professional and a client of theirs; anybody else's client does not exist."""
    values = {"professional_id": professional_id, "client_id": client_id}
    row = (await session.execute(_BOTH, values)).one_or_none()
    if row is None:
        raise ClientUnknown
    return Parties(*row)
