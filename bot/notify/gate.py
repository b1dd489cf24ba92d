"""Gates: who may go when, so that nobody goes more often than a rate allows.

A rate is kept by one moment a key: when the next turn would come at an even pace. Turns are given out ahead of
time ("yours is in 0.2 s"), so a gate is asked once for many and a process that waits for its turn loses none.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rate:
    """One turn every `every` seconds; after a rest, `burst` at once."""

    every: float
    burst: int = 1

    @property
    def slack(self) -> float:
        """How far a turn may come before its even moment."""
        return (self.burst - 1) * self.every


# What one turn has to keep to: the first key gives the moment, the others only have to be open by then.
Wish = Sequence[tuple[str, Rate]]


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn in `seconds` from now; or none, because of `shut`, the key that opens only then."""

    seconds: float
    shut: str = ""


class Gate(Protocol):
    """Give out turns, first come, first served."""

    async def take(self, wishes: Sequence[Wish], *, within: float) -> list[Turn]:
        """Answer each wish in order; one whose turn would be later than `within` seconds gets none and costs none."""
        ...

    async def shut(self, key: str, rate: Rate, seconds: float) -> None:
        """Give out no turn of `key` for so long."""
        ...


class LocalGate:
    """A gate for one process."""

    # More keys than this are looked through for those that mean nothing any more.
    _MANY = 10_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}

    async def take(self, wishes: Sequence[Wish], *, within: float) -> list[Turn]:
        now = self._clock()
        if len(self._next) > self._MANY:
            self._next = {key: moment for key, moment in self._next.items() if moment > now}
        return [self._turn(wish, now, within) for wish in wishes]

    async def shut(self, key: str, rate: Rate, seconds: float) -> None:
        self._next[key] = max(self._next.get(key, 0), self._clock() + seconds + rate.slack)

    def _turn(self, wish: Wish, now: float, within: float) -> Turn:
        at, latest = now, now + within
        for key, rate in wish:
            opens = self._next.get(key, 0) - rate.slack
            if opens > latest:
                return Turn(opens - now, key)
            at = latest = max(at, opens)
        for key, rate in wish:
            self._next[key] = max(self._next.get(key, 0), at) + rate.every
        return Turn(at - now)


# The same in Redis, by Redis' own clock: one round trip for any number of wishes, and nobody in between.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local within, wishes = tonumber(ARGV[1]), cjson.decode(ARGV[2])
local known, changed, turns = {}, {}, {}
for number, wish in ipairs(wishes) do
  local at, latest, shut = now, now + within, ''
  for _, limit in ipairs(wish) do
    local key, every, burst = limit[1], limit[2], limit[3]
    if known[key] == nil then known[key] = tonumber(redis.call('GET', key) or '0') end
    local opens = known[key] - (burst - 1) * every
    if opens > latest then at = opens; shut = key; break end
    if opens > at then at = opens end
    latest = at
  end
  if shut == '' then
    for _, limit in ipairs(wish) do
      known[limit[1]] = math.max(known[limit[1]], at) + limit[2]
      changed[limit[1]] = true
    end
  end
  turns[number] = {string.format('%.6f', at - now), shut}
end
for key, _ in pairs(changed) do
  redis.call('SET', key, string.format('%.6f', known[key]), 'PX', math.ceil((known[key] - now) * 1000) + 1000)
end
return turns
"""
_SHUT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local moment = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now + tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.6f', moment), 'PX', math.ceil((moment - now) * 1000) + 1000)
"""


class RedisGate:
    """A gate for all processes that share a Redis; while it is away each process keeps to the rates by itself."""

    _PREFIX = "odys:gate:"
    # A sick Redis must not hold messages up: asked again after this long, it may have recovered.
    _PATIENCE, _REST = 0.5, 5.0

    def __init__(self, redis: Redis) -> None:
        self._take = redis.register_script(_TAKE)
        self._shut = redis.register_script(_SHUT)
        self._alone = LocalGate()
        self._rests_until = 0.0
        self._well = True

    async def take(self, wishes: Sequence[Wish], *, within: float) -> list[Turn]:
        limits = [[(self._PREFIX + key, rate.every, rate.burst) for key, rate in wish] for wish in wishes]
        told = await self._ask(self._take, args=[within, json.dumps(limits)])
        if told is None:
            return await self._alone.take(wishes, within=within)
        return [Turn(float(seconds), shut.decode().removeprefix(self._PREFIX)) for seconds, shut in told]

    async def shut(self, key: str, rate: Rate, seconds: float) -> None:
        await self._alone.shut(key, rate, seconds)
        await self._ask(self._shut, keys=[self._PREFIX + key], args=[seconds + rate.slack])

    async def _ask(self, script: Any, **arguments: Any) -> Any:
        """Run a script; None when Redis does not answer, which is told once."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(self._PATIENCE):
                answer = await script(**arguments)
        except (RedisError, OSError, TimeoutError) as error:
            if self._well:
                log.warning("Redis is away: each process paces itself", extra={"reason": type(error).__name__})
            self._well, self._rests_until = False, time.monotonic() + self._REST
            return None
        if not self._well:
            log.info("Redis is back: the processes pace together")
        self._well = True
        return answer if answer is not None else []
