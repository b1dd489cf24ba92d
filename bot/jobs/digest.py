"""The daily agenda: each professional's day, once, in their own morning."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..agenda.hours import at_wall, zone_of
from ..db import Database
from ..models import Appointment, Client, Contact, Outbound, Professional, User
from ..models.enums import Status
from ..models.plans import Capability, plans_with
from ..notify import outbox
from ..notify.message import SEPARATOR
from ..notify.messages import DailyAgenda
from .zones import zones_in_use

# Local wall minutes: from 8:00, and after an outage until noon, when the day has told itself.
FROM: Final = 8 * 60
UNTIL: Final = 12 * 60
STANDING: Final = (Status.PENDING_CONFIRMATION, Status.CONFIRMED)
# Agendas owed in one transaction.
BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class _Morning:
    """A zone where it is time, and its day."""

    zone: str
    day: date
    start: datetime
    end: datetime
    noon: datetime


async def owe_due_digests(db: Database, now: datetime) -> int:
    """Owe every daily agenda that is due and not owed yet; count them."""
    async with db.begin() as session:
        zones = await zones_in_use(session)
    owed = 0
    for morning in [found for zone in zones if (found := _morning(zone, now))]:
        while True:
            async with db.begin() as session:
                due = await _due(session, morning)
                await _owe(session, due, morning, now)
            owed += len(due)
            if len(due) < BATCH:
                break
    return owed


def _morning(zone: str, now: datetime) -> _Morning | None:
    day = now.astimezone(zone_of(zone)).date()
    noon = at_wall(zone, day, UNTIL)
    if not at_wall(zone, day, FROM) <= now < noon:
        return None
    return _Morning(zone, day, at_wall(zone, day, 0), at_wall(zone, day + timedelta(days=1), 0), noon)


async def _due(session: AsyncSession, morning: _Morning) -> dict[UUID, tuple[Professional, UUID]]:
    """Read the professionals of a zone who have something today and were not told, with their contacts."""
    busy = exists().where(
        Appointment.professional_id == Professional.id,
        Appointment.start_at >= morning.start,
        Appointment.start_at < morning.end,
        Appointment.status.in_(STANDING),
    )
    told = exists().where(
        Outbound.professional_id == Professional.id,
        Outbound.kind == DailyAgenda.name,
        Outbound.created_at >= morning.start,
    )
    rows = await session.execute(
        select(Professional, Contact.id)
        .join(User, User.id == Professional.user_id)
        .join(Contact, Contact.id == User.contact_id)
        .where(
            Professional.timezone == morning.zone,
            Professional.plan.in_(plans_with(Capability.DAILY_AGENDA)),
            Contact.unreachable_at.is_(None),
            busy,
            ~told,
        )
        .order_by(Professional.id)
        .limit(BATCH)
    )
    return {professional.id: (professional, contact_id) for professional, contact_id in rows}


async def _owe(
    session: AsyncSession, due: Mapping[UUID, tuple[Professional, UUID]], morning: _Morning, now: datetime
) -> None:
    rows = await session.execute(
        select(Appointment, Client.name)
        .join(Client, Client.id == Appointment.client_id)
        .where(
            Appointment.professional_id.in_(due),
            Appointment.start_at >= morning.start,
            Appointment.start_at < morning.end,
            Appointment.status.in_(STANDING),
        )
        .order_by(Appointment.professional_id, Appointment.start_at)
    )
    days: dict[UUID, list[tuple[Appointment, str]]] = {}
    for row, client in rows:
        days.setdefault(row.professional_id, []).append((row, client))
    for professional_id, day in days.items():
        professional, contact_id = due[professional_id]
        await outbox.owe(
            session,
            _agenda(professional, day, morning),
            contact_id=contact_id,
            professional_id=professional_id,
            now=now,
            expires_at=morning.noon,
            dedup_key=f"{DailyAgenda.name}:{professional_id}:{morning.day.isoformat()}",
        )


def _agenda(professional: Professional, day: list[tuple[Appointment, str]], morning: _Morning) -> DailyAgenda:
    return DailyAgenda(
        professional=phrases.first_name(professional.name),
        day=phrases.day(morning.day),
        count=phrases.plural(len(day), "atendimento", "atendimentos"),
        agenda=SEPARATOR.join(_entry(row, client, morning.zone) for row, client in day),
        revenue=phrases.money(sum(row.price_cents for row, _ in day)),
    )


def _entry(row: Appointment, client: str, zone: str) -> str:
    hour = phrases.hour(row.start_at.astimezone(zone_of(zone)))
    waits = ", a confirmar" if row.status is Status.PENDING_CONFIRMATION else ""
    return f"{hour} {client} ({row.service_name}{waits})"
