"""JSON by the fast library, and by Python's own where the fast one would round an integer or give up."""

import json
from collections.abc import Callable
from typing import Any, Final

import orjson

_DIGITS: Final = bytes.maketrans(b"0123456789", b"9" * 10)
# An integer of more than 64 bits has no fewer digits.
_TOO_EXACT: Final = b"9" * 19
# Bytes; in what is longer there are files, and to look for digits in them takes longer than Python's own reader.
_SHORT: Final = 65_536


def keeps_digits(raw: bytes) -> bool:
    """Tell whether the fast library reads every integer in `raw` as it is."""
    return len(raw) <= _SHORT and _TOO_EXACT not in raw.translate(_DIGITS)


def loads(written: str) -> Any:
    """Return the value in JSON that a database kept."""
    raw = written.encode()
    return orjson.loads(raw) if keeps_digits(raw) else json.loads(raw)


def dumps(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    """Write a value as JSON; `default` writes what JSON has no form for, moments too, which by themselves are ISO 8601.

    Half a surrogate pair is escaped, for a database to refuse.
    """
    try:
        return orjson.dumps(value, default, orjson.OPT_PASSTHROUGH_DATETIME if default else None).decode()
    except TypeError:  # an integer of more than 64 bits, a key that is no text, or what is no Unicode
        exactly = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=default or str)
        return exactly.encode(value)
