"""What Stripe said of plans and nobody here could read: the plans stay as they are until somebody looks."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..billing.events import NOT_OURS
from ..models import BillingEvent
from ..settings import Settings
from .findings import Finding, State
from .flow import DAY


async def plans(session: AsyncSession, _settings: Settings, now: datetime) -> list[Finding]:
    """Look for events of the last 24 hours whose price or status is unknown here; each new reason is told once."""
    strange = select(BillingEvent.error).where(
        BillingEvent.handled_at > now - DAY, BillingEvent.error != "", ~BillingEvent.error.startswith(NOT_OURS)
    )
    reasons = (await session.scalars(strange.order_by(BillingEvent.handled_at.desc(), BillingEvent.id))).all()
    if not reasons:
        return [Finding("plans", State.OK, "plans_fine")]
    details: dict[str, str | int] = {"events": len(reasons), "reason": reasons[0][:200]}
    return [Finding("plans", State.WARN, "plans_strange", details, mark=reasons[0][:200])]
