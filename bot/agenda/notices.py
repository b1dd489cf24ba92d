"""Who is told what: each change of an appointment becomes owed messages and notifications, in its own transaction.

Every value comes from a row that the same transaction has written. A message owed twice for one change is the same
row: its key carries the appointment's sequence, which rises with every change. Nobody is notified in the application
of what they did themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..models import Appointment, AppointmentEvent, Client, Notification, Outbound, Professional, new_id
from ..models.enums import Action, Actor, Status, Transport
from ..notify import outbox
from ..notify.fit import clip
from ..notify.message import Message
from ..notify.messages import (
    BookingCancelledByClient,
    BookingCancelledByProfessional,
    BookingCancelledReceipt,
    BookingConfirmed,
    BookingRejected,
    BookingRejectedReceipt,
    BookingRequested,
    BookingRequestReceived,
    BookingRescheduled,
    NoShowNotice,
    PaymentReceived,
    ReviewRequest,
    SeriesBooked,
)
from ..notify.render import QUOTE, chat
from ..whatsapp.outgoing import Outgoing, Text
from . import reminders
from .entry import Rows
from .hours import zone_of
from .ledger import event
from .parties import Parties


@dataclass(frozen=True, slots=True)
class Told:
    """One change of one appointment, the two people who may hear of it, and the rows that come with it."""

    row: Appointment
    who: Parties
    now: datetime
    rows: Rows = field(default_factory=list)

    def when(self, at: datetime | None = None) -> str:
        """Write a moment, the start unless another is given, in the professional's zone."""
        zone = zone_of(self.who.professional.timezone)
        return phrases.moment((at or self.row.start_at).astimezone(zone), self.now.astimezone(zone).date())

    @property
    def price(self) -> str:
        """The price, or nothing where it was left open."""
        return phrases.money(self.row.price_cents) if self.row.price_cents else ""

    @property
    def to_client(self) -> dict[str, str]:
        """The values that every message to a client has."""
        return {
            "client": phrases.first_name(self.who.client.name),
            "professional": self.who.professional.name,
            "service": self.row.service_name,
        }

    @property
    def to_professional(self) -> dict[str, str]:
        """The values that every message to a professional has, but the moment."""
        return {"client": self.who.client.name, "service": self.row.service_name}

    def client(self, message: Message, *, title: str = "", email: bool = False) -> None:
        """Owe the client a message; a title makes a notification.

        What changes the client's calendar goes by e-mail too, where there is an address: an invitation that is never
        withdrawn would be worse than none.
        """
        contact = self.who.contact
        if contact is not None and contact.unreachable_at is None:
            self._owe(message, contact.id)
        elif contact is not None and title and not (email and self.who.email) and self.row.start_at > self.now:
            self._out_of_reach(title)
        if email:
            self._write(message, contact.id if contact else None)
        if title and self.who.account_id is not None:
            self._notify(self.who.account_id, message.name, title, self.who.professional.name)

    def professional(self, message: Message, *, title: str = "") -> None:
        """Owe the professional a message; a title makes a notification of it."""
        if self.who.owner_contact_id is not None:
            self._owe(message, self.who.owner_contact_id)
        if title:
            self.notify_professional(message.name, title)

    def notify_professional(self, kind: str, title: str) -> None:
        """Leave the professional a notification."""
        self._notify(self.who.professional.user_id, kind, title, self.who.client.name)

    def record(
        self, action: Action, actor: Actor, before: Status | None, details: Mapping[str, Any] | None = None
    ) -> None:
        """Write down who did what to the appointment."""
        self.rows.append((AppointmentEvent, event(self.row, action, actor, before, self.now, details)))

    def remind(self) -> None:
        """Owe the reminders of a confirmed appointment that are still ahead."""
        if self.row.status is Status.CONFIRMED:
            planned = reminders.planned(self.row, self.who, now=self.now)
            self.rows.extend((Outbound, each) for each in planned)

    def _write(self, message: Message, contact_id: UUID | None) -> None:
        """Owe the client a letter; where they have no address, it goes to the one that was typed with this booking.

        Under the name that was typed with it, too: whoever typed another's number does not hear whose it is.
        """
        if self.who.email:
            self._owe(message, contact_id, Transport.EMAIL)
        elif self.row.guest_email:
            guest = {"to": self.row.guest_email, "client": phrases.first_name(self.row.guest_name or "")}
            self._owe(message, contact_id, Transport.EMAIL, **guest)

    def _owe(
        self, message: Message, contact_id: UUID | None, transport: Transport = Transport.WHATSAPP, **guest: str
    ) -> None:
        key = f"{message.name}:{self.row.id}:{self.row.sequence}"
        owed = outbox.owed(
            message,
            contact_id=contact_id,
            professional_id=self.row.professional_id,
            appointment=self.row,
            now=self.now,
            transport=transport,
            dedup_key=key if transport is Transport.WHATSAPP else f"{transport}:{key}",
        )
        owed["payload"] |= guest
        self.rows.append((Outbound, owed))

    def _out_of_reach(self, news: str) -> None:
        """Leave it to the professional to tell the client what still matters and no message will."""
        title = f"Não consigo avisar {self.who.client.name}"
        body = (
            f"{news}: {self.row.service_name}, {self.when()}. O WhatsApp não entrega mensagens a essa pessoa, e ela não"
            " foi avisada. Fale com ela por outro meio."
        )
        user = self.who.professional.user_id
        self.rows.append(notification(user, "client_unreachable", title, body, self.now, self.row.id))

    def _notify(self, user_id: UUID, kind: str, title: str, other: str) -> None:
        body = f"{other}: {self.row.service_name}, {self.when()}"
        self.rows.append(notification(user_id, kind, title, body, self.now, self.row.id))


def notification(
    user_id: UUID, kind: str, title: str, body: str, now: datetime, appointment_id: UUID | None = None
) -> tuple[type[Notification], dict[str, Any]]:
    """Build what a user is told inside the application."""
    values = {"user_id": user_id, "kind": kind, "title": title, "body": body, "appointment_id": appointment_id}
    return Notification, {"id": new_id(), **values, "created_at": now}


def booked(told: Told) -> None:
    """Tell of a new appointment: a request to both sides, or the professional's own booking to the client."""
    row, when = told.row, told.when()
    if row.status is Status.CONFIRMED:
        told.client(_confirmed(told), title="Horário marcado", email=True)
        return
    asked = BookingRequested(**told.to_client, when=when, price=told.price, appointment_id=str(row.id))
    told.client(asked)
    _ask_professional(told, when, "Novo pedido de horário")


def moved(told: Told, actor: Actor, old_start: datetime) -> None:
    """Tell of a new time: as done where the professional chose it, as a request where they have yet to answer."""
    old_when, when, about = told.when(old_start), told.when(), str(told.row.id)
    if actor is Actor.CLIENT:
        both = f"{when} (antes: {old_when})"
        told.client(BookingRequested(**told.to_client, when=both, price=told.price, appointment_id=about), email=True)
        _ask_professional(told, both, "Pedido para remarcar")
    else:
        message = BookingRescheduled(**told.to_client, old_when=old_when, when=when, appointment_id=about)
        told.client(message, title="Horário remarcado", email=True)


def acted(told: Told, action: Action, actor: Actor, given_up: datetime | None = None) -> None:
    """Tell of a move of the life cycle: who hears what is fixed by the action and by who took it.

    `given_up` is the confirmed time that the client left for one that is now rejected: both are gone.
    """
    client, owner, when = told.to_client, told.to_professional, told.when()
    match action:
        case Action.CONFIRM:
            told.client(_confirmed(told, invites=True), title="Horário confirmado", email=True)
        case Action.REJECT:
            both = f"{when} (o de antes, {told.when(given_up)}, já foi liberado)" if given_up else when
            told.client(BookingRejected(**client, when=both), title="Pedido recusado", email=True)
            told.professional(BookingRejectedReceipt(**owner, when=when))
        case Action.CANCEL if actor is Actor.CLIENT:
            told.professional(BookingCancelledByClient(**owner, when=when), title="Horário cancelado")
            told.client(BookingCancelledReceipt(**client, when=when), email=True)
        case Action.CANCEL:
            told.client(BookingCancelledByProfessional(**client, when=when), title="Horário cancelado", email=True)
        case Action.COMPLETE:
            review = ReviewRequest(**client, appointment_id=str(told.row.id))
            told.client(review, title="Como foi o atendimento?")
        case Action.NO_SHOW:
            told.client(NoShowNotice(**client, when=when), title="Falta registrada")
        case Action.PAID:
            told.client(PaymentReceived(**client, amount=told.price), title="Pagamento recebido")


def series_booked(told: Told, rhythm: str, rows: Sequence[Appointment]) -> None:
    """Tell the client of a whole series in one message."""
    message = SeriesBooked(
        **told.to_client,
        rhythm=rhythm,
        count=phrases.plural(len(rows), "horário", "horários"),
        first_when=told.when(rows[0].start_at),
        last_when=told.when(rows[-1].start_at),
    )
    told.client(message, title="Horários fixos marcados")


def series_cancelled(told: Told, actor: Actor, others: int) -> None:
    """Tell of a cancelled rest of a series in one message to each side that `acted` would tell."""
    when = told.when() + _and_others(others)
    if actor is Actor.CLIENT:
        told.professional(
            BookingCancelledByClient(**told.to_professional, when=when), title="Horários fixos cancelados"
        )
        told.client(BookingCancelledReceipt(**told.to_client, when=when))
    else:
        message = BookingCancelledByProfessional(**told.to_client, when=when)
        told.client(message, title="Horários fixos cancelados")


def series_moved(told: Told, old_start: datetime, others: int) -> None:
    """Tell the client of a moved rest of a series in one message."""
    message = BookingRescheduled(
        **told.to_client,
        old_when=told.when(old_start) + _and_others(others),
        when=told.when() + _and_others(others),
        appointment_id=str(told.row.id),
    )
    told.client(message, title="Horários fixos remarcados")


def series_conflict(who: Parties, service: str, at: datetime, now: datetime) -> Rows:
    """Build the professional's notification of an occurrence that could not be booked."""
    zone = zone_of(who.professional.timezone)
    when = phrases.moment(at.astimezone(zone), now.astimezone(zone).date())
    body, title = f"{who.client.name}: {service}, {when}", "Horário fixo não coube na agenda"
    return [notification(who.professional.user_id, "series_conflict", title, body, now)]


def series_stopped(who: Parties, rhythm: str, now: datetime) -> Rows:
    """Build the professional's notification of a series that is not booked ahead any more."""
    body = (
        f"{who.client.name}: {rhythm}. O serviço não é mais oferecido, e nada mais será marcado; o que já está na"
        " agenda fica."
    )
    title = "Horário fixo chegou ao fim"
    return [notification(who.professional.user_id, "series_stopped", title, body, now)]


def _and_others(others: int) -> str:
    """Write how many more of a series share the fate of the first."""
    return f" (e mais {phrases.plural(others, 'horário', 'horários')} da série)" if others else ""


def _confirmed(told: Told, *, invites: bool = False) -> BookingConfirmed:
    return BookingConfirmed(
        **told.to_client,
        when=told.when(),
        address=told.who.professional.address,
        appointment_id=str(told.row.id),
        invited="sim" if invites and told.who.contact is not None and told.who.account_id is None else "",
    )


def _ask_professional(told: Told, when: str, title: str) -> None:
    request = BookingRequestReceived(
        **told.to_professional,
        when=when,
        price=told.price,
        appointment_id=str(told.row.id),
        note=clip(told.row.note, QUOTE),
    )
    told.professional(request, title=title)


# What the chat answers to the person who acted; the refused client's professional gets a message of the 19 instead.
_RECEIPTS: Final[Mapping[Action, str]] = {
    Action.BOOK: "done_booked",
    Action.RESCHEDULE: "done_rescheduled",
    Action.CONFIRM: "done_confirmed",
    Action.CANCEL: "done_cancelled",
    Action.COMPLETE: "done_completed",
    Action.NO_SHOW: "done_no_show",
    Action.PAID: "done_paid",
    Action.ATTEND: "attendance_thanks",
}


async def receipt(session: AsyncSession, row: Appointment, action: Action) -> Outgoing | None:
    """Say what the row now says, to the person who acted; None where one of the 19 already does."""
    if action not in _RECEIPTS:
        return None
    client = await session.get_one(Client, row.client_id)
    professional = await session.get_one(Professional, row.professional_id)
    when = phrases.moment(row.start_at.astimezone(zone_of(professional.timezone)))
    return Text(chat(_RECEIPTS[action], client=client.name, service=row.service_name, when=when))
