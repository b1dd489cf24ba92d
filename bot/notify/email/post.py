"""Send the letters that are owed: claim, send with no transaction open, note what became of each.

SMTP knows no second look: a letter whose "accepted" got lost is sent again under the same Message-ID, by which
readers know it as the same one.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ... import metrics
from ...clock import Clock
from ...db import Database
from ...models import Appointment, Client, Contact, Outbound, Professional
from ...models.enums import OutboundStatus, Status, Transport
from ...models.queues import OWED
from ..outbox import PRIORITIES

log = logging.getLogger(__name__)

# Sent side by side: as many connections as a mail server lets one sender have.
BATCH: Final = 8
TRIES: Final = 8
# A mail server that is away is mostly back within the hour; the eighth try comes after about four.
FIRST_WAIT: Final = timedelta(minutes=2)
# Longer than one letter may take, so that only the dead lose their claim.
LEASE: Final = timedelta(minutes=5)
# For one letter: below the time that a job has, so that it ends as "later" and not in the middle.
PATIENCE: Final = 40.0
# For another batch to be begun, for the same reason.
ENOUGH: Final = 10.0
# Kinds that change what a calendar shows; the rest of the letters carry no invitation.
_INVITES: Final = frozenset({"booking_confirmed", "booking_rescheduled", "booking_requested"})
_WITHDRAWS: Final = frozenset({"booking_cancelled_by_professional", "booking_cancelled_receipt", "booking_rejected"})


class Refused(Exception):
    """The mail server will never take this letter."""


class Away(Exception):
    """The mail server may take it later."""


class Mail(Protocol):
    """Something that carries letters."""

    async def send(self, letter: EmailMessage) -> None:
        """Hand a letter over; raise `Refused` for good, `Away` for now."""
        ...


@dataclass(frozen=True, slots=True)
class Owed:
    """One letter on its way out, with all it needs."""

    id: UUID
    kind: str
    payload: Mapping[str, Any]
    to: str
    name: str
    appointment: Appointment | None
    professional: Professional | None


async def send_due_letters(db: Database, mail: Mail, clock: Clock, *, sender: str) -> int:
    """Send the letters that are due, and return how many rows were dealt with."""
    began, done = time.monotonic(), 0
    while True:
        async with db.begin() as session:
            owed, count = await _claim(session, clock.now())
        await asyncio.gather(*(_send(db, mail, clock, each, sender) for each in owed))
        done += count
        if count < BATCH or time.monotonic() - began > ENOUGH:
            return done


async def _send(db: Database, mail: Mail, clock: Clock, owed: Owed, sender: str) -> None:
    error, for_good = "", False
    try:
        letter = _composed(owed, sender, clock.now())
        with metrics.timed(metrics.SEND, transport="email"):
            async with asyncio.timeout(PATIENCE):
                await mail.send(letter)
    except (Away, TimeoutError) as away:
        metrics.failed("letter", "away")
        error = str(away) or "too slow"
    except Exception as refused:  # one letter that cannot be written or sent must not stop the others
        metrics.failed("letter", type(refused).__name__)
        log.exception("a letter could not be sent", extra={"outbound": str(owed.id), "kind": owed.kind})
        error, for_good = f"{type(refused).__name__}: {refused}"[:500], True
    async with db.begin() as session:
        await _note(session, owed.id, error, clock.now(), for_good=for_good)


async def _claim(session: AsyncSession, now: datetime) -> tuple[list[Owed], int]:
    """Take what is due; a row keeps its status, and a lease keeps others away from it."""
    due = (
        select(Outbound)
        .where(
            # All priorities by name: behind what is due in each, the index holds the month's reminders.
            OWED,
            Outbound.priority.in_([literal_column(str(each)) for each in PRIORITIES]),
            Outbound.transport == Transport.EMAIL,
            Outbound.status == OutboundStatus.QUEUED,
            Outbound.due_at <= now,
            or_(Outbound.lease_until.is_(None), Outbound.lease_until < now),
        )
        .order_by(Outbound.priority, Outbound.due_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.scalars(due)).all()
    owed = []
    for row in rows:
        to, name = await _recipient(session, row)
        if row.expires_at is not None and row.expires_at <= now:
            row.status, row.error_code = OutboundStatus.SKIPPED, "expired"
        elif not to:
            row.status, row.error_code = OutboundStatus.FAILED, "no_address"
        else:
            row.attempts, row.lease_until = row.attempts + 1, now + LEASE
            appointment = await session.get(Appointment, row.appointment_id) if row.appointment_id else None
            professional = await session.get(Professional, row.professional_id) if row.professional_id else None
            owed.append(Owed(row.id, row.kind, row.payload, to, name, appointment, professional))
    return owed, len(rows)


async def _recipient(session: AsyncSession, row: Outbound) -> tuple[str, str]:
    """Return the address and name: written into the row, else the one the agenda has, else the contact's own."""
    if row.payload.get("to"):
        return str(row.payload["to"]), ""
    if row.appointment_id is not None:
        found = await session.execute(
            select(Client.email, Client.name)
            .join(Appointment, Appointment.client_id == Client.id)
            .where(Appointment.id == row.appointment_id)
        )
        for email, name in found:
            if email:
                return email, name
    contact = await session.get(Contact, row.contact_id) if row.contact_id else None
    return (contact.email or "", contact.name) if contact else ("", "")


def _composed(owed: Owed, sender: str, now: datetime) -> EmailMessage:
    # Loaded here: only a process that sends letters pays for the calendar library.
    from . import calendar, letter  # noqa: PLC0415

    invitation, method = b"", ""
    if owed.appointment and owed.professional and _in_calendars(owed.kind, owed.appointment):
        name, address = parseaddr(sender)
        entry = _entry(owed.appointment, owed.professional, withdrawn=owed.kind in _WITHDRAWS)
        organizer = calendar.Person(owed.professional.name or name, address)
        invitation = calendar.invitation(entry, organizer, calendar.Person(owed.name or owed.to, owed.to), now=now)
        method = "CANCEL" if entry.cancelled else "REQUEST"
    written = letter.write(owed.kind, {key: str(value) for key, value in owed.payload.items()})
    return letter.compose(
        written,
        sender=sender,
        to=owed.to,
        name=owed.name,
        message_id=str(owed.id),
        at=now,
        invitation=invitation,
        method=method,
    )


def _in_calendars(kind: str, row: Appointment) -> bool:
    """Tell whether a letter changes a calendar; a request that was rejected at once was never in one."""
    return kind in _INVITES | _WITHDRAWS and not (kind == "booking_rejected" and row.sequence <= 1)


def _entry(row: Appointment, professional: Professional, *, withdrawn: bool) -> Any:
    from . import calendar  # noqa: PLC0415 - see _composed

    return calendar.Entry(
        id=row.id,
        sequence=row.sequence,
        start_at=row.start_at,
        end_at=row.end_at,
        summary=f"{row.service_name} com {professional.name}",
        location=professional.address,
        cancelled=withdrawn or row.status in (Status.CANCELLED, Status.REJECTED),
        confirmed=row.status is not Status.PENDING_CONFIRMATION,
    )


async def _note(session: AsyncSession, outbound_id: UUID, error: str, now: datetime, *, for_good: bool) -> None:
    row = await session.get(Outbound, outbound_id, with_for_update=True)
    if row is None or row.status is not OutboundStatus.QUEUED:
        return
    row.lease_until = None
    if not error:
        row.status, row.sent_at, row.error, row.error_code = OutboundStatus.SENT, now, "", ""
    elif for_good or row.attempts >= TRIES:
        row.status, row.error, row.error_code = OutboundStatus.FAILED, error, "email"
        log.error("a letter failed", extra={"outbound": str(row.id), "kind": row.kind})
    else:
        row.due_at, row.error = now + FIRST_WAIT * 2 ** (row.attempts - 1), error
