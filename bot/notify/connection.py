"""An instance that is connected again: what waited for that leaves now, instead of when its pause is over."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Outbound
from ..models.enums import Channel, OutboundStatus
from ..whatsapp.evolution.faults import DISCONNECTED
from . import numbers
from .told import Told


async def heard(session: AsyncSession, row: Told, now: datetime) -> None:
    """Act on news about a connection."""
    value = row.event.get("value")
    state = value.get("state") if isinstance(value, dict) else None
    if row.channel is not Channel.EVOLUTION or row.event.get("field") != "connection.update" or state != "open":
        return
    await numbers.reopen(session, row.account, now)
    waiting = (Outbound.status == OutboundStatus.QUEUED, Outbound.error_code == DISCONNECTED, Outbound.due_at > now)
    await session.execute(update(Outbound).where(*waiting).values(due_at=now))
