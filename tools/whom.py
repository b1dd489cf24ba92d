"""Whom a booking is for: the client who asks, or one of the professional's, known or new."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import clients
from bot.conversation.brain import Asker
from bot.models import Client
from bot.models.enums import Role
from bot.text import plain
from bot.whatsapp.phones import international

from .base import Context
from .customers import find_customer, search


def is_professional(asker: Asker) -> bool:
    """Tell whether the professional asks, about their own agenda."""
    return asker.role is Role.PROFESSIONAL


async def whom_for(context: Context, said: str, *, new: bool, phone: str = "") -> tuple[str, dict[str, str]]:
    """Return the name of whom a booking is for, and what `client_id_of` finds them by after the yes."""
    if not is_professional(context.asker):
        return context.asker.name, {}
    name = " ".join(said.split())[: clients.NAME_LIMIT]
    known: Sequence[Client] = ()
    if new and phone:
        known = await search(context, phone)
    elif new:  # a model may take for new who is in the address book by this very name
        known = [row for row in await search(context, name) if plain(row.name) == plain(name)]
    if new and not name and not known:
        raise clients.NameMissing
    if new and not known:
        if phone and international(phone) is None:
            raise clients.NotAPhone
        whom = {"new_client": name} | ({"phone": phone} if phone else {})
        return _entered_as(whom), whom
    customer = known[0] if len(known) == 1 else await find_customer(context, said)
    return customer.name, {"client_id": str(customer.id)}


def _entered_as(whom: Mapping[str, Any]) -> str:
    """Say who is new, with the phone that will be written to."""
    phone = international(str(whom.get("phone", "")))
    return str(whom.get("new_client", "")) + (f", {phrases.phone(phone)}" if phone else "")


async def client_id_of(
    session: AsyncSession, asker: Asker, professional_id: UUID, arguments: Mapping[str, Any]
) -> UUID:
    """Return whom a booking is for: oneself, a client that was found, or one who is new."""
    if not is_professional(asker):
        if asker.client_id is not None:
            return asker.client_id
        return (await clients.for_contact(session, professional_id, asker.contact_id, now=asker.now)).id
    if "client_id" in arguments:
        return UUID(arguments["client_id"])
    name, phone = arguments["new_client"], arguments.get("phone", "")
    return (await clients.add(session, professional_id, name=name, phone=phone, now=asker.now)).id


async def client_named(session: AsyncSession, arguments: Mapping[str, Any]) -> str:
    """Return the name of the client that a professional's question is about; a client's names none."""
    if "client_id" in arguments:
        return (await session.get_one(Client, UUID(arguments["client_id"]))).name
    return _entered_as(arguments)
