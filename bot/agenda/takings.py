"""What came in, day by day: the revenue of a period beside the one before it, as a picture for a chat."""

import asyncio
import base64
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import zip_longest
from typing import Final
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..models import Appointment, Professional
from ..models.enums import Payment
from ..notify.render import chat
from ..whatsapp.outgoing import Image
from .chart import Bar, Chart
from .hours import at_wall, local_date

# As many pairs of bars as a phone shows apart from each other.
_DAYS: Final = 31
_WEEKS: Final = 18 * 7
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Local days from the first until before `end`, and what they are called: "este mês", "em outubro"."""

    first: date
    end: date
    label: str

    @property
    def days(self) -> int:
        return (self.end - self.first).days


class _Unit(Enum):
    """What one bar stands for, and what the best one is called."""

    DAY = "Melhor dia"
    WEEK = "Melhor semana"
    MONTH = "Melhor mês"


@dataclass(frozen=True, slots=True)
class _Part:
    """The piece of a stretch that is one bar, and what was paid in it; centavos."""

    first: date
    end: date
    cents: int


async def chart(
    session: AsyncSession, professional_id: UUID, period: Stretch, previous: Stretch, *, now: datetime
) -> Image:
    """Draw what was received in a period beside the one before; the caption says it in words."""
    zone = (await session.get_one(Professional, professional_id)).timezone
    paid = await _paid_by_day(session, professional_id, zone, (period, previous))
    told = describe(paid, period, previous, today=local_date(zone, now))
    # Some 60 ms of drawing, in which other people's messages are answered.
    from .pictures import chart_png  # noqa: PLC0415 - Pillow, where somebody asks for a picture

    png = await asyncio.to_thread(chart_png, told)
    caption = chat(
        "revenue_chart",
        period=told.period,
        total=told.amount,
        previous_period=told.previous,
        previous_total=told.previous_amount,
    )
    return Image(base64.b64encode(png).decode(), caption)


async def _paid_by_day(
    session: AsyncSession, professional_id: UUID, zone: str, stretches: tuple[Stretch, Stretch]
) -> Counter[date]:
    """Sum what was paid on each local day of the stretches, by the rule of `report.revenue`."""
    paid_at = func.coalesce(Appointment.paid_at, Appointment.start_at)
    spans = [and_(paid_at >= at_wall(zone, each.first, 0), paid_at < at_wall(zone, each.end, 0)) for each in stretches]
    rows = await session.execute(
        select(paid_at, Appointment.price_cents).where(
            Appointment.professional_id == professional_id, Appointment.payment == Payment.PAID, or_(*spans)
        )
    )
    days: Counter[date] = Counter()
    for at, cents in rows:
        days[local_date(zone, at)] += cents
    return days


def describe(paid: Mapping[date, int], period: Stretch, previous: Stretch, *, today: date) -> Chart:
    """Say in bars and words what was paid on each day; `today` tells whether the period still runs."""
    unit = _unit(max(period.days, previous.days))
    parts, before = list(_parts(paid, period, unit)), list(_parts(paid, previous, unit))
    total, previous_total = (sum(part.cents for part in each) for each in (parts, before))
    comparable, notes = previous_total, []
    if period.first <= today < period.end - _DAY and previous.days > 1:
        # Three weeks against a whole month would always look like a loss.
        same_point = previous.first + (today + _DAY - period.first)
        comparable = sum(cents for day, cents in paid.items() if previous.first <= day < min(same_point, previous.end))
        notes.append(f"Até o mesmo ponto, {previous.label}: {phrases.money(comparable)}")
    best = max(parts, key=lambda part: part.cents, default=None)
    if best is not None and sum(part.cents > 0 for part in parts) > 1:
        notes.append(f"{unit.value}: {_called(best, unit)}, com {phrases.money(best.cents)}")
    return Chart(
        period=period.label,
        amount=phrases.money(total),
        previous=previous.label,
        previous_amount=phrases.money(previous_total),
        bars=tuple(_bars(parts, before, unit)),
        change=_change(total, comparable),
        rises=total >= comparable,
        notes=tuple(notes),
    )


def _unit(days: int) -> _Unit:
    if days <= _DAYS:
        return _Unit.DAY
    return _Unit.WEEK if days <= _WEEKS else _Unit.MONTH


def _parts(paid: Mapping[date, int], stretch: Stretch, unit: _Unit) -> Iterator[_Part]:
    """Cut a stretch into days, into weeks that count from its first day, or into calendar months."""
    first = stretch.first
    while first < stretch.end:
        match unit:
            case _Unit.DAY:
                end = first + _DAY
            case _Unit.WEEK:
                end = first + 7 * _DAY
            case _Unit.MONTH:
                end = (first.replace(day=1) + 31 * _DAY).replace(day=1)
        end = min(end, stretch.end)
        days = (first + step * _DAY for step in range((end - first).days))
        yield _Part(first, end, sum(paid.get(day, 0) for day in days))
        first = end


def _bars(parts: list[_Part], before: list[_Part], unit: _Unit) -> Iterator[Bar]:
    for part, earlier in zip_longest(parts, before):
        label = _label((part or earlier).first, unit, week=len(parts) <= 7)
        yield Bar(label, part.cents if part else 0, earlier.cents if earlier else 0)


def _label(first: date, unit: _Unit, *, week: bool) -> str:
    match unit:
        case _Unit.DAY:
            return f"{phrases.weekday_name(first)[:3]} {first.day}" if week else str(first.day)
        case _Unit.WEEK:
            return f"{first.day}/{first.month}"
        case _Unit.MONTH:
            return phrases.month_name(first)[:3]


def _called(part: _Part, unit: _Unit) -> str:
    match unit:
        case _Unit.DAY:
            return phrases.day(part.first)
        case _Unit.WEEK:
            return f"de {part.first:%d/%m} a {part.end - _DAY:%d/%m}"
        case _Unit.MONTH:
            return phrases.month_name(part.first)


def _change(now: int, before: int) -> str:
    """Say by how much one sum differs from the other; nothing when there was nothing before."""
    if not before:
        return ""
    if now == before:
        return "igual"
    if now >= 10 * before:
        return "mais de 10 vezes"
    percent = max(1, round(100 * abs(now - before) / before))
    return f"{percent}% {'a mais' if now > before else 'a menos'}"
