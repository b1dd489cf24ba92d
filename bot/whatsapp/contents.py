"""What is inside a message, by type: every shape of Meta's becomes the same few fields.

Each reader takes the object that the type names and returns the fields of `events.Message` that it fills, or
None when the object is not what it should be: then the message counts as unsupported and is answered politely.
"""

import re
from collections.abc import Callable
from typing import Any

from .events import MessageType
from .phones import bsuid_of, delivered
from .tolerant import clean, decode, items, mapping, text

Fields = dict[str, Any]

ID = 256  # the longest id that WhatsApp gives or takes
NAME = 120
_VCARD_NAME = re.compile(r"^FN[^:\n]*:(.+)$", re.MULTILINE)


def _words(of: Fields) -> Fields | None:
    said = text(of.get("body"))
    return {"type": MessageType.TEXT, "text": said} if said or of.get("body") == "" else None


def _media(kind: MessageType) -> Callable[[Fields], Fields | None]:
    def read(of: Fields) -> Fields | None:
        media_id, caption = text(of.get("id"), ID), text(of.get("caption"))
        if not media_id:  # what was written below it can still be answered
            return {"type": MessageType.UNSUPPORTED, "text": caption}
        filename, mime = text(of.get("filename"), NAME), text(of.get("mime_type"), NAME)
        return {
            "type": kind,
            "text": caption,
            "media_id": media_id,
            "mime": mime or None,
            # A file of music says that it is no voice; what was left on the voicemail says nothing.
            "voice": of.get("voice", "opus" in mime) is True,
            "details": {"filename": filename} if filename else {},
        }

    return read


def _old_voice(of: Fields) -> Fields | None:
    return _media(MessageType.AUDIO)({**of, "voice": True})


def _quick_reply(of: Fields) -> Fields | None:
    title, payload = text(of.get("text")), text(of.get("payload"), ID)
    return {"type": MessageType.BUTTON, "text": title, "payload": payload or None} if title or payload else None


def _interactive(of: Fields) -> Fields | None:
    if reply := mapping(of.get("button_reply")) or mapping(of.get("list_reply")):
        payload, title = text(reply.get("id"), ID), text(reply.get("title"))
        if not payload:  # the title alone still says what was meant
            return {"type": MessageType.TEXT, "text": title} if title else None
        return {"type": MessageType.INTERACTIVE, "text": title, "payload": payload}
    if form := mapping(of.get("nfm_reply")):
        return {"type": MessageType.FLOW, "text": text(form.get("body")), "details": {"answers": _answers(form)}}
    if reply := mapping(of.get("call_permission_reply")):
        return {"type": MessageType.CALL_PERMISSION, "details": {"response": text(reply.get("response"), NAME)}}
    return None


def _answers(form: Fields) -> Fields:
    """Return the answers of a form; they come as JSON inside a string, which is not always JSON."""
    written = form.get("response_json")
    try:
        answers = decode(written.encode(errors="replace")) if isinstance(written, str) else written
    except ValueError:
        return {}
    return mapping(clean(answers))


def _location(of: Fields) -> Fields | None:
    place = {name: of.get(name) for name in ("latitude", "longitude", "name", "address")}
    return {"type": MessageType.LOCATION, "details": mapping(clean(place))}


def _reaction(of: Fields) -> Fields | None:
    # No emoji, or an empty one, takes the reaction back.
    about = text(of.get("message_id"), ID)
    return {"type": MessageType.REACTION, "text": text(of.get("emoji"), NAME), "details": {"about": about}}


def _order(of: Fields) -> Fields | None:
    count = len(items(of.get("product_items")))
    return {"type": MessageType.ORDER, "text": text(of.get("text")), "details": {"items": count}}


def _system(of: Fields) -> Fields | None:
    details = {
        "what": text(of.get("type"), NAME),
        "phone": delivered(of.get("wa_id")) or delivered(of.get("new_wa_id")),
        "bsuid": bsuid_of(of.get("user_id")),
    }
    return {"type": MessageType.SYSTEM, "text": text(of.get("body")), "details": details}


def _revoke(of: Fields) -> Fields | None:
    return {"type": MessageType.REVOKE, "details": {"original": text(of.get("original_message_id"), ID)}}


def _edit(of: Fields) -> Fields | None:
    inside = mapping(of.get("message"))
    if "edit" in inside:  # an edit of an edit of an edit: no such thing, and no recursion
        return None
    fields = read(inside, raw_type(inside))
    details = {"original": text(of.get("original_message_id"), ID), "type": fields["type"].value}
    return {**fields, "type": MessageType.EDIT, "details": details}


_READERS: dict[str, Callable[[Fields], Fields | None]] = {
    "text": _words,
    "button": _quick_reply,
    "interactive": _interactive,
    "audio": _media(MessageType.AUDIO),
    "voice": _old_voice,
    "image": _media(MessageType.IMAGE),
    "video": _media(MessageType.VIDEO),
    "document": _media(MessageType.DOCUMENT),
    "sticker": _media(MessageType.STICKER),
    "location": _location,
    "reaction": _reaction,
    "order": _order,
    "system": _system,
    "revoke": _revoke,
    "edit": _edit,
}


def _people(cards: list[Any]) -> Fields:
    """Read shared contact cards: names, and the numbers that are on WhatsApp or at least look like numbers."""
    people = []
    for card in map(mapping, cards):
        phones = [delivered(phone.get("wa_id")) or text(phone.get("phone"), NAME) for phone in _phones(card)]
        name = text(mapping(card.get("name")).get("formatted_name"), NAME) or _name_in(text(card.get("vcard")))
        people.append({"name": name, "phones": [phone for phone in phones if phone]})
    return {"type": MessageType.CONTACTS, "details": {"people": people}}


def _name_in(vcard: str) -> str:
    """Return the name on a vCard: some cards come as nothing else but that and a number."""
    found = _VCARD_NAME.search(vcard)
    return found[1].strip()[:NAME] if found else ""


def _phones(card: Fields) -> list[Fields]:
    return [mapping(phone) for phone in items(card.get("phones"))]


def raw_type(raw: Fields) -> str:
    """Return the type a message says it has, or the one its content shows when it says nothing."""
    return text(raw.get("type"), NAME) or next((name for name in (*_READERS, "contacts") if name in raw), "")


def typed(fields: Fields) -> str:
    """Return the words of a message that somebody of ours wrote; an emoji under another message is none."""
    return "" if fields["type"] is MessageType.REACTION else str(fields.get("text", ""))


def read(raw: Fields, kind: str) -> Fields:
    """Return the fields that the content of a message of raw type `kind` fills; `type` is always among them."""
    if kind == "contacts":
        return _people(items(raw.get("contacts")))
    if kind == "request_welcome":
        return {"type": MessageType.WELCOME}
    if kind == "unsupported":
        what = text(mapping(raw.get("unsupported")).get("type"), NAME)
        return {"type": MessageType.UNSUPPORTED, "details": {"what": what} if what else {}}
    reader = _READERS.get(kind)
    if reader is None:
        return {"type": MessageType.UNKNOWN, "details": {"raw": clean(raw.get(kind))}}
    content = raw.get(kind)
    if not isinstance(content, dict):
        content = {"body": content} if kind == "text" else {}
    return reader(content) or {"type": MessageType.UNSUPPORTED}
