"""Messages that break us: tried five times, then parked where a person sees them, and their lane goes on.

A try that raises is the message's own. A try of which nothing was heard again may be: its process was killed, or
could not reach the database, and with it everything else that was on the way there. So more of those are borne.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import passing
from ..log import mask
from ..models import Conversation, Inbound
from ..models.enums import InboundStatus
from ..notify import outbox
from ..notify.render import chat
from ..whatsapp.outgoing import Text

TRIES: Final = 5
# In a storm of two hundred kills, of one process or another every three seconds, one message in four hundred saw five.
SILENT_TRIES: Final = 12
# SQLSTATEs of a lost race, a lock not had, a statement that takes too long: it may be what was asked.
_OWN_FAULT: Final = ("40", "55", "57014", "25")


async def without_the_worn(
    session: AsyncSession, conversation: Conversation, rows: Sequence[Inbound], now: datetime
) -> Sequence[Inbound]:
    """Park messages that had all their tries and are still here: each time, nobody came back from them."""
    ids = worn(rows)
    if not ids:
        return rows
    ended = func.coalesce(func.nullif(Inbound.error, ""), "the process ended in each of its tries")
    parked = await session.scalars(
        update(Inbound)
        # Somebody may have answered it after it was read here.
        .where(Inbound.id.in_(ids), Inbound.status == InboundStatus.NEW)
        .values(status=InboundStatus.DEAD, error=ended)
        .returning(Inbound.id)
        .execution_options(synchronize_session=False)
    )
    if parked.all():
        await regret(session, conversation, now)
    return [row for row in rows if row.id not in ids]


def worn(rows: Sequence[Inbound]) -> list[UUID]:
    """Return the ids of messages that had all their tries."""
    return [row.id for row in rows if row.attempts >= _bearable(row)]


def _bearable(row: Inbound) -> int:
    return TRIES if row.error else SILENT_TRIES


async def regret(session: AsyncSession, conversation: Conversation, now: datetime) -> None:
    """Tell the person that something of ours went wrong."""
    await outbox.say(session, Text(chat("trouble")), conversation, now=now)


async def failed(
    session: AsyncSession, rows: Sequence[Inbound], error: Exception, now: datetime, *, counted: bool
) -> bool:
    """Note a failure, and when to try again; tell whether it was the last try of any.

    While the database is away no try is counted: it is no fault of the messages.
    """
    more = int(not _away(error)) - int(counted)
    parked = False
    for row in rows:
        tries = row.attempts + more
        over = tries >= _bearable(row)
        parked = parked or over
        await session.execute(
            update(Inbound)
            .where(Inbound.id == row.id, Inbound.status == InboundStatus.NEW)
            .values(
                attempts=tries,
                status=InboundStatus.DEAD if over else InboundStatus.NEW,
                error=mask(f"{type(error).__name__}: {error}")[:2000],
                due_at=now + timedelta(seconds=2 ** min(tries, TRIES)),
            )
        )
    return parked


def _away(error: Exception) -> bool:
    """Tell whether the database was not there to be asked; what takes it too long may be a message's own fault."""
    state = str(getattr(getattr(error, "orig", None) or error, "sqlstate", None) or "")
    return passing(error) and not state.startswith(_OWN_FAULT)
