"""What is inside a message: WhatsApp's own nodes as the same few fields that Meta's types become."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..contents import ID, NAME, Fields
from ..events import MessageType
from ..tolerant import clean, decode, items, mapping, text

# Messages inside one another; deeper than two has not been seen.
_DEEPEST = 6
# Beside the content, and no content themselves.
_BESIDE = frozenset({"messageContextInfo", "senderKeyDistributionMessage", "contextInfo"}) | frozenset(
    {"base64", "mediaUrl", "speechToText"}
)
# A voice note that comes inside its webhook; what is longer is fetched when it is needed.
INLINE_LIMIT = 4 * 2**20
# What makes up most of a media node and helps nobody to fetch it.
_BALLAST = frozenset({"jpegThumbnail", "waveform", "contextInfo", "streamingSidecar", "scansSidecar"})
_REVOKE, _EDIT = frozenset({0, "0", "REVOKE"}), frozenset({14, "14", "MESSAGE_EDIT"})
_WAID = re.compile(r"waid=(\d{6,15})", re.ASCII)
_TEL = re.compile(r"^(?:item\d+\.)?TEL[^:]*:(.+)$", re.MULTILINE)


def read(message: object) -> Fields:
    """Return the fields that the content of a message fills; `type` is always among them."""
    name, node = _content(mapping(message))
    if not name:
        # An empty message is one that could not be deciphered: nothing was said that could be answered.
        return {"type": MessageType.UNKNOWN}
    reader = _READERS.get(name)
    if reader is None:
        return {"type": MessageType.UNKNOWN, "details": {"raw": clean(node)}}
    return reader(node) or {"type": MessageType.UNSUPPORTED}


def name_of(message: object) -> str:
    """Return the name of the node that carries the content."""
    return _content(mapping(message))[0][:NAME]


def context_of(message: object) -> Fields:
    """Return what a message says about the one it answers, where it was not lifted out already."""
    return mapping(mapping(_content(mapping(message))[1]).get("contextInfo"))


def attachment(key: Mapping[str, Any], message: object) -> Fields:
    """Return all that fetching a voice note takes, and its bytes (base64) when they came with it."""
    name, node = _content(mapping(message))
    light = {field: value for field, value in mapping(node).items() if field not in _BALLAST}
    reference = {name: text(key.get(name), ID) for name in ("id", "remoteJid")} | {"fromMe": False}
    found: Fields = {"media": {"key": reference, "message": {name: clean(light)}}}
    inline = mapping(message).get("base64")
    if isinstance(inline, str) and 0 < len(inline) <= INLINE_LIMIT:
        found["base64"] = text(inline, INLINE_LIMIT)
    return found


def _content(message: Fields) -> tuple[str, Any]:
    for _ in range(_DEEPEST):
        name = next((name for name in message if name not in _BESIDE and message[name] is not None), "")
        # Whatever is no content and has a message inside is an envelope; each year brings another.
        inside = None if name in _READERS else mapping(message.get(name)).get("message")
        if not isinstance(inside, dict):
            return name, message.get(name)
        message = inside
    return "", None


def _words(of: Any) -> Fields | None:
    said = of if isinstance(of, str) else mapping(of).get("text")
    return {"type": MessageType.TEXT, "text": text(said)} if isinstance(said, str) else None


def _media(kind: MessageType) -> Callable[[Any], Fields | None]:
    def read(of: Any) -> Fields | None:
        if not isinstance(of, dict):
            return None
        filename = text(of.get("fileName"), NAME)
        return {
            "type": kind,
            "text": text(of.get("caption")),
            "mime": text(of.get("mimetype"), NAME) or None,
            "voice": of.get("ptt") is True,
            "details": {"filename": filename} if filename else {},
        }

    return read


def _list_reply(of: Any) -> Fields | None:
    node = mapping(of)
    return _tap(mapping(node.get("singleSelectReply")).get("selectedRowId"), node.get("title"))


def _button_reply(of: Any) -> Fields | None:
    node = mapping(of)
    return _tap(node.get("selectedButtonId"), node.get("selectedDisplayText"))


def _template_reply(of: Any) -> Fields | None:
    node = mapping(of)
    return _tap(node.get("selectedId"), node.get("selectedDisplayText"))


def _flow_reply(of: Any) -> Fields | None:
    """Read a tap of the newer kind; its parameters are JSON inside a string."""
    node = mapping(of)
    written = mapping(node.get("nativeFlowResponseMessage")).get("paramsJson")
    try:
        parameters = mapping(decode(written.encode(errors="replace"))) if isinstance(written, str) else {}
    except ValueError:
        parameters = {}
    title = text(mapping(node.get("body")).get("text")) or text(parameters.get("title"))
    return _tap(parameters.get("id"), title)


def _tap(payload: object, title: object) -> Fields | None:
    chosen, shown = text(payload, ID), text(title)
    if not chosen:
        # The title alone still says what was meant.
        return {"type": MessageType.TEXT, "text": shown} if shown else None
    return {"type": MessageType.INTERACTIVE, "text": shown, "payload": chosen}


def _location(of: Any) -> Fields | None:
    node = mapping(of)
    place = {"latitude": node.get("degreesLatitude"), "longitude": node.get("degreesLongitude")}
    place |= {name: node.get(name) for name in ("name", "address")}
    return {"type": MessageType.LOCATION, "details": mapping(clean(place))}


def _one_card(of: Any) -> Fields | None:
    return {"type": MessageType.CONTACTS, "details": {"people": [_person(mapping(of))]}}


def _cards(of: Any) -> Fields | None:
    people = [_person(mapping(card)) for card in items(mapping(of).get("contacts"))]
    return {"type": MessageType.CONTACTS, "details": {"people": people}}


def _person(card: Fields) -> Fields:
    vcard = text(card.get("vcard"))
    phones = _WAID.findall(vcard) or [found.strip()[:NAME] for found in _TEL.findall(vcard)]
    return {"name": text(card.get("displayName"), NAME), "phones": phones}


def _reaction(of: Any) -> Fields | None:
    node = mapping(of)
    about = text(mapping(node.get("key")).get("id"), ID)
    return {"type": MessageType.REACTION, "text": text(node.get("text"), NAME), "details": {"about": about}}


def _mark(of: Any) -> Fields | None:
    """Read a mark on another message (pinned, kept, a reaction that nobody deciphers): it says nothing."""
    node = mapping(of)
    key = mapping(node.get("key")) or mapping(node.get("targetMessageKey"))
    return {"type": MessageType.REACTION, "details": {"about": text(key.get("id"), ID)}}


def _order(of: Any) -> Fields | None:
    return {"type": MessageType.ORDER, "text": text(mapping(of).get("message"))}


def _poll(_of: Any) -> Fields | None:
    return {"type": MessageType.UNSUPPORTED, "details": {"what": "poll"}}


def protocol(of: Any) -> Fields:
    """Read what WhatsApp says about an earlier message: it was taken back, or changed."""
    node = mapping(of)
    original = text(mapping(node.get("key")).get("id"), ID)
    if _among(node.get("type"), _REVOKE):
        return {"type": MessageType.REVOKE, "details": {"original": original}}
    if _among(node.get("type"), _EDIT):
        name, inside = _content(mapping(node.get("editedMessage")))
        fields = (_READERS[name](inside) if name in _READERS and name != "protocolMessage" else None) or {}
        kind = fields.get("type", MessageType.UNKNOWN)
        return {**fields, "type": MessageType.EDIT, "details": {"original": original, "type": kind.value}}
    return {"type": MessageType.UNKNOWN}


def _among(value: object, known: frozenset[Any]) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value in known


def _readers() -> Iterator[tuple[str, Callable[[Any], Fields | None]]]:
    yield from ((name, _words) for name in ("conversation", "extendedTextMessage"))
    yield "audioMessage", _media(MessageType.AUDIO)
    yield "imageMessage", _media(MessageType.IMAGE)
    yield from ((name, _media(MessageType.VIDEO)) for name in ("videoMessage", "ptvMessage"))
    yield "documentMessage", _media(MessageType.DOCUMENT)
    yield from ((name, _media(MessageType.STICKER)) for name in ("stickerMessage", "lottieStickerMessage"))
    yield from ((name, _location) for name in ("locationMessage", "liveLocationMessage"))
    yield "contactMessage", _one_card
    yield "contactsArrayMessage", _cards
    yield "listResponseMessage", _list_reply
    yield "buttonsResponseMessage", _button_reply
    yield "templateButtonReplyMessage", _template_reply
    yield "interactiveResponseMessage", _flow_reply
    yield "reactionMessage", _reaction
    yield from ((name, _mark) for name in ("encReactionMessage", "pinInChatMessage", "keepInChatMessage"))
    yield "orderMessage", _order
    yield "protocolMessage", protocol
    polls = ("pollCreationMessage", "pollCreationMessageV2", "pollCreationMessageV3", "eventMessage")
    yield from ((name, _poll) for name in polls)


_READERS = dict(_readers())
