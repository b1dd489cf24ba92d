"""From rows to values: the rules and the busy time that the pure functions work on.

A listing reads all of it in one statement: its lists come home as JSON. A booking reads the rules with its people
(`desk.py`), and the busy time apart, once it holds the lock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Date,
    Integer,
    Uuid,
    bindparam,
    cast,
    literal_column,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Instant, Swift, instant, listed
from ..models import (
    Appointment,
    Availability,
    AvailabilityException,
    PendingAction,
    Professional,
    Service,
    WaitlistEntry,
)
from ..models.agenda import OCCUPIES
from ..models.enums import Actor, ExceptionKind, PendingStatus, WaitlistStatus
from .hours import DayException, Window
from .parties import PROFESSIONALS, Owner, columns, table
from .policy import CancellationPolicy
from .refusals import ProfessionalUnknown
from .rules import MAX_DAYS, MAX_MINUTES, Rules
from .slots import Busy

# A professional writes into their own agenda further ahead than clients may: two years is a plan, more a typo.
OWN_HORIZON_DAYS: Final = 730
# Nothing lasts longer, so nothing that begins earlier can reach into a period: what keeps the index scan short.
_LONGEST: Final = timedelta(minutes=MAX_MINUTES)
# Around a listing, whose rules are not known before its busy time is read: a week that a limit counts, the longest
# buffer, and a day for the zones.
_MARGIN: Final = timedelta(days=9)
_FURTHEST: Final = timedelta(days=MAX_DAYS)


@dataclass(frozen=True, slots=True)
class Agenda:
    """A professional with their hours, read once."""

    professional: Owner
    weekly: tuple[Window, ...]
    exceptions: tuple[DayException, ...]

    def rules(self, minutes: int, actor: Actor = Actor.CLIENT) -> Rules:
        """Give the rules for an appointment of so many minutes.

        Notice and horizon are there to keep clients at a distance; they do not bind the professional.
        """
        own = actor is Actor.PROFESSIONAL
        row = self.professional
        return Rules(
            zone=row.timezone,
            minutes=minutes,
            weekly=self.weekly,
            exceptions=self.exceptions,
            interval=row.slot_interval_minutes,
            buffer_before=row.buffer_before_minutes,
            buffer_after=row.buffer_after_minutes,
            min_notice=0 if own else row.min_notice_minutes,
            horizon_days=max(OWN_HORIZON_DAYS, row.horizon_days) if own else row.horizon_days,
            max_per_day=row.max_per_day,
            max_per_week=row.max_per_week,
        )


def policy_of(professional: Owner | Professional) -> CancellationPolicy:
    return CancellationPolicy(professional.cancel_deadline_hours, professional.late_policy)


@dataclass(frozen=True, slots=True)
class Own:
    """What belongs to the asker and so does not stand in their way: a hold, what is to be moved, an offer."""

    conversation: UUID | None = None
    appointments: Sequence[UUID] = ()
    entry: UUID | None = None


NOTHING: Final = Own()


# Hours

_OWNER: Final = bindparam("professional_id", type_=Uuid)
_WEEK: Final = table(Availability)
_DATES: Final = table(AvailabilityException)

# Two lists beside any row: the week, and the dates from `since` on that differ from it.
WEEK: Final = (
    select(listed(_WEEK.c.weekday, _WEEK.c.start_minute, _WEEK.c.end_minute))
    .where(_WEEK.c.professional_id == _OWNER)
    .scalar_subquery()
    .label("week")
)
HOURS: Final = (
    WEEK,
    select(listed(_DATES.c.date, _DATES.c.kind, _DATES.c.start_minute, _DATES.c.end_minute))
    .where(_DATES.c.professional_id == _OWNER, _DATES.c.date >= bindparam("since", type_=Date))
    .scalar_subquery()
    .label("dates"),
)


def since(now: datetime) -> date:
    """Say from which date on exceptions matter: hours may have begun the evening before, where it is yesterday."""
    return (now - timedelta(days=2)).date()


def hours_of(
    week: Iterable[Any] | None, dates: Iterable[Any] | None
) -> tuple[tuple[Window, ...], tuple[DayException, ...]]:
    """Read the lists of `HOURS`."""
    exceptions = (
        DayException(date.fromisoformat(day), ExceptionKind(kind), start, end) for day, kind, start, end in dates or ()
    )
    return tuple(Window(*window) for window in week or ()), tuple(exceptions)


def agenda_of(owner: Owner, week: Iterable[Any] | None, dates: Iterable[Any] | None) -> Agenda:
    """Put an agenda together from the lists of `HOURS`."""
    return Agenda(owner, *hours_of(week, dates))


# Busy time


def _occupied() -> Any:
    """Select what occupies a period: start, end or else a length in minutes, if a limit counts it, and whose it is."""
    begin, earliest, end, now = (bindparam(name, type_=Instant) for name in ("begin", "earliest", "end", "now"))
    taken, held, wanted, service = map(table, (Appointment, PendingAction, WaitlistEntry, Service))
    nothing, no_time = cast(null(), Integer), cast(null(), Instant)
    return union_all(
        select(
            taken.c.start_at, taken.c.end_at, nothing.label("minutes"), literal_column("1").label("counts"), taken.c.id
        )
        .where(taken.c.professional_id == _OWNER, text(f"appointments.{OCCUPIES}"))
        .where(taken.c.start_at > earliest, taken.c.start_at < end, taken.c.end_at > begin),
        # A hold whose time is up is gone without anybody clearing it.
        select(held.c.hold_start_at, held.c.hold_end_at, nothing, literal_column("0"), held.c.conversation_id)
        .where(held.c.hold_professional_id == _OWNER, held.c.hold_until > now)
        .where(held.c.status == literal_column(f"'{PendingStatus.OPEN.value}'"))
        .where(held.c.hold_start_at < end, held.c.hold_end_at > begin),
        select(wanted.c.offered_start_at, no_time, service.c.minutes, literal_column("0"), wanted.c.id)
        .join(service, service.c.id == wanted.c.service_id)
        .where(wanted.c.professional_id == _OWNER, wanted.c.offer_expires_at > now)
        .where(wanted.c.status == literal_column(f"'{WaitlistStatus.OFFERED.value}'"))
        .where(wanted.c.offered_start_at > earliest, wanted.c.offered_start_at < end),
    )


_HOURS_OF_ONE: Final = select(*columns(Owner, PROFESSIONALS), *HOURS).where(PROFESSIONALS.c.id == _OWNER)
_TAKEN: Final = select(listed(*_occupied().subquery("taken").c)).scalar_subquery().label("busy")

_AGENDA: Final = Swift(_HOURS_OF_ONE)
_OPENINGS: Final = Swift(_HOURS_OF_ONE.add_columns(_TAKEN))
_BUSY: Final = Swift(_occupied())


async def load_agenda(session: AsyncSession, professional_id: UUID, *, now: datetime) -> Agenda:
    """Read a professional, their week and the dates from now on that differ from it."""
    values = {"professional_id": professional_id, "since": since(now)}
    row = await _AGENDA.first(session, values)
    if row is None:
        raise ProfessionalUnknown
    return agenda_of(Owner(*row[:-2]), *row[-2:])


async def load_openings(
    session: AsyncSession, professional_id: UUID, start: datetime, end: datetime, *, now: datetime, own: Own = NOTHING
) -> tuple[Agenda, list[Busy]]:
    """Read an agenda and all that decides about appointments that begin in start <= t < end, in one statement."""
    # What is over, and what lies beyond every horizon, cannot be booked anyway.
    first, last = max(start, now), min(end, now + _FURTHEST)
    values = {"since": since(now), **_values(professional_id, first - _MARGIN, last + _LONGEST + _MARGIN, now)}
    row = await _OPENINGS.first(session, values)
    if row is None:
        raise ProfessionalUnknown
    *owner, week, dates, taken = row
    read = (
        (instant(begin), instant(finish) if finish else None, minutes, counts, whose)
        for begin, finish, minutes, counts, whose in taken or ()
    )
    return agenda_of(Owner(*owner), week, dates), _busy(read, own)


async def load_busy(
    session: AsyncSession,
    professional_id: UUID,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    own: Own = NOTHING,
) -> list[Busy]:
    """Read what occupies a period: appointments, times held for others who are deciding, offers to others waiting."""
    values = _values(professional_id, start, end, now)
    return _busy(await _BUSY.all(session, values), own)


def _values(professional_id: UUID, start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    return {"professional_id": professional_id, "begin": start, "earliest": start - _LONGEST, "end": end, "now": now}


def _busy(rows: Iterable[Sequence[Any]], own: Own) -> list[Busy]:
    ids = [each for each in (own.conversation, own.entry, *own.appointments) if each]
    mine = {spelled for each in ids for spelled in (str(each), each.hex)}  # JSON of SQLite's has no dashes
    return [
        Busy(begin, begin + timedelta(minutes=minutes) if finish is None else finish, bool(counts))
        for begin, finish, minutes, counts, whose in rows
        if str(whose) not in mine
    ]
