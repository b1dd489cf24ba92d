"""The 19 messages, as values: what each says, to whom, how urgent it is and what can be tapped.

Every field is text already written for people ("quinta, 26/11, às 15h"; "R$ 50,00"), except the ids that the
buttons carry. The words around them are in `templates/whatsapp/NAME.txt.j2`, one file for each class here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from ..models.enums import Role
from .message import CODE, REMINDER, ROUTINE, Button, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToClient(Message):
    client: str
    professional: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToProfessional(Message):
    audience: ClassVar[Role] = Role.PROFESSIONAL
    client: str
    service: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequested(_ToClient):
    """The request is in and the time is kept; the professional has yet to confirm."""

    name = "booking_requested"
    when: str
    price: str
    appointment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequestReceived(_ToProfessional):
    """Somebody asks for a time."""

    name = "booking_request_received"
    buttons = (Button("Confirmar", "confirm"), Button("Recusar", "reject"))
    aside = "note"
    price: str
    appointment_id: str
    # What the client wants to be known.
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingConfirmed(_ToClient):
    """The time is the client's."""

    name = "booking_confirmed"
    aside = "invited"
    when: str
    address: str
    appointment_id: str
    # Anything, where the client has no account yet.
    invited: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRejected(_ToClient):
    """The professional cannot take the request."""

    name = "booking_rejected"
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRejectedReceipt(_ToProfessional):
    """The refusal is written down."""

    name = "booking_rejected_receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelledByClient(_ToProfessional):
    """A client gave a time back."""

    name = "booking_cancelled_by_client"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelledReceipt(_ToClient):
    """The client's own cancellation is done."""

    name = "booking_cancelled_receipt"
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelledByProfessional(_ToClient):
    """The professional had to cancel."""

    name = "booking_cancelled_by_professional"
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRescheduled(_ToClient):
    """An appointment moved; worded so that either side can read it."""

    name = "booking_rescheduled"
    old_when: str
    when: str
    appointment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder24h(_ToClient):
    """The day before: is the client coming?"""

    name = "reminder_24h"
    priority = REMINDER
    buttons = (Button("Confirmar", "attend"), Button("Remarcar", "move"), Button("Cancelar", "cancel"))
    when: str
    address: str
    appointment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder2h(_ToClient):
    """Shortly before: when and where."""

    name = "reminder_2h"
    priority = REMINDER
    hour: str
    address: str
    appointment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyAgenda(Message):
    """The professional's day; `count` as in "3 atendimentos", `agenda` with `SEPARATOR` between entries."""

    name = "daily_agenda"
    audience = Role.PROFESSIONAL
    priority = ROUTINE
    # About fifteen entries: beside the rest of the text, what Meta's 1024 leave room for.
    long = MappingProxyType({"agenda": 600})
    listed = frozenset({"agenda"})
    professional: str
    day: str
    count: str
    agenda: str
    revenue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest(_ToClient):
    """A Pix code to pay with."""

    name = "payment_request"
    # The longest code the Central Bank allows; a shortened one cannot be paid, and its "***" belongs to it.
    long = MappingProxyType({"pix_code": 512})
    verbatim = frozenset({"pix_code"})
    amount: str
    pix_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(_ToClient):
    """The professional noted the payment."""

    name = "payment_received"
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest(_ToClient):
    """How was it? Answered with a mark from 1 to 5."""

    name = "review_request"
    priority = ROUTINE
    appointment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoShowNotice(_ToClient):
    """The client did not come."""

    name = "no_show_notice"
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesBooked(_ToClient):
    """A series is booked; `rhythm` as in "toda quinta, às 15h", `count` as in "8 horários"."""

    name = "series_booked"
    rhythm: str
    count: str
    first_when: str
    last_when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistOffer(_ToClient):
    """A time came free, for this client until `until`."""

    name = "waitlist_offer"
    buttons = (Button("Quero", "accept"), Button("Não quero", "decline"))
    about = "entry_id"
    when: str
    until: str
    entry_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCode(Message):
    """The code that opens the page; outside the window Meta writes the text around it."""

    name = "login_code"
    category = "AUTHENTICATION"
    priority = CODE
    code: str

    def values(self) -> dict[str, str]:
        """Return the code as Meta takes it: 1 to 15 letters and digits."""
        return {"code": re.sub(r"[^0-9A-Za-z]", "", self.code)[:15] or "0"}


MESSAGES: Mapping[str, type[Message]] = MappingProxyType(
    {
        message.name: message
        for message in (
            BookingRequested,
            BookingRequestReceived,
            BookingConfirmed,
            BookingRejected,
            BookingRejectedReceipt,
            BookingCancelledByClient,
            BookingCancelledReceipt,
            BookingCancelledByProfessional,
            BookingRescheduled,
            Reminder24h,
            Reminder2h,
            DailyAgenda,
            PaymentRequest,
            PaymentReceived,
            ReviewRequest,
            NoShowNotice,
            SeriesBooked,
            WaitlistOffer,
            LoginCode,
        )
    }
)


def from_json(name: str, data: Mapping[str, str]) -> Message:
    """Build the message called `name` from what `to_json` wrote down; `KeyError` for a name that is not one."""
    return MESSAGES[name](**data)
