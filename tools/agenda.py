"""The agenda: a professional's day, a client's own appointments, and the moves of the life cycle."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import booking, report
from bot.agenda.charge import AlreadyPaid
from bot.agenda.hours import DAY, at_wall
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.conversation.dates import read_period, window
from bot.models import Appointment
from bot.models.enums import STANDING, Action, Actor, Payment, Role, Status
from bot.notify.fit import clip, unformatted
from bot.notify.render import chat
from bot.text import plain
from bot.whatsapp.outgoing import Outgoing

from . import views
from .appointments import as_agreed, as_asked, own_appointment, scope
from .base import CLIENT, PROFESSIONAL, Context, Effect, Tool
from .customers import find_customer
from .days import MOST_DAYS, TooManyDays
from .moments import DayUnclear, several, understood
from .services import all_services

# What comes after "Posso" in the question.
ACTION_WORDS: Mapping[Action, str] = {
    Action.CONFIRM: "confirmar este horário",
    Action.REJECT: "recusar este pedido",
    Action.COMPLETE: "marcar como concluído",
    Action.NO_SHOW: "registrar que o cliente não veio",
    Action.PAID: "registrar o pagamento",
}

# What was left open longer ago is settled on paper.
UNPAID_FOR = timedelta(days=45)
# Of what a client wants the professional to know: enough beside the rest of the day.
NOTE_SHOWN = 120
# What ended longer than half a year ago is nearer in the future, where the year is not said.
_LONG_AGO, _YEAR = timedelta(days=183), re.compile(r"\b20\d\d\b")
_NOT = re.compile(r"\b(?:nao|nem|menos|exceto)\b")
# A weekly client's quarter, and what they owe.
MOST_FOUND = 24


class GetAppointmentsToday(Tool):
    """Read the professional's agenda of one day (today when no day is given) or of several days in a row."""

    name: ClassVar[str] = "get_appointments_today"
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    when: str = "hoje"
    """The professional's own words for the day or days, e.g. "amanhã", "sexta" or "semana que vem"."""

    async def call(self, context: Context) -> ToolResult:
        local, zone = context.asker.local, context.asker.zone.key
        first, last = _days(self.when or "hoje", local)
        if (last - first).days >= MOST_DAYS:
            raise TooManyDays
        span = at_wall(zone, first, 0), at_wall(zone, last, DAY)
        rows = await report.agenda(context.session, context.professional_id, *span)
        appointments = [
            views.appointment(context, row, client=row.client, professional=row.professional)
            | {"note": clip(unformatted(row.note), NOTE_SHOWN)}
            for row in rows
        ]
        total = sum(row.price_cents for row in rows)
        return ToolResult(
            {
                "day": _named(first, last, local.date()),
                "appointments": appointments,
                "count": len(rows),
                "revenue": phrases.money(total),
            }
        )


def _days(words: str, local: datetime) -> tuple[date, date]:
    """Read the first and the last day; days that are over, which cannot be booked, are read as a report reads them."""
    when = understood(words, local)
    if days := {each.day for each in when.alternatives}:
        if len(days) > 1 or (day := days.pop()) is None:
            raise several(when, local)
        return day, day  # "quinta de manhã ou à tarde"
    if span := window(when, local):
        return span[0].date(), (span[1] - timedelta.resolution).date()
    over = read_period(words, local)
    # A report's "dezembro" is the last one, and of "quinta não" nothing is wanted.
    if over is None or _NOT.search(plain(words)) or (local.date() - over.end > _LONG_AGO and not _YEAR.search(words)):
        raise DayUnclear
    return over.start, over.end - timedelta(days=1)


def _named(first: date, last: date, today: date) -> str:
    if first == last:
        return phrases.day(first, today, relative=True)
    return f"{phrases.day(first, today)} a {phrases.day(last, today)}"


class MyAppointments(Tool):
    """Read the client's own coming appointments."""

    name: ClassVar[str] = "my_appointments"
    roles: ClassVar[frozenset[Role]] = CLIENT

    last: bool = False
    """True where they want "o de sempre", "igual da outra vez": the last visit is told too."""

    async def call(self, context: Context) -> ToolResult:
        asker = context.asker
        rows = await report.coming(context.session, asker.contact_id, asker.professional_id, now=asker.now)
        appointments = [
            views.appointment(context, row, client=phrases.first_name(row.client), professional=row.professional)
            for row in rows
        ]
        data: dict[str, Any] = {"appointments": appointments}
        if self.last and asker.professional_id:
            data["last"] = await _last(context, contact_id=asker.contact_id)
        return ToolResult(data)


async def _last(context: Context, **whose: UUID) -> dict[str, Any] | None:
    now, services = context.asker.now, await all_services(context)
    row = await report.last_visit(context.session, context.professional_id, now=now, **whose)
    return views.visit(context, row, services) if row else None


class FindAppointments(Tool):
    """Find the appointments of one client: those that are coming, and those of the last weeks that are not paid."""

    name: ClassVar[str] = "find_appointments"
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    client: str
    """Name, phone or token of the client."""
    last: bool = False
    """True to read the last visit too, for "o de sempre"."""

    async def call(self, context: Context) -> ToolResult:
        customer, now = await find_customer(context, self.client), context.asker.now
        rows = await context.session.scalars(
            select(Appointment)
            .where(
                Appointment.client_id == customer.id,
                Appointment.professional_id == context.professional_id,
                Appointment.status.not_in([Status.REJECTED, Status.CANCELLED]),
                Appointment.start_at > now - UNPAID_FOR,
                or_(Appointment.start_at > now, Appointment.payment != Payment.PAID),
            )
            .order_by(Appointment.start_at)
            .limit(MOST_FOUND)
        )
        professional = await context.professional()
        found: dict[str, list[Any]] = {"coming": [], "unpaid": []}
        for row in rows:
            view = views.appointment(context, row, client=customer.name, professional=professional.name)
            if row.start_at > now and row.status in STANDING:
                found["coming"].append(view)
            elif row.payment is not Payment.PAID:
                found["unpaid"].append(view)
        last = {"last": await _last(context, client_id=customer.id)} if self.last else {}
        return ToolResult({"client": customer.name, **found, **last})


class UpdateAppointmentStatus(Tool):
    """Propose a decision about one appointment: confirm or reject a request, or note that it was completed,
    missed by the client, or paid. The professional is then asked to confirm."""

    name: ClassVar[str] = "update_appointment_status"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    appointment: str
    """Token of the appointment."""
    action: Literal["confirm", "reject", "complete", "no_show", "paid"]

    async def call(self, context: Context) -> ToolResult:
        appointment_id = UUID(context.redeem(self.appointment, "appointment")["id"])
        row, client, professional = await own_appointment(context.session, context.asker, appointment_id)
        action = Action(self.action)
        booking.may(row, action, professional, now=context.asker.now, actor=Actor.PROFESSIONAL)
        if action is Action.PAID and row.payment is Payment.PAID:
            raise AlreadyPaid
        question = chat(
            "confirm_status",
            action_phrase=ACTION_WORDS[action],
            client=client.name,
            service=row.service_name,
            when=phrases.moment(row.start_at.astimezone(context.asker.zone)),
            price=phrases.money(row.price_cents) if action is Action.PAID else "",
        )
        return ToolResult({}, Proposal(self.name, {**as_asked(row), "action": action.value}, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        action = Action(arguments["action"])
        appointment_id, agreed = UUID(arguments["appointment_id"]), as_agreed(arguments)
        row = await booking.act(session, appointment_id, action, now=asker.now, agreed=agreed, **scope(asker))
        return await booking.receipt(session, row, action)
