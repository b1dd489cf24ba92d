"""How an appointment is written: found for its owner, inserted against the wall, changed only from what was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Swift
from ..models import Appointment, AppointmentEvent, Client, new_id
from ..models.enums import Action, Actor, Payment, Status
from .desk import lock
from .parties import table
from .refusals import AppointmentChanged, AppointmentUnknown, KeyReused


async def find(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    professional_id: UUID | None = None,
    contact_id: UUID | None = None,
) -> Appointment:
    """Read an appointment of one side or of the other; any other does not exist."""
    row = await session.scalar(
        select(Appointment)
        .where(Appointment.id == appointment_id, *_of(professional_id, contact_id))
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise AppointmentUnknown
    return row


async def find_locked(
    session: AsyncSession, appointment_id: UUID, *, professional_id: UUID | None, contact_id: UUID | None
) -> Appointment:
    """Read an appointment under its agenda's lock, so that it stays as read until the commit."""
    if professional_id is None:
        owner = await session.scalar(
            select(Appointment.professional_id).where(Appointment.id == appointment_id, *_of(None, contact_id))
        )
        if owner is None:
            raise AppointmentUnknown
        await lock(session, owner)
    else:
        await lock(session, professional_id)
    return await find(session, appointment_id, professional_id=professional_id, contact_id=contact_id)


def _of(professional_id: UUID | None, contact_id: UUID | None) -> list[ColumnElement[bool]]:
    """Say whose rows are meant; without either side a query would reach everybody's."""
    if professional_id is None and contact_id is None:
        raise ValueError("an appointment is looked up for a professional or for a client's contact")
    mine: list[ColumnElement[bool]] = []
    if professional_id is not None:
        mine.append(Appointment.professional_id == professional_id)
    if contact_id is not None:
        mine.append(Appointment.client_id.in_(select(Client.id).where(Client.contact_id == contact_id)))
    return mine


@dataclass(frozen=True, slots=True)
class Moved:
    """A new time that an appointment was given: by whom, when, in place of which; alone, or with a rest of a series."""

    appointment_id: UUID
    actor: Actor
    at: datetime
    before: Status | None
    old_start: datetime
    new_start: datetime
    alone: bool


async def moves(session: AsyncSession, *rows: Appointment) -> list[Moved]:
    """Read the new times that appointments were given, in order."""
    changed = [row.id for row in rows if row.sequence]  # nothing has happened to the others
    if not changed:
        return []
    written = AppointmentEvent
    found = await session.execute(
        select(written.appointment_id, written.actor, written.at, written.from_status, written.details)
        .where(written.appointment_id.in_(changed), written.action == Action.RESCHEDULE)
        .order_by(written.at, written.id)
    )
    return [
        Moved(
            appointment_id,
            actor,
            at,
            before,
            datetime.fromisoformat(details["from"]),
            datetime.fromisoformat(details["to"]),
            "following" not in details,
        )
        for appointment_id, actor, at, before, details in found
        if details  # who was erased leaves none
    ]


_ROWS: Final = table(Appointment)
_KEYED: Final = Swift(
    select(_ROWS.c.id, _ROWS.c.client_id).where(
        _ROWS.c.professional_id == bindparam("professional_id"), _ROWS.c.idempotency_key == bindparam("key")
    )
)


async def keyed(
    session: AsyncSession,
    professional_id: UUID,
    client_id: UUID,
    key: str,
    asked: tuple[UUID, datetime] | None = None,
) -> Appointment | None:
    """Read what an idempotency key has booked already.

    Another client's key is refused, not answered; so is one that booked something else than is `asked` now: the
    service and the start.
    """
    found = await _KEYED.first(session, {"professional_id": professional_id, "key": key})
    if found is None:
        return None
    appointment_id, whose = found
    if whose != client_id:
        raise KeyReused
    row = await session.get_one(Appointment, appointment_id)
    if asked is not None and asked != (row.service_id, *await first_starts(session, row)):
        raise KeyReused
    return row


async def first_starts(session: AsyncSession, *rows: Appointment) -> list[datetime]:
    """Return the starts that appointments were booked for, wherever they were moved since."""
    origins = {row.id: row.start_at for row in rows}
    for move in reversed(await moves(session, *rows)):
        origins[move.appointment_id] = move.old_start
    return [origins[row.id] for row in rows]


async def given_up(session: AsyncSession, row: Appointment) -> datetime | None:
    """Return the confirmed time that a client left for the one that now waits, if there was one."""
    left = [
        move.old_start
        for move in await moves(session, row)
        if move.actor is Actor.CLIENT and move.before is Status.CONFIRMED
    ]
    return left[-1] if left else None


async def compare_and_set(session: AsyncSession, row: Appointment, now: datetime, **values: Any) -> Appointment:
    """Change an appointment that still stands as it was read, and count the change."""
    changed = await session.scalar(
        update(Appointment)
        .where(
            Appointment.id == row.id,
            Appointment.status == row.status,
            Appointment.sequence == row.sequence,
        )
        .values(sequence=row.sequence + 1, updated_at=now, **values)
        .returning(Appointment)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if changed is None:
        raise AppointmentChanged
    return changed


async def move_together(
    session: AsyncSession, rows: Sequence[Appointment], starts: Sequence[datetime], now: datetime, **values: Any
) -> list[tuple[Appointment, datetime, Status]]:
    """Give appointments new times, confirmed, and return each with the start and the status that it had.

    All step aside first: the wall lets no two stand at one time, not even between two statements, and one may take the
    place that another is leaving.
    """
    before = [(row.start_at, row.end_at - row.start_at, row.status) for row in rows]
    aside = [await compare_and_set(session, row, now, status=Status.CANCELLED) for row in rows]
    moved = []
    for row, at, (old_start, length, status) in zip(aside, starts, before, strict=True):
        new = await compare_and_set(
            session,
            row,
            now,
            start_at=at,
            end_at=at + length,
            status=Status.CONFIRMED,
            payment=Payment.AUTHORIZED if row.payment is Payment.UNPAID else row.payment,
            attendance_confirmed_at=None,
            **values,
        )
        moved.append((new, old_start, status))
    return moved


def event(
    row: Appointment,
    action: Action,
    actor: Actor,
    before: Status | None,
    now: datetime,
    details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Build the row that says who did what to an appointment."""
    return {
        "id": new_id(),
        "appointment_id": row.id,
        "action": action,
        "actor": actor,
        "from_status": before,
        "to_status": row.status,
        "details": dict(details or {}),
        "at": now,
    }
