"""Rows for tests: a professional with hours and services, clients with phones; every value can be given."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda import booking, clients, owners, workweek
from bot.agenda.hours import Window
from bot.models import (
    Appointment,
    Client,
    Contact,
    Conversation,
    PendingAction,
    Professional,
    Service,
    User,
)
from bot.models.enums import Actor, Channel, Plan, Role, Source, Status

# A Saturday morning in São Paulo, where the clock of the tests stands.
NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
# The Thursday after, 15h in São Paulo.
THURSDAY_15H = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
# Monday to Friday 9h-12h and 13h-18h, Saturday 9h-13h.
WEEK = (
    *(Window(day, start, end) for day in range(5) for start, end in ((540, 720), (780, 1080))),
    Window(5, 540, 780),
)
_PHONE = "55119{:08d}"


async def a_contact(session: AsyncSession, *, name: str = "Júlia Lima", number: int = 88887777) -> Contact:
    """Make a contact who has written to us from 55 11 9…"""
    contact_id = await clients.contact_of_phone(session, _PHONE.format(number), name=name, now=NOW)
    return await session.get_one(Contact, contact_id)


async def a_professional(
    session: AsyncSession,
    *,
    name: str = "Bia Souza",
    number: int = 97770000,
    timezone: str = "America/Sao_Paulo",
    plan: Plan = Plan.PRO,
    hours: tuple[Window, ...] = WEEK,
    **fields: Any,
) -> Professional:
    """Make a professional with a phone, a login and hours; `fields` go to the row."""
    contact = await a_contact(session, name=name, number=number)
    owner = await owners.create_professional(
        session, name=name, profession="Cabeleireira", contact=contact, timezone=timezone, now=NOW
    )
    for field, value in {"plan": plan, "address": "Rua das Flores, 10", **fields}.items():
        setattr(owner, field, value)
    await workweek.set_weekly_hours(session, owner.id, hours)
    await session.flush()
    return owner


async def a_service(
    session: AsyncSession, owner: Professional, *, name: str = "Corte", minutes: int = 30, price_cents: int = 50_00
) -> Service:
    """Offer a service."""
    return await owners.add_service(session, owner.id, name=name, minutes=minutes, price_cents=price_cents, now=NOW)


async def a_client(
    session: AsyncSession,
    owner: Professional,
    *,
    name: str = "Júlia Lima",
    number: int = 88887777,
    email: str | None = None,
) -> Client:
    """Enter a client with a phone that can be written to."""
    return await clients.add(session, owner.id, name=name, phone=_PHONE.format(number)[2:], email=email, now=NOW)


async def an_account(session: AsyncSession, client: Client) -> User:
    """Give a client a login."""
    user = User(name=client.name, contact_id=client.contact_id, phone_key=client.phone_key, created_at=NOW)
    session.add(user)
    await session.flush()
    return user


async def a_conversation(session: AsyncSession, contact: Contact, *, role: Role = Role.CLIENT) -> Conversation:
    """Open a conversation of a contact."""
    conversation = Conversation(channel=Channel.CLOUD, account="100", contact_id=contact.id, mode=role, created_at=NOW)
    session.add(conversation)
    await session.flush()
    return conversation


async def a_hold(
    session: AsyncSession,
    conversation: Conversation,
    owner: Professional,
    start: datetime,
    *,
    minutes: int = 30,
    now: datetime = NOW,
) -> PendingAction:
    """Keep a time for a conversation for five minutes."""
    row = PendingAction(
        conversation_id=conversation.id,
        role=conversation.mode,
        tool="book_appointment",
        arguments={},
        hold_professional_id=owner.id,
        hold_start_at=start,
        hold_end_at=start + timedelta(minutes=minutes),
        hold_until=now + timedelta(minutes=5),
        expires_at=now + timedelta(minutes=10),
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def an_appointment(
    session: AsyncSession,
    owner: Professional,
    client: Client,
    service: Service,
    *,
    start: datetime = THURSDAY_15H,
    actor: Actor = Actor.CLIENT,
    now: datetime = NOW,
    **fields: Any,
) -> Appointment:
    """Book through the real door; `fields` go to `book`."""
    values: dict[str, Any] = {
        "professional_id": owner.id,
        "client_id": client.id,
        "service_id": service.id,
        "source": Source.CHAT,
        **fields,
    }
    return await booking.book(session, start_at=start, actor=actor, now=now, **values)


async def a_past_appointment(
    session: AsyncSession, owner: Professional, client: Client, service: Service, start: datetime, **fields: Any
) -> Appointment:
    """Write a row as it would be long after: no rule is asked."""
    values: dict[str, Any] = {"status": Status.CONFIRMED, "price_cents": service.price_cents, **fields}
    row = Appointment(
        professional_id=owner.id,
        client_id=client.id,
        service_id=service.id,
        service_name=service.name,
        start_at=start,
        end_at=start + timedelta(minutes=service.minutes),
        created_at=start - timedelta(days=3),
        updated_at=start,
        **values,
    )
    session.add(row)
    await session.flush()
    return row


async def active(session: AsyncSession, owner: Professional) -> list[Appointment]:
    """Read the appointments that occupy time, in order."""
    rows = await session.scalars(
        select(Appointment)
        .where(
            Appointment.professional_id == owner.id,
            Appointment.status.in_([Status.PENDING_CONFIRMATION, Status.CONFIRMED, Status.COMPLETED]),
        )
        .order_by(Appointment.start_at)
    )
    return list(rows)
