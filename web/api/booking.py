"""What a professional shows to everybody, and the public door to their agenda."""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda import booking, clients, openings
from bot.agenda.clients import NotAPhone
from bot.agenda.hours import DAY, at_wall
from bot.agenda.owners import offered, own_service
from bot.agenda.refusals import (
    NOT_FREE,
    KeyReused,
    NotTaking,
    ProfessionalUnknown,
    ServiceUnknown,
)
from bot.agenda.workweek import hours_lines, usual_week
from bot.errors import Invalid
from bot.models import Appointment, Client, Professional
from bot.models.enums import Actor, Source, Status
from bot.whatsapp.phones import international, phone_key

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..limits import Limit
from ..schemas import Answer, Body, Dated, Email, Line, Moment, Prose, local
from .lookups import Slug, professional_named
from .views import ServiceView

# A page shows a week, a calendar a month with its edges.
SHOWN_DAYS = 7
MOST_DAYS = 62


class SpanTooLong(Invalid):
    code = "span_too_long"
    sentence = "Peça no máximo {most} dias de cada vez, do primeiro ao último."


class ProfileView(Answer):
    slug: str = Field(examples=["bia-souza"])
    name: str = Field(examples=["Bia Souza"])
    profession: str = Field(examples=["Cabeleireira"])
    address: str
    timezone: str = Field(examples=["America/Sao_Paulo"])
    services: list[ServiceView]
    hours: list[str] = Field(examples=[["segunda a sexta: 9h–12h e 13h–18h"]])


class SlotsQuery(Dated):
    service_id: UUID


class Slot(Answer):
    start: datetime = Field(examples=["2026-11-26T15:00:00-03:00"])
    end: datetime = Field(examples=["2026-11-26T15:30:00-03:00"])


class SlotsView(Answer):
    service: ServiceView
    timezone: str
    slots: list[Slot]


class BookingRequest(Body):
    professional: Slug = Field(examples=["bia-souza"])
    service_id: UUID
    start: Moment = Field(examples=["2026-11-26T15:00:00-03:00"])
    name: Annotated[Line, StringConstraints(min_length=1, max_length=120)] = Field(examples=["Júlia Prado"])
    phone: Annotated[Line, StringConstraints(max_length=30)] = Field(examples=["11 98888-7777"])
    # For the letters of this booking alone: nobody has proved that the phone is theirs.
    email: Email | None = None
    note: Annotated[Prose, StringConstraints(max_length=500)] = ""
    # Of the caller's choosing: the same one books once, however often it is sent.
    idempotency_key: Annotated[Line, StringConstraints(min_length=8, max_length=100)] | None = None


class BookedAppointment(Answer):
    """A booking as anybody may see it: nothing that was not in the request or on the public page."""

    id: UUID
    status: Status
    start: datetime
    end: datetime
    service: str
    price_cents: int
    professional: str


class Booked(Answer):
    appointment: BookedAppointment


@endpoint("GET", "/api/professionals/{slug}", who=Who.ANYBODY, refuses=(ProfessionalUnknown,))
async def show_professional(call: Call, slug: str) -> ProfileView:
    """Show a professional's public page: services, hours, address."""
    async with call.db.begin() as session:
        row = await professional_named(session, slug)
        services = await offered(session, row.id)
        week = await usual_week(session, row.id)
    return ProfileView(
        slug=row.slug,
        name=row.name,
        profession=row.profession,
        address=row.address,
        timezone=row.timezone,
        services=[ServiceView.of(service) for service in services],
        hours=hours_lines(week),
    )


@endpoint(
    "GET",
    "/api/professionals/{slug}/slots",
    who=Who.ANYBODY,
    refuses=(ProfessionalUnknown, ServiceUnknown, SpanTooLong, NotTaking),
)
async def list_slots(call: Call, slug: str, query: SlotsQuery) -> SlotsView:
    """List the free times for a service, a week from today unless `from` and `to` say otherwise."""
    async with call.db.begin() as session:
        row = await professional_named(session, slug)
        service = await own_service(session, row.id, query.service_id)
        start, end = _span(query, row.timezone, call.now)
        found = (await openings.openings(session, row.id, service, start, end, now=call.now)).times
    length = timedelta(minutes=service.minutes)
    return SlotsView.model_construct(
        service=ServiceView.of(service),
        timezone=row.timezone,
        slots=[
            Slot.model_construct(start=local(at, row.timezone), end=local(at + length, row.timezone)) for at in found
        ],
    )


@endpoint(
    "POST",
    "/api/booking",
    who=Who.ANYBODY,
    limit=Limit.BOOKING,
    status=201,
    refuses=(
        ProfessionalUnknown,
        ServiceUnknown,
        NotAPhone,
        KeyReused,
        NotTaking,
        *NOT_FREE,
    ),
)
async def book(call: Call, body: BookingRequest) -> Booked:
    """Ask for a free time; the professional confirms it, and both hear of it on WhatsApp."""
    async with call.db.begin() as session:
        owner = await professional_named(session, body.professional)
        client = await _client(session, owner.id, body, call.now)
        row = await booking.book(
            session,
            professional_id=owner.id,
            client_id=client.id,
            service_id=body.service_id,
            start_at=body.start,
            source=Source.API,
            actor=Actor.CLIENT,
            now=call.now,
            note=body.note,
            guest_name=body.name if body.email else None,
            guest_email=body.email,
            idempotency_key=body.idempotency_key,
        )
        answer = Booked(appointment=_shown(row, owner))
    await call.bell.ring("send", key="now")
    return answer


async def _client(session: AsyncSession, professional_id: UUID, body: BookingRequest, now: datetime) -> Client:
    """Return the client with this phone; what anybody types adds nothing to one who is known already."""
    digits = international(body.phone)
    known: Client | None = None
    if digits:
        known = await session.scalar(
            select(Client).where(Client.professional_id == professional_id, Client.phone_key == phone_key(digits))
        )
    if known:
        return known
    return await clients.add(session, professional_id, name=body.name, phone=body.phone or "-", proved=False, now=now)


def _shown(row: Appointment, owner: Professional) -> BookedAppointment:
    return BookedAppointment(
        id=row.id,
        status=row.status,
        start=local(row.start_at, owner.timezone),
        end=local(row.end_at, owner.timezone),
        service=row.service_name,
        price_cents=row.price_cents,
        professional=owner.slug,
    )


def _span(query: SlotsQuery, zone: str, now: datetime) -> tuple[datetime, datetime]:
    first = query.from_ or local(now, zone).date()
    last = query.to or min(first + timedelta(days=SHOWN_DAYS - 1), date.max)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise SpanTooLong(most=MOST_DAYS)
    return at_wall(zone, first, 0), at_wall(zone, last, DAY)


ENDPOINTS: tuple[Endpoint, ...] = (show_professional, list_slots, book)
