"""What is told about one change of one appointment: rows for the client, for the professional, and for the record.

A message owed twice for one change is the same row: its key carries the appointment's sequence, which rises with every
change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from .. import phrases
from ..models import Appointment, AppointmentEvent, Notification, Outbound, new_id
from ..models.enums import Action, Actor, Status, Transport
from ..notify import outbox
from ..notify.message import Message
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
