"""Structured logs: one JSON object a line, phone numbers and secrets masked."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

# Ten digits or more in a row, with the punctuation people put between them, is treated as a phone number.
_PHONE = re.compile(r"(?<![\w-])\+?\(?\d(?:[\s().-]{0,2}\d){9,14}(?![\w-])")
_BEARER = re.compile(r"(?i)\b(bearer\s+|access_token=|apikey[\"']?\s*[:=]\s*[\"']?)[\w.\-|]+")
# What stands before the @: whose mailbox it is; the domain helps to find a fault.
_MAILBOX = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}(?=@[\w-]+(?:\.[\w-]+)+)")
# arq logs job arguments, httpx and the server addresses, Alembic its plugins; all at INFO.
CHATTY = ("arq", "httpx", "aiohttp.access", "alembic.runtime.plugins")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def mask(text: str) -> str:
    """Return `text` with phone numbers cut to their last two digits, mailboxes and bearer tokens removed."""
    text = _MAILBOX.sub("***", _BEARER.sub(r"\1***", text))
    return _PHONE.sub(lambda match: "***" + re.sub(r"\D", "", match[0])[-2:], text)


class JsonLines(logging.Formatter):
    """Format a record as one JSON line; everything passed as `extra=` becomes a field."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": mask(record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD:
                line[name] = _masked(value)
        if record.exc_info:
            line["error"] = mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=lambda value: mask(str(value)))


def _masked(value: Any) -> Any:
    """Mask text, however deep it is in a value."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(str(key)): _masked(each) for key, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list | tuple | set) else value


def setup(level: str = "INFO") -> None:
    """Send every log of the process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
