"""What came of a scenario, held against what should have: the rows decide."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ...agenda.workweek import hours_lines, usual_week
from ...models import (
    Appointment,
    AppointmentEvent,
    Availability,
    AvailabilityException,
    Client,
    ClientNote,
    Conversation,
    Inbound,
    Outbound,
    PendingAction,
    Professional,
    RecurringSchedule,
    Review,
    Service,
    WaitlistEntry,
)
from ...models.enums import InboundStatus, OutboundStatus, PendingStatus
from .cast import OWNERS
from .scenario import Scenario

DEEDS: Final = (
    AppointmentEvent,
    Service,
    Availability,
    AvailabilityException,
    RecurringSchedule,
    WaitlistEntry,
    Professional,
    ClientNote,
)


async def changed(session: AsyncSession, since: datetime) -> list[dict[str, Any]]:
    """List the appointments that were made or changed, of everybody, in the order they were made."""
    rows = await session.execute(
        select(Appointment, Client, Professional)
        .join(Client, Client.id == Appointment.client_id)
        .join(Professional, Professional.id == Appointment.professional_id)
        .where(Appointment.updated_at > since)
        .order_by(Appointment.created_at, Appointment.start_at)
    )
    return [_row(*found) for found in rows]


def _row(row: Appointment, client: Client, owner: Professional) -> dict[str, Any]:
    start = row.start_at.astimezone(ZoneInfo(owner.timezone))
    return {
        "client": client.name,
        "with": next((name for name, slug in OWNERS.items() if slug == owner.slug), owner.slug),
        "service": row.service_name,
        "start": start.strftime("%Y-%m-%dT%H:%M"),
        "status": row.status.value,
        "payment": row.payment.value,
        "attends": row.attendance_confirmed_at is not None,
    }


async def deeds(session: AsyncSession) -> int:
    """Count what was done to agendas so far: a message may say that it was done only after one of these."""
    counts = [select(func.count()).select_from(table).scalar_subquery() for table in DEEDS]
    # What was agreed to and done may have changed a row that was there before: a price, a Pix key.
    agreed = select(func.count()).select_from(PendingAction).where(PendingAction.status == PendingStatus.DONE)
    return int(sum((await session.execute(select(*counts, agreed.scalar_subquery()))).one()))


async def faults(session: AsyncSession, scenario: Scenario, since: datetime) -> list[str]:
    """Say how the rows differ from what the scenario says, in any agenda."""
    found: list[str] = []
    rows = await changed(session, since)
    if scenario.rows is not None and not _same(rows, scenario.rows):
        found.append(f"rows are {rows}, not {list(scenario.rows)}")
    waiting = await session.scalar(
        select(func.count()).select_from(PendingAction).where(PendingAction.status == PendingStatus.OPEN)
    )
    if waiting != scenario.open:
        found.append(f"{waiting} questions wait, not {scenario.open}")
    if scenario.reviews is not None:
        marks = select(Client.name, Review.rating, Review.comment).join(Client, Client.id == Review.client_id)
        if (given := [[*row] for row in await session.execute(marks)]) != [*scenario.reviews]:
            found.append(f"reviews are {given}, not {scenario.reviews}")
    for wish in scenario.professionals:
        found += [f"{wish['slug']}: {fault}" async for fault in _profile(session, wish)]
    return found


async def broken(session: AsyncSession) -> list[str]:
    """Say what is left in a state that nobody should see after a conversation."""
    dead = await session.scalars(select(Inbound).where(Inbound.status == InboundStatus.DEAD))
    unsent = await session.scalars(
        select(Outbound).where(Outbound.status.in_((OutboundStatus.FAILED, OutboundStatus.UNCERTAIN)))
    )
    held = await session.scalars(select(Conversation.id).where(Conversation.turn_token.is_not(None)))
    return [
        *(f"a message could not be handled: {row.error}" for row in dead),
        *(f"{row.kind} could not be sent: {row.error}" for row in unsent),
        *(f"conversation {row} is still held" for row in held),
    ]


def _same(rows: Sequence[Mapping[str, Any]], wishes: Sequence[Mapping[str, Any]]) -> bool:
    if len(rows) != len(wishes):
        return False
    return all({name: row.get(name) for name in wish} == wish for row, wish in zip(rows, wishes, strict=True))


async def _profile(session: AsyncSession, wish: Mapping[str, Any]) -> AsyncIterator[str]:
    row = await session.scalar(select(Professional).where(Professional.slug == wish["slug"]))
    if row is None:
        yield "is not there"
        return
    for name in wish.keys() & {"name", "profession", "address"}:
        if getattr(row, name) != wish[name]:
            yield f"{name} is {getattr(row, name)!r}"
    if "services" in wish:
        services = await session.scalars(
            select(Service).where(Service.professional_id == row.id).order_by(Service.position, Service.created_at)
        )
        if (found := [[one.name, one.minutes, one.price_cents] for one in services]) != wish["services"]:
            yield f"services are {found}"
    if "hours" in wish and (lines := hours_lines(await usual_week(session, row.id))) != wish["hours"]:
        yield f"hours are {lines}"
    if "dates" in wish:
        dates = await session.scalars(
            select(AvailabilityException)
            .where(AvailabilityException.professional_id == row.id)
            .order_by(AvailabilityException.date, AvailabilityException.start_minute)
        )
        if (days := [[f"{each.date}", each.kind.value, each.start_minute, each.end_minute] for each in dates]) != wish[
            "dates"
        ]:
            yield f"dates that differ are {days}"
