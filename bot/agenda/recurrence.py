"""Series: the subset of RFC 5545 that an agenda repeats by, expanded in local wall time.

"Toda quinta às 15h" is 15h on the wall on every date, whatever the clocks did in between. COUNT counts from the
start and a left-out date does not extend it; UNTIL is inclusive; a date that does not exist (day 31 in June) is
skipped, never moved. A wall time that a clock change skips is read with the offset before the change (2:30 becomes
3:30); a repeated one is its first occurrence.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from ..errors import Invalid
from ..models.enums import Frequency
from .hours import zone_of

if TYPE_CHECKING:
    from dateutil.rrule import rrule

_RULES: Final = {
    Frequency.WEEKLY: "FREQ=WEEKLY",
    Frequency.BIWEEKLY: "FREQ=WEEKLY;INTERVAL=2",
    Frequency.MONTHLY: "FREQ=MONTHLY",
}
_FREQUENCIES: Final = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
# Parts below a day are left out: the hour of a series is the hour of its start.
_PARTS: Final = frozenset(
    {
        "FREQ",
        "INTERVAL",
        "COUNT",
        "UNTIL",
        "WKST",
        "BYDAY",
        "BYMONTHDAY",
        "BYMONTH",
        "BYSETPOS",
        "BYYEARDAY",
        "BYWEEKNO",
    }
)


class BadRecurrence(Invalid):
    code = "bad_recurrence"
    sentence = "Não entendi como essa série se repete."


def rule_of(frequency: Frequency, *, count: int | None = None, until: date | None = None) -> str:
    """Write the rule of a series; `until` is the last local date that may have an occurrence."""
    if count is not None and (until is not None or count < 1):
        raise BadRecurrence(count=count, until=until)
    rule = _RULES[frequency]
    if count is not None:
        return f"{rule};COUNT={count}"
    return f"{rule};UNTIL={until:%Y%m%d}" if until is not None else rule


def occurrences(
    rule: str, start: datetime, zone: str, exdates: Collection[datetime], window: tuple[datetime, datetime]
) -> list[datetime]:
    """Expand a rule into aware UTC datetimes, sorted.

    `start`, `exdates` and the half-open `window` are naive local wall times, as RFC 5545 has them.
    """
    since, until = window
    local = zone_of(zone)
    left_out = set(exdates)
    found: list[datetime] = []
    for wall in _parsed(rule, start, zone):
        if wall >= until:
            break
        if wall >= since and wall not in left_out:
            found.append(wall.replace(tzinfo=local).astimezone(UTC))
    return found


def _parsed(rule: str, start: datetime, zone: str) -> "rrule":
    """Read a rule with its start, or refuse what is outside the subset."""
    # Two megabytes that nobody needs before the first series.
    from dateutil.rrule import rrule, rrulestr  # noqa: PLC0415

    try:
        parts = dict(part.split("=", 1) for part in rule.upper().removeprefix("RRULE:").split(";") if part)
        known = parts.keys() <= _PARTS and parts.get("FREQ") in _FREQUENCIES and not {"COUNT", "UNTIL"} <= parts.keys()
        if not known or int(parts.get("INTERVAL", 1)) < 1 or int(parts.get("COUNT", 1)) < 1:
            raise BadRecurrence(rule=rule)
        if len(parts.get("UNTIL", "")) == len("20261119"):  # a date: the whole day is in
            parts["UNTIL"] += "T235959"
        if parts.get("UNTIL", "").endswith("Z"):  # an end in UTC, compared in local time like everything else
            until = datetime.strptime(parts["UNTIL"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            parts["UNTIL"] = f"{until.astimezone(zone_of(zone)):%Y%m%dT%H%M%S}"
        parsed = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=start)
    except ValueError:
        raise BadRecurrence(rule=rule) from None
    if not isinstance(parsed, rrule):
        raise BadRecurrence(rule=rule)
    return parsed
