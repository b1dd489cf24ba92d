"""Read the stretch of a report: "quanto faturei mês passado?", "de 1 a 15 de novembro", "últimos 7 dias"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from .patterns import RULES, grammar
from .period_rules import LISTS, STRETCHES, Period
from .pieces import Found
from .reading import LONGEST
from .words import words

__all__ = ["Period", "read_period", "read_periods"]


def read_period(text: str, now: datetime) -> Period | None:
    """Say which stretch a report is asked for, seen from `now` (aware, in the professional's zone); None if unsure.

    A report looks back: "em outubro", "dia 12" and "sexta" are the last ones, not the next.
    """
    found = read_periods(text, now)
    return found[0] if len(found) == 1 else None


def read_periods(text: str, now: datetime) -> list[Period]:
    """Return each stretch that a report is asked for, as `read_period` reads one, in their order; none if unsure."""
    if len(text) > LONGEST:
        return []
    message = words(text)
    matches = (match for match in PERIODS.finditer(message.codes) if match.lastgroup != "trap")
    try:
        found = [
            period
            for match in matches
            for period in _meant(
                match.lastgroup or "", Found(message.codes, message.values, match.start(), match.end(), now)
            )
        ]
    except (KeyError, ValueError, OverflowError):  # "unsure" has no meaning; no such day; the ends of the calendar
        return []
    return list(dict.fromkeys(found))


def _meant(rule: str, found: Found) -> Iterator[Period]:
    if rule in LISTS:
        yield from LISTS[rule](found)
    else:
        yield STRETCHES[rule](found)


PERIODS = grammar(
    {
        "trap": RULES["trap"],
        "fortnight": "[first ord] quinzena (?:[de do] (?:(?:mes de)? month YEAR? | este? mes passado?))?",
        "unsure": """
            [ord first nth] (?:semana | quinzena | noun) | last semana [de do da] | WEEKDAY THROUGH WEEKDAY
            | e [a o na no] [passado prox seguinte] (?! [mes semana ano fds] | WEEKDAY | fim)
            | [comeco fim meio] (?:[de do da] (?:este? mes | este? ano | month | este semana) | da semana)
        """,
        "past_day": "(?:antes de)? ontem",
        "last_few": "last FIG [dias semanas meses] | FIG last [dias semanas meses]",
        "since": """
            (?:desde | a? partir [de da do] | apartir [de da do])
                [o a]? (?:dia FIG (?:de MON YEAR?)? | FIG de MON YEAR? | dia? date | month YEAR? | ontem
                | WEEKDAY passado? | comeco [de do] (?:este? mes | este? ano | ano | mes | month))
        """,
        "stretch": """
            (?:de | do)? [o os]? [dia dias]? FIG TO o? dia? FIG de MON YEAR?
            | (?:de | do)? [o os]? [dia dias] FIG TO o? dia? FIG
            | (?:de | do)? dia? date TO dia? date
            | entre [o os]? [dia dias]? FIG e o? dia? FIG de MON YEAR?
            | entre [o os]? [dia dias] FIG e o? dia? FIG
            | entre dia? date e dia? date
        """,
        "months": "de? month (?:a | ate) month YEAR? | entre month (?:a | ate | e) month YEAR?",
        "listed_months": "month (?:(?:comma | e | comma e) month)+ (?:YEAR | do ano passado)?",
        "weekend": "(?:este | last | prox)? WEEKEND (?:passado | quevem)?",
        "date": """
            dia? date | dia? FIG de MON (?:YEAR | do ano passado)? | dia FIG (?! H) (?:[de do] mes passado)?
        """,
        "week": "(?:este | last | prox | da | na)? semana (?:passado | quevem)?",
        "month": """
            (?:este | last | prox | do | no)? mes (?:passado | quevem | de month YEAR?)?
            | month (?:YEAR | passado | do ano passado)?
        """,
        "year": "(?:este | last | prox | do | no)? ano (?:passado | quevem)? | [em de] y",
        "weekday": "(?:last)? WEEKDAY passado?",
        "today": "hoje | [do no] dia (?= $ | [comma stop asked])",
        "tomorrow": "(?:depois de?)? amanha",
    }
)
