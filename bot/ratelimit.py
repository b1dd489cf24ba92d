"""How often: a fixed window per name and key, counted in Redis across processes or in this process alone.

A window opens with the first request and lasts its length; what comes within it is counted, exactly.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from redis.exceptions import RedisError

# A limit may not cost more than what it protects: a Redis that takes longer than this counts as away.
PATIENCE = 0.5
# A memory that is never swept would grow with every address that ever called.
_SWEEP_AT = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests in so many seconds."""

    requests: int
    seconds: int


class CounterAway(Exception):
    """The store of the counters does not answer."""


class Counter(Protocol):
    """Counts requests in windows."""

    async def hit(self, key: str, seconds: int) -> tuple[int, float]:
        """Count one more; return how many there are in this window, and the seconds until it ends.

        Raises `CounterAway`.
        """
        ...


class RedisCounter:
    """Count for every process that shares this Redis.

    Requests that wait together are counted in one round trip over one connection: a crowd costs hardly more than
    one, and opens no crowd of connections.
    """

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._waiting: list[tuple[str, int, asyncio.Future[tuple[int, float]]]] = []
        self._counting: asyncio.Task[None] | None = None

    async def hit(self, key: str, seconds: int) -> tuple[int, float]:
        answer: asyncio.Future[tuple[int, float]] = asyncio.get_running_loop().create_future()
        self._waiting.append((f"limit:{key}", seconds, answer))
        if self._counting is None:
            self._counting = asyncio.create_task(self._count())
        return await answer

    async def _count(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                try:
                    async with asyncio.timeout(PATIENCE):
                        found = await self._ask([(key, seconds) for key, seconds, _ in group])
                except (RedisError, OSError, TimeoutError) as error:
                    _settle(group, CounterAway(type(error).__name__))
                else:
                    _settle(group, found)
        finally:
            self._counting = None

    async def _ask(self, keys: Sequence[tuple[str, int]]) -> list[tuple[int, float]]:
        async with self._redis.pipeline(transaction=True) as pipe:
            for key, seconds in keys:
                pipe.set(key, 0, nx=True, ex=seconds)
                pipe.incr(key)
                pipe.pttl(key)
            answers = await pipe.execute()
        return [
            (int(count), max(0, int(left)) / 1000) for count, left in zip(answers[1::3], answers[2::3], strict=True)
        ]


def _settle(
    group: Sequence[tuple[str, int, asyncio.Future[tuple[int, float]]]],
    found: Sequence[tuple[int, float]] | CounterAway,
) -> None:
    for place, (_, _, answer) in enumerate(group):
        if answer.done():  # whoever asked has hung up
            continue
        if isinstance(found, CounterAway):
            answer.set_exception(found)
        else:
            answer.set_result(found[place])


@dataclass
class LocalCounter:
    """Count in this process: for an installation that is one process."""

    monotonic: Callable[[], float] = time.monotonic
    _windows: dict[str, tuple[int, float]] = field(default_factory=dict)

    async def hit(self, key: str, seconds: int) -> tuple[int, float]:
        now = self.monotonic()
        if len(self._windows) > _SWEEP_AT:
            self._windows = {name: window for name, window in self._windows.items() if window[1] > now}
        count, ends = self._windows.get(key, (0, now + seconds))
        if ends <= now:
            count, ends = 0, now + seconds
        self._windows[key] = (count + 1, ends)
        return count + 1, ends - now


async def over(counter: Counter, name: str, key: str, allowance: Allowance) -> int | None:
    """Count a request; return the whole seconds to wait when there were too many, else None."""
    count, left = await counter.hit(f"{name}:{key}", allowance.seconds)
    return max(1, math.ceil(left)) if count > allowance.requests else None
