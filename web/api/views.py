"""What an appointment, a service and a professional look like from outside."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Row, select

from bot.agenda.lifecycle import allowed
from bot.models import Appointment, Client, Professional, Service
from bot.models.enums import Action, Actor, Payment, Source, Status

from ..schemas import Answer, local


class ServiceView(Answer):
    id: UUID
    name: str = Field(examples=["Corte"])
    minutes: int = Field(examples=[30])
    price_cents: int = Field(examples=[50_00])

    @classmethod
    def of(cls, row: Service) -> "ServiceView":
        return cls(id=row.id, name=row.name, minutes=row.minutes, price_cents=row.price_cents)


class Party(Answer):
    """The other side of an appointment, as one may know it."""

    name: str = Field(examples=["Júlia Prado"])
    # Of the professional, their link; of a client, the id in the professional's address book.
    slug: str | None = None
    id: UUID | None = None


class AppointmentView(Answer):
    id: UUID
    status: Status
    payment: Payment
    start: datetime = Field(examples=["2026-11-26T15:00:00-03:00"])
    end: datetime = Field(examples=["2026-11-26T15:30:00-03:00"])
    timezone: str = Field(examples=["America/Sao_Paulo"])
    service: str = Field(examples=["Corte"])
    price_cents: int = Field(examples=[50_00])
    professional: Party
    client: Party | None = None
    source: Source
    note: str = ""
    series_id: UUID | None = None
    attendance_confirmed_at: datetime | None = None
    # What the caller may do now; the words of PATCH.
    actions: list[Action] = Field(default_factory=list)


# What a list of appointments reads, in one statement; entities would cost twice as much to build.
COLUMNS = (
    Appointment.id,
    Appointment.status,
    Appointment.payment,
    Appointment.start_at,
    Appointment.end_at,
    Appointment.service_name,
    Appointment.price_cents,
    Appointment.source,
    Appointment.note,
    Appointment.series_id,
    Appointment.attendance_confirmed_at,
    Appointment.professional_id,
    Client.id.label("client_id"),
    Client.name.label("client_name"),
    Professional.slug,
    Professional.name.label("professional_name"),
    Professional.timezone,
)


_BY_THE_CLIENT = (Source.CHAT, Source.API)


def appointments() -> Any:
    """Select appointments with both sides' names."""
    return (
        select(*COLUMNS)
        .join(Client, Client.id == Appointment.client_id)
        .join(Professional, Professional.id == Appointment.professional_id)
    )


def show(row: Row[Any], actor: Actor, now: datetime) -> AppointmentView:
    """Show an appointment to one side of it."""
    own = actor is Actor.PROFESSIONAL
    return AppointmentView.model_construct(
        id=row.id,
        status=row.status,
        payment=row.payment,
        start=local(row.start_at, row.timezone),
        end=local(row.end_at, row.timezone),
        timezone=row.timezone,
        service=row.service_name,
        price_cents=row.price_cents,
        professional=Party.model_construct(name=row.professional_name, slug=row.slug, id=None),
        # The name is the one the professional wrote down: the client has another one for themselves.
        client=Party.model_construct(name=row.client_name, id=row.client_id, slug=None) if own else None,
        source=row.source,
        # What the professional wrote is for themselves.
        note=row.note if own or row.source in _BY_THE_CLIENT else "",
        series_id=row.series_id,
        attendance_confirmed_at=row.attendance_confirmed_at and local(row.attendance_confirmed_at, row.timezone),
        actions=allowed(row.status, actor, start_at=row.start_at, end_at=row.end_at, now=now),
    )
