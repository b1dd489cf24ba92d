"""Replay cases of the form of `slots.json` and `rrules.json` over the real functions."""

from datetime import date, datetime
from typing import Any

from bot.agenda import recurrence
from bot.agenda.hours import DayException, Window
from bot.agenda.rules import Rules
from bot.agenda.slots import Busy, free_times
from bot.models.enums import ExceptionKind


def starts(case: dict[str, Any]) -> list[datetime]:
    """Free times of a slots case."""
    rules = Rules(
        zone=case["timezone"],
        minutes=case["duration_min"],
        interval=case.get("slot_interval_min"),
        buffer_before=case.get("buffer_before_min") or 0,
        buffer_after=case.get("buffer_after_min") or 0,
        min_notice=case.get("min_notice_min") or 0,
        horizon_days=case.get("max_days_ahead"),
        max_per_day=case.get("max_per_day"),
        max_per_week=case.get("max_per_week"),
        weekly=tuple(Window(w["weekday"], _minutes(w["start"]), _minutes(w["end"])) for w in case["weekly_hours"]),
        exceptions=tuple(_exception(override) for override in case.get("date_overrides") or ()),
    )
    busy = [Busy(_moment(b["start"]), _moment(b["end"])) for b in case.get("busy") or ()]
    return free_times(rules, busy, _moment(case["range_from"]), _moment(case["range_to"]), _moment(case["now"]))


def occurrences(case: dict[str, Any]) -> list[datetime]:
    """Occurrences of a recurrence case."""
    return recurrence.occurrences(
        case["rrule"],
        _moment(case["dtstart"]),
        case["timezone"],
        [_moment(exdate) for exdate in case.get("exdates") or ()],
        (_moment(case["window_from"]), _moment(case["window_to"])),
    )


def _exception(override: dict[str, Any]) -> DayException:
    day = date.fromisoformat(override["date"])
    if override.get("closed"):
        return DayException(day, ExceptionKind.CLOSED)
    return DayException(day, ExceptionKind.HOURS, _minutes(override["start"]), _minutes(override["end"]))


def _minutes(wall: str) -> int:
    hours, minutes = wall.split(":")[:2]
    return int(hours) * 60 + int(minutes)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
