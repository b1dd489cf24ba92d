"""What each way of naming a day means, seen from today."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta

from . import days
from .days import Day, Roll
from .hours import Clock, Hours, Kind
from .lexicon import CODE, Value
from .patterns import compiled
from .pieces import CLOCK, FIGURE, MONTH, WEEKDAY, Found, Piece, Rule, What, any_of


def _day(*found: Day) -> Piece:
    return Piece(What.DAY, days=found)


def _in_days(found: Found, count: int) -> Piece:
    return _day(days.single(found.today + timedelta(days=count)))


def _year(found: Found) -> int:
    said = found.first(CODE["y"])
    if said:
        return said
    return found.today.year + 1 if found.has("ano") else 0


def _month(found: Found) -> int | None:
    """Give the month that is named; "dez" is one only after "de", since it is also ten."""
    month = found.first(MONTH)
    return 12 if month is None and any_of("de", "dez") in found.own else month


def _long_month(found: Found) -> Day:
    """Give the month of "do mês que vem", "deste mês", "de dezembro"."""
    month = _month(found)
    if month is not None:
        return days.coming_month(month, found.today, _year(found))
    return days.month_of(found.today.year, found.today.month, 1 if found.has("quevem", "seguinte", "prox") else 0)


def _weekday(found: Found) -> Piece:
    number = found.first(WEEKDAY) or 0
    coming = days.weekday(number, found.today)
    if hence := HENCE.match(found.codes, found.end):
        away = replace(found, start=hence.start("away"), end=hence.end())
        return _in_weeks(found, number, away.first(FIGURE) or 0)
    if not found.has("quevem", "prox"):
        return _day(coming)
    following = days.single(days.week_of(found.today, 1).start + timedelta(days=number))
    # "Essa sexta que vem" and "sexta próxima" say this week and the next at once.
    torn = found.has("este") or found.codes[found.end - 1] == CODE["prox"]
    if torn and following.start != coming.start:
        return Piece(What.VAGUE)
    return _day(following)


# "Quinta às 15h daqui a duas semanas": the weeks belong to the day, wherever the hour stands.
_TIMED = "comma? (?:AT? (?>TIME) | [de da a na pela] LIGHT) comma?"
HENCE = compiled(f"{_TIMED} (?P<away> daqui [ha w]? a? FIG [semana semanas])")
TIMED_BEFORE = compiled(f"WEEKDAY {_TIMED} $")


def _weekday_number(found: Found) -> Piece:
    """Read "sexta 27"; "sexta 10" may be an hour, and is left open unless a Friday is the 10th."""
    number, weekday = found.first(FIGURE) or 0, found.first(WEEKDAY)
    day = days.day_of_month(number, found.today)
    return _day(replace(day, roll=Roll.NEVER)) if day.start.weekday() == weekday else Piece(What.VAGUE)


def _weekday_hence(found: Found) -> Piece:
    """Read "quinta daqui a duas semanas"."""
    return _in_weeks(found, found.first(WEEKDAY) or 0, found.first(FIGURE) or 0)


def _in_weeks(found: Found, number: int, count: int) -> Piece:
    """Give the weekday of the week that so many weeks lead to, and the nearest one where that differs.

    One week hence, the coming Thursday would have been just "quinta": the one after it may be meant.
    """
    if not 0 < count <= 52:
        raise ValueError(count)
    then = found.today + count * days.WEEK
    named = days.week_of(then).start + timedelta(days=number)
    nearest = days.weekday(number, then - timedelta(days=3)).start
    later = days.weekday(number, then).start if count == 1 else nearest
    return _day(*map(days.single, sorted({named, nearest, later})))


def _hence(found: Found) -> Piece | None:
    """Read "daqui a 15 dias", "em meia hora"."""
    if found.has("semana", "semanas") and TIMED_BEFORE.search(found.codes[: found.start]):
        return None
    if found.has("util", "ano", "anos"):
        raise ValueError(found)
    clock = found.of(CLOCK)
    minutes = 60 * clock[0][0] + clock[0][1] if clock else 0
    counts = [value[0] for value in found.of(FIGURE)]
    if not clock and not found.has("h", "horas", "min"):
        if found.has("meia") or len(counts) != 1:
            raise ValueError(found)
        return _later_day(found, counts[0])
    if not clock:
        minutes = _minutes(found, counts)
    # "Em 15h" is not said of a time so far off; "em 24h" means within a day.
    if not 0 < minutes <= (12 if found.has("em") else 72) * 60:
        raise ValueError(minutes)
    later = (found.now.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(found.now.tzinfo)
    at = Hours(Kind.POINT, Clock(later.hour, later.minute, certain=True))
    return Piece(What.DAY, days=(days.single(later.date()),), hours=(at,))


def _minutes(found: Found, counts: list[int]) -> int:
    """Count "meia hora", "2 horas e meia", "uma hora e 15"."""
    half = 30 if found.has("meia") else 0
    if not found.has("h", "horas"):
        return counts[0]
    hours, rest = [*counts, 0, 0][:2]
    return hours * 60 + rest + half


def _later_day(found: Found, count: int) -> Piece:
    if not 0 < count <= 366:
        raise ValueError(count)
    if found.has("mes", "meses"):
        return _day(days.single(days.add_months(found.today, count)))
    return _in_days(found, count * (7 if found.has("semana", "semanas") else 1))


def _from_today(found: Found) -> Piece:
    if not found.has("hoje"):
        raise ValueError(found)
    return _later_day(found, found.first(FIGURE) or 0)


def _nth(found: Found) -> Piece:
    """Read "primeira sexta de dezembro", "último dia do mês"."""
    order = found.codes[found.start]
    value = found.values[found.start][0]
    nth = value + 2 if order == CODE["ord"] else value  # segunda is 0 as a weekday and second as an ordinal
    inner = replace(found, start=found.start + 1)
    month = _long_month(inner)
    for later in range(2):
        day = _nth_of(inner, nth, month)
        if day.start >= found.today:
            return _day(day)
        if _month(inner) is None or _year(inner) or later:
            break
        month = days.month_of(month.start.year + 1, month.start.month)
    return Piece(What.PAST)


def _nth_of(found: Found, nth: int, month: Day) -> Day:
    if found.codes[found.start] == CODE["dia"]:
        if nth not in {1, -1}:
            raise ValueError(nth)
        return days.single(month.start if nth == 1 else month.end - days.ONE)
    return days.nth_weekday(found.first(WEEKDAY) or 0, nth, month)


def _numbered(found: Found, number: int, month: int | None) -> Day:
    if month is None:
        return days.day_of_month(number, found.today)
    return days.day_and_month(number, month, found.today, _year(found))


def _said_date(found: Found, value: Value) -> Day:
    number, month, year = value
    return days.day_and_month(number, month, found.today, year)


def _stretch(found: Found) -> Piece:
    """Read "do dia 10 ao 15", "de 1 a 15 de dezembro", "entre 10/12 e 15/12"."""
    dates = found.of(CODE["date"])
    if dates:
        first, last = (_said_date(found, value).start for value in dates)
    else:
        numbers = [value[0] for value in found.of(FIGURE)][:2]
        last = _numbered(found, numbers[1], _month(found)).start
        first = last.replace(day=numbers[0])
    if not found.today <= first < last:
        raise ValueError(found)
    return _day(Day(first, last + days.ONE))


def _dashed(found: Found) -> Piece:
    """Read "dia 05-12", "5-12 às 10h"; what is no month ends a stretch."""
    number, month = (value[0] for value in found.of(FIGURE))
    if month > DECEMBER:
        return _stretch(found) if found.has("dia") else Piece(What.VAGUE)
    return _gone_or(found, _numbered(found, number, month), 0)


DECEMBER = 12


def _either(found: Found) -> Piece:
    month = _month(found)
    numbers = [value[0] for value in found.of(FIGURE)]
    if month == 12 and not found.of(MONTH):
        numbers.pop()  # the "dez" of "de dez"
    return _day(*(_numbered(found, number, month) for number in numbers))


def _month_day(found: Found) -> Piece:
    numbers = [value[0] for value in found.of(FIGURE)]
    month = _month(found)
    if month is None:
        month = 12 if found.has("dez") and not found.has("do") else numbers[1]
    return _gone_or(found, _numbered(found, numbers[0], month), _year(found))


def _date(found: Found) -> Piece | None:
    """Read "15/12"; what is also a fraction, a mark or a saying ("24/7") needs something that makes it a date."""
    value = (*found.of(DATES)[0], 0)[:3]
    said = found.end - found.start > 1
    before = BEFORE_DATE.search(found.codes[max(found.start - 2, 0) : found.start])
    after = AFTER_DATE.match(found.codes, found.end)
    if value[:2] in SAYINGS and not value[2] and not said and not before and not after:
        return None
    return _gone_or(found, _said_date(found, value), value[2])


DATES = any_of("date", "dot", "dec")
# Ten out of ten, five out of five, around the clock, halves and thirds.
SAYINGS = {(10, 10), (5, 5), (24, 7), (1, 2), (1, 3), (2, 3), (3, 4), (1, 4), (9, 10), (8, 10), (4, 5)}
BEFORE_DATE = compiled("WEEKDAY comma? $")
AFTER_DATE = compiled("comma? (?:as (?:NUM (?! COUNTED) | CLOCK | noon) | CLOCK | NUM h) | [de a pela] LIGHT")


def _gone_or(found: Found, day: Day, year: int) -> Piece:
    gone = day.start < found.today or (not year and days.just_gone(day.start, found.today))
    return Piece(What.PAST) if gone else _day(day)


SUNDAY = 6


def _weekend(found: Found) -> Piece:
    following = found.has("quevem", "prox", "seguinte")
    # Said on a Sunday, it is mostly the next one.
    if not following and not found.has("este") and found.today.weekday() == SUNDAY:
        return Piece(What.VAGUE)
    return _day(days.weekend(found.today, following=following))


def _week(found: Found) -> Piece:
    if found.has("este") and found.today.weekday() == SUNDAY:  # the week that ends, or the one that begins
        return Piece(What.VAGUE)
    return _day(days.week_of(found.today, 0 if found.has("este") else 1))


def _next_year(found: Found) -> Piece:
    year = found.today.year + 1
    return _day(Day(date(year, 1, 1), date(year + 1, 1, 1)))


def _holiday(found: Found) -> Piece:
    eve = found.has("vespera")
    return _day(days.day_and_month(24 if eve else 25, 12, found.today))


DAYS: dict[str, Rule] = {
    "weekend": _weekend,
    "nth": _nth,
    "after_tomorrow": lambda found: _in_days(found, 2),
    "weekday_hence": _weekday_hence,
    "hence": _hence,
    "from_today": _from_today,
    "today": lambda found: _in_days(found, 0),
    "tomorrow_or_after": lambda found: _day(*(days.single(found.today + away * days.ONE) for away in (1, 2))),
    "tomorrow": lambda found: _in_days(found, 1),
    "weekday_number": _weekday_number,
    "weekday": _weekday,
    "dashed": _dashed,
    "days": _stretch,
    "either": _either,
    "month_day": _month_day,
    "day_number": lambda found: _day(_numbered(found, found.first(FIGURE) or 0, None)),
    "date": _date,
    "week": _week,
    "month": lambda found: _day(_long_month(found)),
    "year": _next_year,
    "holiday": _holiday,
}
