"""What a person may take away and have erased (LGPD, art. 18), on demand.

A person is a contact with everything that hangs on it, in every agenda. A client is what one agenda knows of a person,
and that agenda's owner may take it away or erase it alone. Notes are the professional's own papers: they are erased
with the client, and shown to the professional only.

Erasing keeps the figures of an agenda true: an appointment stays as a time and a price that name nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import (
    Appointment,
    AppointmentEvent,
    Availability,
    AvailabilityException,
    Client,
    ClientNote,
    Contact,
    ContactIdentity,
    Conversation,
    Follow,
    Inbound,
    LoginCode,
    Message,
    Notification,
    Outbound,
    PendingAction,
    Professional,
    RecurringSchedule,
    Review,
    Service,
    User,
    WaitlistEntry,
)
from ..models.base import Base

Export = dict[str, Any]

# What stands where a name was.
GONE: Final = "Cliente removido"
# What proves a login, leads to one, or says nothing about a person.
_SECRET: Final = frozenset({"code_hash", "browser_hash", "calendar_key", "turn_token", "turn_lease_until", "state"})


async def export_user(session: AsyncSession, user_id: UUID) -> Export:
    """Return everything that is kept about a user: as a person, and as the owner of an agenda."""
    user = await session.get_one(User, user_id)
    kept: Export = {"user": _row(user), **await _all(session, _of_user(user_id))}
    if user.contact_id is not None:
        kept |= await export_contact(session, user.contact_id)
    agenda = await session.scalar(select(Professional).where(Professional.user_id == user_id))
    if agenda is not None:
        kept["agenda"] = {"professional": _row(agenda), **await _all(session, _of_agenda(agenda.id))}
    return kept


async def export_contact(session: AsyncSession, contact_id: UUID) -> Export:
    """Return everything that is kept about a person, whatever agendas know them; notes about them are not theirs."""
    contact = await session.get_one(Contact, contact_id)
    mine = select(Client.id).where(Client.contact_id == contact_id)
    tables = {**_of_contact(contact_id), **_of_clients(Client.id.in_(mine))}
    tables.pop(ClientNote)
    return {"contact": _row(contact), **await _all(session, tables)}


async def export_client(session: AsyncSession, client_id: UUID) -> Export:
    """Return everything that one agenda keeps about a client."""
    return await _all(session, _of_clients(Client.id == client_id))


async def erase_user(session: AsyncSession, user_id: UUID, *, now: datetime) -> None:
    """Erase a user, their agenda with everything in it, and what other agendas know of the person."""
    user = await session.get_one(User, user_id)
    contact_id = user.contact_id
    await session.execute(delete(Professional).where(Professional.user_id == user_id))
    await session.execute(delete(User).where(User.id == user_id))
    if contact_id is not None:
        await erase_contact(session, contact_id, now=now)


async def erase_contact(session: AsyncSession, contact_id: UUID, *, now: datetime) -> None:
    """Erase a person: what was said, every address, and the name in every agenda."""
    clients = (await session.scalars(select(Client.id).where(Client.contact_id == contact_id))).all()
    for client_id in clients:
        await erase_client(session, client_id, now=now)
    talks = select(Conversation.id).where(Conversation.contact_id == contact_id)
    await session.execute(delete(Inbound).where(Inbound.conversation_id.in_(talks)))
    await session.execute(delete(Outbound).where(Outbound.contact_id == contact_id))
    await session.execute(delete(Conversation).where(Conversation.contact_id == contact_id))
    await session.execute(delete(LoginCode).where(LoginCode.contact_id == contact_id))
    await session.execute(delete(Contact).where(Contact.id == contact_id))


async def erase_client(session: AsyncSession, client_id: UUID, *, now: datetime) -> None:
    """Erase a client from one agenda: the row stays without a name, so that the figures stay true."""
    theirs = select(Appointment.id).where(Appointment.client_id == client_id)
    await session.execute(delete(ClientNote).where(ClientNote.client_id == client_id))
    await session.execute(delete(WaitlistEntry).where(WaitlistEntry.client_id == client_id))
    await session.execute(delete(Outbound).where(Outbound.appointment_id.in_(theirs)))
    await session.execute(delete(Notification).where(Notification.appointment_id.in_(theirs)))
    await session.execute(update(Review).where(Review.client_id == client_id).values(comment="", reply=None))
    await session.execute(
        update(AppointmentEvent).where(AppointmentEvent.appointment_id.in_(theirs)).values(details={})
    )
    await session.execute(update(Appointment).where(Appointment.client_id == client_id).values(note="", updated_at=now))
    await session.execute(
        update(Client)
        .where(Client.id == client_id)
        .values(name=GONE, name_key="", phone_key=None, email=None, cpf=None, contact_id=None)
    )


Tables = dict[type[Base], ColumnElement[bool]]


def _of_user(user_id: UUID) -> Tables:
    return {Follow: Follow.user_id == user_id, Notification: Notification.user_id == user_id}


def _of_contact(contact_id: UUID) -> Tables:
    talks = select(Conversation.id).where(Conversation.contact_id == contact_id)
    return {
        ContactIdentity: ContactIdentity.contact_id == contact_id,
        Conversation: Conversation.contact_id == contact_id,
        Message: Message.conversation_id.in_(talks),
        Inbound: Inbound.conversation_id.in_(talks),
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


def _of_agenda(professional_id: UUID) -> Tables:
    mine: Iterable[Any] = (
        Service,
        Availability,
        AvailabilityException,
        Client,
        ClientNote,
        Appointment,
        RecurringSchedule,
        WaitlistEntry,
        Review,
    )
    return {table: table.professional_id == professional_id for table in mine}


async def _all(session: AsyncSession, tables: Mapping[type[Base], ColumnElement[bool]]) -> Export:
    kept: Export = {}
    for table, mine in tables.items():
        rows: Sequence[Base] = (await session.scalars(select(table).where(mine).order_by(table.id))).all()
        kept[table.__tablename__] = [_row(row) for row in rows]
    return kept


def _row(row: Base) -> Export:
    return {
        column.name: _plain(getattr(row, column.name)) for column in row.__table__.columns if column.name not in _SECRET
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value.isoformat() if isinstance(value, datetime | date) else value


__all__ = ["GONE", "erase_client", "erase_contact", "erase_user", "export_client", "export_contact", "export_user"]
