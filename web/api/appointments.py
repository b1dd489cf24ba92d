"""Appointments, for either side of them."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, false, or_
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda import booking
from bot.agenda.lifecycle import AlreadyOver, IllegalMove, NotYours, TooEarly, UnknownAction
from bot.agenda.policy import TooLate
from bot.agenda.refusals import (
    NOT_FREE,
    AppointmentChanged,
    AppointmentUnknown,
)
from bot.errors import Forbidden, Invalid
from bot.models import Appointment, Client
from bot.models.enums import Action, Actor, Status

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..paging import BadCursor, Page, Paged, after_cursor, page
from ..schemas import Body, Dated, Moment
from .views import AppointmentView, appointments, show

BRASILIA = "America/Sao_Paulo"


class StartMissing(Invalid):
    """A reschedule without the new time."""

    code = "start_missing"
    sentence = "Diga para quando: falta o novo horário."


class Side(StrEnum):
    """Which side of an appointment somebody asks from."""

    PROFESSIONAL = "professional"
    CLIENT = "client"


class Order(StrEnum):
    START = "start"
    START_FALLING = "-start"


class Listing(Paged, Dated):
    # Whoever has an agenda asks for it, unless they say otherwise.
    side: Side | None = None
    status: Status | None = None
    client_id: UUID | None = None
    sort: Order = Order.START


class Change(Body):
    # Any word is read, because an unknown one has an answer of its own.
    action: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(examples=["confirm"])
    # Of "reschedule": the new time.
    start: Moment | None = Field(None, examples=["2026-11-26T16:00:00-03:00"])


@endpoint("GET", "/api/appointments", who=Who.USER, refuses=(BadCursor, Forbidden))
async def list_appointments(call: Call, query: Listing) -> Page[AppointmentView]:
    """List appointments of the caller's agenda, or those the caller booked with others."""
    own = query.side is not Side.CLIENT if call.owner else query.side is Side.PROFESSIONAL
    actor = Actor.PROFESSIONAL if own else Actor.CLIENT
    zone = call.owner.timezone if call.owner and own else BRASILIA
    rows = await _read(call, query, own=own, zone=zone)
    return page(rows, query, lambda row: (row.start_at, row.id), lambda row: show(row, actor, call.now))


async def _read(call: Call, query: Listing, *, own: bool, zone: str) -> Any:
    begins, ends = query.span(zone)
    conditions: list[ColumnElement[bool]] = [_whose(call, own=own)]
    if begins:
        conditions.append(Appointment.start_at >= begins)
    if ends:
        conditions.append(Appointment.start_at < ends)
    if query.status:
        conditions.append(Appointment.status == query.status)
    if query.client_id and own:
        conditions.append(Appointment.client_id == query.client_id)
    statement = after_cursor(
        appointments().where(*conditions),
        query,
        Appointment.start_at,
        Appointment.id,
        falling=query.sort is Order.START_FALLING,
    )
    async with call.db.begin() as session:
        return (await session.execute(statement)).all()


def _whose(call: Call, *, own: bool) -> ColumnElement[bool]:
    if own:
        return Appointment.professional_id == call.professional.professional_id
    # A login without a phone is nobody's client; "= NULL" would make it everybody's who has none either.
    return Client.contact_id == call.user.contact_id if call.user.contact_id else false()


@endpoint("GET", "/api/appointments/{appointment_id}", who=Who.USER, refuses=(AppointmentUnknown,))
async def show_appointment(call: Call, appointment_id: UUID) -> AppointmentView:
    """Show one appointment to either side of it; to anybody else it does not exist."""
    async with call.db.begin() as session:
        return await _shown(session, call, appointment_id)


@endpoint(
    "PATCH",
    "/api/appointments/{appointment_id}",
    who=Who.USER,
    refuses=(
        AppointmentUnknown,
        UnknownAction,
        StartMissing,
        IllegalMove,
        TooEarly,
        AlreadyOver,
        NotYours,
        TooLate,
        AppointmentChanged,
        *NOT_FREE,
    ),
)
async def change_appointment(call: Call, appointment_id: UUID, body: Change) -> AppointmentView:
    """Move an appointment along its life: confirm, reject, cancel, complete, no_show, paid, reschedule or attend."""
    async with call.db.begin() as session:
        before = await _shown(session, call, appointment_id)
        await _change(session, call, appointment_id, body, mine=before.client is not None)
        after = await _shown(session, call, appointment_id)
    await call.bell.ring("send", key="now")
    return after


async def _change(session: AsyncSession, call: Call, appointment_id: UUID, body: Change, *, mine: bool) -> None:
    actor = Actor.PROFESSIONAL if mine else Actor.CLIENT
    scope: dict[str, Any] = (
        {"professional_id": call.professional.professional_id} if mine else {"contact_id": call.user.contact_id}
    )
    match body.action:
        case Action.RESCHEDULE:
            if body.start is None:
                raise StartMissing
            await booking.move(session, appointment_id, body.start, actor=actor, now=call.now, **scope)
        case Action.ATTEND if not mine:
            await booking.attend(session, appointment_id, now=call.now, **scope)
        case _:
            await booking.act(session, appointment_id, body.action, actor=actor, now=call.now, **scope)


async def _shown(session: AsyncSession, call: Call, appointment_id: UUID) -> AppointmentView:
    owner = call.owner.professional_id if call.owner else None
    sides = [Appointment.professional_id == owner] if owner else []
    if call.user.contact_id:
        sides.append(Client.contact_id == call.user.contact_id)
    found = None
    if sides:
        statement = appointments().where(Appointment.id == appointment_id, or_(*sides))
        found = (await session.execute(statement)).one_or_none()
    if found is None:
        raise AppointmentUnknown
    return show(found, Actor.PROFESSIONAL if found.professional_id == owner else Actor.CLIENT, call.now)


ENDPOINTS: tuple[Endpoint, ...] = (list_appointments, show_appointment, change_appointment)
