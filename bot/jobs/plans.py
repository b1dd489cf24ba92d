"""What Stripe said of plans and nobody here could read: the plans stay as they are until somebody looks."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..billing.events import NOT_OURS
from ..models import BillingEvent
from ..settings import Settings
from .findings import Finding, State
from .flow import DAY

# Stripe's own outages last minutes: behind an event that waits for longer somebody may have paid for nothing.
LATE: Final = timedelta(hours=1)


async def plans(session: AsyncSession, _settings: Settings, now: datetime) -> list[Finding]:
    """Look for events that cannot be applied, or whose price or status is unknown here; each reason is told once.

    What was applied is old news after 24 hours.
    """
    strange = select(BillingEvent.error).where(
        BillingEvent.handled_at > now - DAY, BillingEvent.error != "", ~BillingEvent.error.startswith(NOT_OURS)
    )
    waiting = (BillingEvent.handled_at.is_(None), BillingEvent.received_at < now - LATE)
    reasons = (await session.scalars(strange.order_by(BillingEvent.handled_at.desc(), BillingEvent.id))).all()
    late, why = (await session.execute(select(func.count(), func.max(BillingEvent.error)).where(*waiting))).one()
    if reasons:
        return [_warning("plans_strange", len(reasons), reasons[0])]
    if late:
        return [_warning("plans_waiting", late, why)]
    return [Finding("plans", State.OK, "plans_fine")]


def _warning(code: str, events: int, reason: str) -> Finding:
    return Finding("plans", State.WARN, code, {"events": events, "reason": reason[:200]}, mark=reason[:200])
