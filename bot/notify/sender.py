"""Send what is owed: claim, POST with no transaction open, note what became of it, a row at a time."""

import asyncio
import logging
from typing import Protocol

from ..clock import Clock
from ..db import Database
from ..models import Outbound
from ..models.enums import Channel, OutboundStatus
from ..whatsapp.faults import Action, Fault, SendFailed
from ..whatsapp.transport import Accepted, Address, Transport
from . import delivery, numbers
from .claim import Claim, Job, claim
from .settle import settle

log = logging.getLogger(__name__)

# At 150 ms an answer, 64 at once are over 400 a second: five times what Meta lets one number send.
IN_FLIGHT = 64
# Shorter than the lease: nobody else takes a row whose POST may still succeed.
DEADLINE = 20.0
# Completions are gathered this long before the next claim: twenty small queries a second, not one a message.
GATHER = 0.05


class Pace(Protocol):
    """Wait until a message to this person may leave from this number; a few seconds at most, for the lease runs."""

    async def wait(self, account: str, to: Address) -> None: ...


class NoPace:
    """Send as fast as answers come back."""

    async def wait(self, account: str, to: Address) -> None:
        return


async def send_due(
    db: Database,
    transport: Transport,
    clock: Clock,
    *,
    account: str,
    channel: Channel = Channel.CLOUD,
    limit: int = 1000,
    pace: Pace | None = None,
    deadline: float = DEADLINE,
) -> int:
    """Send what is due, up to `limit` rows, and return how many rows were dealt with.

    `account` of `channel` is the number that messages leave from when neither conversation nor professional has one.
    """
    # What a telephone already said comes first: a doubtful message must not go out again while its status waits.
    await settle(db, clock)
    sender = _Sender(db, transport, clock, pace or NoPace(), deadline)
    flying: set[asyncio.Task[None]] = set()
    count = 0
    try:
        while True:
            room = min(IN_FLIGHT - len(flying), limit - count)
            found = await sender.claim(account, channel, room) if room > 0 else Claim()
            count += found.count
            flying |= {asyncio.create_task(sender.deliver(job)) for job in found.jobs}
            if flying:
                await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
                _, flying = await asyncio.wait(flying, timeout=GATHER)
            elif not found.count:
                return count
    finally:
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)


class _Sender:
    def __init__(self, db: Database, transport: Transport, clock: Clock, pace: Pace, deadline: float) -> None:
        self._db, self._transport, self._clock, self._pace, self._deadline = db, transport, clock, pace, deadline

    async def claim(self, account: str, channel: Channel, limit: int) -> Claim:
        async with self._db.begin() as session:
            return await claim(session, now=self._clock.now(), account=account, channel=channel, limit=limit)

    async def deliver(self, job: Job) -> None:
        """Send one message and note the outcome; when even that fails, the lease runs out and a status decides."""
        try:
            outcome = await self._post(job)
            await self._note(job, outcome)
        except Exception:
            log.exception("the outcome of a message could not be noted", extra={"outbound": str(job.id)})

    async def _post(self, job: Job) -> Accepted | Fault:
        try:
            await self._pace.wait(job.account, job.to)
            async with asyncio.timeout(self._deadline):
                return await self._transport.send(job.account, job.to, job.outgoing, opaque=str(job.id))
        except SendFailed as refused:
            return refused.fault
        except TimeoutError:
            return Fault("timeout", Action.AWAIT_STATUS)
        except Exception as error:  # whatever it was, the message may have left
            log.exception("a transport broke", extra={"outbound": str(job.id)})
            return Fault("broken", Action.AWAIT_STATUS, type(error).__name__)

    async def _note(self, job: Job, outcome: Accepted | Fault) -> None:
        now = self._clock.now()
        async with self._db.begin() as session:
            row = await session.get(Outbound, job.id, with_for_update=True)
            # A status may have been here before us, and the row may even be on its way again.
            if row is None or row.attempts != job.attempt:
                return
            if row.status not in (OutboundStatus.SENDING, OutboundStatus.UNCERTAIN):
                return
            if isinstance(outcome, Accepted):
                delivery.sent(session, row, outcome.provider_id, now)
                if job.trying:
                    await numbers.reopen(session, job.account, now)
            else:
                await delivery.failed(session, row, outcome, job.account, now)
