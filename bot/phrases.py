"""How Odys writes days, hours, money and names in Brazilian Portuguese."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

WEEKDAYS = ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo")
MONTHS = (
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
)
TITLES = frozenset({"dr", "dra", "sr", "sra", "srta", "prof", "profa", "dona", "seu"})


def weekday_name(d: date) -> str:
    """Name the day of the week, without "-feira"."""
    return WEEKDAYS[d.weekday()]


def month_name(month: date | int) -> str:
    """Name the month of a date, or of its number from 1 to 12."""
    return MONTHS[(month if isinstance(month, int) else month.month) - 1]


def day(d: date, today: date | None = None, *, relative: bool = False) -> str:
    """Write a day as "quinta, 26/11"; with the year when it is not the year of `today`.

    `relative` puts "hoje", "amanhã" or "ontem" before it where that is so: "amanhã, domingo, 22/11".
    """
    text = f"{weekday_name(d)}, {d.day:02d}/{d.month:02d}"
    if today is None:
        return text
    if d.year != today.year:
        text += f"/{d.year:04d}"
    near = {-1: "ontem", 0: "hoje", 1: "amanhã"}.get(d.toordinal() - today.toordinal()) if relative else None
    return f"{near}, {text}" if near else text


def hour(t: time | datetime) -> str:
    """Write an hour as "15h" or "15h30"."""
    return f"{t.hour}h{t.minute:02d}" if t.minute else f"{t.hour}h"


def at_hour(t: time | datetime) -> str:
    """Write an hour with its preposition: "às 15h", "à 1h"."""
    return f"{'às' if t.hour > 1 else 'à'} {hour(t)}"


def moment(dt: datetime, today: date | None = None, *, relative: bool = False) -> str:
    """Write a local day and hour as "quinta, 26/11, às 15h"."""
    return f"{day(dt.date(), today, relative=relative)}, {at_hour(dt)}"


def money(cents: int) -> str:
    """Write centavos as "R$ 1.234,56"."""
    reais, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}R$ {_thousands(reais)},{rest:02d}"


def duration(minutes: int) -> str:
    """Write minutes as "50 min", "1h" or "1h30"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours}h{rest:02d}" if rest else f"{hours}h"


def phone(e164: str) -> str:
    """Write a number as people dial it, "(11) 98888-7777"; one from abroad stays "+" and its digits."""
    digits = "".join(c for c in e164 if c in "0123456789")
    # 55, two digits of area, and eight digits or nine since the ninth was added.
    if digits.startswith("55") and len(digits) in {12, 13}:
        area, local = digits[2:4], digits[4:]
        if len(local) == 8 and local[0] in "6789":  # a mobile that WhatsApp registered without its ninth digit
            local = f"9{local}"
        return f"({area}) {local[:-4]}-{local[-4:]}"
    return f"+{digits}" if digits else ""


def first_name(name: str) -> str:
    """Take the first name, past a title such as "Dra."; empty for an empty name."""
    words = name.split()
    while len(words) > 1 and words[0].rstrip(".").lower() in TITLES:
        del words[0]
    return words[0] if words else ""


def plural(n: int, one: str, many: str) -> str:
    """Write a number with its noun: "1 horário", "2 horários"."""
    return f"{_thousands(n)} {one if abs(n) == 1 else many}"


def listing(items: Sequence[str], last: str = "e") -> str:
    """Join items as "a, b e c"; `last` is the word before the last one."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def cut(lines: Sequence[str], most: int, one: str, many: str) -> str:
    """Put lines one under the other; beyond `most` of them, say how many more there are."""
    shown = list(lines[:most])
    if more := len(lines) - len(shown):
        shown.append(f"• e mais {plural(more, one, many)}")
    return "\n".join(shown)


def _thousands(n: int) -> str:
    return f"{n:,}".replace(",", ".")
