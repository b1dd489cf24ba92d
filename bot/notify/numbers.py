"""A number of ours that Meta has shut: nothing leaves from it for a while, then one message tries the door.

That the trial is taken proves nothing: without a payment method Meta takes every message and tells afterwards, by a
status, that it failed. The number is open again when the trial has arrived. Where nothing is heard of it, neither good
nor bad, it is opened on trust: statuses may not reach us at all, and then a number would stay shut for ever.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Swift
from ..models import Outbound, ServiceHealth
from ..models.enums import ARRIVED, OutboundStatus
from ..whatsapp.faults import WORSE_BY_ASKING, Fault
from . import health

# Long enough to be no hot loop, short enough that a renewed token or a paid bill is felt at once.
PAUSE = timedelta(minutes=5)
# What asking makes worse is asked half as often each time, but a dozen times a day: who is let off is back soon.
LONGEST = timedelta(hours=2)
# A failure is told within seconds of the trial. Who was too hasty here pays with a crowd of messages that fail again.
WORD = timedelta(minutes=5)
STOPPED, OK = "stopped", "ok"


def check_name(account: str) -> str:
    """Return the name under which `service_health` knows that sending from `account` works."""
    return f"sending:{account}"


@dataclass(frozen=True, slots=True)
class Stop:
    """Until when a number is shut, and whether the message that failed may be to blame for it."""

    until: datetime
    blames: bool


async def stopped(session: AsyncSession, now: datetime) -> dict[str, datetime]:
    """Open the numbers whose trial went well; return until when the others are shut, then one message may try."""
    shut: dict[str, datetime] = {}
    for name, details in await _STOPPED.all(session, {}):
        account = name.removeprefix(check_name(""))
        until = datetime.fromisoformat(details["until"])
        trial = await _trial(session, details)
        if trial is OutboundStatus.SENT:
            until = datetime.fromisoformat(details["tried"]) + WORD
        if trial in ARRIVED:
            await reopen(session, account, now)
        elif trial is OutboundStatus.SENT and until <= now:
            await reopen(session, account, now, pause=details.get("pause", PAUSE.total_seconds()))
        else:
            shut[account] = until
    return shut


# Asked by every claim.
_STOPPED = Swift(
    select(ServiceHealth.check, ServiceHealth.details).where(
        ServiceHealth.check.startswith(check_name(""), autoescape=True),
        ServiceHealth.state == STOPPED,
        ServiceHealth.ended_at.is_(None),
    )
)


async def _trial(session: AsyncSession, details: dict[str, Any]) -> OutboundStatus | None:
    """Return what became of the message that tries."""
    if "trial" not in details:
        return None
    return await session.scalar(select(Outbound.status).where(Outbound.id == UUID(details["trial"])))


async def stop(session: AsyncSession, account: str, fault: Fault, now: datetime, message: UUID | None = None) -> Stop:
    """Shut a number because of `fault`, which met `message`.

    Whatever else left before it was shut fails like the first, and changes nothing. Only what shuts a number that was
    known to be open may be to blame itself.
    """
    row = await _row(session, account, now)
    was_open, known = row.state != STOPPED, row.details
    if was_open or known.get("trial") == str(message):
        pause = _pause(fault, known.get("pause"))
        known = {"pause": pause.total_seconds(), "until": (now + pause).isoformat()}
    blames = was_open and not row.details
    await health.note(session, row, STOPPED, {**known, "code": fault.code, "details": fault.details}, now)
    return Stop(datetime.fromisoformat(known["until"]), blames)


def _pause(fault: Fault, before: float | None) -> timedelta:
    if before is None or fault.code not in WORSE_BY_ASKING:
        return PAUSE
    return min(2 * timedelta(seconds=before), LONGEST)


async def hold(session: AsyncSession, account: str, trial: UUID, until: datetime, now: datetime) -> None:
    """Keep a number shut until `until`, for one message is trying: no second one tries meanwhile."""
    row = await _row(session, account, now)
    if row.state == STOPPED:
        row.details = {**row.details, "until": until.isoformat(), "trial": str(trial), "tried": now.isoformat()}


async def reopen(session: AsyncSession, account: str, now: datetime, *, pause: float | None = None) -> None:
    """Note that the number works; where that is only trusted, remember the `pause` in seconds that it had."""
    row = await _row(session, account, now)
    if row.state == STOPPED:
        await health.note(session, row, OK, {} if pause is None else {"pause": pause}, now)


async def _row(session: AsyncSession, account: str, now: datetime) -> ServiceHealth:
    name = check_name(account)
    return (await health.current(session, [name], now))[name]
