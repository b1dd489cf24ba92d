"""What a person may take away (LGPD, art. 18), on demand: rows as they are, without what proves a login.

A person is a contact with everything that hangs on it, in every agenda. A client is what one agenda knows of a person.
Notes about a client are the professional's own papers: they go with the agenda and with the client's card, and never
to the client.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import (
    Appointment,
    AppointmentEvent,
    Availability,
    AvailabilityException,
    BillingEvent,
    Client,
    ClientNote,
    Consent,
    Contact,
    ContactIdentity,
    Conversation,
    Follow,
    Inbound,
    LoginCode,
    Message,
    ModelCall,
    Notification,
    Outbound,
    PendingAction,
    Professional,
    RecurringSchedule,
    Review,
    Service,
    Session,
    Usage,
    User,
    WaitlistEntry,
)
from ..models.base import Base
from ..models.enums import InboundStatus
from .privacy_columns import COLUMNS

Export = dict[str, Any]
Tables = dict[type[Base], ColumnElement[bool]]

# What is an agenda's own: every table with a professional's id.
_OF_AGENDA: Final[Sequence[Any]] = (
    Service,
    Availability,
    AvailabilityException,
    Client,
    ClientNote,
    Appointment,
    RecurringSchedule,
    WaitlistEntry,
    Review,
    Message,
    Outbound,
    ModelCall,
    Usage,
)


async def export_user(session: AsyncSession, user_id: UUID) -> Export:
    """Return everything that is kept about a user: as a person, and as the owner of an agenda."""
    user = await session.get_one(User, user_id)
    kept: Export = {"user": _row(user), **await _all(session, _of_user(user))}
    if user.contact_id is not None:
        kept |= await export_contact(session, user.contact_id)
    agenda = await session.scalar(select(Professional).where(Professional.user_id == user_id))
    if agenda is not None:
        kept["agenda"] = {"professional": _row(agenda), **await _all(session, _of_agenda(agenda))}
    return kept


async def export_contact(session: AsyncSession, contact_id: UUID) -> Export:
    """Return everything that is kept about a person, whatever agendas know them; notes about them are not theirs."""
    contact = await session.get_one(Contact, contact_id)
    mine = select(Client.id).where(Client.contact_id == contact_id)
    tables = {**await _of_contact(session, contact_id), **_of_clients(Client.id.in_(mine))}
    tables.pop(ClientNote)
    return {"contact": _row(contact), **await _all(session, tables)}


async def export_client(session: AsyncSession, client_id: UUID) -> Export:
    """Return everything that one agenda keeps about a client."""
    client = await session.get_one(Client, client_id)
    if client.contact_id is None:  # "= NULL" would be everybody's who has none
        return await _all(session, _of_clients(Client.id == client_id))
    talks = select(Conversation.id).where(Conversation.contact_id == client.contact_id)
    said: Tables = {
        Message: (Message.professional_id == client.professional_id) & Message.conversation_id.in_(talks),
        Outbound: (Outbound.professional_id == client.professional_id) & (Outbound.contact_id == client.contact_id),
    }
    return await _all(session, {**_of_clients(Client.id == client_id), **said})


def waiting_of(keys: Sequence[str]) -> ColumnElement[bool]:
    """Say which messages still wait in the lanes of a person: few rows, found by the small index of what waits."""
    lanes = [Inbound.lane.endswith(f":{key}", autoescape=True) for key in keys]
    return (Inbound.status == InboundStatus.NEW) & (or_(*lanes) if lanes else Inbound.id.is_(None))


def _of_user(user: User) -> Tables:
    logins: list[ColumnElement[bool]] = [LoginCode.user_id == user.id]
    if user.email:
        logins.append(LoginCode.email == user.email)
    if user.phone_key:
        logins.append(LoginCode.phone_key == user.phone_key)
    return {
        Follow: Follow.user_id == user.id,
        Notification: Notification.user_id == user.id,
        Session: Session.user_id == user.id,
        LoginCode: or_(*logins),
    }


async def _of_contact(session: AsyncSession, contact_id: UUID) -> Tables:
    talks = select(Conversation.id).where(Conversation.contact_id == contact_id)
    keys = await session.scalars(select(ContactIdentity.value).where(ContactIdentity.contact_id == contact_id))
    return {
        ContactIdentity: ContactIdentity.contact_id == contact_id,
        Consent: Consent.contact_id == contact_id,
        Conversation: Conversation.contact_id == contact_id,
        Message: Message.conversation_id.in_(talks),
        Inbound: or_(Inbound.conversation_id.in_(talks), waiting_of(keys.all())),
        Outbound: Outbound.contact_id == contact_id,
        PendingAction: PendingAction.conversation_id.in_(talks),
    }


def _of_clients(which: ColumnElement[bool]) -> Tables:
    mine = select(Client.id).where(which)
    booked = select(Appointment.id).where(Appointment.client_id.in_(mine))
    return {
        Client: which,
        ClientNote: ClientNote.client_id.in_(mine),
        Appointment: Appointment.client_id.in_(mine),
        AppointmentEvent: AppointmentEvent.appointment_id.in_(booked),
        RecurringSchedule: RecurringSchedule.client_id.in_(mine),
        WaitlistEntry: WaitlistEntry.client_id.in_(mine),
        Review: Review.client_id.in_(mine),
    }


def _of_agenda(agenda: Professional) -> Tables:
    tables: Tables = {table: table.professional_id == agenda.id for table in _OF_AGENDA}
    mine = select(Appointment.id).where(Appointment.professional_id == agenda.id)
    tables[AppointmentEvent] = AppointmentEvent.appointment_id.in_(mine)
    if agenda.stripe_customer_id:
        tables[BillingEvent] = paid_by(agenda.stripe_customer_id)
    return tables


def paid_by(customer_id: str) -> ColumnElement[bool]:
    """Say which events of the billing are about a customer: their ids are long and random."""
    return cast(BillingEvent.payload, Text).contains(customer_id, autoescape=True)


async def _all(session: AsyncSession, tables: Mapping[type[Base], ColumnElement[bool]]) -> Export:
    kept: Export = {}
    for table, mine in tables.items():
        rows: Sequence[Base] = (await session.scalars(select(table).where(mine).order_by(table.id))).all()
        kept[table.__tablename__] = [_row(row) for row in rows]
    return kept


def _row(row: Base) -> Export:
    table = row.__table__
    secret = COLUMNS[row.__tablename__].secret
    return {column.name: _plain(getattr(row, column.name)) for column in table.columns if column.name not in secret}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value.isoformat() if isinstance(value, datetime | date) else value
