"""book_appointment, cancel_appointment, reschedule_appointment: proposed by a brain, run after a yes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import booking, judging
from bot.agenda.ledger import find_locked
from bot.agenda.policy import Notice, NotWarned
from bot.agenda.refusals import AppointmentUnknown, ServiceChanged
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.conversation.dialogue.refusals import Outdated
from bot.errors import Invalid
from bot.models import Appointment, Client, Professional, Service
from bot.models.enums import Action, Actor, Source
from bot.notify.render import chat
from bot.whatsapp.outgoing import Outgoing

from .base import Context, Effect, Tool, own_agenda
from .services import service_of
from .shown import agreed, as_shown
from .whom import client_id_of, client_named, is_professional, whom_for


class SameTime(Invalid):
    """An appointment is to be moved to where it is."""

    code = "same_time"
    sentence = "Esse horário já é o de agora: {when}. Para quando quer mudar?"


class Own(NamedTuple):
    """An appointment with its two sides."""

    row: Appointment
    client: Client
    professional: Professional


async def own_appointment(session: AsyncSession, asker: Asker, appointment_id: UUID) -> Own:
    """Return an appointment of the asker's, on either side; any other does not exist."""
    if is_professional(asker):
        mine = Appointment.professional_id == asker.professional_id
    else:
        mine = Client.contact_id == asker.contact_id
    found = await session.execute(
        select(Appointment, Client, Professional)
        .join(Client, Client.id == Appointment.client_id)
        .join(Professional, Professional.id == Appointment.professional_id)
        .where(Appointment.id == appointment_id, mine)
    )
    if (row := found.one_or_none()) is None:
        raise AppointmentUnknown
    return Own(*row)


def scope(asker: Asker) -> dict[str, Any]:
    """Return whose rows a write may touch, and as whom."""
    if is_professional(asker):
        return {"actor": Actor.PROFESSIONAL, "professional_id": asker.professional_id}
    return {"actor": Actor.CLIENT, "contact_id": asker.contact_id}


def as_asked(row: Appointment) -> dict[str, str]:
    """Return what a question about an appointment is bound to: which one, and the time that it shows."""
    return {"appointment_id": str(row.id), "was": row.start_at.isoformat()}


def as_agreed(arguments: Mapping[str, Any]) -> booking.Agreed:
    """Return what a question about an appointment showed."""
    notice = Notice(arguments.get("notice", Notice.IN_TIME))
    return booking.Agreed(datetime.fromisoformat(arguments["was"]), notice, arguments.get("count", 1))


async def still_as_asked(session: AsyncSession, asker: Asker, arguments: Mapping[str, Any]) -> Appointment:
    """Read the appointment of a question under its agenda's lock; a yes holds for the time that the question showed."""
    row = await find_locked(
        session,
        UUID(arguments["appointment_id"]),
        professional_id=asker.professional_id if is_professional(asker) else None,
        contact_id=None if is_professional(asker) else asker.contact_id,
    )
    await judging.as_shown(session, row, asker.now, agreed=as_agreed(arguments))
    return row


def deadline(professional: Professional, notice: Notice) -> str:
    """Say until when one was to cancel or to move, where whoever does it too late is to be warned; else nothing."""
    if notice is not Notice.LATE_WARN:
        return ""
    hours = professional.cancel_deadline_hours
    return f"{phrases.plural(hours, 'hora', 'horas')} antes do horário" if hours else "o começo do horário"


class BookAppointment(Tool):
    """Propose booking a free time. The person is then asked to confirm; nothing is booked before their yes."""

    name: ClassVar[str] = "book_appointment"
    effect: ClassVar[Effect] = Effect.PROPOSE

    slot: str
    """Token from list_free_slots."""
    client: str = ""
    """Only for the professional: name, phone or token of the client. Clients book for themselves."""
    new_client: bool = False
    """Only for the professional: true to book for somebody who is not in the address book yet."""
    phone: str = ""
    """Only with new_client: their phone, if the professional said it."""
    note: str = ""
    """What the person wants the professional to know, in their own words."""

    async def call(self, context: Context) -> ToolResult:
        slot = context.redeem(self.slot, "slot")
        service = await service_of(context, UUID(slot["service_id"]))
        name, whom = await whom_for(context, self.client, new=self.new_client, phone=self.phone)
        given = {"start": slot["start"], "note": self.note, **whom}
        return ToolResult({}, await self._asked(context, service, name, given))

    @classmethod
    async def _asked(cls, context: Context, service: Service, client: str, given: Mapping[str, Any]) -> Proposal:
        """Ask about a time that is free for the service as it is now."""
        start = datetime.fromisoformat(given["start"])
        professional = await context.professional()
        await booking.check(
            context.session,
            professional.id,
            service,
            start,
            now=context.asker.now,
            conversation_id=context.asker.conversation_id,
            actor=context.actor,
            known=context.openings,
        )
        words = {
            "service": service.name,
            "when": phrases.moment(start.astimezone(context.asker.zone)),
            "duration": phrases.duration(service.minutes),
            "price": phrases.money(service.price_cents),
        }
        if is_professional(context.asker):
            question = chat("confirm_booking_for", client=client, **words)
        else:
            question = chat("confirm_booking", professional=professional.name, **words)
        hold = (professional.id, start, start + timedelta(minutes=service.minutes))
        return Proposal(cls.name, {**given, **as_shown(service)}, question, hold)

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        professional_id = own_agenda(asker)
        service = agreed(arguments)
        try:
            row = await booking.book(
                session,
                professional_id=professional_id,
                client_id=await client_id_of(session, asker, professional_id, arguments),
                service_id=service.id,
                start_at=datetime.fromisoformat(arguments["start"]),
                source=Source.PROFESSIONAL if is_professional(asker) else Source.CHAT,
                actor=scope(asker)["actor"],
                now=asker.now,
                note=arguments.get("note", ""),
                idempotency_key=key,
                conversation_id=asker.conversation_id,
                agreed=service,
            )
        except ServiceChanged:
            context = Context(session, asker, {}, {})
            name = await client_named(session, arguments)
            asked = await cls._asked(context, await service_of(context, service.id), name, arguments)
            raise Outdated(asked) from None
        return await booking.receipt(session, row, Action.BOOK) if is_professional(asker) else None


class CancelAppointment(Tool):
    """Propose cancelling one appointment. The person is then asked to confirm."""

    name: ClassVar[str] = "cancel_appointment"
    effect: ClassVar[Effect] = Effect.PROPOSE

    appointment: str
    """Token of the appointment, from my_appointments or get_appointments_today."""

    async def call(self, context: Context) -> ToolResult:
        appointment_id = UUID(context.redeem(self.appointment, "appointment")["id"])
        own = await own_appointment(context.session, context.asker, appointment_id)
        return ToolResult({}, self._asked(context, own))

    @classmethod
    def _asked(cls, context: Context, own: Own) -> Proposal:
        row, client, professional = own
        notice = booking.may(row, Action.CANCEL, professional, now=context.asker.now, actor=context.actor)
        words = {"service": row.service_name, "when": phrases.moment(row.start_at.astimezone(context.asker.zone))}
        if is_professional(context.asker):
            question = chat("confirm_cancel_for", client=client.name, **words)
        else:
            late = deadline(professional, notice)
            question = chat("confirm_cancel", professional=professional.name, late=late, **words)
        return Proposal(cls.name, {**as_asked(row), "notice": notice.value}, question)

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        appointment_id, agreed = UUID(arguments["appointment_id"]), as_agreed(arguments)
        try:
            row = await booking.act(
                session, appointment_id, Action.CANCEL, now=asker.now, agreed=agreed, **scope(asker)
            )
        except NotWarned:
            own = await own_appointment(session, asker, appointment_id)
            raise Outdated(cls._asked(Context(session, asker, {}, {}), own)) from None
        return await booking.receipt(session, row, Action.CANCEL) if is_professional(asker) else None


class RescheduleAppointment(Tool):
    """Propose moving one appointment to another free time. The person is then asked to confirm."""

    name: ClassVar[str] = "reschedule_appointment"
    effect: ClassVar[Effect] = Effect.PROPOSE

    appointment: str
    """Token of the appointment to move."""
    slot: str
    """Token of the new time, from list_free_slots."""
    note: str = ""
    """What the person wants the professional to know, in their own words."""

    async def call(self, context: Context) -> ToolResult:
        appointment_id = UUID(context.redeem(self.appointment, "appointment")["id"])
        own = await own_appointment(context.session, context.asker, appointment_id)
        start = datetime.fromisoformat(context.redeem(self.slot, "slot")["start"])
        return ToolResult({}, await self._asked(context, own, start, self.note))

    @classmethod
    async def _asked(cls, context: Context, own: Own, start: datetime, note: str) -> Proposal:
        row, client, professional = own
        if row.start_at == start:
            raise SameTime(when=phrases.moment(start.astimezone(context.asker.zone)))
        notice = await booking.check_move(
            context.session,
            row,
            start,
            now=context.asker.now,
            actor=context.actor,
            conversation_id=context.asker.conversation_id,
            known=context.openings,
        )
        zone = context.asker.zone
        words = {
            "service": row.service_name,
            "old_when": phrases.moment(row.start_at.astimezone(zone)),
            "when": phrases.moment(start.astimezone(zone)),
        }
        if is_professional(context.asker):
            question = chat("confirm_reschedule_for", client=client.name, **words)
        else:
            late = deadline(professional, notice)
            question = chat("confirm_reschedule", professional=professional.name, late=late, **words)
        arguments = {**as_asked(row), "start": start.isoformat(), "notice": notice.value, "note": note}
        hold = (row.professional_id, start, start + (row.end_at - row.start_at))
        return Proposal(cls.name, arguments, question, hold)

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        appointment_id, start = UUID(arguments["appointment_id"]), datetime.fromisoformat(arguments["start"])
        note = arguments.get("note", "")
        try:
            row = await booking.move(
                session,
                appointment_id,
                start,
                now=asker.now,
                conversation_id=asker.conversation_id,
                agreed=as_agreed(arguments),
                note=note,
                **scope(asker),
            )
        except NotWarned:
            own = await own_appointment(session, asker, appointment_id)
            raise Outdated(await cls._asked(Context(session, asker, {}, {}), own, start, note)) from None
        return await booking.receipt(session, row, Action.RESCHEDULE) if is_professional(asker) else None
