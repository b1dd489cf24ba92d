"""The people of the scenarios and the agendas they meet: the demo's barber, his clients, and a few others."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from ...agenda import reminders
from ...agenda.parties import load_parties
from ...models import (
    Appointment,
    Availability,
    Client,
    Contact,
    Conversation,
    Notification,
    Outbound,
    Professional,
    Service,
    User,
)
from ...models.enums import Channel, Payment, Plan, Role, Source, Status
from ...seed import CLIENTS, PROFESSIONAL, ZONE, Somebody, new_contact, seed
from ...text import plain
from ...whatsapp.phones import phone_key
from ...whatsapp.simulator import Person

ACCOUNT: Final = "100000000000001"
HELENA: Final = Somebody("Helena Prado", "5511955550000")
NAMESAKE: Final = Somebody("Rafael Souza", "5511955551111")
STRANGER: Final = Somebody("Alguém", "5521955551234")

# Who speaks in a scenario, by first name: "julia", "rafael", "stranger".
PEOPLE: Final[Mapping[str, Person]] = {
    "rafael": Person(PROFESSIONAL.phone, PROFESSIONAL.name, Role.PROFESSIONAL),
    "helena": Person(HELENA.phone, HELENA.name, Role.PROFESSIONAL),
    **{plain(one.name.split()[0]): Person(one.phone, one.name) for one in CLIENTS},
    "stranger": Person(STRANGER.phone, STRANGER.name),
}
OWNERS: Final[Mapping[str, str]] = {"rafael": "rafael-nogueira", "helena": "helena-prado"}
# The past that reads are about; the demo's six weeks would be read by nobody here.
WEEKS_BEHIND: Final = 2


async def _demo(session: AsyncSession, now: datetime) -> None:
    await seed(session, account=ACCOUNT, now=now, weeks_behind=WEEKS_BEHIND)


async def _quiet(session: AsyncSession, now: datetime) -> None:
    """The same people with nothing booked: what a scenario needs, it gives."""
    await seed(session, account=ACCOUNT, now=now, weeks_behind=0)
    for table in (Outbound, Notification, Appointment):
        await session.execute(delete(table))


async def _two(session: AsyncSession, now: datetime) -> None:
    """A psychologist besides the barber; Marina is a client of both."""
    await _quiet(session, now)
    helena = await _owner(session, HELENA, "helena-prado", "psicologia", now)
    session.add_all(
        [
            _service(helena, "Sessão", 50, 180_00, 0, now),
            _service(helena, "Primeira consulta", 80, 250_00, 1, now),
        ]
    )
    for name in ("Marina Duarte", "Diego Martins"):
        contact = (await session.scalars(select(Contact).where(Contact.name == name))).one()
        key = phone_key(str(contact.phone))
        session.add(
            Client(
                professional_id=helena.id,
                contact_id=contact.id,
                name=name,
                name_key=plain(name),
                phone_key=key,
                created_at=now,
            )
        )


async def _namesakes(session: AsyncSession, now: datetime) -> None:
    """Two professionals called Rafael."""
    await _quiet(session, now)
    other = await _owner(session, NAMESAKE, "rafael-souza", "fotografia", now)
    session.add(_service(other, "Ensaio", 60, 300_00, 0, now))


async def _nobody(session: AsyncSession, now: datetime) -> None:
    return


SEEDS: Final[Mapping[str, Callable[[AsyncSession, datetime], Awaitable[None]]]] = {
    "rafael": _demo,
    "quiet": _quiet,
    "two": _two,
    "namesakes": _namesakes,
    "none": _nobody,
}


async def _owner(session: AsyncSession, who: Somebody, slug: str, profession: str, now: datetime) -> Professional:
    contact = await new_contact(session, who, now)
    user = User(contact_id=contact.id, name=who.name, phone_key=phone_key(who.phone), created_at=now)
    session.add(user)
    await session.flush()
    owner = Professional(
        user_id=user.id, slug=slug, name=who.name, profession=profession, timezone=ZONE, plan=Plan.PRO, created_at=now
    )
    session.add(owner)
    await session.flush()
    hours = [Availability(professional_id=owner.id, weekday=day, start_minute=480, end_minute=1020) for day in range(5)]
    session.add_all(hours)
    session.add(
        Conversation(
            channel=Channel.CLOUD,
            account=ACCOUNT,
            contact_id=contact.id,
            mode=Role.PROFESSIONAL,
            state={},
            last_inbound_at=now,
            created_at=now,
        )
    )
    return owner


def _service(owner: Professional, name: str, minutes: int, cents: int, position: int, now: datetime) -> Service:
    return Service(
        professional_id=owner.id, name=name, minutes=minutes, price_cents=cents, position=position, created_at=now
    )


async def give(session: AsyncSession, wish: Mapping[str, Any], now: datetime) -> None:
    """Put an appointment into an agenda: `{who, service, at, status?, payment?, with?}`, `at` in local time."""
    owner = await owner_of(session, str(wish.get("with", "rafael")))
    client = await client_of(session, owner, str(wish["who"]))
    service = await service_of(session, owner, str(wish["service"]))
    start = local(wish["at"])
    row = Appointment(
        professional_id=owner.id,
        client_id=client.id,
        service_id=service.id,
        service_name=service.name,
        price_cents=service.price_cents,
        start_at=start,
        end_at=start + timedelta(minutes=service.minutes),
        status=Status(wish.get("status", "confirmed")),
        payment=Payment(wish.get("payment", "unpaid")),
        source=Source.CHAT,
        created_at=now - timedelta(days=2),
        updated_at=now - timedelta(days=2),
    )
    session.add(row)
    await session.flush()
    if row.status is Status.CONFIRMED and start > now:
        await reminders.plan(session, row, await load_parties(session, owner.id, client.id), now=now)


async def owner_of(session: AsyncSession, who: str) -> Professional:
    return (await session.scalars(select(Professional).where(Professional.slug == OWNERS[who]))).one()


async def client_of(session: AsyncSession, owner: Professional, who: str) -> Client:
    key = phone_key(PEOPLE[who].phone)
    return (
        await session.scalars(select(Client).where(Client.professional_id == owner.id, Client.phone_key == key))
    ).one()


async def service_of(session: AsyncSession, owner: Professional, name: str) -> Service:
    return (
        await session.scalars(select(Service).where(Service.professional_id == owner.id, Service.name == name))
    ).one()


def local(moment: Any) -> datetime:
    """Read a moment as it is written in scenarios: local time, or with its offset."""
    read = datetime.fromisoformat(str(moment))
    return (read if read.tzinfo else read.replace(tzinfo=ZoneInfo(ZONE))).astimezone(UTC)
