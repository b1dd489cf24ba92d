"""Write down what became of messages that were posted: many in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Outbound
from ..models.enums import OutboundStatus
from ..whatsapp.faults import Fault
from ..whatsapp.transport import Accepted
from . import delivery, numbers
from .claim import Job


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the provider answered to one message, and when."""

    job: Job
    answer: Accepted | Fault
    at: datetime


async def note(session: AsyncSession, outcomes: Sequence[Outcome]) -> None:
    """Move each row on, unless somebody was faster: a status may have come first, the row may be on its way again."""
    found = await session.scalars(
        select(Outbound)
        .where(Outbound.id.in_({outcome.job.id for outcome in outcomes}))
        .order_by(Outbound.id)
        .with_for_update()
    )
    rows = {row.id: row for row in found}
    for outcome in outcomes:
        job, row = outcome.job, rows.get(outcome.job.id)
        if job.trying and isinstance(outcome.answer, Accepted):
            await numbers.reopen(session, job.account, outcome.at)  # also when a status was faster to tell
        if row is None or row.attempts != job.attempt:
            continue
        if row.status not in (OutboundStatus.SENDING, OutboundStatus.UNCERTAIN):
            continue
        if isinstance(outcome.answer, Fault):
            await delivery.failed(session, row, outcome.answer, job.account, outcome.at)
            continue
        await delivery.sent(session, row, outcome.answer.provider_id, outcome.at, said=job.said)
