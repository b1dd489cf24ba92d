"""How long calls take, one after the other, and what many of something cost together."""

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of calls: in the middle, nineteen of twenty, the best."""

    p50: float
    p95: float
    best: float


async def timed(call: Callable[[], Awaitable[object]], calls: int) -> Times:
    """Make so many calls, each after the one before."""
    took = []
    for _ in range(calls):
        began = time.perf_counter()
        await call()
        took.append((time.perf_counter() - began) * 1000)
    return Times(statistics.median(took), statistics.quantiles(took, n=20)[-1], min(took))


@dataclass(frozen=True, slots=True)
class Measured:
    """So many of something, and the seconds and processor seconds they took."""

    name: str
    count: int
    seconds: float
    processor: float

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.count / self.seconds

    @property
    def each(self) -> float:
        """Milliseconds of processor for one."""
        return self.processor / self.count * 1e3


async def measure(name: str, count: int, work: Callable[[], Awaitable[object]]) -> Measured:
    """Do a piece of work that is so many of something."""
    wall, processor = time.perf_counter(), time.process_time()
    await work()
    return Measured(name, count, time.perf_counter() - wall, time.process_time() - processor)
