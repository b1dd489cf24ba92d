"""Write down what became of messages that were posted: many in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Swift
from ..models import Outbound
from ..models.enums import OutboundStatus
from ..whatsapp.faults import Fault
from ..whatsapp.transport import Accepted
from . import delivery
from .claim import Job
from .these import IDS, these


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the provider answered to one message, and when."""

    job: Job
    answer: Accepted | Fault
    at: datetime


class _State(NamedTuple):
    """Where a row stands now."""

    id: UUID
    attempts: int
    status: OutboundStatus
    sent_at: datetime | None
    conversation_id: UUID | None
    professional_id: UUID | None


_STATES = Swift(
    select(
        Outbound.id,
        Outbound.attempts,
        Outbound.status,
        Outbound.sent_at,
        Outbound.conversation_id,
        Outbound.professional_id,
    )
    .where(these(Outbound.id, IDS))
    .order_by(Outbound.id)
    .with_for_update()
)


async def note(session: AsyncSession, outcomes: Sequence[Outcome]) -> None:
    """Move each row on, unless somebody was faster: a status may have come first, the row may be on its way again."""
    states = await _STATES.all(session, {"ids": [outcome.job.id for outcome in outcomes]})
    known = {state.id: state for state in map(_State._make, states)}
    usual: list[delivery.Taken] = []
    for outcome in outcomes:
        job, state = outcome.job, known.get(outcome.job.id)
        if state is None or state.attempts != job.attempt:
            continue
        if isinstance(outcome.answer, Accepted) and state.status is OutboundStatus.SENDING and state.sent_at is None:
            whose = (state.conversation_id, state.professional_id)
            usual.append(delivery.Taken(job.id, *whose, outcome.answer.provider_id, outcome.at, job.said, job.author))
        elif state.status in (OutboundStatus.SENDING, OutboundStatus.UNCERTAIN):
            await _unusual(session, outcome)
    await delivery.sent_many(session, usual)


async def _unusual(session: AsyncSession, outcome: Outcome) -> None:
    job, row = outcome.job, await session.get_one(Outbound, outcome.job.id)
    if isinstance(outcome.answer, Fault):
        await delivery.failed(session, row, outcome.answer, job.account, outcome.at)
    else:
        await delivery.sent(session, row, outcome.answer.provider_id, outcome.at, said=job.said)
