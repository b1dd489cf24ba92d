"""A believable agenda for the demo: a barber, nine clients, six weeks behind him and one ahead."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .agenda import reminders
from .agenda.parties import load_parties
from .models import (
    Appointment,
    Availability,
    Client,
    ClientNote,
    Contact,
    ContactIdentity,
    Conversation,
    Professional,
    Service,
    User,
)
from .models.enums import Channel, IdentityKind, Payment, Plan, Role, Source, Status
from .text import plain
from .whatsapp.phones import phone_key

ZONE: Final = "America/Sao_Paulo"


@dataclass(frozen=True, slots=True)
class Somebody:
    name: str
    phone: str
    note: str = ""
    email: str | None = None


PROFESSIONAL: Final = Somebody("Rafael Nogueira", "5511977776666")
CLIENTS: Final = (
    Somebody("Júlia Ramos", "5511988887777", "Prefere a tesoura à máquina.", "julia@exemplo.com.br"),
    Somebody("Carlos Lima", "5511966665555"),
    Somebody("Ana Paula Vieira", "5511955554444"),
    Somebody("Pedro Henrique Alves", "5511944443333", "Traz o filho pequeno às vezes."),
    Somebody("Marina Duarte", "5511933332222"),
    Somebody("João Batista Rocha", "5511922221111"),
    Somebody("Beatriz Campos", "5511911112222"),
    Somebody("Diego Martins", "5511999998888"),
    Somebody("Luiza Ferraz", "5511988776655"),
)
SERVICES: Final = (("Corte", 30, 5000), ("Barba", 30, 3500), ("Corte e barba", 60, 8000))
# Every day has hours, so that "amanhã de manhã" finds something whenever the demo is started.
HOURS: Final = {**dict.fromkeys(range(6), ((540, 720), (780, 1140))), 6: ((540, 780),)}
WEEKS_BEHIND, DAYS_AHEAD = 6, 7
DICE = 895  # an agenda with a full today and a tomorrow that has room in the morning


async def seed(session: AsyncSession, *, account: str, now: datetime, weeks_behind: int = WEEKS_BEHIND) -> None:
    """Fill an empty database; one that has a professional is left as it is."""
    if await session.scalar(select(Professional.id).limit(1)):
        return
    professional = await _professional(session, account, now)
    services = await _services(session, professional.id, now)
    clients = [await _client(session, professional, somebody, account, now) for somebody in CLIENTS]
    today = now.astimezone(ZoneInfo(ZONE)).date()
    for offset in range(-7 * weeks_behind, DAYS_AHEAD + 1):
        # The same agenda at every start, day by day: a demo is talked about, and pictures of it are compared.
        dice = random.Random(DICE + offset)  # noqa: S311
        session.add_all(_day(professional, services, clients, today + timedelta(days=offset), dice, now))
    await session.flush()
    for client in clients:
        who = await load_parties(session, professional.id, client.id)
        ahead = select(Appointment).where(Appointment.client_id == client.id, Appointment.status == Status.CONFIRMED)
        for row in await session.scalars(ahead):
            await reminders.plan(session, row, who, now=now)


async def new_contact(session: AsyncSession, somebody: Somebody, now: datetime) -> Contact:
    """Enter somebody who is known by their phone."""
    contact = Contact(name=somebody.name, phone=somebody.phone, created_at=now)
    session.add(contact)
    await session.flush()
    key = phone_key(somebody.phone)
    session.add(
        ContactIdentity(
            contact_id=contact.id, channel=Channel.CLOUD, kind=IdentityKind.PHONE, value=key, created_at=now
        )
    )
    return contact


async def _professional(session: AsyncSession, account: str, now: datetime) -> Professional:
    contact = await new_contact(session, PROFESSIONAL, now)
    user = User(contact_id=contact.id, name=PROFESSIONAL.name, phone_key=phone_key(PROFESSIONAL.phone), created_at=now)
    session.add(user)
    await session.flush()
    professional = Professional(
        user_id=user.id,
        slug="rafael-nogueira",
        name=PROFESSIONAL.name,
        profession="barbearia",
        address="Rua Augusta, 1200, São Paulo",
        timezone=ZONE,
        pix_key="rafael@exemplo.com.br",
        plan=Plan.PREMIUM,
        min_notice_minutes=60,
        horizon_days=60,
        created_at=now,
    )
    session.add(professional)
    await session.flush()
    for weekday, windows in HOURS.items():
        for start, end in windows:
            session.add(
                Availability(professional_id=professional.id, weekday=weekday, start_minute=start, end_minute=end)
            )
    session.add(_conversation(contact.id, account, Role.PROFESSIONAL, None, now))
    return professional


async def _services(session: AsyncSession, professional_id: UUID, now: datetime) -> list[Service]:
    rows = [
        Service(
            professional_id=professional_id,
            name=name,
            minutes=minutes,
            price_cents=cents,
            position=position,
            created_at=now,
        )
        for position, (name, minutes, cents) in enumerate(SERVICES)
    ]
    session.add_all(rows)
    await session.flush()
    return rows


async def _client(
    session: AsyncSession, professional: Professional, somebody: Somebody, account: str, now: datetime
) -> Client:
    contact = await new_contact(session, somebody, now)
    client = Client(
        professional_id=professional.id,
        contact_id=contact.id,
        name=somebody.name,
        name_key=plain(somebody.name),
        phone_key=phone_key(somebody.phone),
        email=somebody.email,
        created_at=now,
    )
    session.add(client)
    session.add(_conversation(contact.id, account, Role.CLIENT, professional.id, now))
    await session.flush()
    if somebody.note:
        session.add(
            ClientNote(professional_id=professional.id, client_id=client.id, text=somebody.note, created_at=now)
        )
    return client


def _conversation(
    contact_id: UUID, account: str, mode: Role, professional_id: UUID | None, now: datetime
) -> Conversation:
    return Conversation(
        channel=Channel.CLOUD,
        account=account,
        contact_id=contact_id,
        mode=mode,
        professional_id=professional_id,
        state={},
        # They all wrote lately: reminders arrive as text, not as templates.
        last_inbound_at=now,
        created_at=now,
    )


def _day(
    professional: Professional,
    services: list[Service],
    clients: list[Client],
    day: date,
    dice: random.Random,
    now: datetime,
) -> Iterator[Appointment]:
    """Fill about half of a day, later days less; what is over is completed and mostly paid."""
    windows = HOURS[day.weekday()]
    minute, today = windows[0][0], now.astimezone(ZoneInfo(ZONE)).date()
    if day == today - timedelta(days=1):
        # Nobody has said yet whether Júlia came yesterday: "a Júlia não veio" has something to speak of.
        row = _appointment(professional, services[0], clients[0], _at(day, minute), dice, now)
        row.status, row.payment, row.paid_at = Status.CONFIRMED, Payment.AUTHORIZED, None
        yield row
        minute += services[0].minutes
    # Júlia is the visitor: her own agenda is left to the person who plays her.
    others = clients[1:] if day >= today else clients
    while minute + 60 <= windows[-1][1]:
        inside = next((window for window in windows if window[0] <= minute < window[1]), None)
        if inside is None or dice.random() < (0.45 if day <= today else 0.7):
            minute += 30
            continue
        service, client = dice.choice(services), dice.choice(others)
        if minute + service.minutes > inside[1]:
            minute += 30
            continue
        yield _appointment(professional, service, client, _at(day, minute), dice, now)
        minute += service.minutes


def _at(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def _appointment(
    professional: Professional, service: Service, client: Client, start: datetime, dice: random.Random, now: datetime
) -> Appointment:
    over = start + timedelta(minutes=service.minutes) <= now
    status, payment = Status.CONFIRMED, Payment.AUTHORIZED
    if over:
        missed = dice.random() < 0.06
        status = Status.NO_SHOW if missed else Status.COMPLETED
        payment = Payment.UNPAID if missed or dice.random() < 0.1 else Payment.PAID
    booked = min(now, start - timedelta(days=2))
    return Appointment(
        professional_id=professional.id,
        client_id=client.id,
        service_id=service.id,
        service_name=service.name,
        price_cents=service.price_cents,
        start_at=start,
        end_at=start + timedelta(minutes=service.minutes),
        status=status,
        payment=payment,
        paid_at=start if payment is Payment.PAID else None,
        source=Source.CHAT,
        created_at=booked,
        updated_at=booked,
    )
