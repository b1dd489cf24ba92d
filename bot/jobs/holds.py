"""Clear what nobody answered: proposals whose time is up, and the times that were kept for them.

A hold that has run out blocks nobody; this only keeps the table honest and small to search.
"""

from datetime import datetime

from sqlalchemy import text, update

from ..db import Database
from ..models import PendingAction
from ..models.enums import PendingStatus

# Spelled out, so that both databases see that the partial index fits.
_OPEN = text("pending_actions.status = 'open'")


async def expire_pending(db: Database, now: datetime) -> int:
    """Mark open proposals that ran out as expired and let go of their times; count them."""
    async with db.begin() as session:
        expired = await session.execute(
            update(PendingAction)
            .where(_OPEN, PendingAction.expires_at <= now)
            .values(status=PendingStatus.EXPIRED, hold_until=None, decided_at=now)
            .returning(PendingAction.id)
            .execution_options(synchronize_session=False)
        )
        return len(expired.all())
