"""Keep series without an end booked ahead."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from ..agenda import series
from ..agenda.occurrences import AHEAD
from ..db import Database
from ..models import RecurringSchedule

log = logging.getLogger(__name__)


async def extend_series(db: Database, now: datetime) -> int:
    """Extend every series that is booked for less than it should be; count the new appointments.

    Each series is a transaction of its own: what goes wrong with one keeps no other waiting.
    """
    async with db.begin() as session:
        # A day behind is a day's work; zones are apart by less than that.
        behind = (now + AHEAD - timedelta(days=1)).date()
        due = list(
            await session.scalars(
                select(RecurringSchedule.id)
                .where(
                    RecurringSchedule.ended_at.is_(None),
                    RecurringSchedule.count.is_(None),
                    RecurringSchedule.until.is_(None),
                    or_(RecurringSchedule.booked_through.is_(None), RecurringSchedule.booked_through < behind),
                )
                .order_by(RecurringSchedule.id)
            )
        )
    booked = 0
    for series_id in due:
        try:
            async with db.begin() as session:
                booked += len(await series.extend(session, series_id, now=now))
        except Exception:
            log.exception("a series could not be extended", extra={"series": str(series_id)})
    return booked
