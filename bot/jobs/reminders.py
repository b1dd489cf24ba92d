"""The upkeep of reminders: the rows are there already, this only looks after those that are late.

After an outage a reminder may be too late to be of use, or come due in the middle of the night. The sender marks
what has expired as well; here it happens without anybody sending, and before the first sending after a start.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Database, skip_locked
from ..models import Outbound, Professional
from ..models.enums import OutboundStatus
from ..notify.message import REMINDER
from ..quiet import after_quiet, quiet
from .zones import zones_in_use

# One transaction's worth: a backlog of an outage is walked through in steps that do not hold others up.
BATCH: Final = 500


async def tidy_reminders(db: Database, now: datetime) -> int:
    """Skip waiting reminders that are of no use any more, and put late ones off until the morning; count both."""
    async with db.begin() as session:
        touched = await _skip_expired(session, now)
    while True:
        async with db.begin() as session:
            put_off, more = await _put_off(session, now)
        touched += put_off
        if not more:
            return touched


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Say which rows are waiting reminders that are due: what the index of owed rows finds, however many wait."""
    return (
        # Written out: a bound value would hide from the planner that the partial index has all of these rows.
        Outbound.status == literal_column("'queued'"),
        Outbound.priority == REMINDER,
        Outbound.due_at <= now,
        Outbound.appointment_start_at.is_not(None),
    )


async def _skip_expired(session: AsyncSession, now: datetime) -> int:
    expired = await session.execute(
        update(Outbound)
        .where(
            *_due(now),
            Outbound.expires_at <= now,
        )
        .values(status=OutboundStatus.SKIPPED, error="too late to be of use")
        .returning(Outbound.id)
        .execution_options(synchronize_session=False)
    )
    return len(expired.all())


async def _put_off(session: AsyncSession, now: datetime) -> tuple[int, bool]:
    """Move due reminders out of the night they would be sent in; one that cannot wait so long is skipped."""
    rows = (
        await session.execute(
            select(Outbound, Professional.timezone)
            .join(Professional, Professional.id == Outbound.professional_id)
            .where(
                *_due(now),
                Professional.timezone.in_(await _sleeping(session, now)),
            )
            .limit(BATCH)
            .with_for_update(of=Outbound, **skip_locked(session))
        )
    ).all()
    for row, zone in rows:
        morning = after_quiet(now, zone)
        if row.expires_at is not None and row.expires_at <= morning:
            row.status, row.error = OutboundStatus.SKIPPED, "due in the quiet hours, too late after them"
        else:
            row.due_at = morning
    return len(rows), len(rows) == BATCH


async def _sleeping(session: AsyncSession, now: datetime) -> list[str]:
    """List the zones in use where the quiet hours are now."""
    return [zone for zone in await zones_in_use(session) if quiet(now, zone)]
