"""The two people of an appointment, and the ways to reach them, in one statement."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
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


async def load_parties(session: AsyncSession, professional_id: UUID, client_id: UUID) -> Parties:
    """Read a professional and a client of theirs; anybody else's client does not exist."""
    user, owner, contact, account = aliased(User), aliased(Contact), aliased(Contact), aliased(User)
    row = (
        await session.execute(
            select(Professional, owner, Client, contact, account)
            .join(user, user.id == Professional.user_id)
            .outerjoin(owner, owner.id == user.contact_id)
            .join(Client, Client.professional_id == Professional.id)
            .outerjoin(contact, contact.id == Client.contact_id)
            .outerjoin(account, account.contact_id == Client.contact_id)
            .where(Professional.id == professional_id, Client.id == client_id)
        )
    ).one_or_none()
    if row is None:
        raise ClientUnknown
    return Parties(*row)
