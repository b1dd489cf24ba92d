"""Two appointments that take each other's time: both are moved, or neither."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Appointment
from ..models.enums import Action, Actor, Payment, Status
from . import notices, reminders
from .entry import write
from .hours import MINUTE
from .judging import as_shown, may_move
from .ledger import compare_and_set, find_locked
from .loading import Own, load_agenda, policy_of
from .occurrences import judge
from .parties import load_parties
from .policy import Agreed
from .refusals import NoExchange
from .told import Told


async def check(session: AsyncSession, rows: Sequence[Appointment], *, now: datetime) -> None:
    """Refuse what `exchange` would refuse now: each is judged at the other's time, and beside the other there."""
    agenda = await load_agenda(session, rows[0].professional_id, now=now)
    for row in rows:
        may_move(row, policy_of(agenda.professional), Actor.PROFESSIONAL, now)
    starts = [row.start_at for row in reversed(rows)]
    wanted = [(at, (row.end_at - row.start_at) // MINUTE) for row, at in zip(rows, starts, strict=True)]
    found = await judge(session, agenda, wanted, now=now, own=Own(appointments=[row.id for row in rows]))
    for each in found:
        if each.refusal is not None:
            raise NoExchange(reason=each.refusal.message)


async def exchange(
    session: AsyncSession, first: tuple[UUID, Agreed], second: tuple[UUID, Agreed], *, owner: UUID, now: datetime
) -> list[Appointment]:
    """Give two appointments of one agenda each other's start, and tell both clients as of any move.

    It holds for the times that somebody has agreed to. Both step aside first: the wall lets no two stand at one time,
    not even between two statements.
    """
    rows = [await find_locked(session, each, professional_id=owner, contact_id=None) for each, _ in (first, second)]
    for row, (_, agreed) in zip(rows, (first, second), strict=True):
        await as_shown(session, row, now, agreed=agreed)
    await check(session, rows, now=now)
    before = [(row.start_at, row.end_at - row.start_at, row.status) for row in rows]
    aside = [await compare_and_set(session, row, now, status=Status.CANCELLED) for row in rows]
    moved: list[Appointment] = []
    for row, (old_start, length, status), (start, *_) in zip(aside, before, reversed(before), strict=True):
        new = await compare_and_set(
            session,
            row,
            now,
            start_at=start,
            end_at=start + length,
            status=Status.CONFIRMED,
            payment=Payment.AUTHORIZED if row.payment is Payment.UNPAID else row.payment,
            attendance_confirmed_at=None,
        )
        await _tell(session, new, old_start, status, now)
        moved.append(new)
    return moved


async def _tell(session: AsyncSession, row: Appointment, old_start: datetime, before: Status, now: datetime) -> None:
    told = Told(row, await load_parties(session, row.professional_id, row.client_id), now)
    told.record(
        Action.RESCHEDULE,
        Actor.PROFESSIONAL,
        before,
        {"from": old_start.isoformat(), "to": row.start_at.isoformat()},
    )
    await reminders.drop(session, [row.id])
    told.remind()
    notices.moved(told, Actor.PROFESSIONAL, old_start)
    await write(session, told.rows)
