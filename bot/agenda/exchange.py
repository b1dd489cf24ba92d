"""Two appointments that take each other's time: both are moved, or neither."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Appointment
from ..models.enums import Actor
from .booking import tell_of_move
from .hours import MINUTE
from .judging import as_shown, may_move
from .ledger import find_locked, move_together
from .loading import Own, load_agenda, policy_of
from .occurrences import judge
from .policy import Agreed
from .refusals import NoExchange


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

    It holds for the times that somebody has agreed to.
    """
    rows = [await find_locked(session, each, professional_id=owner, contact_id=None) for each, _ in (first, second)]
    for row, (_, agreed) in zip(rows, (first, second), strict=True):
        await as_shown(session, row, now, agreed=agreed)
    await check(session, rows, now=now)
    moved = await move_together(session, rows, [row.start_at for row in reversed(rows)], now)
    for row, old_start, status in moved:
        await tell_of_move(session, row, old_start, status, actor=Actor.PROFESSIONAL, now=now)
    return [row for row, *_ in moved]
