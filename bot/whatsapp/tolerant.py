"""Read JSON that may be anything: each function returns a value of its type, or an empty one, and never raises."""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from ..exact_json import keeps_digits

# WhatsApp lets a person write 65,536 characters; more can only be somebody else's idea.
LONGEST_TEXT = 65_536
# Deeper than anything Meta sends, and far from Python's own limit.
DEEPEST = 40

# NaN and Infinity are no JSON, but Python would read them and Postgres would refuse them.
_JSON = json.JSONDecoder(parse_constant=lambda _name: None)
# Postgres stores neither U+0000 nor half of a surrogate pair.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_MILLISECONDS = 10**11  # as seconds this would be the year 5138
_NUMERIC = (str, int, float)


def decode(raw: bytes) -> Any:
    """Return the JSON value in `raw`; raise `ValueError` when there is none."""
    try:
        return orjson.loads(raw) if keeps_digits(raw) else _decode(raw)
    except orjson.JSONDecodeError:  # it refuses much that Python's own takes
        return _decode(raw)


def _decode(raw: bytes) -> Any:
    try:
        value: Any = _JSON.decode(raw.decode(json.detect_encoding(raw), "surrogatepass"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def storable(text: str) -> str:
    """Return `text` with what a database cannot store replaced by U+FFFD."""
    try:
        text.encode()  # far faster than to look for surrogates
    except UnicodeEncodeError:
        return _UNSTORABLE.sub("\ufffd", text)
    return text.replace("\0", "\ufffd")


def text(value: object, limit: int = LONGEST_TEXT) -> str:
    """Return a string, storable and at most `limit` long; a number counts as its digits."""
    if isinstance(value, str):
        cut = value[:limit]
        return cut if cut.isascii() and "\0" not in cut else storable(cut)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
        return str(value)
    return ""


def mapping(value: object) -> dict[str, Any]:
    """Return a JSON object."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Return a JSON array."""
    return value if isinstance(value, list) else []


def several(value: object) -> list[Any]:
    """Return a JSON array; an object in its place is one of what should be in it."""
    return [value] if isinstance(value, dict) else items(value)


def our_id(value: object) -> UUID | None:
    """Return an id of ours that travelled and came back."""
    try:
        return UUID(str(value))
    except ValueError:
        return None


def moment(value: object) -> datetime | None:
    """Return the time of a Unix timestamp, in seconds or (it happens) milliseconds, number or text."""
    if isinstance(value, bool) or not isinstance(value, _NUMERIC):
        return None
    try:
        seconds = float(value)
        if seconds >= _MILLISECONDS:
            seconds /= 1000
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def clean(value: Any, depth: int = 0) -> Any:
    """Return any decoded JSON in a form that every database stores: texts, numbers and depth within bounds."""
    match value:
        case str():
            return storable(value)
        case float() if not math.isfinite(value):
            return None
        case dict() | list() if depth >= DEEPEST:
            return "…"
        case dict():
            return {storable(str(name)): clean(inner, depth + 1) for name, inner in value.items()}
        case list():
            return [clean(inner, depth + 1) for inner in value]
    return value
