"""block_time, open_time and list_holidays: dates that differ from the week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import daysoff, holidays
from bot.agenda.hours import DAY, Span, at_wall, minute_of
from bot.agenda.openings import clock_label
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.conversation.dates import Kind, Part, When
from bot.conversation.reading.stretches import listed
from bot.errors import Invalid
from bot.models import AvailabilityException
from bot.models.enums import ExceptionKind, Role
from bot.notify.render import chat
from bot.whatsapp.outgoing import Outgoing, Text

from .base import PROFESSIONAL, Context, Effect, Tool, own_agenda
from .moments import DayOver, DayUnclear, leaves_out, several, understood

# Two months off is a sabbatical: longer is a slip of the finger.
MOST_DAYS: Final = 62
# "À tarde" is until six; whoever works until seven means until seven.
SOON: Final = 90
# Lines of appointments that fit the question.
TOLD: Final = 6
HOLIDAYS: Final = 5


class TooManyDays(Invalid):
    code = "too_many_days"
    sentence = "São dias demais de uma vez: mande um período de até dois meses."


@dataclass(frozen=True, slots=True)
class Stretch:
    """Local dates in order, whole or certain wall minutes of each."""

    days: Sequence[date]
    span: Span | None
    reason: str = ""
    # The part of the day that was named instead of hours.
    part: Part | None = None

    def words(self, today: date) -> str:
        """Say it: "sexta, 27/11, das 12h às 18h", "de domingo, 10/01 a quarta, 20/01 (11 dias)"."""
        said = phrases.listing([_run(run, today) for run in _runs(self.days)])
        if len(self.days) > 1:
            said = f"{said} ({len(self.days)} dias)"
        if self.span is None:
            return f"{said} ({self.reason})" if self.reason else said
        start, end = map(clock_label, self.span)
        if self.span[0] == 0:
            return f"{said}, até {end}"
        return f"{said}, a partir das {start}" if self.span[1] == DAY else f"{said}, das {start} às {end}"

    def holds(self, start: datetime, end: datetime) -> bool:
        """Tell whether an appointment, in local time, falls into it."""
        first, last = self.span or (0, DAY)
        for day in {start.date(), end.date()}.intersection(self.days):
            begin = minute_of(start) if day == start.date() else 0
            over = minute_of(end) if day == end.date() else DAY
            if begin < last and first < over:
                return True
        return False

    @property
    def short(self) -> str:
        """Say one day's hours as one would type them: "27/11 das 12h às 22h"."""
        start, end = map(clock_label, self.span or (0, DAY))
        return f"{self.days[0]:%d/%m} das {start} às {end}"

    def dump(self) -> dict[str, Any]:
        days = [day.isoformat() for day in self.days]
        return {"days": days, "span": list(self.span) if self.span else None, "reason": self.reason}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "Stretch":
        span = (data["span"][0], data["span"][1]) if data["span"] else None
        return cls([date.fromisoformat(day) for day in data["days"]], span, data["reason"])


def _runs(days: Sequence[date]) -> list[list[date]]:
    """Part dates, in order, into those that follow each other."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _run(days: Sequence[date], today: date) -> str:
    first = phrases.day(days[0], today)
    return first if len(days) == 1 else f"de {first} a {phrases.day(days[-1], today)}"


class BlockTime(Tool):
    """Propose closing the agenda for a day, a part of a day or several days. The professional is then asked to
    confirm; appointments already there are listed and stay."""

    name: ClassVar[str] = "block_time"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    when: str
    """The professional's own words: "sexta à tarde", "dia 25/12", "de 10 a 20/01"."""

    async def call(self, context: Context) -> ToolResult:
        stretch = await _stretch(context, self.when)
        dates = await daysoff.read(context.session, context.professional_id, stretch.days[0])
        open_days = dates.changed(daysoff.closed, stretch.days, stretch.span)
        stretch, later = _still_open(dates, replace(stretch, days=open_days))
        question = chat(
            "confirm_block",
            when=stretch.words(context.asker.local.date()),
            **later,
            lines=await appointments_in(context.session, context.asker, context.professional_id, stretch),
        )
        return ToolResult({}, Proposal(self.name, stretch.dump(), question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        professional_id = own_agenda(asker)
        stretch = Stretch.load(arguments)
        await daysoff.close(session, professional_id, stretch.days, stretch.span, reason=stretch.reason)
        # Read again: somebody may have booked between the question and the yes.
        lines = await appointments_in(session, asker, professional_id, stretch)
        return Text(chat("done_blocked", when=stretch.words(asker.local.date()), lines=lines))


class OpenTime(Tool):
    """Propose opening the agenda on a day or part of a day that is closed. The professional is then asked to
    confirm."""

    name: ClassVar[str] = "open_time"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    when: str
    """The professional's own words: "sábado das 9 às 12", "dia 25/12"."""

    async def call(self, context: Context) -> ToolResult:
        stretch = await _stretch(context, self.when)
        dates = await daysoff.read(context.session, context.professional_id, stretch.days[0])
        usual = [window.end_minute for window in dates.week if window.weekday == stretch.days[0].weekday()]
        stretch = _reaching(stretch, max(usual, default=0))
        stretch = replace(stretch, days=dates.changed(daysoff.opened, stretch.days, stretch.span))
        question = chat("confirm_open", when=stretch.words(context.asker.local.date()))
        return ToolResult({}, Proposal(self.name, stretch.dump(), question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        stretch = Stretch.load(arguments)
        await daysoff.open_up(session, own_agenda(asker), stretch.days, stretch.span, reason=stretch.reason)
        return Text(chat("done_opened", when=stretch.words(asker.local.date())))


class ListHolidays(Tool):
    """List the next national holidays and whether the agenda is closed on them."""

    name: ClassVar[str] = "list_holidays"
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    async def call(self, context: Context) -> ToolResult:
        today = context.asker.local.date()
        coming = (await holidays.between(today, today + timedelta(days=366)))[:HOLIDAYS]
        rows = await context.session.scalars(
            select(AvailabilityException).where(
                AvailabilityException.professional_id == context.professional_id,
                AvailabilityException.date.in_([each.day for each in coming]),
            )
        )
        kinds = {row.date: row.kind for row in rows}
        return ToolResult(
            {
                "holidays": [
                    {
                        "date": each.day.isoformat(),
                        "day": phrases.day(each.day, today),
                        "name": each.name,
                        "agenda": _agenda(kinds.get(each.day)),
                    }
                    for each in coming
                ]
            }
        )


def _agenda(kind: ExceptionKind | None) -> str:
    if kind is None:
        return "por decidir"
    return "fechada" if kind is ExceptionKind.CLOSED else "aberta"


async def appointments_in(session: AsyncSession, asker: Asker, professional_id: Any, stretch: Stretch) -> str:
    """List what stands in a stretch, one a line; nothing when it is free."""
    zone = asker.zone.key
    start, end = stretch.span or (0, DAY)
    # What is over today needs no decision.
    begin = max(at_wall(zone, stretch.days[0], start), asker.now)
    rows = await daysoff.standing(session, professional_id, begin, at_wall(zone, stretch.days[-1], end))
    lines = [
        f"• {phrases.moment(row.start_at.astimezone(asker.zone))}: {client.name}, {row.service_name}"
        for row, client in rows
        if stretch.holds(row.start_at.astimezone(asker.zone), row.end_at.astimezone(asker.zone))
    ]
    return phrases.cut(lines, TOLD, "horário", "horários")


def _reaching(stretch: Stretch, last: int) -> Stretch:
    """Let a part of a day reach to closing time where that comes soon after it."""
    if stretch.part is None or stretch.span is None or not stretch.span[1] < last <= stretch.span[1] + SOON:
        return stretch
    return replace(stretch, span=(stretch.span[0], last))


def _still_open(dates: daysoff.Dates, stretch: Stretch) -> tuple[Stretch, dict[str, str]]:
    """Close an afternoon to its end; where the day goes on long after it, tell what stays open."""
    none = {"from_hour": "", "to_hour": "", "instead": ""}
    if stretch.part is None or stretch.span is None:
        return stretch, none
    spans = dates.open_spans(stretch.days[0])
    stretch = _reaching(stretch, max((end for _, end in spans), default=0))
    start, end = stretch.span or (0, DAY)
    after = [span for span in spans if span[1] > end]
    if not after or stretch.part is not Part.AFTERNOON or len(stretch.days) > 1:
        return stretch, none
    first, last = max(end, after[0][0]), after[-1][1]
    instead = replace(stretch, span=(start, last)).short
    return stretch, {"from_hour": clock_label(first), "to_hour": clock_label(last), "instead": instead}


async def _stretch(context: Context, words: str) -> Stretch:
    """Read which dates and minutes are meant; a holiday by its name."""
    local = context.asker.local
    if leaves_out(words):
        raise DayUnclear
    when = understood(words, local)
    if when.kind is Kind.SPAN and when.start and when.end:
        first = max(when.start.date(), local.date())
        count = (when.end.date() - first).days
        if not 1 <= count <= MOST_DAYS:
            raise TooManyDays if count > 0 else DayUnclear
        span, part = _hours(when)
        return Stretch([first + timedelta(days=each) for each in range(count)], span, part=part)
    if days := listed(words, when):
        hours = {_hours(each) for each in days}
        if len(hours) > 1:
            raise several(when, local)
        span, part = hours.pop()
        return Stretch(sorted({each.day for each in days if each.day}), span, part=part)
    if when.alternatives:
        raise several(when, local)
    if when.day is None or when.time_only:
        holiday = await holidays.named(words, local.date())
        if holiday is None:
            raise DayOver if when.past else DayUnclear
        return Stretch([holiday.day], None, holiday.name)
    span, part = _hours(when)
    reason = next((each.name for each in await holidays.between(when.day, when.day + timedelta(days=1))), "")
    return Stretch([when.day], span, reason if span is None else "", part)


def _hours(when: When) -> tuple[Span | None, Part | None]:
    """Return the wall minutes of the day that is meant, and the part it was named by; none for the whole day."""
    match when.kind:
        case Kind.PART | Kind.SPAN if when.part:
            first, last = when.part.hours
            return (minute_of(first), minute_of(last)), when.part
        case Kind.SPAN if when.since or when.until:
            return (minute_of(when.since or time.min), minute_of(when.until or time.min) or DAY), None
        case Kind.POINT | Kind.SPAN if when.time:
            start = minute_of(when.time)
            return (start, min(start + 60, DAY)), None
        case Kind.RANGE | Kind.AFTER | Kind.BEFORE:
            return (minute_of(when.start or time.min), minute_of(when.end or time.min) or DAY), None
    return None, None
