"""get_revenue_summary: what came in, and what is still expected, with the period before beside it."""

from datetime import date
from typing import ClassVar

from bot import phrases
from bot.agenda import report
from bot.agenda.hours import at_wall
from bot.conversation.brain import ToolResult
from bot.models.enums import Role

from . import periods
from .base import PROFESSIONAL, Context, Tool


class GetRevenueSummary(Tool):
    """Sum up the professional's revenue of a period."""

    name: ClassVar[str] = "get_revenue_summary"
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    period: str = "este mês"
    """The professional's own words for the period, e.g. "esta semana" or "mês passado"."""

    async def call(self, context: Context) -> ToolResult:
        period = periods.asked(context, self.period)
        previous = periods.before(period)
        now = await self._sum(context, period.start, period.end)
        before = await self._sum(context, previous.start, previous.end)
        return ToolResult(
            {
                "period": period.label,
                "received": phrases.money(now.received_cents),
                "expected": phrases.money(now.expected_cents),
                "appointments": now.appointments,
                "paid": now.paid_count,
                "previous": {"label": previous.label, "received": phrases.money(before.received_cents)},
            }
        )

    async def _sum(self, context: Context, first: date, end: date) -> report.Revenue:
        zone = context.asker.zone.key
        span = at_wall(zone, first, 0), at_wall(zone, end, 0)
        return await report.revenue(context.session, context.professional_id, *span)
