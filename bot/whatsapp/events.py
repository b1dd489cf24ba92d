"""What a provider can tell us, as our own values: both transports end here, nothing further in knows Meta's shapes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from ..models.enums import Channel, InboundKind


class MessageType(StrEnum):
    """The kinds of message a turn can tell apart; whatever we have no name for is `unknown`."""

    TEXT = "text"
    BUTTON = "button"  # quick reply of a template
    INTERACTIVE = "interactive"  # tap on a reply button or a list row
    AUDIO = "audio"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    REACTION = "reaction"
    ORDER = "order"
    FLOW = "flow"
    CALL_PERMISSION = "call_permission"
    SYSTEM = "system"
    EDIT = "edit"
    REVOKE = "revoke"
    WELCOME = "welcome"  # somebody opened the conversation and has written nothing yet
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


class Message(Struct, frozen=True, kw_only=True):
    """Something a person sent us; at least one of `phone`, `bsuid` and `lid` is set."""

    account: str
    id: str
    phone: str | None  # digits, as delivered
    bsuid: str | None
    username: str | None = None
    lid: str | None = None
    name: str = ""
    # Our own number as people dial it, digits: what a link to this conversation needs.
    our_number: str = ""
    sent_at: datetime | None = None
    type: MessageType
    raw_type: str = ""
    text: str = ""  # what was written, the caption, or the title of what was tapped
    payload: str | None = None  # id of the tapped button or row
    media_id: str | None = None
    mime: str | None = None
    voice: bool = False
    reply_to: str | None = None
    forwarded: bool = False
    group: str | None = None
    # What only one type has: a changed number, shared contacts, a place, the answers of a form.
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def tap(self) -> bool:
        """A tap is a whole thought: nothing is gained by waiting for the rest of a burst."""
        return self.payload is not None

    def event(self) -> dict[str, Any]:
        """Return the JSON object that the turn reads from the row."""
        return {
            "from": self.phone,
            "bsuid": self.bsuid,
            "username": self.username,
            "lid": self.lid,
            "name": self.name,
            "our_number": self.our_number,
            "type": self.type.value,
            "raw_type": self.raw_type,
            "text": self.text,
            "payload": self.payload,
            "media_id": self.media_id,
            "mime": self.mime,
            "voice": self.voice,
            "reply_to": self.reply_to,
            "forwarded": self.forwarded,
            "group": self.group,
            "details": self.details,
        }


class Failure(Struct, frozen=True, kw_only=True):
    """One error of a status; branch on the code, never on the texts."""

    code: str
    title: str = ""
    details: str = ""


class Status(Struct, frozen=True, kw_only=True):
    """What became of a message of ours."""

    account: str
    message_id: str
    status: str
    at: datetime | None = None
    recipient: str | None = None
    opaque: str | None = None  # our outbound row, as given when sending
    errors: tuple[Failure, ...] = ()
    category: str | None = None  # of the price
    billable: bool | None = None
    # What the message says, where the provider repeats it: a channel that carries no id of ours settles by it.
    said: str = ""

    def event(self) -> dict[str, Any]:
        """Return the JSON object that `notify.settle` reads from the row."""
        return {
            "id": self.message_id,
            "status": self.status,
            "recipient": self.recipient,
            "opaque": self.opaque,
            "errors": [{"code": error.code, "title": error.title, "details": error.details} for error in self.errors],
            "category": self.category,
            "billable": self.billable,
            **({"said": self.said} if self.said else {}),
        }


class Notice(Struct, frozen=True, kw_only=True):
    """News about the account, a template, a number; also whatever has a field name we do not know."""

    account: str
    field: str
    value: Any
    at: datetime | None = None

    def event(self) -> dict[str, Any]:
        return {"field": self.field, "value": self.value}


class Echo(Struct, frozen=True, kw_only=True):
    """Something that a person of ours typed on the phone itself, beside the bot."""

    account: str
    id: str
    to: str | None
    bsuid: str | None
    lid: str | None = None
    sent_at: datetime | None = None
    type: MessageType
    text: str = ""

    def event(self) -> dict[str, Any]:
        who = {"to": self.to, "bsuid": self.bsuid, "lid": self.lid}
        return {**who, "type": self.type.value, "text": self.text}


class Broken(Struct, frozen=True, kw_only=True):
    """An event that makes no sense; kept with the reason, so that its neighbours can go on."""

    account: str
    kind: InboundKind
    reason: str
    raw: Any

    def event(self) -> dict[str, Any]:
        return {"raw": self.raw}


Event = Message | Status | Notice | Echo | Broken


class Batch(Struct, frozen=True):
    """The events of one delivery, in the order in which they came."""

    events: tuple[Event, ...]
    channel: Channel = Channel.CLOUD
