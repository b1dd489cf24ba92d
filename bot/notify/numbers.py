"""A number of ours that Meta has shut: nothing leaves from it for a while, then one message tries the door."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Swift
from ..models import ServiceHealth
from ..whatsapp.faults import Fault
from . import health

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


async def stopped(session: AsyncSession) -> dict[str, Stop]:
    """Return the numbers that are shut, also those whose pause is over and from which one message may try."""
    rows = await _STOPPED.all(session, {})
    return {name.removeprefix(check_name("")): Stop(datetime.fromisoformat(details["until"])) for name, details in rows}


# Asked by every claim.
_STOPPED = Swift(
    select(ServiceHealth.check, ServiceHealth.details).where(
        ServiceHealth.check.startswith(check_name(""), autoescape=True),
        ServiceHealth.state == STOPPED,
        ServiceHealth.ended_at.is_(None),
    )
)


async def stop(session: AsyncSession, account: str, fault: Fault, now: datetime) -> datetime:
    """Shut a number because of `fault` and return until when."""
    until = now + PAUSE
    row = await _row(session, account, now)
    details = {"code": fault.code, "details": fault.details, "until": until.isoformat()}
    await health.note(session, row, STOPPED, details, now)
    return until


async def hold(session: AsyncSession, account: str, until: datetime, now: datetime) -> None:
    """Keep a number shut until `until`, for one message is trying: no second one tries meanwhile."""
    row = await _row(session, account, now)
    if row.state == STOPPED:
        row.details = {**row.details, "until": until.isoformat()}


async def reopen(session: AsyncSession, account: str, now: datetime) -> None:
    """Note that a message went through: the number works."""
    row = await _row(session, account, now)
    if row.state == STOPPED:
        await health.note(session, row, OK, {}, now)


async def _row(session: AsyncSession, account: str, now: datetime) -> ServiceHealth:
    name = check_name(account)
    return (await health.current(session, [name], now))[name]
