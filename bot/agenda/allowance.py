"""The appointments that a plan allows in a month.

What counts is what is made in the calendar month of the professional's zone, whoever makes it and through whatever
door; an appointment that is cancelled, refused or moved later was made all the same. Plans without a limit are not
counted: who comes from one to a plan with a limit in the middle of a month starts with all of it.
"""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from ..errors import Refused
from ..models.enums import Actor
from ..models.plans import PLANS
from ..models.usage import Counted, count, used
from .hours import local_date
from .parties import Owner
from .refusals import NotTaking, PlanLimit


async def use(session: AsyncSession, owner: Owner, actor: Actor, *, now: datetime) -> None:
    """Count one more appointment, or refuse it."""
    limit = PLANS[owner.plan].appointments_a_month
    if limit is not None and not await count(
        session, owner.id, Counted.APPOINTMENTS, month=_month(owner, now), limit=limit
    ):
        raise _used_up(owner, actor)


async def give_back(session: AsyncSession, owner: Owner, *, now: datetime) -> None:
    """Uncount an appointment that was not written after all."""
    limit = PLANS[owner.plan].appointments_a_month
    if limit is not None:
        await count(session, owner.id, Counted.APPOINTMENTS, month=_month(owner, now), limit=limit, by=-1)


async def refusal(session: AsyncSession, owner: Owner, actor: Actor, *, now: datetime) -> Refused | None:
    """Say what `use` would refuse with now, if it would."""
    limit = PLANS[owner.plan].appointments_a_month
    if limit is None or await used(session, owner.id, Counted.APPOINTMENTS, month=_month(owner, now)) < limit:
        return None
    return _used_up(owner, actor)


def _used_up(owner: Owner, actor: Actor) -> Refused:
    """Tell the professional what lifts the limit, and a client nothing about it."""
    return NotTaking(professional=owner.name) if actor is Actor.CLIENT else PlanLimit(owner.plan)


def _month(owner: Owner, now: datetime) -> date:
    return local_date(owner.timezone, now).replace(day=1)
