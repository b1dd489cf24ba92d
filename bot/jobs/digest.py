"""The daily agenda: each professional's day, once, in their own morning.

Everybody of a zone is looked at once a day and marked, whether there is something to tell or not: for the rest of the
morning there is nobody left to look at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..agenda.entry import write
from ..agenda.hours import at_wall, zone_of
from ..db import Database, skip_locked
from ..models import Appointment, Client, Contact, Outbound, Professional, User
from ..models.enums import STANDING, Status
from ..models.plans import Capability, allows
from ..notify import outbox
from ..notify.message import SEPARATOR
from ..notify.messages import DailyAgenda
from .zones import zones_in_use

# Local wall minutes: from 8:00, and after an outage until noon, when the day has told itself.
FROM: Final = 8 * 60
UNTIL: Final = 12 * 60
# Professionals looked at in one transaction.
BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class _Morning:
    """A zone where it is time, and its day."""

    zone: str
    day: date
    start: datetime
    end: datetime
    noon: datetime


@dataclass(frozen=True, slots=True)
class _Person:
    """A professional's name, and whom to tell: nobody where the plan has no agenda or nobody is there."""

    name: str
    contact_id: UUID | None


async def owe_due_digests(db: Database, now: datetime) -> int:
    """Owe every daily agenda that is due and not owed yet; count them."""
    async with db.begin() as session:
        zones = await zones_in_use(session)
    owed = 0
    for morning in [found for zone in zones if (found := _morning(zone, now))]:
        looked_at = BATCH
        while looked_at == BATCH:
            async with db.begin() as session:
                people = await _not_looked_at(session, morning)
                owed += await _owe(session, people, morning, now)
            looked_at = len(people)
    return owed


def _morning(zone: str, now: datetime) -> _Morning | None:
    day = now.astimezone(zone_of(zone)).date()
    noon = at_wall(zone, day, UNTIL)
    if not at_wall(zone, day, FROM) <= now < noon:
        return None
    return _Morning(zone, day, at_wall(zone, day, 0), at_wall(zone, day + timedelta(days=1), 0), noon)


async def _not_looked_at(session: AsyncSession, morning: _Morning) -> dict[UUID, _Person]:
    """Take the next professionals of a zone whose day nobody has looked at, and mark them."""
    rows = await session.execute(
        select(Professional.id, Professional.name, Professional.plan, Contact.id, Contact.unreachable_at)
        .outerjoin(User, User.id == Professional.user_id)
        .outerjoin(Contact, Contact.id == User.contact_id)
        .where(
            Professional.timezone == morning.zone,
            or_(Professional.agenda_on.is_(None), Professional.agenda_on < morning.day),
        )
        .limit(BATCH)
        # Not against those who only point to them, as every booking does.
        .with_for_update(of=Professional, key_share=True, **skip_locked(session))
    )
    people = {
        identifier: _Person(name, contact_id if allows(plan, Capability.DAILY_AGENDA) and not unreachable else None)
        for identifier, name, plan, contact_id, unreachable in rows
    }
    marked = update(Professional).where(Professional.id.in_(people)).values(agenda_on=morning.day)
    await session.execute(marked.execution_options(synchronize_session=False))
    return people


async def _owe(session: AsyncSession, people: Mapping[UUID, _Person], morning: _Morning, now: datetime) -> int:
    told = {identifier: person for identifier, person in people.items() if person.contact_id is not None}
    rows = await session.execute(
        select(Appointment, Client.name)
        .join(Client, Client.id == Appointment.client_id)
        .where(
            Appointment.professional_id.in_(told),
            Appointment.start_at >= morning.start,
            Appointment.start_at < morning.end,
            Appointment.status.in_(STANDING),
        )
        .order_by(Appointment.professional_id, Appointment.start_at)
    )
    days: dict[UUID, list[tuple[Appointment, str]]] = {}
    for row, client in rows:
        days.setdefault(row.professional_id, []).append((row, client))
    await write(session, [(Outbound, row) for row in _rows(days, told, morning, now)])
    return len(days)


def _rows(
    days: Mapping[UUID, list[tuple[Appointment, str]]],
    people: Mapping[UUID, _Person],
    morning: _Morning,
    now: datetime,
) -> Iterator[dict[str, Any]]:
    for professional_id, day in days.items():
        yield outbox.owed(
            _agenda(people[professional_id].name, day, morning),
            contact_id=people[professional_id].contact_id,
            professional_id=professional_id,
            now=now,
            expires_at=morning.noon,
            dedup_key=f"{DailyAgenda.name}:{professional_id}:{morning.day.isoformat()}",
        )


def _agenda(name: str, day: list[tuple[Appointment, str]], morning: _Morning) -> DailyAgenda:
    return DailyAgenda(
        professional=phrases.first_name(name),
        day=phrases.day(morning.day),
        count=phrases.plural(len(day), "atendimento", "atendimentos"),
        agenda=SEPARATOR.join(_entry(row, client, morning.zone) for row, client in day),
        revenue=phrases.money(sum(row.price_cents for row, _ in day)),
    )


def _entry(row: Appointment, client: str, zone: str) -> str:
    hour = phrases.hour(row.start_at.astimezone(zone_of(zone)))
    waits = ", a confirmar" if row.status is Status.PENDING_CONFIRMATION else ""
    return f"{hour} {client} ({row.service_name}{waits})"
