"""Statuses settle what was sent; news about numbers and templates is written to the log.

A status finds its message by our own id, which travels with the message and comes back, or by the provider's: so it
also settles a message whose answer never reached us.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import Clock
from ..db import Database, Swift
from ..models import Inbound
from ..models.enums import InboundKind, InboundStatus
from ..models.queues import NEW
from . import connection, preferences
from .statuses import NO_MESSAGE, Statuses
from .these import IDS, these
from .told import Told

log = logging.getLogger(__name__)

# A second's statuses of a busy number, in one transaction.
BATCH = 500
TRIES = 5


async def settle(db: Database, clock: Clock) -> int:
    """Apply every status and notice that waits; return how many there were."""
    count = 0
    while True:
        rows: list[Told] = []
        try:
            async with db.begin() as session:
                rows = [Told(*row) for row in await _WAITING.all(session, {"now": clock.now()})]
                await _apply(session, rows, clock.now())
        except Exception:
            log.exception("a batch of statuses could not be settled; trying each alone")
            if not rows:
                raise
            for row in rows:
                await _apply_alone(db, row.id, clock.now())
        if not rows:
            return count
        count += len(rows)


_waits = (
    select(Inbound.id, Inbound.kind, Inbound.channel, Inbound.account, Inbound.event, Inbound.provider_at)
    .where(
        NEW,
        Inbound.lane == "",
        Inbound.kind != InboundKind.MESSAGE,
    )
    .order_by(Inbound.due_at, Inbound.id)
    .with_for_update(skip_locked=True)
)
_WAITING = Swift(_waits.where(Inbound.due_at <= bindparam("now")).limit(BATCH))
_ALONE = Swift(_waits.where(these(Inbound.id, IDS)))


async def _apply_alone(db: Database, identifier: UUID, now: datetime) -> None:
    try:
        async with db.begin() as session:
            rows = [Told(*row) for row in await _ALONE.all(session, {"ids": [identifier]})]
            await _apply(session, rows, now)
    except Exception as error:
        log.exception("a status could not be settled", extra={"inbound": str(identifier)})
        async with db.begin() as session:
            row = await session.get(Inbound, identifier, with_for_update=True)
            if row is not None:
                row.attempts += 1
                row.status = InboundStatus.DEAD if row.attempts >= TRIES else InboundStatus.NEW
                row.error = f"{type(error).__name__}: {error}"[:2000]


async def _apply(session: AsyncSession, rows: Sequence[Told], now: datetime) -> None:
    statuses = await Statuses.of(session, [row for row in rows if row.kind is InboundKind.STATUS])
    ends: dict[str, list[UUID]] = {}
    for row in rows:
        if row.kind is InboundKind.STATUS:
            why = await statuses.apply(row, now)
        else:
            why = await _heard(session, row, now)
        ends.setdefault(why, []).append(row.id)
    await statuses.write()
    for why, ids in ends.items():
        done = _OF_NOBODY if why == NO_MESSAGE else _DONE
        await done.all(session, {"ids": ids, "now": now, "why": why})


_table: Any = Inbound.__table__
_DONE = Swift(
    update(_table)
    .where(these(_table.c.id, IDS))
    .values(status=InboundStatus.DONE, handled_at=bindparam("now"), error=bindparam("why"))
)

# Somebody else's, or of a person who was erased while it was on its way: it names them, and tells us nothing.
_OF_NOBODY = Swift(
    update(_table)
    .where(these(_table.c.id, IDS))
    .values(status=InboundStatus.DONE, handled_at=bindparam("now"), error=bindparam("why"), event={})
)


async def _heard(session: AsyncSession, row: Told, now: datetime) -> str:
    log.warning("news from the provider", extra={"kind": row.kind.value, "news": row.event.get("field")})
    await connection.heard(session, row, now)
    await preferences.heard(session, row, now)
    return ""
