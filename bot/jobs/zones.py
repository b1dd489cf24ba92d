"""The time zones in use: a handful, however many agendas there are."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Professional


async def zones_in_use(session: AsyncSession) -> list[str]:
    """List the zones of all agendas: each is found from the one before it, so the index is entered once a zone."""
    zones = select(func.min(Professional.timezone).label("zone")).cte("zones", recursive=True)
    after = select(func.min(Professional.timezone)).where(Professional.timezone > zones.c.zone).scalar_subquery()
    zones = zones.union_all(select(after).where(zones.c.zone.is_not(None)))
    return [zone for zone in await session.scalars(select(zones.c.zone)) if zone is not None]
