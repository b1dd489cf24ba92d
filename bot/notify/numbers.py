"""A number of ours that Meta has shut: nothing leaves from it for a while, then one message tries the door."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import insert_new
from ..models import ServiceHealth, new_id
from ..whatsapp.faults import Fault

# Long enough to be no hot loop, short enough that a renewed token is felt at once.
PAUSE = timedelta(minutes=5)
STOPPED, OK = "stopped", "ok"


def check_name(account: str) -> str:
    """Return the name under which `service_health` knows that sending from `account` works."""
    return f"sending:{account}"


@dataclass(frozen=True, slots=True)
class Stop:
    """Until when a number is shut."""

    until: datetime


async def stopped(session: AsyncSession, accounts: Iterable[str]) -> dict[str, Stop]:
    """Return those of `accounts` that are shut, also when their pause is over and one message may try."""
    names = {check_name(account): account for account in accounts}
    rows = await session.execute(
        select(ServiceHealth.check, ServiceHealth.checked_at).where(
            ServiceHealth.check.in_(names), ServiceHealth.state == STOPPED
        )
    )
    return {names[name]: Stop(checked_at + PAUSE) for name, checked_at in rows}


async def stop(session: AsyncSession, account: str, fault: Fault, now: datetime) -> datetime:
    """Shut a number because of `fault` and return until when."""
    details = {"code": fault.code, "details": fault.details}
    row = {"id": new_id(), "check": check_name(account), "state": OK, "details": {}, "since": now, "checked_at": now}
    await session.execute(insert_new(session, ServiceHealth, row))
    mine = ServiceHealth.check == check_name(account)
    await session.execute(update(ServiceHealth).where(mine, ServiceHealth.state != STOPPED).values(since=now))
    await session.execute(update(ServiceHealth).where(mine).values(state=STOPPED, details=details, checked_at=now))
    return now + PAUSE


async def reopen(session: AsyncSession, account: str, now: datetime) -> None:
    """Note that a message went through: the number works."""
    await session.execute(
        update(ServiceHealth)
        .where(ServiceHealth.check == check_name(account), ServiceHealth.state == STOPPED)
        .values(state=OK, details={}, since=now, checked_at=now)
    )
