"""From rows to values: the rules and the busy time that the pure functions work on, one statement each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Date, Integer, String, Uuid, bindparam, cast, literal, null, select, type_coerce, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Instant
from ..models import (
    Appointment,
    Availability,
    AvailabilityException,
    PendingAction,
    Professional,
    Service,
    WaitlistEntry,
)
from ..models.enums import Actor, ExceptionKind, PendingStatus, WaitlistStatus
from .hours import DayException, Window
from .lifecycle import BLOCKING
from .policy import CancellationPolicy
from .refusals import ProfessionalUnknown, ServiceUnknown
from .slots import MAX_MINUTES, Busy, Rules

# A professional writes into their own agenda further ahead than clients may: two years is a plan, more a typo.
OWN_HORIZON_DAYS: Final = 730
# Nothing lasts longer, so nothing that begins earlier can reach into a period: what keeps the index scan short.
_LONGEST: Final = timedelta(minutes=MAX_MINUTES)
_WEEK: Final = "week"


@dataclass(frozen=True, slots=True)
class Agenda:
    """A professional with their hours, read once."""

    professional: Professional
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

    @property
    def policy(self) -> CancellationPolicy:
        return policy_of(self.professional)


def policy_of(professional: Professional) -> CancellationPolicy:
    return CancellationPolicy(professional.cancel_deadline_hours, professional.late_policy)


@dataclass(frozen=True, slots=True)
class Own:
    """What belongs to the asker and so does not stand in their way: a hold, what is to be moved, an offer."""

    conversation: UUID | None = None
    appointments: Sequence[UUID] = ()
    entry: UUID | None = None


NOTHING: Final = Own()


def _with_hours() -> Any:
    """Select a professional with one row for each weekly window and each date that differs, or one without any."""
    hours = union_all(
        select(
            Availability.professional_id,
            literal(_WEEK).label("kind"),
            Availability.weekday,
            cast(null(), Date).label("date"),
            Availability.start_minute,
            Availability.end_minute,
        ).where(Availability.professional_id == bindparam("professional_id")),
        select(
            AvailabilityException.professional_id,
            type_coerce(AvailabilityException.kind, String),
            cast(null(), Integer),
            AvailabilityException.date,
            AvailabilityException.start_minute,
            AvailabilityException.end_minute,
        ).where(
            AvailabilityException.professional_id == bindparam("professional_id"),
            AvailabilityException.date >= bindparam("since", type_=Date),
        ),
    ).subquery()
    columns = (hours.c.kind, hours.c.weekday, hours.c.date, hours.c.start_minute, hours.c.end_minute)
    return (
        select(Professional, *columns)
        .outerjoin(hours, hours.c.professional_id == Professional.id)
        .where(Professional.id == bindparam("professional_id"))
    )


# Built once: putting a statement together costs as much as running it.
_AGENDA: Final = _with_hours()


async def load_agenda(session: AsyncSession, professional_id: UUID, *, now: datetime) -> Agenda:
    """Read a professional, their week and the dates from now on that differ from it."""
    # Two days back: hours may have begun the evening before, in a zone where it is still yesterday.
    values = {"professional_id": professional_id, "since": (now - timedelta(days=2)).date()}
    rows: Sequence[tuple[Any, ...]] = [tuple(row) for row in await session.execute(_AGENDA, values)]
    if not rows:
        raise ProfessionalUnknown
    return Agenda(
        rows[0][0],
        tuple(Window(weekday, start, end) for _, kind, weekday, _, start, end in rows if kind == _WEEK),
        tuple(_exceptions(rows)),
    )


def _exceptions(rows: Iterable[tuple[Any, ...]]) -> Iterable[DayException]:
    for _, kind, _, date, start, end in rows:
        if kind is not None and kind != _WEEK:
            yield DayException(date, ExceptionKind(kind), start, end)


async def load_rules(
    session: AsyncSession, professional_id: UUID, service: Service, *, now: datetime, actor: Actor = Actor.CLIENT
) -> Rules:
    """Read the rules for one service of a professional; somebody else's service does not exist."""
    if service.professional_id != professional_id:
        raise ServiceUnknown
    return (await load_agenda(session, professional_id, now=now)).rules(service.minutes, actor)


def _overlapping() -> Any:
    """Select what occupies a period: start, end or else a length in minutes, and whether a day's limit counts it."""
    start, end, now = (bindparam(name, type_=Instant) for name in ("start", "end", "now"))
    earliest = bindparam("earliest", type_=Instant)
    owner = bindparam("professional_id", type_=Uuid)
    no_minutes = literal(None, Integer).label("minutes")
    offered = WaitlistEntry.offered_start_at
    return union_all(
        select(Appointment.start_at, Appointment.end_at, no_minutes, literal(1).label("counts")).where(
            Appointment.professional_id == owner,
            Appointment.status.in_(BLOCKING),
            Appointment.start_at > earliest,
            Appointment.start_at < end,
            Appointment.end_at > start,
            Appointment.id.not_in(bindparam("own_appointments", type_=Uuid, expanding=True)),
        ),
        # A hold whose time is up is gone without anybody clearing it.
        select(PendingAction.hold_start_at, PendingAction.hold_end_at, no_minutes, literal(0)).where(
            PendingAction.hold_professional_id == owner,
            PendingAction.hold_until > now,
            PendingAction.status == PendingStatus.OPEN,
            PendingAction.hold_start_at < end,
            PendingAction.hold_end_at > start,
            PendingAction.conversation_id != bindparam("own_conversation", type_=Uuid),
        ),
        select(offered, literal(None, offered.type), Service.minutes, literal(0))
        .join(Service, Service.id == WaitlistEntry.service_id)
        .where(
            WaitlistEntry.professional_id == owner,
            WaitlistEntry.status == WaitlistStatus.OFFERED,
            WaitlistEntry.offer_expires_at > now,
            offered > earliest,
            offered < end,
            WaitlistEntry.id != bindparam("own_entry", type_=Uuid),
        ),
    )


_BUSY: Final = _overlapping()
_NOBODY: Final = UUID(int=0)


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
    values = {
        "professional_id": professional_id,
        "start": start,
        "earliest": start - _LONGEST,
        "end": end,
        "now": now,
        "own_appointments": list(own.appointments),
        "own_conversation": own.conversation or _NOBODY,
        "own_entry": own.entry or _NOBODY,
    }
    return [
        Busy(begin, begin + timedelta(minutes=minutes) if finish is None else finish, bool(counts))
        for begin, finish, minutes, counts in await session.execute(_BUSY, values)
    ]
