"""Read a delivery of Meta's, whatever it is: the usual ones in one pass, all others with `payloads`.

Nearly everything that comes is a text that somebody typed, or what became of a message of ours. Their shapes are
declared here with what they may hold, and checked while the JSON is read. One field more or less than that, or one
letter too many, is for `payloads`, which asks for nothing. What both can read, both read alike.
"""

from typing import Annotated, Literal

from msgspec import Meta, MsgspecError, Raw, Struct, field
from msgspec.json import Decoder

from .contents import ID, NAME
from .events import Batch, Event, Message, MessageType, Status
from .payloads import ACCOUNT, LONGEST_ID, OPAQUE, digits_of, parse, unreadable
from .phones import bsuid_of, delivered
from .tolerant import LONGEST_TEXT, decode, moment

_Named = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
_Id = Annotated[str, Meta(max_length=ID)]
_Name = Annotated[str, Meta(max_length=NAME)]
_Account = Annotated[str, Meta(max_length=ACCOUNT)]
_Opaque = Annotated[str, Meta(max_length=OPAQUE)]
_Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
# The only text that msgspec reads and no database stores.
_NUL = rb"\u0000"


class _Shape(Struct, forbid_unknown_fields=True, gc=False):
    pass


class _Words(_Shape):
    body: _Text


class _Context(_Shape):
    id: _Id = ""
    sender: str = field(name="from", default="")
    forwarded: bool = False
    frequently_forwarded: bool = False


class _Written(_Shape):
    id: _Named
    timestamp: str
    text: _Words
    type: Literal["text"]
    sender: str = field(name="from")
    from_user_id: str = ""
    from_parent_user_id: str = ""
    from_logical_id: str = ""
    context: _Context | None = None
    internal_1p_only_data: Raw = Raw()  # what Meta adds for its own use


class _Profile(_Shape):
    name: _Name = ""
    username: _Name = ""


class _Contact(_Shape):
    wa_id: str
    profile: _Profile
    user_id: str = ""
    parent_user_id: str = ""
    identity_key_hash: str = ""


class _Pricing(_Shape):
    billable: bool
    category: _Name
    pricing_model: str = ""
    type: str = ""


class _Origin(_Shape):
    type: str


class _Conversation(_Shape):
    id: str
    origin: _Origin | None = None
    expiration_timestamp: str = ""


class _Became(_Shape):
    id: _Named
    status: Annotated[str, Meta(min_length=1, max_length=NAME)]
    timestamp: str
    recipient_id: _Id
    recipient_user_id: _Id = ""
    recipient_parent_user_id: str = ""
    recipient_logical_id: str = ""
    biz_opaque_callback_data: _Opaque = ""
    pricing: _Pricing | None = None
    conversation: _Conversation | None = None


class _Metadata(_Shape):
    phone_number_id: _Account
    display_phone_number: _Account = ""


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
    if _NUL in raw:
        return None
    try:
        delivery = _decoder.decode(raw)
    except (MsgspecError, UnicodeDecodeError):
        return None
    events: list[Event] = []
    for entry in delivery.entry:
        for change in entry.changes:
            if not (found := _events(change.value)):
                return None
            events += found
    return Batch(tuple(events)) if events else None


def _events(value: _Value) -> list[Event]:
    """Return what happened; nothing unless one person says it all, whose card is there."""
    statuses: list[Event] = [_status(value, became) for became in value.statuses]
    if not value.messages:
        return statuses
    whose = delivered(value.contacts[0].wa_id) if len(value.contacts) == 1 else None
    if whose is None or any(written.sender != whose for written in value.messages):
        return []
    return [*[_message(value, value.contacts[0], written) for written in value.messages], *statuses]


def _message(value: _Value, card: _Contact, written: _Written) -> Message:
    context = written.context
    return Message(
        account=value.metadata.phone_number_id,
        id=written.id,
        phone=written.sender,
        bsuid=bsuid_of(written.from_user_id) or bsuid_of(card.user_id),
        username=card.profile.username or None,
        name=card.profile.name.strip(),
        our_number=digits_of(value.metadata.display_phone_number),
        sent_at=moment(written.timestamp),
        raw_type="text",
        type=MessageType.TEXT,
        text=written.text.body,
        reply_to=(context.id or None) if context else None,
        forwarded=context is not None and (context.forwarded or context.frequently_forwarded),
    )


def _status(value: _Value, became: _Became) -> Status:
    pricing = became.pricing
    return Status(
        account=value.metadata.phone_number_id,
        message_id=became.id,
        status=became.status,
        at=moment(became.timestamp),
        recipient=became.recipient_id or became.recipient_user_id or None,
        opaque=became.biz_opaque_callback_data or None,
        category=(pricing.category or None) if pricing else None,
        billable=pricing.billable if pricing else None,
    )
