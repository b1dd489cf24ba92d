"""The quiet hours, 21:00 to 8:00 local: nobody is woken up by a reminder."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# Local wall minutes.
QUIET_FROM: Final = 21 * 60
QUIET_UNTIL: Final = 8 * 60
# Half an hour before the quiet hours, so that a long queue is empty when they begin.
EVENING: Final = QUIET_FROM - 30


def quiet(at: datetime, zone: str) -> bool:
    """Say whether a moment lies in the quiet hours of a zone."""
    minute = _wall_minute(at, zone)
    return minute >= QUIET_FROM or minute < QUIET_UNTIL


def out_of_quiet(at: datetime, zone: str) -> datetime:
    """Move a moment that lies in the quiet hours to the evening before them; aware UTC."""
    if not quiet(at, zone):
        return at
    day = _day(at, zone)
    return _at(day if _wall_minute(at, zone) >= QUIET_FROM else day - timedelta(days=1), EVENING, zone)


def after_quiet(at: datetime, zone: str) -> datetime:
    """Move a moment that lies in the quiet hours to the morning after them; aware UTC."""
    if not quiet(at, zone):
        return at
    day = _day(at, zone)
    return _at(day + timedelta(days=1) if _wall_minute(at, zone) >= QUIET_FROM else day, QUIET_UNTIL, zone)


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _wall_minute(at: datetime, zone: str) -> int:
    local = at.astimezone(ZoneInfo(zone))
    return local.hour * 60 + local.minute


def _at(day: date, minute: int, zone: str) -> datetime:
    # No zone changes its clocks at these hours.
    return datetime.combine(day, time(minute // 60, minute % 60), tzinfo=ZoneInfo(zone)).astimezone(UTC)
