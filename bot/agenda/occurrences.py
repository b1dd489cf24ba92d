"""The times of a series before it is one: which of them are free, and what could be booked in place of the others.

A national holiday is named and closes nothing that the professional has not closed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..errors import Refused
from ..models.enums import Actor
from ..models.plans import Capability, allows
from . import holidays
from .hours import local_date, zone_of
from .loading import NOTHING, OWN_HORIZON_DAYS, Agenda, Own, load_agenda, load_busy
from .openings import explain
from .owners import own_service
from .pattern import Pattern
from .refusals import NotInPlan, SeriesLost, SeriesTooLong
from .rules import Rules
from .slots import Busy, Reason, busy_period, nearest, why_not

# Two years of weeks.
MOST: Final = 104
# How far ahead a series without an end is booked; a job keeps it so.
AHEAD: Final = timedelta(days=90)
# A proposal further away than this belongs to another week.
NEAR: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time of a series: free, or refused with the nearest free time of the same days, if there is one.

    Either may be on a national holiday, whose name then stands beside it.
    """

    at: datetime
    refusal: Refused | None = None
    proposal: datetime | None = None
    holiday: str | None = None
    proposal_holiday: str | None = None

    @property
    def chosen(self) -> datetime | None:
        """The time that is booked when nothing else is said."""
        return self.at if self.refusal is None else self.proposal


async def preview(
    session: AsyncSession, professional_id: UUID, service_id: UUID, pattern: Pattern, *, now: datetime
) -> list[Occurrence]:
    """Judge every occurrence of a series to be: which are free, why the others are not, and what to do instead."""
    service = await own_service(session, professional_id, service_id)
    agenda = await load_agenda(session, professional_id, now=now)
    require_plan(agenda)
    starts = starts_of(agenda, pattern, now)
    found = await judge(session, agenda, [(at, service.minutes) for at in starts], now=now)
    return await with_holidays(found, agenda.professional.timezone)


async def with_holidays(found: Sequence[Occurrence], zone: str) -> list[Occurrence]:
    """Name the holidays that occurrences, and what is proposed instead, fall on."""
    first, last = min(each.at for each in found) - NEAR, max(each.at for each in found) + NEAR
    names = await holidays.names(local_date(zone, first), local_date(zone, last) + timedelta(days=1))
    return [
        replace(
            each,
            holiday=names.get(local_date(zone, each.at)),
            proposal_holiday=names.get(local_date(zone, each.proposal)) if each.proposal else None,
        )
        for each in found
    ]


async def judge(
    session: AsyncSession, agenda: Agenda, wanted: Sequence[tuple[datetime, int]], *, now: datetime, own: Own = NOTHING
) -> list[Occurrence]:
    """Judge times that are wanted together, with their lengths in minutes.

    They and the proposals for those that are not free never stand in each other's way.
    """
    rules = {minutes: agenda.rules(minutes, Actor.PROFESSIONAL) for _, minutes in wanted}
    first, last = min(at for at, _ in wanted), max(at for at, _ in wanted)
    period = busy_period(rules[max(rules)], first - NEAR, last + NEAR, now)
    busy = await load_busy(session, agenda.professional.id, *period, now=now, own=own)
    reasons = []
    for at, minutes in wanted:
        reasons.append(why_not(rules[minutes], busy, at, now))
        if reasons[-1] is None:
            busy.append(Busy(at, at + timedelta(minutes=minutes)))
    return [
        Occurrence(at) if reason is None else _refused(rules[minutes], busy, at, reason, now)
        for (at, minutes), reason in zip(wanted, reasons, strict=True)
    ]


def _refused(rules: Rules, busy: list[Busy], at: datetime, reason: Reason, now: datetime) -> Occurrence:
    """Explain one refused time and propose the nearest free one, which is then taken for the others."""
    near = [time for time in nearest(rules, busy, at, now) if abs(time - at) <= NEAR]
    proposal = min(near, key=lambda time: (abs(time - at), time), default=None)
    if proposal is not None:
        busy.append(Busy(proposal, proposal + timedelta(minutes=rules.minutes)))
    return Occurrence(at, explain(rules, reason, at, now, near), proposal)


def require_plan(agenda: Agenda) -> None:
    """Refuse what only some plans have."""
    if not allows(agenda.professional.plan, Capability.SERIES):
        raise NotInPlan(Capability.SERIES)


def starts_of(agenda: Agenda, pattern: Pattern, now: datetime) -> list[datetime]:
    """List what a new series asks for, within what may be booked at once."""
    if pattern.count is not None and not 2 <= pattern.count <= MOST:
        raise SeriesTooLong(most=MOST)
    zone = agenda.professional.timezone
    ahead = AHEAD if pattern.endless else timedelta(days=OWN_HORIZON_DAYS)
    starts = pattern.starts(zone, pattern.starts_on, local_date(zone, now + ahead) + timedelta(days=1))
    cut_short = pattern.count is not None and len(starts) < pattern.count
    if not 1 <= len(starts) <= MOST or cut_short:
        raise SeriesTooLong(most=MOST)
    return starts


def series_lost(zone: str, lost: Sequence[datetime], now: datetime) -> SeriesLost:
    """Build the refusal of a series some of whose times are not free; the sentence names the first ones."""
    today = local_date(zone, now)
    named = [phrases.moment(at.astimezone(zone_of(zone)), today) for at in lost[:3]]
    if len(lost) > 3:
        named.append(phrases.plural(len(lost) - 3, "outro", "outros"))
    return SeriesLost(when=phrases.listing(named), starts=list(lost))
