"""How fast messages may leave: so many a second from a number, so many to a person."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from redis.asyncio import Redis

from ..models.enums import Channel
from ..whatsapp.faults import Action, Fault, seconds_until_retry
from .claim import Job
from .gate import Gate, LocalGate, Rate, RedisGate, Turn

# A number's rate, as long as Meta has not raised it (`whatsapp_messages_per_second`).
NUMBER = Rate(1 / 78, burst=2)
# To one person one in six seconds, and 45 at once that are paid for afterwards; one less, for the same reason.
PERSON = Rate(6, burst=44)
# An unofficial client that talks like a machine is banned: about as fast as somebody who types.
TYPED = Rate(1, burst=5)
RATES: Mapping[Channel, tuple[Rate, Rate]] = {Channel.CLOUD: (NUMBER, PERSON), Channel.EVOLUTION: (TYPED, PERSON)}
# Turns are taken this far ahead: enough to keep a number busy between two claims, little enough that an answer
# overtakes what waits and that a sender that dies leaves few in doubt.
AHEAD = 0.8
# After "too many" a number rests, and then goes at half the rate for a while: its limit may be lower than we think.
REST, CAREFUL = 1.0, 60.0


class Pace(Protocol):
    """Say when messages may leave."""

    async def turns(self, jobs: Sequence[Job]) -> list[Turn]:
        """Return a turn for each job, in order; `shut` is the person's when only the person has to wait."""
        ...

    def full(self) -> Mapping[str, float]:
        """Return the numbers with no turn to give just now, and for how many seconds."""
        ...

    async def refused(self, job: Job, fault: Fault) -> None:
        """Learn that the provider refused a message."""
        ...


class NoPace:
    """Send as fast as answers come back."""

    async def turns(self, jobs: Sequence[Job]) -> list[Turn]:
        return [Turn(0) for _ in jobs]

    def full(self) -> Mapping[str, float]:
        return {}

    async def refused(self, job: Job, fault: Fault) -> None:
        return


def pace_of(redis_url: str, *, per_second: int) -> tuple["SteadyPace", Callable[[], Awaitable[None]]]:
    """Return the pace of an installation, shared through the Redis it names, and what closes it."""
    rates = {**RATES, Channel.CLOUD: (Rate(1 / per_second, NUMBER.burst), PERSON)}
    if not redis_url:
        return SteadyPace(LocalGate(), rates), _nothing
    redis: Redis = Redis.from_url(redis_url)
    return SteadyPace(RedisGate(redis), rates), redis.aclose


async def _nothing() -> None:
    return


class SteadyPace:
    """Keep to the rates of each channel, at the gate that all processes share."""

    def __init__(self, gate: Gate, rates: Mapping[Channel, tuple[Rate, Rate]] = RATES, *, ahead: float = AHEAD) -> None:
        self._gate, self._rates, self._ahead = gate, rates, ahead
        self._full_until: dict[str, float] = {}
        self._careful_until: dict[str, float] = {}

    async def turns(self, jobs: Sequence[Job]) -> list[Turn]:
        if not jobs:
            return []
        wishes = [((job.account, self._number(job)), *self._person(job)) for job in jobs]
        turns = await self._gate.take(wishes, within=self._ahead)
        now = time.monotonic()
        for job, turn in zip(jobs, turns, strict=True):
            if turn.shut == job.account:
                # When half of what lies ahead is free again, asking is worth a claim.
                self._full_until[job.account] = now + max(0.02, turn.seconds - self._ahead / 2)
        return turns

    def full(self) -> Mapping[str, float]:
        now = time.monotonic()
        self._full_until = {account: until for account, until in self._full_until.items() if until > now}
        return {account: until - now for account, until in self._full_until.items()}

    async def refused(self, job: Job, fault: Fault) -> None:
        if fault.action is Action.THROTTLED:
            await self._gate.shut(job.account, self._number(job), REST)
            self._careful_until[job.account] = time.monotonic() + CAREFUL
        elif fault.action is Action.SLOW_DOWN:
            for person, rate in self._person(job):
                await self._gate.shut(person, rate, seconds_until_retry(fault.action, job.attempt))

    def _number(self, job: Job) -> Rate:
        rate = self._rates[job.to.channel][0]
        if self._careful_until.get(job.account, 0) > time.monotonic():
            return Rate(2 * rate.every, rate.burst)
        return rate

    def _person(self, job: Job) -> list[tuple[str, Rate]]:
        if job.contact_id is None:
            return []
        return [(f"{job.account}:{job.contact_id}", self._rates[job.to.channel][1])]
