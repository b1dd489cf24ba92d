"""What the words of a report's stretch mean: the last such day, week, month or year, as seen from now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from ... import phrases
from . import days
from .days import ONE, WEEK
from .lexicon import CODE
from .pieces import FIGURE, MONTH, WEEKDAY, Found


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of whole local days, up to and without `end`, and what to call it."""

    start: date
    end: date
    label: str


def _turn(found: Found) -> int:
    """Say how many turns from now: -1 for "passado", 1 for "que vem"."""
    if found.has("passado", "last"):
        return -(found.first(CODE["passado"]) or 1)
    return 1 if found.has("quevem", "prox") else 0


NAMES = {
    "semana": {-2: "semana retrasada", -1: "semana passada", 0: "esta semana", 1: "semana que vem"},
    "mes": {-2: "mês retrasado", -1: "mês passado", 0: "este mês", 1: "mês que vem"},
    "fds": {-2: "fim de semana retrasado", -1: "fim de semana passado", 0: "este fim de semana"},
}


def _week(found: Found) -> Period:
    turn = _turn(found)
    week = days.week_of(found.today, turn)
    return Period(week.start, week.end, NAMES["semana"][turn])


def _weekend(found: Found) -> Period:
    turn = _turn(found)
    if not turn and found.today.weekday() < SATURDAY and not found.has("este"):
        turn = -1
    week = days.week_of(found.today, turn)
    return Period(week.start + timedelta(days=SATURDAY), week.end, NAMES["fds"].get(turn, "fim de semana que vem"))


SATURDAY = 5


def _month(found: Found) -> Period:
    named = found.first(MONTH)
    if named is None:
        turn = _turn(found)
        month = days.month_of(found.today.year, found.today.month, turn)
        return Period(month.start, month.end, NAMES["mes"][turn])
    year = _year_of(found) or found.today.year - (named > found.today.month)
    month = days.month_of(year, named)
    return Period(month.start, month.end, _month_name(month.start, found.today))


def _month_name(month: date, today: date) -> str:
    name = phrases.month_name(month)
    return name if month.year == today.year else f"{name} de {month.year}"


def _year_of(found: Found) -> int:
    """Give the year that is said, or 0."""
    said = found.first(CODE["y"])
    return said or (found.today.year + _turn(found) if found.has("ano") else 0)


def _fortnight(found: Found) -> Period:
    """Read "primeira quinzena de outubro"; "segunda" is the only other one."""
    first = found.has("first")
    if not first and found.first(CODE["ord"]) != 0:
        raise ValueError(found)
    month = _month(found)
    middle = month.start.replace(day=16)
    start, end = (month.start, middle) if first else (middle, month.end)
    return Period(start, end, f"{'primeira' if first else 'segunda'} quinzena de {_month_name(start, found.today)}")


def _months(found: Found) -> Period:
    first, last = (value[0] for value in found.of(MONTH))
    year = found.first(CODE["y"]) or found.today.year - (last > found.today.month)
    start, end = date(year - (first > last), first, 1), days.month_of(year, last)
    return Period(start, end.end, f"{phrases.month_name(first)} a {_month_name(end.start, found.today)}")


def _listed_months(found: Found) -> list[Period]:
    """Read "agosto, setembro e outubro de 2025": a year that is said once is that of each."""
    today, year = found.today, _year_of(found)
    months = [days.month_of(year or today.year - (named > today.month), named) for (named, *_) in found.of(MONTH)]
    return [Period(month.start, month.end, _month_name(month.start, today)) for month in months]


def _year(found: Found) -> Period:
    year = found.first(CODE["y"]) or found.today.year + _turn(found)
    return Period(date(year, 1, 1), date(year + 1, 1, 1), "este ano" if year == found.today.year else str(year))


def _day(day: date, today: date) -> Period:
    names = {0: "hoje", 1: "amanhã", -1: "ontem"}
    return Period(day, day + ONE, names.get((day - today).days) or phrases.day(day, today))


def _past_day(found: Found) -> Period:
    back = 2 if found.has("antes") else found.first(CODE["ontem"]) or 1
    return _day(found.today - timedelta(days=back), found.today)


def _tomorrow(found: Found) -> Period:
    return _day(found.today + timedelta(days=2 if found.has("depois") else 1), found.today)


def _last_weekday(found: Found) -> date:
    number = found.first(WEEKDAY) or 0
    return found.today - timedelta(days=(found.today.weekday() - number - 1) % 7 + 1)


def _last_few(found: Found) -> Period:
    count = found.first(FIGURE) or 0
    if not 0 < count <= 366:
        raise ValueError(count)
    end = found.today + ONE
    if found.has("meses"):
        month = days.month_of(found.today.year, found.today.month, -count)
        start = min(month.start + (found.today.day - 1) * ONE, month.end - ONE) + ONE
        unit, many = "mês", "meses"
    elif found.has("semanas"):
        start, unit, many = end - count * WEEK, "semana", "semanas"
    else:
        start, unit, many = end - count * ONE, "dia", "dias"
    feminine = "a" if unit == "semana" else "o"
    label = f"últim{feminine} {unit}" if count == 1 else f"últim{feminine}s {count} {many}"
    return Period(start, end, label)


def _said_day(found: Found) -> date:
    """Give the last day so named, today included."""
    dates = found.of(CODE["date"])
    if dates:
        number, month, year = dates[0]
        return _last_date(number, month, year, found.today)
    number, named = found.first(FIGURE) or 0, found.first(MONTH)
    if named is not None:
        return _last_date(number, named, _year_of(found), found.today)
    if found.has("passado"):
        last_month = days.month_of(found.today.year, found.today.month, -1)
        return last_month.start.replace(day=number)
    return _last_number(number, found.today)


def _last_date(number: int, month: int, year: int, today: date) -> date:
    if year:
        return date(year, month, number)
    return date(today.year - ((month, number) > (today.month, today.day)), month, number)


def _last_number(number: int, today: date) -> date:
    if not 1 <= number <= 31:
        raise ValueError(number)
    for back in range(3):
        month = days.month_of(today.year, today.month, -back)
        day = month.start + (number - 1) * ONE
        if day <= today and day < month.end:
            return day
    raise ValueError(number)


def _between(first: date, last: date, today: date) -> Period:
    if last < first:
        raise ValueError(last)
    if first == last:
        return _day(first, today)
    form = "%d/%m" if first.year == last.year == today.year else "%d/%m/%Y"
    return Period(first, last + ONE, f"de {first:{form}} a {last:{form}}")


def _stretch(found: Found) -> Period:
    dates = found.of(CODE["date"])
    if dates:
        (number, month, year), (last_number, last_month, last_year) = dates
        last = _last_date(last_number, last_month, last_year, found.today)
        first = date(year or last_year or last.year, month, number)
        return _between(first.replace(year=first.year - 1) if first > last and not year else first, last, found.today)
    numbers = [value[0] for value in found.of(FIGURE)]
    named = found.first(MONTH)
    if named is None:
        first = _last_number(numbers[0], found.today)
    else:
        first = _last_date(numbers[0], named, _year_of(found), found.today)
    return _between(first, first.replace(day=numbers[1]), found.today)


def _since(found: Found) -> Period:
    start = _since_day(found)
    if start > found.today:
        raise ValueError(start)
    form = "%d/%m" if start.year == found.today.year else "%d/%m/%Y"
    return Period(start, found.today + ONE, f"desde {start:{form}}")


def _since_day(found: Found) -> date:
    if found.has("ontem"):
        return _past_day(found).start
    if found.has("comeco") and found.has("ano"):
        return found.today.replace(month=1, day=1)
    if found.has("comeco") and found.has("mes"):
        return found.today.replace(day=1)
    if found.of(WEEKDAY):
        return _last_weekday(found)
    if found.of(MONTH) and not found.of(FIGURE):
        return _month(found).start
    return _said_day(found)


STRETCHES: dict[str, Callable[[Found], Period]] = {
    "fortnight": _fortnight,
    "past_day": _past_day,
    "last_few": _last_few,
    "since": _since,
    "stretch": _stretch,
    "months": _months,
    "weekend": _weekend,
    "date": lambda found: _day(_said_day(found), found.today),
    "week": _week,
    "month": _month,
    "year": _year,
    "weekday": lambda found: _day(_last_weekday(found), found.today),
    "today": lambda found: _day(found.today, found.today),
    "tomorrow": _tomorrow,
}
# What names several stretches at once.
LISTS: dict[str, Callable[[Found], list[Period]]] = {"listed_months": _listed_months}
