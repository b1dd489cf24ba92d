"""Erase a person (LGPD, art. 18) from every table, and keep the figures of the agendas that knew them true.

An appointment stays as a time and a price that name nobody. What others keep in words (an owner's talk with the
assistant, notices, notes) stays with the person struck out of it. What the person sent and nobody has answered yet is
erased too; what they send afterwards, or what a provider delivers again, is a new person's.

Who loses an appointment by it is told first: those messages are owed before anything is erased, and survive it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..agenda import booking
from ..agenda.hours import zone_of
from ..agenda.policy import TooLate
from ..models import (
    Appointment,
    AppointmentEvent,
    BillingEvent,
    Client,
    ClientNote,
    Contact,
    ContactIdentity,
    Conversation,
    Inbound,
    LoginCode,
    Message,
    Notification,
    Outbound,
    Professional,
    RecurringSchedule,
    Review,
    User,
    WaitlistEntry,
)
from ..models.enums import STANDING, Action, Actor, IdentityKind, Transport
from ..notify import outbox
from ..notify.messages import BookingCancelledByProfessional
from .privacy_export import paid_by, waiting_of
from .privacy_struck import delete_raw, strike_out_of, strike_out_of_health
from .privacy_traces import Traces

# What stands where a name was.
GONE: Final = "Cliente removido"


async def erase_user(session: AsyncSession, user_id: UUID, *, now: datetime) -> None:
    """Erase a user, their agenda with everything in it, and what other agendas know of the person."""
    user = await session.get_one(User, user_id)
    traces = Traces.of([user.name], [user.phone_key], [user.email])
    agenda = await session.scalar(select(Professional).where(Professional.user_id == user_id))
    if agenda is not None:
        traces = await _close(session, agenda, traces, now)
    contact_id = user.contact_id
    if contact_id is not None:
        await erase_contact(session, contact_id, now=now)
    await _forget_logins(session, LoginCode.user_id == user_id, traces)
    await session.execute(delete(User).where(User.id == user_id))
    await delete_raw(session, traces)


async def erase_contact(session: AsyncSession, contact_id: UUID, *, now: datetime, raw: bool = True) -> None:
    """Erase a person: what was said, every address, the name in every agenda; their coming appointments are given up.

    An appointment that the agenda's rules no longer let a client give up stays, and names nobody. The `raw` queue
    need not be searched for somebody whose every event is older than what is kept there.
    """
    # Locked in the order in which a turn locks: whichever comes second finds nothing, or has nothing to undo.
    mine = Conversation.contact_id == contact_id
    talks = (await session.scalars(select(Conversation.id).where(mine).with_for_update())).all()
    await session.get_one(Contact, contact_id, with_for_update=True)
    clients = (await session.scalars(select(Client).where(Client.contact_id == contact_id))).all()
    traces, keys = await _traces(session, contact_id, clients)
    for client in clients:
        await _hide(session, client)
        await _give_up(session, client, Actor.CLIENT, now)
        await _clear(session, client, now)
    await session.execute(delete(Inbound).where(or_(Inbound.conversation_id.in_(talks), waiting_of(keys))))
    await session.execute(delete(Outbound).where(Outbound.contact_id == contact_id))
    await session.execute(delete(Conversation).where(mine))
    await _forget_logins(session, LoginCode.contact_id == contact_id, traces)
    await session.execute(delete(Contact).where(Contact.id == contact_id))
    for professional_id in dict.fromkeys(client.professional_id for client in clients):
        await strike_out_of(session, professional_id, traces)
    if raw:
        await delete_raw(session, traces)


async def erase_client(session: AsyncSession, client_id: UUID, *, now: datetime) -> None:
    """Erase a client from one agenda: the row stays without a name, so that the figures stay true.

    Coming appointments are cancelled, and the client is told. A person whom nobody else knows is erased altogether,
    at once or, when something is still owed to them, by the nightly job.
    """
    client = await session.get_one(Client, client_id)
    contact_id = client.contact_id
    traces = Traces.of([client.name], [client.phone_key], [client.email, client.cpf])
    told = await _give_up(session, client, Actor.PROFESSIONAL, now)
    if contact_id is not None and not told and not await _known_elsewhere(session, contact_id, client_id):
        await erase_contact(session, contact_id, now=now)
        return
    if contact_id is not None:
        talks = select(Conversation.id).where(Conversation.contact_id == contact_id)
        thread = (Message.professional_id == client.professional_id, Message.conversation_id.in_(talks))
        await session.execute(delete(Message).where(*thread))
        owed = (Outbound.professional_id == client.professional_id, Outbound.contact_id == contact_id)
        await session.execute(delete(Outbound).where(*owed, Outbound.id.not_in(told)))
    await _hide(session, client)
    await _clear(session, client, now, besides=told)
    await strike_out_of(session, client.professional_id, traces, besides=told)


# -- a person


async def _traces(session: AsyncSession, contact_id: UUID, clients: Sequence[Client]) -> tuple[Traces, Sequence[str]]:
    """Return what a person is recognised by everywhere, and the keys of their lanes."""
    contact = await session.get_one(Contact, contact_id)
    users = (await session.scalars(select(User).where(User.contact_id == contact_id))).all()
    known = ContactIdentity.contact_id == contact_id
    addresses = (await session.execute(select(ContactIdentity.kind, ContactIdentity.value).where(known))).all()
    phones = [value for kind, value in addresses if kind is IdentityKind.PHONE]
    traces = Traces.of(
        [contact.name, *(user.name for user in users), *(client.name for client in clients)],
        [*phones, *(user.phone_key for user in users), *(client.phone_key for client in clients)],
        [
            contact.email,
            *(user.email for user in users),
            *(client.email for client in clients),
            *(client.cpf for client in clients),
            *(value for kind, value in addresses if kind is not IdentityKind.PHONE),
        ],
    )
    return traces, [value for _, value in addresses]


async def _forget_logins(session: AsyncSession, whose: ColumnElement[bool], traces: Traces) -> None:
    """Delete logins that were begun, and letters that were owed to an address of nobody's."""
    emails = [word for word in traces.words if "@" in word]
    begun = or_(whose, LoginCode.phone_key.in_(traces.phones), LoginCode.email.in_(emails))
    await session.execute(delete(LoginCode).where(begun))
    for email in emails:
        written = cast(Outbound.payload, Text).contains(email, autoescape=True)
        await session.execute(delete(Outbound).where(Outbound.contact_id.is_(None), written))


async def _known_elsewhere(session: AsyncSession, contact_id: UUID, client_id: UUID) -> bool:
    other = exists().where(Client.contact_id == contact_id, Client.id != client_id)
    login = exists().where(User.contact_id == contact_id)
    return bool(await session.scalar(select(or_(other, login))))


# -- a client


async def _hide(session: AsyncSession, client: Client) -> None:
    """Take the name and every address off a card; its appointments keep hanging on it."""
    nobody = {"name": GONE, "name_key": "", "phone_key": None, "email": None, "cpf": None, "contact_id": None}
    await session.execute(update(Client).where(Client.id == client.id).values(**nobody))


async def _give_up(session: AsyncSession, client: Client, actor: Actor, now: datetime) -> list[UUID]:
    """Cancel what is still to come; return the messages that are owed about it to the client."""
    await session.execute(
        update(RecurringSchedule)
        .where(RecurringSchedule.client_id == client.id, RecurringSchedule.ended_at.is_(None))
        .values(ended_at=now)
    )
    coming = (Appointment.client_id == client.id, Appointment.start_at > now, Appointment.status.in_(STANDING))
    ids = (await session.scalars(select(Appointment.id).where(*coming).order_by(Appointment.start_at))).all()
    for each in ids:
        owner = client.professional_id
        try:
            await booking.act(session, each, Action.CANCEL, actor=actor, now=now, professional_id=owner)
        except TooLate:  # as for anybody: the time stays the professional's to bill, without a name on it
            continue
    owed = (Outbound.appointment_id.in_(ids), Outbound.kind == BookingCancelledByProfessional.name)
    rows = (await session.scalars(select(Outbound).where(*owed))).all()
    for row in rows:  # the card that has the address is about to lose it
        if row.transport is Transport.EMAIL and client.email:
            row.payload = {**row.payload, "to": client.email}
    await session.flush()
    return [row.id for row in rows]


async def _clear(session: AsyncSession, client: Client, now: datetime, besides: Sequence[UUID] = ()) -> None:
    """Erase everything in words that hangs on a client, but the messages that were just owed."""
    theirs = select(Appointment.id).where(Appointment.client_id == client.id)
    last_words = select(Outbound.id).where(
        Outbound.appointment_id.in_(theirs), Outbound.kind.startswith("booking_cancelled"), Outbound.created_at == now
    )
    await session.execute(delete(ClientNote).where(ClientNote.client_id == client.id))
    await session.execute(delete(WaitlistEntry).where(WaitlistEntry.client_id == client.id))
    spared = or_(Outbound.id.in_(besides), Outbound.id.in_(last_words))
    await session.execute(delete(Outbound).where(Outbound.appointment_id.in_(theirs), ~spared))
    await session.execute(
        delete(Notification).where(Notification.appointment_id.in_(theirs), Notification.created_at < now)
    )
    await session.execute(update(Review).where(Review.client_id == client.id).values(comment="", reply=None))
    await session.execute(
        update(AppointmentEvent).where(AppointmentEvent.appointment_id.in_(theirs)).values(details={})
    )
    await session.execute(
        update(Appointment)
        .where(Appointment.client_id == client.id)
        .values(note="", guest_name=None, guest_email=None, idempotency_key=None, updated_at=now)
    )


# -- an agenda


async def _close(session: AsyncSession, agenda: Professional, traces: Traces, now: datetime) -> Traces:
    """Delete an agenda: its clients are told once of what falls through; return what else names the professional."""
    await _tell_clients(session, agenda, now)
    await session.execute(
        update(Conversation)
        .where(Conversation.professional_id == agenda.id)
        .values(professional_id=None, state={})
        .execution_options(synchronize_session=False)
    )
    if agenda.stripe_customer_id:
        await session.execute(
            update(BillingEvent).where(paid_by(agenda.stripe_customer_id)).values(payload={}, error="")
        )
    await strike_out_of_health(session, Traces.of([agenda.name, *traces.names], traces.phones, traces.words))
    await session.execute(delete(Professional).where(Professional.id == agenda.id))
    return Traces(traces.names, traces.phones, traces.words | frozenset(filter(None, [agenda.pix_key, agenda.cpf])))


async def _tell_clients(session: AsyncSession, agenda: Professional, now: datetime) -> None:
    """Owe each client with something to come one message; it hangs on no agenda, so that it outlives this one."""
    rows = await session.execute(
        select(Appointment, Client.name, Contact.id)
        .join(Client, Client.id == Appointment.client_id)
        .join(Contact, Contact.id == Client.contact_id)
        .where(
            Appointment.professional_id == agenda.id,
            Appointment.start_at > now,
            Appointment.status.in_(STANDING),
            Contact.unreachable_at.is_(None),
        )
        .order_by(Appointment.start_at)
    )
    lost: dict[UUID, list[tuple[Appointment, str]]] = {}
    for row, name, contact_id in rows:
        lost.setdefault(contact_id, []).append((row, name))
    zone = zone_of(agenda.timezone)
    for contact_id, each in lost.items():
        first, name = each[0]
        others = len(each) - 1
        more = f" (e mais {phrases.plural(others, 'horário', 'horários')})" if others else ""
        message = BookingCancelledByProfessional(
            client=phrases.first_name(name),
            professional=agenda.name,
            service=first.service_name,
            when=phrases.moment(first.start_at.astimezone(zone), now.astimezone(zone).date()) + more,
        )
        await outbox.owe(
            session, message, contact_id=contact_id, professional_id=None, now=now, expires_at=first.start_at
        )
