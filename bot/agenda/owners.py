"""Opening an agenda and saying what it offers: the professional, their login and link, the services."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import insert_new
from ..errors import Conflict, Invalid
from ..models import Contact, Professional, Service, User, new_id
from ..text import plain
from ..whatsapp.phones import phone_key
from .desk import lock
from .hours import zone_of
from .refusals import ServiceUnknown

NAME_LENGTH: Final = (2, 80)
# Shorter is a slip of the finger, longer than a working day a misunderstanding.
SERVICE_MINUTES: Final = (5, 720)
HIGHEST_PRICE: Final = 100_000_00
# One person's offer: beyond this, chat lists and menus stop being of use.
MOST_SERVICES: Final = 100
SLUG_LIMIT: Final = 60
# Words of ours that stand where a slug may stand.
_RESERVED: Final = frozenset({"api", "admin", "app", "com", "docs", "odys", "simulador", "suporte", "webhooks"})


class AgendaExists(Conflict):
    code = "agenda_exists"
    sentence = "Você já tem uma agenda aqui."


class LoginTaken(Conflict):
    code = "login_taken"
    sentence = "Esse telefone ou e-mail já tem um cadastro. Entre com ele primeiro."


class BadName(Invalid):
    code = "bad_name"
    sentence = "O nome precisa ter de 2 a 80 letras."


class BadServiceMinutes(Invalid):
    code = "bad_service_minutes"
    sentence = "A duração de um serviço vai de 5 minutos a 12 horas."


class BadPrice(Invalid):
    code = "bad_price"
    sentence = "O preço vai de R$ 0,00 a R$ 100.000,00."


class TooManyServices(Invalid):
    code = "too_many_services"
    sentence = "Você já tem 100 serviços. Remova algum antes de criar outro."


async def create_professional(
    session: AsyncSession,
    *,
    name: str,
    profession: str,
    contact: Contact | None,
    email: str | None = None,
    timezone: str,
    now: datetime,
    user: User | None = None,
) -> Professional:
    """Open an agenda for somebody, with a login behind it; hours and services come after.

    The login is the one given, else the one the contact or the e-mail already has, else a new one. Refuses whoever
    has an agenda (`AgendaExists`), a name that is none and a zone that is none.
    """
    name = checked_name(name)
    zone_of(timezone)
    user = user or await _login(session, name, contact, email, now)
    row = {
        "id": new_id(),
        "user_id": user.id,
        "name": name,
        "profession": " ".join(profession.split())[: NAME_LENGTH[1]],
        "timezone": timezone,
        "created_at": now,
    }
    while True:
        if await session.scalar(select(Professional.id).where(Professional.user_id == user.id)):
            raise AgendaExists
        row["slug"] = await _free_slug(session, name)
        made = await session.scalar(insert_new(session, Professional, row))
        if made is not None:
            return await session.get_one(Professional, made)
        # Somebody of the same name took the link just now, or the same person came twice: look again.


async def _login(session: AsyncSession, name: str, contact: Contact | None, email: str | None, now: datetime) -> User:
    """Find the login behind a contact, or make one; a typed e-mail proves nothing and opens nobody's login."""
    key = phone_key(contact.phone) if contact and contact.phone else None
    if contact is not None:
        mine = User.contact_id == contact.id
        # Many a contact has no number, and so have the logins by e-mail: they are not each other's.
        whose = or_(mine, and_(User.phone_key == key, User.contact_id.is_(None))) if key else mine
        known = await session.scalar(select(User).where(whose).order_by(mine.desc()).limit(1))
        if known is not None:
            known.contact_id = known.contact_id or contact.id
            return known
    row = {
        "id": new_id(),
        "contact_id": contact.id if contact else None,
        "name": name,
        "phone_key": key,
        "email": email,
        "created_at": now,
    }
    made = await session.scalar(insert_new(session, User, row))
    if made is None:
        raise LoginTaken
    return await session.get_one(User, made)


async def _free_slug(session: AsyncSession, name: str) -> str:
    """Make the part of a link out of a name: "Bia Souza" is bia-souza, the next one bia-souza-2."""
    base = _slug(name)[: SLUG_LIMIT - 8].strip("-")
    if len(base) < 2:
        base = f"agenda-{base}".strip("-")
    taken = set(await session.scalars(select(Professional.slug).where(Professional.slug.startswith(base))))
    if base not in taken and base not in _RESERVED:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", plain(text)).strip("-")


async def add_service(
    session: AsyncSession, professional_id: UUID, *, name: str, minutes: int, price_cents: int, now: datetime
) -> Service:
    """Offer a service; one of the same name is changed instead of offered twice."""
    name = checked_service(name, minutes, price_cents)
    await lock(session, professional_id)
    rows = await offered(session, professional_id)
    same = next((row for row in rows if plain(row.name) == plain(name)), None)
    if same is not None:
        return await edit_service(session, professional_id, same.id, minutes=minutes, price_cents=price_cents)
    if len(rows) >= MOST_SERVICES:
        raise TooManyServices
    row = Service(
        professional_id=professional_id,
        name=name,
        minutes=minutes,
        price_cents=price_cents,
        position=max((row.position for row in rows), default=0) + 1,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def edit_service(
    session: AsyncSession,
    professional_id: UUID,
    service_id: UUID,
    *,
    name: str | None = None,
    minutes: int | None = None,
    price_cents: int | None = None,
) -> Service:
    """Change a service; what was agreed before keeps its name, length and price."""
    row = await own_service(session, professional_id, service_id)
    minutes = row.minutes if minutes is None else minutes
    price_cents = row.price_cents if price_cents is None else price_cents
    row.name = checked_service(row.name if name is None else name, minutes, price_cents)
    row.minutes, row.price_cents = minutes, price_cents
    await session.flush()
    return row


async def remove_service(session: AsyncSession, professional_id: UUID, service_id: UUID) -> None:
    """Stop offering a service; its appointments stay as they are."""
    (await own_service(session, professional_id, service_id)).active = False
    await session.flush()


async def offered(session: AsyncSession, professional_id: UUID) -> Sequence[Service]:
    """Read what a professional offers, in the order they gave it."""
    rows = await session.scalars(
        select(Service)
        .where(Service.professional_id == professional_id, Service.active)
        .order_by(Service.position, Service.created_at)
    )
    return rows.all()


async def own_service(session: AsyncSession, professional_id: UUID, service_id: UUID) -> Service:
    """Read a service that a professional offers; one that is no longer offered does not exist either."""
    service = await session.get(Service, service_id)
    if service is None or service.professional_id != professional_id or not service.active:
        raise ServiceUnknown
    return service


async def search_professionals(session: AsyncSession, query: str, limit: int = 10) -> Sequence[Professional]:
    """Find professionals by link code, or by words of their name and profession, the best match first."""
    words = [word for word in query.lower().split() if len(word) > 1]
    if not words:
        return []
    exact = await session.scalar(select(Professional).where(Professional.slug == _slug(query)))
    if exact is not None:
        return [exact]
    # The slug is the name without accents; a profession is found as it was written.
    each = [
        or_(
            Professional.slug.contains(_slug(word) or "-", autoescape=True),
            Professional.profession.icontains(word, autoescape=True),
        )
        for word in words
    ]
    found = await session.scalars(select(Professional).where(*each).order_by(Professional.slug).limit(limit))
    return sorted(found, key=lambda row: not row.slug.startswith(_slug(words[0])))


def checked_name(name: str) -> str:
    """Return the name of an agenda or a service as it is kept; refuse what nobody is called."""
    name = " ".join(name.split())
    shortest, longest = NAME_LENGTH
    if not shortest <= len(name) <= longest or not any(letter.isalpha() for letter in name):
        raise BadName
    return name


def checked_service(name: str, minutes: int, price_cents: int) -> str:
    """Return the name of a service as it is kept; refuse what no service is like."""
    if not SERVICE_MINUTES[0] <= minutes <= SERVICE_MINUTES[1]:
        raise BadServiceMinutes
    if not 0 <= price_cents <= HIGHEST_PRICE:
        raise BadPrice
    return checked_name(name)
