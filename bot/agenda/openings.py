"""Free times on the database: what is open, and why something is not. Booking asks here too, under the lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..errors import Refused
from ..models import Service
from ..models.enums import Actor
from . import allowance
from .hours import Span, day_of, epoch_minute, zone_of
from .loading import Agenda, Own, load_agenda, load_busy, load_openings
from .refusals import (
    ClosedDay,
    ClosedThen,
    DayFull,
    InThePast,
    NotAStart,
    OutsideHours,
    ServiceUnknown,
    SlotTaken,
    TooFar,
    TooSoon,
    WeekFull,
)
from .rules import Rules
from .slots import Busy, Reason, around, busy_period, free_times, nearest, why_not

_REFUSALS: Final[dict[Reason, type[Refused]]] = {
    Reason.PAST: InThePast,
    Reason.TOO_SOON: TooSoon,
    Reason.TOO_FAR: TooFar,
    Reason.OUTSIDE_HOURS: OutsideHours,
    Reason.DAY_FULL: DayFull,
    Reason.WEEK_FULL: WeekFull,
    Reason.TAKEN: SlotTaken,
    Reason.OFF_GRID: NotAStart,
}
_FIRST: Final = datetime(1, 1, 3, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 29, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Openings:
    """All that decides about a service in start <= t < end, for one who asks; read and reckoned once."""

    agenda: Agenda
    service: Service
    rules: Rules
    busy: Sequence[Busy]
    start: datetime
    end: datetime
    # The free ones, aware UTC.
    times: list[datetime]
    # The appointment whose own time counts as free.
    moving: UUID | None = None

    def decide(self, professional_id: UUID, at: datetime, moving: UUID | None = None) -> bool:
        """Say whether no more has to be read to judge this time."""
        mine = professional_id == self.agenda.professional.id and moving == self.moving
        return mine and self.start <= at < self.end


async def openings(
    session: AsyncSession,
    professional_id: UUID,
    service: Service,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    conversation_id: UUID | None = None,
    actor: Actor = Actor.CLIENT,
    moving: UUID | None = None,
) -> Openings:
    """Find the free times in start <= t < end; one held for `conversation_id`, or of the one `moving`, is free to it.

    Refuses a client whom no time could be sold to, because the professional's plan has none left this month.
    """
    if service.professional_id != professional_id:
        raise ServiceUnknown
    own = Own(conversation=conversation_id, appointments=[moving] if moving else ())
    agenda, busy = await load_openings(session, professional_id, start, end, now=now, own=own)
    if actor is Actor.CLIENT and (no := await allowance.refusal(session, agenda.professional, actor, now=now)):
        raise no
    rules = agenda.rules(service.minutes, actor)
    return Openings(agenda, service, rules, busy, start, end, free_times(rules, busy, start, end, now), moving)


async def refusal(
    session: AsyncSession,
    professional_id: UUID,
    service: Service,
    at: datetime,
    *,
    now: datetime,
    conversation_id: UUID | None = None,
    actor: Actor = Actor.CLIENT,
    moving: UUID | None = None,
    known: Openings | None = None,
) -> Refused | None:
    """Say why a time cannot be booked for a service, with the nearest free times; None when it can.

    Reads nothing where openings `known` to the same asker decide.
    """
    if service.professional_id != professional_id or not service.active:
        return ServiceUnknown()
    if known is not None and known.service.id == service.id and known.decide(professional_id, at, moving):
        agenda, rules, busy, free_then = known.agenda, known.rules, known.busy, at in known.times
    else:
        agenda, busy, free_then = await load_agenda(session, professional_id, now=now), None, False
        rules = agenda.rules(service.minutes, actor)
    own = Own(conversation=conversation_id, appointments=[moving] if moving else ())
    if not free_then and (no := await refused(session, agenda, rules, at, now=now, own=own, busy=busy)):
        return no
    return await allowance.refusal(session, agenda.professional, actor, now=now)


async def check(
    session: AsyncSession,
    professional_id: UUID,
    service: Service,
    at: datetime,
    *,
    now: datetime,
    conversation_id: UUID | None = None,
    actor: Actor = Actor.CLIENT,
    known: Openings | None = None,
) -> None:
    """Raise the refusal of a time that cannot be booked for a service."""
    no = await refusal(
        session, professional_id, service, at, now=now, conversation_id=conversation_id, actor=actor, known=known
    )
    if no is not None:
        raise no


async def refused(
    session: AsyncSession,
    agenda: Agenda,
    rules: Rules,
    at: datetime,
    *,
    now: datetime,
    own: Own,
    busy: Sequence[Busy] | None = None,
) -> Refused | None:
    """Judge a time by rules already read, and by the busy time around it, if that was read too."""
    at = min(max(at, _FIRST), _LAST)  # refused all the same, and arithmetic on dates goes on working
    if busy is None:
        period = busy_period(rules, at, at + timedelta(minutes=1), now)
        busy = await load_busy(session, agenda.professional.id, *period, now=now, own=own)
    reason = why_not(rules, busy, at, now)
    return None if reason is None else await _explained(session, agenda, rules, reason, at, now=now, own=own)


async def taken(
    session: AsyncSession, agenda: Agenda, rules: Rules, at: datetime, *, now: datetime, own: Own
) -> Refused:
    """Build the refusal of a time that the wall of the database refused."""
    return await _explained(session, agenda, rules, Reason.TAKEN, at, now=now, own=own)


async def _explained(
    session: AsyncSession,
    agenda: Agenda,
    rules: Rules,
    reason: Reason,
    at: datetime,
    *,
    now: datetime,
    own: Own,
) -> Refused:
    """Explain a reason with the three nearest free times beside it."""
    period = busy_period(rules, *around(rules, at, now), now)
    busy = await load_busy(session, agenda.professional.id, *period, now=now, own=own)
    return explain(rules, reason, at, now, nearest(rules, busy, at, now))


def explain(rules: Rules, reason: Reason, at: datetime, now: datetime, near: Sequence[datetime]) -> Refused:
    """Turn the reason why a time cannot be booked into its refusal, with the facts its sentence needs."""
    facts = _facts(rules, at, now) | {"nearest": list(near)}
    if reason is Reason.CLOSED:
        closed_all_day = rules.hours.closed(day_of(rules.zone, epoch_minute(at)))
        return ClosedDay(**facts) if closed_all_day else ClosedThen(**facts)
    if reason is Reason.OUTSIDE_HOURS and not facts["hours"]:
        return ClosedDay(**facts)
    return _REFUSALS[reason](**facts)


def _facts(rules: Rules, at: datetime, now: datetime) -> dict[str, Any]:
    zone = zone_of(rules.zone)
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    last_day = today + timedelta(days=rules.horizon_days or 0)
    return {
        "when": phrases.moment(local, today),
        "day": phrases.day(local.date(), today),
        "hours": phrases.listing([_window(span) for span in rules.hours.windows(local.toordinal())]),
        "notice": phrases.duration(rules.min_notice),
        "until": phrases.day(last_day, today),
        "at": at,
    }


def _window(span: Span) -> str:
    """Write a window as "9h–12h"."""
    return "–".join(clock_label(minute) for minute in span)


def clock_label(minute: int) -> str:
    """Write a wall minute as "9h" or "9h30"; 1440 is "24h"."""
    hours, rest = divmod(minute, 60)
    return f"{hours}h{rest:02d}" if rest else f"{hours}h"
