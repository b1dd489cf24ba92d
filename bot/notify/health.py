"""How things are and how they were: for each check one open row of `service_health`, and closed ones before it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import insert_new
from ..models import ServiceHealth, new_id


async def current(session: AsyncSession, checks: Collection[str], now: datetime) -> dict[str, ServiceHealth]:
    """Return the open rows of `checks`, locked; a check that has none gets one whose state is not known yet ("")."""
    fresh = {"state": "", "details": {}, "since": now, "checked_at": now}
    found: dict[str, ServiceHealth] = {}
    # Somebody who closes a row while we wait for it leaves us with none: then we look for the one they opened.
    while names := sorted(set(checks) - found.keys()):
        rows = [{"id": new_id(), "check": name, **fresh} for name in names]
        await session.execute(insert_new(session, ServiceHealth, rows))
        locked = await session.scalars(
            select(ServiceHealth)
            .where(ServiceHealth.check.in_(names), ServiceHealth.ended_at.is_(None))
            .order_by(ServiceHealth.check)
            .with_for_update()
        )
        found |= {row.check: row for row in locked}
    return found


async def note(
    session: AsyncSession,
    row: ServiceHealth,
    state: str,
    details: Mapping[str, Any],
    now: datetime,
    *,
    another: bool = False,
) -> ServiceHealth:
    """Write down how something is now; a change closes `row` and opens another. Return the open one.

    It is `another` when the state has the same name but it is not the same trouble.
    """
    if row.state and (another or row.state != state):
        row.ended_at = now
        await session.flush()  # only one row of a check may be open
        row = ServiceHealth(check=row.check, state=state, details={}, since=now, checked_at=now)
        session.add(row)
    elif not row.state:
        row.since = now
    row.state, row.details, row.checked_at = state, dict(details), now
    return row
