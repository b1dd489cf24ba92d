"""The stretch a report speaks of, and the one before it."""

from dataclasses import replace
from datetime import date, timedelta

from bot import phrases
from bot.conversation.dates import Period, read_period
from bot.errors import Invalid

from .base import Context
from .moments import names_another


class PeriodUnclear(Invalid):
    """The words do not name a period."""

    code = "period_unclear"
    sentence = "De qual período? Diga um só, por exemplo: “este mês”, “semana passada”, “ontem”."


def asked(context: Context, words: str) -> Period:
    """Return the period that words mean in the asker's zone; this month when there are none."""
    period = read_period(words or "este mês", context.asker.local)
    if period is None or names_another(words):
        raise PeriodUnclear
    return period


def before(period: Period) -> Period:
    """Return the stretch of the same kind before `period`; its label reads after "para comparar,"."""
    start, end = period.start, period.end
    if start.day == 1 and end == next_month(start):
        last = start - timedelta(days=1)
        name = phrases.month_name(last)
        label = f"em {name}" if last.year == start.year else f"em {name} de {last.year}"
        return replace(period, start=last.replace(day=1), end=start, label=label)
    if (start.month, start.day, end.month, end.day) == (1, 1, 1, 1) and end.year == start.year + 1:
        year = start.year - 1
        return replace(period, start=date(year, 1, 1), end=start, label=f"em {year}")
    days = (end - start).days
    first = start - timedelta(days=days)
    if days == 1:
        label = f"em {first:%d/%m}"
    elif days == 7:
        label = "na semana anterior"
    else:
        label = f"nos {days} dias anteriores"
    return replace(period, start=first, end=start, label=label)


def next_month(first: date) -> date:
    """Return the first day of the month after the one that begins on `first`."""
    return (first + timedelta(days=31)).replace(day=1)
