"""Meta's webhook bodies as our own values: every entry × change × message, status, echo and notice.

Nothing here raises. Meta batches up to a thousand updates, sends them again for seven days until it hears 200,
and cannot be asked afterwards: what is odd is kept as `Broken` and its neighbours go on.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ..models.enums import InboundKind
from . import contents
from .contents import ID, NAME
from .events import Batch, Broken, Echo, Event, Failure, Message, MessageType, Notice, Status
from .phones import bsuid_of, delivered, phone_key
from .tolerant import clean, mapping, moment, several, text

# Their lists are read one by one; every other field is kept whole as a notice.
_LISTED_FIELDS = frozenset({"", "messages", "smb_message_echoes", "message_echoes", "user_id_update"})
# What stands around those lists and says nothing by itself.
_AROUND = frozenset({"messaging_product", "metadata", "contacts", "errors"})
# What was said before we were there, or to somebody else who answers on this number: nothing for us to answer.
_OVERHEARD = frozenset({"history", "standby"})
ACCOUNT = 64
# Of a message to a group, each person in it; Meta's own pages spell that in two ways.
_RECIPIENTS = ("recipient_participant_id", "participant_recipient_id", "recipient_id", "recipient_user_id")
LONGEST_ID = ID - 40  # as an id of a status, a state and whose it is are added to it
OPAQUE = 512  # what Meta takes, and gives back


class _Odd(Exception):
    """This event makes no sense, for the reason in the text."""


def parse(body: object) -> Batch:
    """Return the events in a decoded webhook body."""
    if not isinstance(body, dict) or not (entries := several(body.get("entry"))):
        return Batch((Broken(account="", kind=InboundKind.NOTICE, reason="no entries", raw=clean(body)),))
    return Batch(tuple([event for entry in entries for event in _entry(entry)]))


def unreadable(raw: bytes) -> Batch:
    """Return what is kept of a signed body that is not JSON."""
    shown = text(raw.decode(errors="replace"))
    return Batch((Broken(account="", kind=InboundKind.NOTICE, reason="not JSON", raw=shown),))


def _entry(entry: object) -> list[Event]:
    about = mapping(entry)
    changes = several(about.get("changes"))
    if not changes:
        return [Broken(account="", kind=InboundKind.NOTICE, reason="no changes", raw=clean(entry))]
    return [event for change in changes for event in _change(about, change)]


def _change(entry: dict[str, Any], change: object) -> list[Event]:
    about = mapping(change)
    field, value = text(about.get("field"), NAME), about.get("value")
    if not isinstance(value, dict):
        account = text(entry.get("id"), ACCOUNT)
        return [Broken(account=account, kind=InboundKind.NOTICE, reason="no value", raw=clean(change))]
    account = text(mapping(value.get("metadata")).get("phone_number_id"), ACCOUNT)
    found = {name: value.get(name) for name in _LISTS} if field not in _OVERHEARD else {}
    lists = {name: several(part) for name, part in found.items() if isinstance(part, list | dict)}
    events = [_guarded(name, account, value, raw) for name, part in lists.items() for raw in part]
    told = lists if events else {}
    listed = field in _LISTED_FIELDS
    if listed and (errors := several(value.get("errors"))):  # those of the number itself come without a message
        at = moment(entry.get("time"))
        events += [Notice(account=account, field="errors", value=clean(error), at=at) for error in errors]
    if not (listed and events) or value.keys() - _AROUND - lists.keys():
        at = moment(entry.get("time")) or moment(value.get("timestamp"))
        rest = clean({name: part for name, part in value.items() if name not in told})
        events.append(
            Notice(account=account or text(entry.get("id"), ACCOUNT), field=field or "unknown", value=rest, at=at)
        )
    return events


def _guarded(name: str, account: str, value: dict[str, Any], raw: object) -> Event:
    """Read one event; whatever is wrong with it stays its own affair."""
    kind, read = _LISTS[name]
    try:
        if not isinstance(raw, dict):
            raise _Odd("not an object")
        return read(account, value, raw)
    except _Odd as odd:
        return Broken(account=account, kind=kind, reason=str(odd), raw=clean(raw))
    except Exception as error:  # a shape nobody has thought of must not hold the others for seven days
        return Broken(account=account, kind=kind, reason=f"unexpected {type(error).__name__}", raw=clean(raw))


def _message(account: str, value: dict[str, Any], raw: dict[str, Any]) -> Event:
    phone, bsuid = delivered(raw.get("from")), bsuid_of(raw.get("from_user_id")) or bsuid_of(raw.get("from"))
    contact = _contact(value, phone, bsuid)
    profile = mapping(contact.get("profile"))
    phone = phone or delivered(contact.get("wa_id"))
    bsuid = bsuid or bsuid_of(contact.get("user_id")) or bsuid_of(contact.get("wa_id"))
    if phone is None and bsuid is None:
        raise _Odd("no sender")
    context, kind = mapping(raw.get("context")), contents.raw_type(raw)
    return Message(
        account=account,
        id=identifier(raw.get("id")) or _made_id(raw),
        phone=phone,
        bsuid=bsuid,
        username=text(profile.get("username"), NAME) or None,
        name=text(profile.get("name"), NAME).strip(),
        our_number=digits_of(mapping(value.get("metadata")).get("display_phone_number")),
        sent_at=moment(raw.get("timestamp")),
        raw_type=kind,
        reply_to=text(context.get("id"), ID) or None,
        forwarded=context.get("forwarded") is True or context.get("frequently_forwarded") is True,
        group=text(raw.get("group_id"), ID) or None,
        **contents.read(raw, kind),
    )


def digits_of(number: object) -> str:
    """Return the digits of a number of ours, however it is written."""
    return _digits_in(text(number, ACCOUNT))


@lru_cache(maxsize=256)  # our own numbers: the same ones in every delivery
def _digits_in(number: str) -> str:
    return "".join(sign for sign in number if sign.isascii() and sign.isdigit())


def _contact(value: dict[str, Any], phone: str | None, bsuid: str | None) -> dict[str, Any]:
    """Return the contact card of a sender; one that is somebody else's would make two people one."""
    cards = [mapping(card) for card in several(value.get("contacts"))]
    for card in cards:
        wa_id = card.get("wa_id")
        if phone and (wa_id == phone or phone_key(delivered(wa_id) or "") == phone_key(phone)):
            return card
        if bsuid and bsuid in (card.get("user_id"), card.get("wa_id")):
            return card
    # A message without any address of its own: a lone card can only be its sender's.
    return cards[0] if len(cards) == 1 and not phone and not bsuid else {}


def _status(account: str, _value: dict[str, Any], raw: dict[str, Any]) -> Event:
    message_id, status = identifier(raw.get("id")), text(raw.get("status"), NAME)
    if not message_id or not status:
        raise _Odd("no message id" if status else "no status")
    if (what := raw.get("type")) in ("payment", "call"):
        status = f"{what} {status}"  # where that failed, the message did not
    pricing = mapping(raw.get("pricing")) or mapping(mapping(raw.get("conversation")).get("pricing"))
    billable = pricing.get("billable")
    recipients = map(raw.get, _RECIPIENTS)
    return Status(
        account=account,
        message_id=message_id,
        status=status,
        at=moment(raw.get("timestamp")),
        recipient=next((found for value in recipients if (found := text(value, ID))), None),
        opaque=text(raw.get("biz_opaque_callback_data"), OPAQUE) or None,
        errors=tuple(_failure(error) for error in several(raw.get("errors")) if isinstance(error, dict)),
        category=text(pricing.get("category"), NAME) or None,
        billable=billable if isinstance(billable, bool) else None,
    )


def _failure(error: dict[str, Any]) -> Failure:
    details = text(mapping(error.get("error_data")).get("details")) or text(error.get("details"))
    return Failure(code=text(error.get("code"), 24), title=text(error.get("title"), NAME), details=details[:500])


def _echo(account: str, value: dict[str, Any], raw: dict[str, Any]) -> Event:
    fields = contents.read(raw, contents.raw_type(raw))
    ours = digits_of(mapping(value.get("metadata")).get("display_phone_number"))
    # The person is the one who is not us, whichever way round the two are given.
    turned = bool(ours) and delivered(raw.get("to")) == ours != delivered(raw.get("from"))
    who = "from" if turned else "to"
    phone, bsuid = delivered(raw.get(who)), bsuid_of(raw.get(f"{who}_user_id")) or bsuid_of(raw.get(who))
    card = _contact(value, phone, bsuid)
    group = bool(text(raw.get("group_id"), ID))  # what was said to many was said to nobody in particular
    return Echo(
        account=account,
        id=identifier(raw.get("id")) or _made_id(raw),
        to=None if group else phone or delivered(card.get("wa_id")),
        bsuid=None if group else bsuid or bsuid_of(card.get("user_id")),
        sent_at=moment(raw.get("timestamp")),
        type=fields["type"],
        text=contents.typed(fields),
    )


def _id_update(account: str, _value: dict[str, Any], raw: dict[str, Any]) -> Event:
    """Read a new id of a user's as what it is for us: a message of the system's about its sender."""
    ids = mapping(raw.get("user_id")) or raw
    before, after = bsuid_of(ids.get("previous")), bsuid_of(ids.get("current"))
    phone = delivered(raw.get("wa_id"))
    if after is None or (before is None and phone is None):
        raise _Odd("no user id")
    return Message(
        account=account,
        id=_made_id(raw),
        phone=phone,
        bsuid=before,
        sent_at=moment(raw.get("timestamp")),
        type=MessageType.SYSTEM,
        raw_type="user_id_update",
        details={"what": "user_id_update", "phone": None, "bsuid": after},
    )


def identifier(value: object) -> str:
    """Return an id that fits its column; one that is too long is told apart by its hash."""
    given = text(value)
    return given if len(given) <= LONGEST_ID else f"long:{sha256(given.encode()).hexdigest()}"


def _made_id(raw: dict[str, Any]) -> str:
    """Return an id for a message that has none: the same message always gets the same one."""
    return "made:" + sha256(json.dumps(clean(raw), sort_keys=True).encode()).hexdigest()


_LISTS: dict[str, tuple[InboundKind, Callable[[str, dict[str, Any], dict[str, Any]], Event]]] = {
    "messages": (InboundKind.MESSAGE, _message),
    "statuses": (InboundKind.STATUS, _status),
    "message_echoes": (InboundKind.ECHO, _echo),
    "user_id_update": (InboundKind.MESSAGE, _id_update),
}
