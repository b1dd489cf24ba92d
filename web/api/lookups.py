"""Whom a request names: a professional by their link, a client by their place in the caller's address book."""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda.owners import SLUG_LIMIT
from bot.agenda.refusals import ClientUnknown, ProfessionalUnknown
from bot.models import Client, Professional

from ..call import Call
from ..schemas import Line

# The last part of a professional's link, as in "agendar bia-souza".
Slug = Annotated[Line, StringConstraints(min_length=1, max_length=SLUG_LIMIT)]


async def professional_named(session: AsyncSession, slug: str) -> Professional:
    """Return the professional of a link, in whatever case it was typed."""
    row = None
    if slug.isprintable() and len(slug) <= SLUG_LIMIT:  # a database refuses what is no text
        row = await session.scalar(select(Professional).where(Professional.slug == slug.lower()))
    if row is None:
        raise ProfessionalUnknown
    return row


async def own_client(session: AsyncSession, call: Call, client_id: UUID) -> Client:
    """Return a client of the caller's agenda; somebody else's does not exist."""
    row = await session.get(Client, client_id)
    if row is None or call.owner is None or row.professional_id != call.owner.professional_id:
        raise ClientUnknown
    return row
