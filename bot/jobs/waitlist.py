"""Look for times that came free, however they did, and offer them to who waits for them."""

import logging
from datetime import datetime

from sqlalchemy import or_, select, text

from ..agenda import offers
from ..db import Database
from ..models import WaitlistEntry
from ..models.enums import WaitlistStatus

log = logging.getLogger(__name__)

# Spelled out, so that both databases see that the partial index fits.
_OPEN = text("waitlist_entries.status IN ('waiting', 'offered')")


async def offer_openings(db: Database, now: datetime) -> int:
    """Offer what is free in every agenda that somebody waits for; count the offers.

    Each agenda is a transaction of its own: what goes wrong with one keeps no other waiting.
    """
    async with db.begin() as session:
        awaited = list(
            await session.scalars(
                select(WaitlistEntry.professional_id)
                .where(
                    _OPEN,
                    or_(
                        WaitlistEntry.status == WaitlistStatus.WAITING,
                        (WaitlistEntry.status == WaitlistStatus.OFFERED) & (WaitlistEntry.offer_expires_at <= now),
                    ),
                )
                .distinct()
            )
        )
    count = 0
    for professional_id in awaited:
        try:
            async with db.begin() as session:
                count += await offers.offer_openings(session, professional_id, now=now)
        except Exception:
            log.exception("openings could not be offered", extra={"professional": str(professional_id)})
    return count
