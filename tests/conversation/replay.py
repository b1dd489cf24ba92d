"""The date reader in the form of the shared cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.conversation.dates import Kind, When
from bot.conversation.dates import read as read_when


def read(text: str, reference_iso: str) -> dict[str, Any]:
    """Say when a text means, seen from a moment with its offset."""
    return answer(read_when(text, datetime.fromisoformat(reference_iso)))


def answer(when: When) -> dict[str, Any]:
    """Write a When as the cases do."""
    found: dict[str, Any] = {"kind": str(when.kind)}
    if when.kind is Kind.NONE:
        return found
    if when.kind in {Kind.POINT, Kind.DATE, Kind.PART} and when.day:
        found["d"] = when.day.isoformat()
    if when.time:
        found["t"] = f"{when.time:%H:%M}"
    if when.part:
        found["part"] = str(when.part)
    if when.kind is Kind.SPAN and when.start:
        found["start"] = when.start.date().isoformat()
        found["starts"] = [found["start"]]
        return found
    if when.start:
        found["from"] = f"{when.start:%Y-%m-%dT%H:%M}"
    if when.end:
        found["to"] = f"{when.end:%Y-%m-%dT%H:%M}"
    return found
