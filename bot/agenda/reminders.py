"""Reminders are rows, written when an appointment is confirmed, dropped when it ends or moves.

Only a confirmed appointment is reminded of: a request that nobody answered is not a promise. Nobody is woken up:
what falls into the quiet hours goes out the evening before them. What would already be due is not written at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..db import Database
from ..models import Appointment, Outbound
from ..models.enums import OutboundStatus, Plan, Status
from ..models.plans import Capability, allows
from ..notify import outbox
from ..notify.message import Message
from ..notify.messages import Reminder2h, Reminder24h
from ..quiet import out_of_quiet
from .desk import lock
from .entry import write
from .hours import local_date, zone_of
from .parties import PARTIES, PROFESSIONALS, Owner, Parties, both, parties_of, table


@dataclass(frozen=True, slots=True)
class Reminder:
    """When a reminder goes out before the start, and until when before it a late one is still of use."""

    before: timedelta
    useful_until: timedelta


DAY_BEFORE: Final = Reminder(timedelta(hours=24), timedelta(hours=3))
SHORTLY_BEFORE: Final = Reminder(timedelta(hours=2), timedelta(minutes=15))


def planned(row: Appointment, who: Parties, *, now: datetime) -> Iterable[dict[str, Any]]:
    """Build the rows of the reminders of a confirmed appointment that are still ahead.

    Those of whoever is out of reach now, too: the sender looks whether they still are when it is time.
    """
    if who.contact is None:
        return
    for reminder, message, due in _messages(row, who):
        if due > now and _in_plan(message, who.professional.plan):
            yield outbox.owed(
                message,
                contact_id=who.contact.id,
                professional_id=row.professional_id,
                appointment=row,
                now=now,
                due_at=due,
                expires_at=row.start_at - reminder.useful_until,
                dedup_key=_key(message, row),
                reminds=True,
            )


async def plan(session: AsyncSession, row: Appointment, who: Parties, *, now: datetime) -> None:
    """Owe the reminders of a confirmed appointment that are still ahead."""
    await write(session, [(Outbound, each) for each in planned(row, who, now=now)])


async def drop(session: AsyncSession, appointment_ids: Sequence[UUID]) -> None:
    """Mark the reminders that still wait as skipped; one already in the sender's hands is checked there again.

    A dropped row gives its key back, so that an appointment that returns to its old time is reminded of again.
    """
    await session.execute(
        update(Outbound)
        .where(
            Outbound.appointment_id.in_(appointment_ids),
            Outbound.appointment_start_at.is_not(None),
            Outbound.status == OutboundStatus.QUEUED,
        )
        .values(status=OutboundStatus.SKIPPED, dedup_key=None, error="the appointment changed")
        .execution_options(synchronize_session=False)
    )


async def renew(session: AsyncSession, professional_id: UUID, *, now: datetime) -> None:
    """Let the reminders that wait say what is true now, and owe those that a larger plan has; under the agenda's lock.

    What was owed on a larger plan is left to go, and what is due already keeps its place.
    """
    waiting = await _waiting(session, professional_id)
    again, added = [], []
    coming = _COMING.where(PROFESSIONALS.c.id == professional_id, Appointment.start_at > now)
    for row, *parties in await session.execute(coming):
        who = parties_of(parties)
        added += [each for each in planned(row, who, now=now) if each["dedup_key"] not in waiting]
        for _, message, due in _messages(row, who):
            if owed := waiting.get(_key(message, row)):
                again.append({"id": owed.id, "payload": message.to_json(), "due_at": due if due > now else owed.due_at})
    if again:
        await session.execute(update(Outbound), again)
    await write(session, [(Outbound, each) for each in added])


async def follow_plan(db: Database, professional_id: UUID, *, now: datetime) -> None:
    """Let what is booked already be reminded of as the plan has it now; said twice, it changes nothing."""
    async with db.begin() as session:
        await lock(session, professional_id)
        await renew(session, professional_id, now=now)


async def _waiting(session: AsyncSession, professional_id: UUID) -> dict[str, Any]:
    """Return the reminders that are in nobody's hands, by their keys; the sender leaves them until the commit."""
    statement = select(Outbound.dedup_key, Outbound.id, Outbound.due_at).where(
        Outbound.professional_id == professional_id,
        Outbound.appointment_start_at.is_not(None),
        Outbound.status == OutboundStatus.QUEUED,
    )
    return {row.dedup_key: row for row in await session.execute(statement.with_for_update())}


_COMING: Final = (
    select(Appointment, *PARTIES)
    .select_from(
        both(
            table(Appointment).c.client_id,
            PROFESSIONALS.join(table(Appointment), table(Appointment).c.professional_id == PROFESSIONALS.c.id),
        )
    )
    .where(Appointment.status == Status.CONFIRMED)
)


def _messages(row: Appointment, who: Parties) -> Iterable[tuple[Reminder, Message, datetime]]:
    professional = who.professional
    zone, local = professional.timezone, row.start_at.astimezone(zone_of(professional.timezone))
    common = {
        "client": phrases.first_name(who.client.name),
        "professional": professional.name,
        "service": row.service_name,
        "address": professional.address,
        "appointment_id": str(row.id),
    }
    due = out_of_quiet(row.start_at - DAY_BEFORE.before, zone)
    yield DAY_BEFORE, Reminder24h(**common, when=phrases.moment(local)), due
    due = out_of_quiet(row.start_at - SHORTLY_BEFORE.before, zone)
    yield SHORTLY_BEFORE, Reminder2h(**common, hour=_hour(local, due, professional)), due


def _in_plan(message: Message, plan: Plan) -> bool:
    return not isinstance(message, Reminder2h) or allows(plan, Capability.REMINDER_2H)


def _key(message: Message, row: Appointment) -> str:
    return f"{message.name}:{row.id}:{row.start_at.isoformat()}"


def _hour(local: datetime, due: datetime, professional: Owner) -> str:
    """Write the hour of the start; one that was moved to the evening before says that it is tomorrow."""
    tomorrow = local_date(professional.timezone, due) < local.date()
    return f"amanhã, {phrases.at_hour(local)}" if tomorrow else phrases.hour(local)
