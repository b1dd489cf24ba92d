"""Whether an appointment may be changed as somebody asks: by its state, by the professional's rule, as it was shown."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..models import Appointment, Professional
from ..models.enums import STANDING, Action, Actor, Status
from .hours import local_date, zone_of
from .ledger import moves
from .lifecycle import IllegalMove, after
from .loading import policy_of
from .parties import Owner
from .policy import Agreed, CancellationPolicy, Notice, NotWarned, TooLate, notice_given
from .refusals import AppointmentMoved


async def as_shown(
    session: AsyncSession, row: Appointment, now: datetime, *, at: datetime | None = None, agreed: Agreed | None = None
) -> None:
    """Refuse an answer to a message or a question that showed another time than the appointment has now."""
    moved = agreed is not None and row.start_at != agreed.start_at
    if at is not None and row.status in STANDING:
        moved = any(move.at > at for move in await moves(session, row))
    if moved:
        zone = (await session.get_one(Professional, row.professional_id)).timezone
        raise AppointmentMoved(when=phrases.moment(row.start_at.astimezone(zone_of(zone)), local_date(zone, now)))


def check_warned(notice: Notice, agreed: Agreed | None) -> None:
    """Refuse where it has become too late since the question: a warning comes first."""
    if agreed is not None and notice is Notice.LATE_WARN and agreed.notice is not notice:
        raise NotWarned


def may(row: Appointment, action: Action, professional: Owner | Professional, *, actor: Actor, now: datetime) -> Notice:
    """Refuse what `act` would refuse now; say whether a cancellation would be late."""
    after(row.status, row.payment, action, actor, start_at=row.start_at, end_at=row.end_at, now=now)
    return notice_of(row, action, policy_of(professional), actor, now)


def may_move(row: Appointment, policy: CancellationPolicy, actor: Actor, now: datetime) -> Notice:
    """Refuse a move that no time could make possible: what is over, or a client's after the deadline or the start."""
    if row.status not in STANDING:
        raise IllegalMove(status=row.status, action=Action.RESCHEDULE)
    if actor is Actor.CLIENT and row.start_at <= now:
        raise TooLate(deadline=row.start_at, start_at=row.start_at)
    return notice_of(row, Action.RESCHEDULE, policy, actor, now)


def notice_of(row: Appointment, action: Action, policy: CancellationPolicy, actor: Actor, now: datetime) -> Notice:
    """Judge when a confirmed time is given up; a request that nobody answered can be taken back at any moment."""
    if action not in (Action.CANCEL, Action.RESCHEDULE) or row.status is not Status.CONFIRMED:
        return Notice.IN_TIME
    return notice_given(policy, actor, start_at=row.start_at, now=now)
