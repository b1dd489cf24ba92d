"""How often: a fixed window per name and key, counted in Redis across processes or in this process alone.

A window opens with the first request and lasts its length; what comes within it is counted, exactly.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from redis.exceptions import RedisError

# A limit may not cost more than what it protects: a Redis that takes longer than this counts as away.
PATIENCE = 0.25
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
    """Count for every process that shares this Redis."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis

    async def hit(self, key: str, seconds: int) -> tuple[int, float]:
        try:
            async with asyncio.timeout(PATIENCE), self._redis.pipeline(transaction=True) as pipe:
                pipe.set(f"limit:{key}", 0, nx=True, ex=seconds)
                pipe.incr(f"limit:{key}")
                pipe.pttl(f"limit:{key}")
                _, count, left = await pipe.execute()
        except (RedisError, OSError, TimeoutError) as error:
            raise CounterAway(type(error).__name__) from error
        return int(count), max(0, int(left)) / 1000


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
