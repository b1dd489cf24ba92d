"""People: a professional's clients, and the professionals a client may look for."""

from datetime import datetime
from typing import ClassVar

from bot import phrases
from bot.agenda import clients, report
from bot.agenda.owners import search_professionals
from bot.agenda.workweek import hours_lines
from bot.conversation.brain import ToolResult
from bot.models import Professional
from bot.models.enums import LatePolicy, Role

from . import views
from .base import CLIENT, PROFESSIONAL, Context, Tool
from .customers import describe, search_each
from .services import all_services, week


class GetCustomerByPhone(Tool):
    """Look up one of the professional's own clients by phone number or name."""

    name: ClassVar[str] = "get_customer_by_phone"
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    query: str
    """A phone number or a name."""

    async def call(self, context: Context) -> ToolResult:
        if not self.query.strip():
            raise clients.NameMissing
        rows, unknown = await search_each(context, self.query)
        found = rows[:9]
        cards = await report.customer_cards(context.session, found, now=context.asker.now) if found else ()
        customers = [
            describe(context, card.client)
            | {
                "visits": card.visits,
                "no_shows": card.no_shows,
                "notes": card.notes,
                "last": _when(context, card.last),
                "next": _when(context, card.next),
            }
            for card in cards
        ]
        return ToolResult({"customers": customers, "not_found": list(unknown)})


def _when(context: Context, at: datetime | None) -> str:
    return phrases.moment(at.astimezone(context.asker.zone)) if at else ""


class GetProfessionalInfo(Tool):
    """Read what a client may know about the professional: services, prices, opening hours, address."""

    name: ClassVar[str] = "get_professional_info"

    async def call(self, context: Context) -> ToolResult:
        professional = await context.professional()
        services = [views.service(context, row) for row in await all_services(context)]
        return ToolResult(
            {
                "name": professional.name,
                "profession": professional.profession,
                "address": professional.address,
                "services": services,
                "hours": hours_lines(await week(context)),
                "cancellation": _cancellation(professional),
            }
        )


def _cancellation(row: Professional) -> str:
    """Say until when a client may cancel or move by themselves."""
    if not row.cancel_deadline_hours or row.late_policy is not LatePolicy.REFUSE:
        return "a qualquer momento"
    return f"até {phrases.plural(row.cancel_deadline_hours, 'hora', 'horas')} antes"


class FindProfessional(Tool):
    """Find a professional by name or by the code in their link."""

    name: ClassVar[str] = "find_professional"
    roles: ClassVar[frozenset[Role]] = CLIENT

    query: str
    """A name, a profession, or a link code."""

    async def call(self, context: Context) -> ToolResult:
        found = await search_professionals(context.session, self.query)
        return ToolResult(
            {
                "professionals": [
                    {"id": str(row.id), "name": row.name, "profession": row.profession, "slug": row.slug}
                    for row in found[:9]
                ]
            }
        )
