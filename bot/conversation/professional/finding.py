"""Which appointments a deed may be about: by name, day and hour, among those that it is possible for."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Final

from ...models.enums import Payment, Status
from ..dates import When
from ..dialogue.picking import filtered
from ..dialogue.talk import Data, Talk, start_of
from ..reading.people import called, people_in
from ..reading.wish import fits
from .reads import appointments, coming

# Asking for a payment is no move of the life cycle, and is found and proposed like one.
CHARGE: Final = "charge"
# What is over or under way is looked for back from today: nobody settles last month by chat.
BACK: Final = timedelta(days=6)
_HOUR: Final = re.compile(r"(?<!\d)([01]?\d|2[0-3])(?:h|hs|:)([0-5]\d)?(?!\d)", re.IGNORECASE)


def hour_said(talk: Talk) -> str | None:
    """Read the hour of what is over ("o das 9h não veio"), which the grammar of coming times leaves alone."""
    found = None if talk.said.dated else _HOUR.search(talk.heard.text)
    return f"{int(found[1]):02d}:{found[2] or '00'}" if found else None


def of_people(people: Sequence[str], appointments: Sequence[Data]) -> list[Data]:
    """Return the appointments of those whom the names fit best; all of them where nobody is named."""
    best = {name: max((called(name, each["client"]) for each in appointments), default=0) for name in people}
    return [
        each
        for each in appointments
        if not people or any(best[name] and called(name, each["client"]) == best[name] for name in people)
    ]


def at_times(talk: Talk, appointments: Sequence[Data], when: When) -> list[Data]:
    """Return the appointments of a time, or of each of several: "às 10 e às 11 de segunda" are both of Monday."""
    days = {one.day for one in when.alternatives if one.day and not one.time_only}
    day = days.pop() if len(days) == 1 else None
    moments = [replace(one, day=day, time_only=False) if day else one for one in when.alternatives] or [when]
    return [each for each in appointments if any(fits(one, start_of(talk, each)) for one in moments)]


def described(talk: Talk) -> Data | None:
    """Return the one candidate that a message describes, by name or by time."""
    people = people_in(talk.said.rest)
    found = of_people(people, filtered(talk.memory.get("candidates", []), talk.said.when))
    return found[0] if len(found) == 1 and (people or talk.said.dated) else None


async def candidates(talk: Talk, people: Sequence[str], when: When) -> list[Data]:
    """Return the appointments that the deed in question is possible for: of the day in `when`, else the nearest."""
    day = None if when.time_only else when.day
    if day is not None:
        return [each for each in await appointments(talk, day, day) if _possible(talk, each)]
    if talk.memory.get("action") in {"complete", "no_show", "paid"}:
        return await _lately(talk, people)
    if talk.memory.get("action") == CHARGE:
        over = [each for each in await _lately(talk, people) if start_of(talk, each) <= talk.now]
        if over:
            return over
    return [each for each in await coming(talk) if _possible(talk, each)]


async def _lately(talk: Talk, people: Sequence[str]) -> list[Data]:
    """Return what is over or under way: of today, else of the last of the days before it that has any."""
    today = talk.now.date()
    over = [each for each in await appointments(talk, today - BACK, today) if _possible(talk, each)]
    days = [list(group) for _, group in groupby(over, key=lambda each: start_of(talk, each).date())]
    # Of several people, each one's own last day.
    last = [
        next((found for day in reversed(days) if (found := of_people(one, day))), [])
        for one in ([[name] for name in people] or [[]])
    ]
    return sorted({each["token"]: each for found in last for each in found}.values(), key=lambda one: str(one["start"]))


def _possible(talk: Talk, each: Data) -> bool:
    status, begun = each["status"], start_of(talk, each) <= talk.now
    match talk.memory.get("action") or talk.memory["doing"]:
        case "confirm" | "reject":
            return bool(status == Status.PENDING_CONFIRMATION)
        case "complete" | "no_show":
            return bool(status == Status.CONFIRMED and begun)
        case "paid" | "charge":
            return each["payment"] != Payment.PAID and status not in {Status.REJECTED, Status.CANCELLED}
    return status in {Status.PENDING_CONFIRMATION, Status.CONFIRMED} and not begun
