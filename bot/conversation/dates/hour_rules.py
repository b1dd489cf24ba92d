"""What each way of naming an hour or a part of the day means."""

from __future__ import annotations

import re
from dataclasses import replace

from . import days
from .hours import Clock, Hours, Kind, Part
from .lexicon import CODE
from .patterns import CLOCK_PAIR, CLOCKS, compiled
from .pieces import CLOCK, FIGURE, PARTS, SIDES, Found, Piece, Rule, What, any_of
from .words import FIGURES


def _part(found: Found) -> Piece:
    said = next((PARTS[code] for code in found.own if code in PARTS), Part.MORNING)  # "cedo"
    return Piece(What.PART, part=said)


def _maybe_part(found: Found) -> Piece:
    return Piece(What.PART, part=PARTS.get(found.own[0], Part.MORNING), weak=True)


def _this_part(found: Found) -> Piece:
    return replace(_part(found), what=What.DAY, days=(days.single(found.today),))


def _lunch(found: Found) -> Piece:
    return Piece(What.PART, part=Part.MORNING if found.has("antes") else Part.AFTERNOON)


def _clocks(found: Found, pattern: re.Pattern[str] = CLOCKS) -> list[Clock]:
    return [_clock(found, match) for match in pattern.finditer(found.codes, found.start, found.end)]


def _clock(found: Found, match: re.Match[str]) -> Clock:
    places = match.groupdict()
    at = match.start("hour")
    code, value = found.codes[at], found.values[at]
    hour = value[0] if value else 12 if code == CODE["noon"] else 0
    minute = value[1] if code in CLOCK else 30 if places["half"] else 0
    if places.get("minute"):
        minute = found.values[match.start("minute")][0]
    early = found.values[match.start("less")][0] if places.get("less") else 0
    if minute > 59 or early > 59 or hour > 23:
        raise ValueError(match)
    return Clock(
        hour,
        minute,
        early,
        loose=1 <= hour <= 6,
        padded=code in PADDED,
        side=SIDES[places["side"]] if places["side"] else None,
    )


PADDED = any_of("kz", "z")


def _hours(found: Found) -> Piece:
    clocks = _clocks(found)
    side = clocks[-1].side
    said = [replace(clock, side=side) if side and not clock.side else clock for clock in clocks]
    return Piece(What.HOURS, hours=tuple(Hours(Kind.POINT, clock) for clock in said))


def _hour(found: Found) -> Piece:
    clock = _clocks(found)[0]
    if _nine_and_ten(found, clock):
        return Piece(What.VAGUE)
    return Piece(What.HOURS, hours=(Hours(Kind.POINT, clock),))


def _early(found: Found) -> Piece:
    # "Mudar das 10 pra as 11" are two hours, not ten to eleven.
    if found.own[0] == CODE["as"] and CODE["swap"] in found.codes:
        return Piece(What.IMPOSSIBLE)
    return _hour(found)


def _nine_and_ten(found: Found, clock: Clock) -> bool:
    """Tell "às 9 e 10", which may be two hours."""
    return clock.minute == clock.hour + 1 and CODE["e"] in found.own


def _maybe_hour(found: Found) -> Piece | None:
    clock = _clocks(found)[0]
    if _nine_and_ten(found, clock):
        return Piece(What.VAGUE)
    weak = True
    if found.has("dec") and clock.minute % 15:  # "12.99" is a price
        return None
    if found.has("horas"):
        if clock.loose:  # "uma hora", "2 horas" are as often how long
            return None
        weak = clock.hour <= 12
    elif CODE["e"] in found.own and not found.has("h"):
        # "Três e quinze", "14 e 30"; a smaller number in figures may be another hour or day, another minute a price.
        if clock.minute not in {15, 30, 45} or (clock.minute == 15 and FIGURES in found.of(FIGURE)[-1][1:]):
            return None
        weak = False
    return Piece(What.HOURS, hours=(Hours(Kind.POINT, clock),), weak=weak)


def _between(found: Found) -> Piece:
    low, high = _clocks(found, CLOCK_PAIR)
    return Piece(What.HOURS, hours=(Hours(Kind.RANGE, low, high),))


def _month_or_hours(found: Found) -> Piece:
    """Read "dia 20 de 10 às 12"; "dia 5 de 12 às 15h" may be the fifth of December, where that is the next fifth."""
    number, month = (value[0] for value in found.of(FIGURE)[:2])
    day, (low, high) = days.day_of_month(number, found.today), _clocks(found, CLOCK_PAIR)[-2:]
    stretch = Hours(Kind.RANGE, low, high)
    if month != day.start.month:
        return Piece(What.DAY, days=(day,), hours=(stretch,))
    either = (stretch, Hours(Kind.POINT, high)) if _makes_sense(stretch) else (Hours(Kind.POINT, high),)
    return Piece(What.DAY, days=(replace(day, roll=days.Roll.NEVER),), hours=either)


def _makes_sense(hours: Hours) -> bool:
    try:
        hours.bounds()
    except ValueError:
        return False
    return True


def _beside_day(found: Found) -> Piece | None:
    """Read "amanhã 14", unless tomorrow is the 14th."""
    before = found.codes[: found.start]
    away = 0 if before.endswith(CODE["hoje"]) else 2 if AFTER_TOMORROW.search(before) else 1
    if (found.today + away * days.ONE).day == found.first(FIGURE):
        return None
    return _hour(found)


AFTER_TOMORROW = compiled("depois [de w e]? amanha $")


def _after(found: Found) -> Piece:
    return Piece(What.HOURS, hours=(Hours(Kind.AFTER, low=_clocks(found)[0]),))


def _before(found: Found) -> Piece:
    return Piece(What.HOURS, hours=(Hours(Kind.BEFORE, high=_clocks(found)[0]),))


def _many_hours(found: Found) -> Piece | None:
    # "Atendimento 24h", "com 48h"; any other such number was meant as an hour.
    return None if found.values[found.start][0] in {24, 36, 48, 72} else Piece(What.IMPOSSIBLE)


HOURS: dict[str, Rule] = {
    "lunch": _lunch,
    "part": _part,
    "this_part": _this_part,
    "maybe_part": _maybe_part,
    "between": _between,
    "after": _after,
    "before": _before,
    "early": _early,
    "hours": _hours,
    "hour": _hour,
    "month_or_hours": _month_or_hours,
    "hour_beside_day": _beside_day,
    "maybe_hour": _maybe_hour,
    "many_hours": _many_hours,
}
