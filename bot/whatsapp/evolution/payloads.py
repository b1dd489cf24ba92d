"""Evolution's webhook bodies as our own values: the same that Meta's become, so that nothing further in differs.

Nothing here raises. What belongs to other people (groups, lists of contacts, the history of the phone) is not
kept at all, and neither are the server's key, which travels in every body, and QR codes, which open the account.
"""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from ...models.enums import Channel, InboundKind
from ..contents import ID, NAME, typed
from ..events import Batch, Broken, Echo, Event, Failure, Message, MessageType, Notice, Status
from ..tolerant import clean, mapping, moment, text
from . import contents, jids
from .wire import row_of

Json = dict[str, Any]

# What became of a message of ours; older versions write the number, and an instance on Meta's own API Meta's words.
_STATUSES = {
    **dict.fromkeys(("SERVER_ACK", "2", "SENT"), "sent"),
    **dict.fromkeys(("DELIVERY_ACK", "3", "DELIVERED"), "delivered"),
    **dict.fromkeys(("READ", "4"), "read"),
    **dict.fromkeys(("PLAYED", "5"), "played"),
    **dict.fromkeys(("ERROR", "0", "FAILED"), "failed"),
}
# Said when the socket took it, before WhatsApp did.
ACCEPTED = "accepted"
_SECRETS = frozenset({"apikey", "api_key", "qrcode", "token", "base64", "pairingCode"})
# Families of events that are about other people, or about the phone's past.
_NOT_OURS = ("contacts.", "chats.", "groups.", "group.", "presence.", "labels.", "messaging.history.", "call")
_NOT_KEPT = frozenset({"messages.set", "chats", "contacts", "typebot.start", "typebot.change.status"})


class _Odd(Exception):
    """This event makes no sense, for the reason in the text."""


def parse(body: object, instance: str) -> Batch:
    """Return the events in a decoded webhook body that came to the address of `instance`."""
    bodies = body if isinstance(body, list) else [body]
    return Batch(tuple(event for each in bodies for event in _envelope(each, instance)), Channel.EVOLUTION)


def unreadable(raw: bytes, instance: str) -> Batch:
    """Return what is kept of a body that is not JSON."""
    shown = text(raw.decode(errors="replace"), 10_000)
    return Batch((_broken(instance, "not JSON", shown),), Channel.EVOLUTION)


def _envelope(body: object, instance: str) -> Iterator[Event]:
    if not isinstance(body, dict):
        yield _broken(instance, "not an object", clean(body))
        return
    name = text(body.get("event"), NAME).lower().replace("_", ".").replace("-", ".")
    if not name:
        yield _broken(instance, "no event", _shown(body))
        return
    named = text(body.get("instance"), NAME)
    if named and named != instance:
        yield _broken(instance, "of another instance", {"event": name, "instance": named})
        return
    if name.startswith(_NOT_OURS) or name in _NOT_KEPT:
        return
    kind, read = _READERS.get(name, (InboundKind.NOTICE, _notice))
    data = body.get("data")
    if name not in _READERS and not isinstance(data, dict):  # news may look like anything
        data = {"data": data}
    for raw in data if isinstance(data, list) and name in _READERS else [data]:
        found = _guarded(kind, read, instance, {**body, "event": name}, raw)
        if found is not None:
            yield found


_Reader = Callable[[str, Json, Json], Event | None]


def _guarded(kind: InboundKind, read: _Reader, instance: str, body: Json, raw: object) -> Event | None:
    """Read one event; whatever is wrong with it stays its own affair."""
    try:
        if not isinstance(raw, dict):
            raise _Odd("not an object")
        return read(instance, body, raw)
    except _Odd as odd:
        return _broken(instance, str(odd), _shown(raw), kind)
    except Exception as error:  # a shape nobody has thought of must not hold the others
        return _broken(instance, f"unexpected {type(error).__name__}", _shown(raw), kind)


def _broken(instance: str, reason: str, raw: Any, kind: InboundKind = InboundKind.NOTICE) -> Broken:
    return Broken(account=instance, kind=kind, reason=reason, raw=raw)


def _shown(raw: object) -> Any:
    """Return what is kept of something: everything but its secrets."""
    kept = {name: value for name, value in raw.items() if name not in _SECRETS} if isinstance(raw, dict) else raw
    return clean(kept)


def _upsert(instance: str, body: Json, raw: Json) -> Event | None:
    """Read a message: a person's, or one that somebody typed on our own phone."""
    key = mapping(raw.get("key"))
    if jids.is_crowd(text(key.get("remoteJid"), NAME)):
        return None
    who, ours = jids.person({**raw, **key}), jids.ours(key)
    if who.nobody:
        raise _Odd("no sender")
    fields = contents.read(raw.get("message"))
    sent_at = moment(_seconds(raw.get("messageTimestamp")))
    if ours and who.phone and who.phone == jids.phone_of(text(body.get("sender"), NAME)):
        # In the chat with ourselves: what came back to this phone has been all the way.
        return Status(account=instance, message_id=_id(key.get("id")) or "?", status="delivered", at=sent_at)
    if ours:
        kind, said, identifier = fields["type"], typed(fields), _id(key.get("id")) or _made_id(raw)
        to, lid = who.phone, who.lid
        return Echo(account=instance, id=identifier, to=to, bsuid=None, lid=lid, sent_at=sent_at, type=kind, text=said)
    return _message(instance, body, raw, key, who, fields)


def _message(instance: str, body: Json, raw: Json, key: Json, who: jids.Person, fields: Json) -> Message:
    identifier = _id(key.get("id")) or _made_id(raw)
    said = mapping(raw.get("message"))
    context = mapping(raw.get("contextInfo")) or contents.context_of(said)
    details = fields.pop("details", {})
    if fields["type"] is MessageType.AUDIO:
        details = details | contents.attachment(key, said)
    if "mime" in fields:
        fields["media_id"] = identifier
    return Message(
        account=instance,
        id=identifier,
        phone=who.phone,
        bsuid=None,
        lid=who.lid,
        name=text(raw.get("pushName"), NAME).strip(),
        our_number=jids.phone_of(text(body.get("sender"), NAME)) or "",
        sent_at=moment(_seconds(raw.get("messageTimestamp"))),
        raw_type=text(raw.get("messageType"), NAME) or contents.name_of(said),
        reply_to=text(context.get("stanzaId"), ID) or None,
        forwarded=context.get("isForwarded") is True,
        # Receipts go to the very address that it came from.
        details={**details, "jid": text(key.get("remoteJid"), NAME)},
        **fields,
    )


def _seconds(value: object) -> object:
    """Return a timestamp that may be a number of 64 bits in two halves."""
    return mapping(value).get("low") if isinstance(value, dict) else value


def _updates(instance: str, _body: Json, raw: Json) -> Event | None:
    """Read what became of a message; of other people's messages that is nobody's business."""
    key = mapping(raw.get("key")) or raw
    inside = mapping(raw.get("update")) or raw
    if jids.ours(key) is False or jids.is_crowd(text(key.get("remoteJid"), NAME)):
        return None
    message_id = _id(raw.get("keyId")) or _id(key.get("id"))
    state = text(inside.get("status"), NAME).upper()
    if not message_id or not state:
        raise _Odd("no message id" if state else "no status")
    if state not in _STATUSES:
        return None
    status = _STATUSES[state]
    errors = (Failure(code="evolution_error", title=state),) if status == "failed" else ()
    return Status(account=instance, message_id=message_id, status=status, opaque=row_of(message_id), errors=errors)


def _sent(instance: str, _body: Json, raw: Json) -> Event | None:
    """Read the echo of a message that left through the API: with it a send without an answer is settled."""
    key = mapping(raw.get("key"))
    message_id, who = _id(key.get("id")), jids.person({**key, "fromMe": True})
    if not message_id:
        raise _Odd("no message id")
    if who.nobody:
        return None
    return Status(
        account=instance,
        message_id=message_id,
        status=ACCEPTED,
        at=moment(_seconds(raw.get("messageTimestamp"))),
        recipient=who.phone or who.lid,
        opaque=row_of(message_id),
        said=contents.read(raw.get("message")).get("text", ""),
    )


def _edited(instance: str, body: Json, raw: Json) -> Event | None:
    return _about_earlier(instance, body, raw, mapping(raw.get("key")), contents.protocol(raw))


def _deleted(instance: str, body: Json, raw: Json) -> Event | None:
    key = mapping(raw.get("key")) or raw
    details = {"original": text(key.get("id"), ID)}
    return _about_earlier(instance, body, raw, key, {"type": MessageType.REVOKE, "details": details})


def _about_earlier(instance: str, body: Json, raw: Json, key: Json, fields: Json) -> Event | None:
    """Read a change of an earlier message. Its key may name us: then nobody can tell whose it was."""
    who, us = jids.person(key), jids.phone_of(text(body.get("sender"), NAME))
    if jids.ours(key) or jids.is_crowd(text(key.get("remoteJid"), NAME)) or who.nobody:
        return None
    if fields["type"] is MessageType.UNKNOWN or (us and who.phone == us):
        return None
    return Message(
        account=instance, id=_made_id(raw), phone=who.phone, bsuid=None, lid=who.lid, raw_type=body["event"], **fields
    )


def _qr(instance: str, body: Json, raw: Json) -> Event | None:
    """Keep that nobody scanned the code; the codes themselves change every twenty seconds."""
    return _notice(instance, body, raw) if raw.get("message") else None


def _notice(instance: str, body: Json, raw: Json) -> Event:
    # Its clock is local time that says it is UTC: good for telling two events apart, and for nothing else.
    value = {**mapping(_shown(raw)), "date_time": text(body.get("date_time"), NAME)}
    return Notice(account=instance, field=body["event"], value=value)


def _id(value: object) -> str:
    """Return an id that fits its column; one that is too long is told apart by its hash."""
    given = text(value)
    return given if len(given) <= ID - 40 else f"long:{sha256(given.encode()).hexdigest()}"


def _made_id(raw: Json) -> str:
    return "made:" + sha256(json.dumps(_shown(raw), sort_keys=True).encode()).hexdigest()


_READERS: dict[str, tuple[InboundKind, _Reader]] = {
    "messages.upsert": (InboundKind.MESSAGE, _upsert),
    "messages.update": (InboundKind.STATUS, _updates),
    "send.message": (InboundKind.STATUS, _sent),
    "messages.edited": (InboundKind.MESSAGE, _edited),
    "messages.delete": (InboundKind.MESSAGE, _deleted),
    "qrcode.updated": (InboundKind.NOTICE, _qr),
}
