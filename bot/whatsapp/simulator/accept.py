"""Read what a business posts to `/messages`, by Meta's rules: what Meta would refuse is refused here."""

from collections.abc import Callable, Mapping
from typing import Any

from ..outgoing import (
    BODY_LIMIT,
    BUTTON_ID,
    BUTTON_TITLE,
    BUTTONS,
    LABEL,
    ROW_DESCRIPTION,
    ROW_ID,
    ROW_TITLE,
    ROWS,
    TEXT_LIMIT,
)
from .catalogue import Catalogue
from .phones import Tap
from .refusal import invalid, missing, unknown

Json = Mapping[str, Any]
TRACKER = 512
FILENAME = 240


def fields(body: Json, catalogue: Catalogue) -> dict[str, Any]:
    """Return the fields of the bubble that `body` asks for."""
    kind = body.get("type", "text")
    reader = _READERS.get(str(kind))
    if kind == "template":
        read = catalogue.fill(_part(body, "template"))
    elif reader:
        read = reader(_part(body, str(kind)))
    else:
        raise unknown(f"type {kind!r} is not supported here")
    tracker = str(body.get("biz_opaque_callback_data") or "")
    if len(tracker) > TRACKER:
        raise invalid(f"biz_opaque_callback_data is longer than {TRACKER} characters")
    context = body.get("context")
    answered = str(context.get("message_id") or "") if isinstance(context, Mapping) else ""
    return read | {"kind": str(kind), "tracker": tracker, "context": answered}


def recipient(body: Json) -> str:
    """Return what a message is addressed to: digits, or the business-scoped id of a person."""
    if body.get("messaging_product") != "whatsapp":
        raise missing("messaging_product")
    digits = str(body.get("to") or "").removeprefix("+")
    if not digits:
        return _words(body, "recipient", BUTTON_ID)
    if not digits.isdecimal() or not 8 <= len(digits) <= 15:
        raise invalid("to is not a phone number")
    return digits


def _text(of: Json) -> dict[str, Any]:
    return {"text": _words(of, "body", TEXT_LIMIT)}


def _image(of: Json) -> dict[str, Any]:
    caption = of.get("caption")
    return {
        "media": _words(of, "id", BUTTON_ID),
        "text": "" if caption is None else _words(of, "caption", BODY_LIMIT),
    }


def _document(of: Json) -> dict[str, Any]:
    return _image(of) | {"filename": _words(of, "filename", FILENAME)}


def _interactive(of: Json) -> dict[str, Any]:
    read = {
        "text": _words(_part(of, "body"), "text", BODY_LIMIT),
        "header": _words(_part(of, "header"), "text", 60) if "header" in of else "",
        "footer": _words(_part(of, "footer"), "text", 60) if "footer" in of else "",
    }
    action = _part(of, "action")
    match of.get("type"):
        case "button":
            return read | {"taps": "button", "options": _buttons(action)}
        case "list":
            label = _words(action, "button", LABEL)
            return read | {"taps": "list", "options": _rows(action), "label": label}
        case other:
            raise unknown(f"interactive type {other!r} is not supported here")


def _buttons(action: Json) -> tuple[Tap, ...]:
    replies = [_part(button, "reply") for button in _list(action, "buttons", BUTTONS)]
    taps = (Tap(_words(reply, "id", BUTTON_ID), _words(reply, "title", BUTTON_TITLE)) for reply in replies)
    return _distinct(tuple(taps))


def _rows(action: Json) -> tuple[Tap, ...]:
    sections = _list(action, "sections", ROWS)
    taps = tuple(
        Tap(
            _words(row, "id", ROW_ID),
            _words(row, "title", ROW_TITLE),
            _words(row, "description", ROW_DESCRIPTION) if row.get("description") else "",
            _words(section, "title", ROW_TITLE) if len(sections) > 1 else str(section.get("title") or ""),
        )
        for section in sections
        for row in _list(section, "rows", ROWS)
    )
    if len(taps) > ROWS:
        raise invalid(f"a list has at most {ROWS} rows in all")
    return _distinct(taps)


def _distinct(taps: tuple[Tap, ...]) -> tuple[Tap, ...]:
    if len({tap.id for tap in taps}) < len(taps):
        raise invalid("ids must be unique")
    return taps


def _part(of: Json, name: str) -> Json:
    part = of.get(name)
    if not isinstance(part, Mapping):
        raise missing(name)
    return part


def _list(of: Json, name: str, most: int) -> list[Json]:
    parts = of.get(name)
    if not isinstance(parts, list) or not all(isinstance(part, Mapping) for part in parts):
        raise missing(name)
    if not 1 <= len(parts) <= most:
        raise invalid(f"{name} must have 1 to {most} elements")
    return parts


def _words(of: Json, name: str, most: int) -> str:
    words = of.get(name)
    if not isinstance(words, str) or not words.strip():
        raise missing(name)
    if len(words) > most:
        raise invalid(f"{name} is longer than {most} characters")
    return words


_READERS: dict[str, Callable[[Json], dict[str, Any]]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "interactive": _interactive,
}
