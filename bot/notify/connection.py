"""An instance that is connected again: what waited for that leaves now, instead of when its pause is over."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Outbound
from ..models.enums import Channel, OutboundStatus
from ..models.queues import OWED
from ..whatsapp.evolution.faults import DISCONNECTED
from . import numbers
from .outbox import PRIORITIES
from .told import Told

# No pause between two tries is longer.
LONGEST = timedelta(minutes=15)


async def heard(session: AsyncSession, row: Told, now: datetime) -> None:
    """Act on news about a connection."""
    value = row.event.get("value")
    state = value.get("state") if isinstance(value, dict) else None
    if row.channel is not Channel.EVOLUTION or row.event.get("field") != "connection.update" or state != "open":
        return
    await numbers.reopen(session, row.account, now)
    paused = Outbound.due_at.between(now, now + LONGEST)
    waiting = (OWED, paused, Outbound.status == OutboundStatus.QUEUED, Outbound.error_code == DISCONNECTED)
    await session.execute(update(Outbound).where(*waiting, Outbound.priority.in_(PRIORITIES)).values(due_at=now))
