"""Read a delivery of Meta's, whatever it is: the usual ones in one pass, all others with `payloads`.

Nearly everything that comes is a text that somebody typed, or what became of a message of ours. Their shapes are
declared here, and checked while the JSON is read. One field more or less than that is for `payloads`, which asks for
nothing. What both can read, both read alike.
"""

from typing import Literal

from msgspec import MsgspecError, Struct, field
from msgspec.json import Decoder

from .contents import ID, NAME
from .events import Batch, Event, Message, MessageType, Status
from .payloads import ACCOUNT, OPAQUE, digits_of, identifier, parse, unreadable
from .phones import bsuid_of, delivered
from .tolerant import decode, moment, text


class _Shape(Struct, forbid_unknown_fields=True, gc=False):
    pass


class _Words(_Shape):
    body: str


class _Context(_Shape):
    id: str = ""
    sender: str = field(name="from", default="")
    forwarded: bool = False
    frequently_forwarded: bool = False


class _Written(_Shape):
    id: str
    timestamp: str
    text: _Words
    type: Literal["text"]
    sender: str = field(name="from")
    from_user_id: str = ""
    context: _Context | None = None


class _Profile(_Shape):
    name: str = ""
    username: str = ""


class _Contact(_Shape):
    wa_id: str
    profile: _Profile
    user_id: str = ""
    parent_user_id: str = ""
    identity_key_hash: str = ""


class _Pricing(_Shape):
    billable: bool
    category: str
    pricing_model: str = ""
    type: str = ""


class _Origin(_Shape):
    type: str


class _Conversation(_Shape):
    id: str
    origin: _Origin | None = None
    expiration_timestamp: str = ""


class _Became(_Shape):
    id: str
    status: str
    timestamp: str
    recipient_id: str
    recipient_user_id: str = ""
    biz_opaque_callback_data: str = ""
    pricing: _Pricing | None = None
    conversation: _Conversation | None = None


class _Metadata(_Shape):
    phone_number_id: str
    display_phone_number: str = ""


class _Value(_Shape):
    metadata: _Metadata
    messaging_product: str = ""
    contacts: tuple[_Contact, ...] = ()
    messages: tuple[_Written, ...] = ()
    statuses: tuple[_Became, ...] = ()


class _Change(_Shape):
    field: Literal["messages"]
    value: _Value


class _Entry(_Shape):
    changes: tuple[_Change, ...]
    id: str = ""
    time: int = 0


class _Delivery(_Shape):
    entry: tuple[_Entry, ...]
    object: str = ""


_decoder = Decoder(_Delivery)


def read(raw: bytes) -> Batch:
    """Return the events in a webhook body of any shape."""
    if usual := read_usual(raw):
        return usual
    try:
        return parse(decode(raw))
    except ValueError:
        return unreadable(raw)


def read_usual(raw: bytes) -> Batch | None:
    """Return the events in a webhook body of the declared shapes; None where it has any other."""
    try:
        delivery = _decoder.decode(raw)
    except (MsgspecError, UnicodeDecodeError):
        return None
    values = [change.value for entry in delivery.entry for change in entry.changes]
    if not values or not all(map(_plain, values)):
        return None
    return Batch(tuple([event for value in values for event in _events(value)]))


def _plain(value: _Value) -> bool:
    """Tell whether there is something, nothing lacks its id, and one person says it all, whose card is there."""
    said, cards = value.messages, value.contacts
    if said and (
        len(cards) != 1 or {each.sender for each in said} != {cards[0].wa_id} or not delivered(cards[0].wa_id)
    ):
        return False
    whole = [written.id for written in said] + [became.id and became.status for became in value.statuses]
    return bool(whole) and all(whole)


def _events(value: _Value) -> list[Event]:
    account = text(value.metadata.phone_number_id, ACCOUNT)
    messages = [_message(account, value, value.contacts[0], written) for written in value.messages]
    return [*messages, *[_status(account, became) for became in value.statuses]]


def _message(account: str, value: _Value, card: _Contact, written: _Written) -> Message:
    context = written.context
    return Message(
        account=account,
        id=identifier(written.id),
        phone=delivered(written.sender),
        bsuid=bsuid_of(written.from_user_id) or bsuid_of(card.user_id),
        username=text(card.profile.username, NAME) or None,
        name=text(card.profile.name, NAME).strip(),
        our_number=digits_of(value.metadata.display_phone_number),
        sent_at=moment(written.timestamp),
        raw_type="text",
        type=MessageType.TEXT,
        text=text(written.text.body),
        reply_to=(text(context.id, ID) or None) if context else None,
        forwarded=context is not None and (context.forwarded or context.frequently_forwarded),
    )


def _status(account: str, became: _Became) -> Status:
    pricing = became.pricing
    return Status(
        account=account,
        message_id=identifier(became.id),
        status=text(became.status, NAME),
        at=moment(became.timestamp),
        recipient=text(became.recipient_id, ID) or text(became.recipient_user_id, ID) or None,
        opaque=text(became.biz_opaque_callback_data, OPAQUE) or None,
        category=(text(pricing.category, NAME) or None) if pricing else None,
        billable=pricing.billable if pricing else None,
    )
