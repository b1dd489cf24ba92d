"""Our messages as the JSON that Evolution takes: plain texts and pictures, options as numbered lines.

Buttons and lists exist there too, but whether a phone shows them changes with every version of WhatsApp.
"""

import re
from typing import Any
from uuid import UUID

from ..faults import Action, Fault, SendFailed
from ..outgoing import Document, Image, Outgoing, Template, plain
from ..transport import Address

Json = dict[str, Any]

# Milliseconds of "digitando…" before a message: a person needs longer for more, a robot answers at once.
_TYPING_LEAST, _TYPING_MOST, _TYPING_A_SIGN = 600, 2400, 12
# 2.4 lets the caller name the message; older versions do not look. WhatsApp Web's own ids begin like this.
_PREFIX = "3EB0"
_OUR_ID = re.compile(_PREFIX + r"([0-9A-F]{32})", re.ASCII)


def request(to: Address, message: Outgoing, *, opaque: str, reply_to: str | None = None) -> tuple[str, Json]:
    """Return the endpoint and the body that send `message`; raise `SendFailed` for what cannot be said here."""
    body: Json = {"number": to.phone or to.lid, **_content(message), "delay": typing_time(plain(message))}
    if identifier := message_id(opaque):
        body["messageId"] = identifier
    if reply_to:
        body["quoted"] = {"key": {"id": reply_to}}
    return ("sendMedia" if isinstance(message, Image | Document) else "sendText"), body


def _content(message: Outgoing) -> Json:
    match message:
        case Image(data=data, caption=caption):
            media: Json = {"mediatype": "image", "mimetype": "image/png", "fileName": "imagem.png", "media": data}
            return media | ({"caption": caption} if caption else {})
        case Document(data=data, filename=filename, caption=caption, mime=mime):
            file: Json = {"mediatype": "document", "mimetype": mime, "fileName": filename, "media": data}
            return file | ({"caption": caption} if caption else {})
        case Template(name=name):
            raise SendFailed(Fault("no_templates", Action.BUG, f"{name}: templates are Meta's"))
        case _:
            words = plain(message)
            return {"text": words, "linkPreview": "https://" in words}


def typing_time(words: str) -> int:
    """Return for how many milliseconds to show that somebody is typing `words`."""
    return max(_TYPING_LEAST, min(_TYPING_A_SIGN * len(words), _TYPING_MOST))


def message_id(opaque: str) -> str:
    """Return the id that a row of ours gives its message: sending it twice is then one message on the phone."""
    try:
        return _PREFIX + UUID(opaque).hex.upper()
    except ValueError:
        return ""


def row_of(identifier: str) -> str | None:
    """Return the row that named a message so, or None when somebody else did."""
    match = _OUR_ID.fullmatch(identifier)
    return str(UUID(match[1])) if match else None
