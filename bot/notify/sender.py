"""Send what is owed: claim many, POST each with no transaction open, note what became of many."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from .. import metrics
from ..clock import Clock
from ..db import Database
from ..models.enums import Channel
from ..whatsapp.cloud import CONNECTIONS
from ..whatsapp.faults import Action, Fault, SendFailed
from ..whatsapp.transport import Accepted, Transport
from .claim import Claim, Job, claim, put_back
from .outcomes import Outcome, note
from .pace import NoPace, Pace
from .settle import settle

log = logging.getLogger(__name__)

# At 150 ms an answer, this many at once are the thousand a second of Meta's high tier. One number of the usual tier
# never has more than 80 out, most of them waiting for their turn: that, or this, is what a kill leaves in doubt.
IN_FLIGHT = CONNECTIONS
# In one claim: about what a number of the usual tier may send before the next one, for what has no turn is put back.
AT_ONCE = 64
# With the wait for its turn shorter than the lease: nobody else takes a row whose POST may still succeed.
DEADLINE = 20.0
# Completions are gathered this long before the next claim: twenty small queries a second, not one a message.
GATHER = 0.05
# Asked to end, it waits this long for answers that are on their way; others are told by their statuses.
LAST_CALL = 3.0
# What the last turns owe leaves in milliseconds; a round that takes longer is cut short, and puts back what it can.
SOON = 1.0
# No new messages after this long, or this many: the next round looks first what the telephones said meanwhile.
ROUND = 20.0
MOST = 1000


@dataclass(frozen=True, slots=True)
class Sent:
    """How many rows a round dealt with, and whether it ended because it had its fill: then more may be due."""

    count: int
    more: bool


async def send_due(
    db: Database,
    transport: Transport,
    clock: Clock,
    *,
    account: str,
    channel: Channel = Channel.CLOUD,
    limit: int = MOST,
    pace: Pace | None = None,
    deadline: float = DEADLINE,
    last_call: float = LAST_CALL,
) -> int:
    """Send what is due, up to `limit` rows, and return how many rows were dealt with.

    `account` of `channel` is the number that messages leave from when neither conversation nor professional has one.
    """
    one = _Round(db, transport, clock, pace or NoPace(), deadline)
    return (await one.go(account, channel, limit, last_call)).count


class Sender:
    """The sender of a process: however many bells ring, it goes round after round, one at a time, while they do.

    It belongs to no job: a job that had to wait for a full round before its own would run out of time in the middle.
    """

    def __init__(
        self,
        db: Database,
        transport: Transport,
        clock: Clock,
        *,
        account: str,
        channel: Channel,
        pace: Pace,
        limit: int = MOST,
    ) -> None:
        self._db, self._transport, self._clock, self._pace = db, transport, clock, pace
        self._account, self._channel, self._limit = account, channel, limit
        self._going: asyncio.Task[int] | None = None
        self._again = False

    def wake(self) -> asyncio.Task[int]:
        """See to it that what is due now is sent, by a task that nobody needs to wait for."""
        self._again = True
        if self._going is None or self._going.done():
            self._going = asyncio.create_task(self._go())
            self._going.add_done_callback(self._over)
        return self._going

    async def run(self) -> int:
        """Send what is due and return how many rows were dealt with, by whoever asked for it meanwhile."""
        return await asyncio.shield(self.wake())

    async def close(self) -> None:
        """Return when nothing is being sent any more; what is owed and not begun soon is left to others."""
        if (going := self._going) is not None:
            await asyncio.wait([going], timeout=SOON)
            going.cancel()
            await asyncio.wait([going])

    async def _go(self) -> int:
        count = 0
        while self._again:
            self._again = False
            one = _Round(self._db, self._transport, self._clock, self._pace, DEADLINE)
            sent = await one.go(self._account, self._channel, self._limit, LAST_CALL)
            count += sent.count
            self._again |= sent.more
        return count

    @staticmethod
    def _over(task: asyncio.Task[int]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log.error("what is due could not be sent", exc_info=error)


class _Round:
    def __init__(self, db: Database, transport: Transport, clock: Clock, pace: Pace, deadline: float) -> None:
        self._db, self._transport, self._clock, self._pace, self._deadline = db, transport, clock, pace, deadline
        self._flying: dict[asyncio.Task[None], UUID] = {}
        self._done: list[Outcome] = []
        # Leased, and certainly not sent.
        self._unsent: dict[UUID, Job] = {}

    async def go(self, account: str, channel: Channel, limit: int, last_call: float) -> Sent:
        """Settle what the telephones said, then send what is due, and leave nothing behind."""
        # A doubtful message must not go out again while its status waits.
        await settle(self._db, self._clock)
        try:
            return await self._run(account, channel, limit)
        finally:
            await self._close(last_call)

    async def _run(self, account: str, channel: Channel, limit: int) -> Sent:
        """Send until nothing is due, or until it was enough."""
        count, ends = 0, time.monotonic() + ROUND
        while True:
            full = count >= limit or time.monotonic() >= ends
            room = 0 if full else min(IN_FLIGHT - len(self._flying), AT_ONCE, limit - count)
            found = await self._claim(account, channel, room) if room > 0 else Claim()
            started = await self._start(found.jobs)
            count += found.count - len(found.jobs) + started
            if 0 < room == found.count and started == len(found.jobs):
                continue  # there is more, and nothing to wait for
            if self._flying:
                await self._gather()
                await self._note()
            elif (shut := self._pace.full()) and not full:
                await asyncio.sleep(min(shut.values()))
            elif not found.count:
                return Sent(count, full)

    async def _claim(self, account: str, channel: Channel, limit: int) -> Claim:
        full, now = self._pace.full(), self._clock.now()
        async with self._db.begin() as session:
            return await claim(session, now=now, account=account, channel=channel, limit=limit, without=full)

    async def _start(self, jobs: list[Job]) -> int:
        """Let those leave that get a turn; put the others back. Return how many leave."""
        if not jobs:
            return 0
        self._unsent |= {job.id: job for job in jobs}
        turns = await self._pace.turns(jobs)
        back: list[tuple[Job, datetime | None]] = []
        for job, turn in zip(jobs, turns, strict=True):
            if not turn.shut:
                self._flying[asyncio.create_task(self._deliver(job, turn.seconds))] = job.id
            else:
                # Of a number that is full nothing else is claimed; of a person nothing is due before their moment.
                moment = self._clock.now() + timedelta(seconds=turn.seconds)
                back.append((job, None if turn.shut == job.account else moment))
        await self._put_back(back)
        return len(jobs) - len(back)

    async def _put_back(self, jobs: Sequence[tuple[Job, datetime | None]]) -> None:
        if not jobs:
            return
        async with self._db.begin() as session:
            await put_back(session, jobs)
        for job, _ in jobs:
            self._unsent.pop(job.id, None)

    async def _gather(self) -> None:
        await self._wait(None, asyncio.FIRST_COMPLETED)
        await self._wait(GATHER, asyncio.ALL_COMPLETED)

    async def _wait(self, seconds: float | None, until: str) -> None:
        if self._flying:
            landed, _ = await asyncio.wait(self._flying, timeout=seconds, return_when=until)
            for task in landed:
                del self._flying[task]

    async def _deliver(self, job: Job, wait: float) -> None:
        if wait > 0:
            await asyncio.sleep(wait)
        del self._unsent[job.id]
        outcome = await self._post(job)
        self._done.append(Outcome(job, outcome, self._clock.now()))
        if isinstance(outcome, Fault):
            metrics.failed("send", outcome.code)
            await self._pace.refused(job, outcome)

    async def _post(self, job: Job) -> Accepted | Fault:
        try:
            with metrics.timed(metrics.SEND, transport="whatsapp"):
                async with asyncio.timeout(self._deadline):
                    return await self._transport.send(job.account, job.to, job.outgoing, opaque=str(job.id))
        except SendFailed as refused:
            return refused.fault
        except TimeoutError:
            return Fault("timeout", Action.AWAIT_STATUS)
        except Exception as error:  # whatever it was, the message may have left
            log.exception("a transport broke", extra={"outbound": str(job.id)})
            return Fault("broken", Action.AWAIT_STATUS, type(error).__name__)

    async def _note(self) -> None:
        """Write down what became of messages; when even that fails, leases run out and statuses decide."""
        done, self._done = self._done, []
        if not done:
            return
        try:
            async with self._db.begin() as session:
                await note(session, done)
        except Exception:
            log.exception("outcomes could not be noted together; trying each alone")
            for outcome in done:
                await self._note_alone(outcome)

    async def _note_alone(self, outcome: Outcome) -> None:
        try:
            async with self._db.begin() as session:
                await note(session, [outcome])
        except Exception:
            log.exception("the outcome of a message could not be noted", extra={"outbound": str(outcome.job.id)})

    async def _close(self, last_call: float) -> None:
        """Wait a moment for answers on their way, and note them; put back what never left.

        What gets no answer any more keeps its lease: its status settles it.
        """
        for task, identifier in self._flying.items():
            if identifier in self._unsent:
                task.cancel()
        await self._wait(last_call, asyncio.ALL_COMPLETED)
        for task in self._flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)
        await self._note()
        try:
            await self._put_back([(job, None) for job in self._unsent.values()])
        except Exception:
            log.exception("messages that never left wait until their lease is over")
