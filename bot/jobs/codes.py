"""Login codes: what was sent has no business in our tables; only its hash is asked for again."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, text, update

from ..db import Database
from ..models import Outbound
from ..models.enums import SETTLED
from ..notify.messages import LoginCode

# A message may be sent once more while nobody knows whether it went; none lives as long as this.
_LATELY: Final = timedelta(days=1)


async def forget_codes(db: Database, *, now: datetime) -> int:
    """Take the code out of every message that left, or whose time is over; the row stays. Return how many."""
    over = or_(Outbound.status.in_(SETTLED), Outbound.expires_at < now)
    told = (
        update(Outbound)
        # In the words of the index, which holds nothing but these.
        .where(text(f"kind = '{LoginCode.name}'"), Outbound.created_at > now - _LATELY, over)
        .where(Outbound.payload["code"].as_string() != "")
        .values(payload={"code": ""})
        .returning(Outbound.id)
        .execution_options(synchronize_session=False)
    )
    async with db.begin() as session:
        return len((await session.scalars(told)).all())
