"""How long it takes to read a date: `python -m tests.bench.bench_dates`, by hand.

Every phrase of the tests is read many times; the percentiles are over phrases, each with the median of its runs, so
that other work on the machine does not show. The goal is a p95 under 0.2 ms.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

from bot.conversation.dates import read
from tests.conversation.test_dates import NOW, said, unsaid

RUNS = 15
GOAL_MS = 0.2


def median_ms(task: Callable[[], object]) -> float:
    """Time a task in milliseconds, the median of the runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def main() -> None:
    """Print the percentiles and the slowest phrases."""
    phrases = [phrase for phrase, _ in said()] + unsaid()
    timed = sorted((median_ms(partial(read, phrase, NOW)), phrase) for phrase in phrases)
    p50, p95, worst = (timed[int(len(timed) * part)][0] for part in (0.5, 0.95, 0.9999))
    print(f"{len(timed)} phrases: p50 {p50:.3f} ms, p95 {p95:.3f} ms (goal {GOAL_MS}), slowest {worst:.3f} ms")
    for duration, phrase in timed[-5:]:
        print(f"  {duration:.3f} ms  {phrase!r}")
    for name, text in {
        "2,000 characters of prose": ("quero marcar um corte na sexta às 10h com a Ana. " * 50)[:2000],
        "2,000 digits": "1 " * 1000,
        "65,000 characters": "às 10 " * 10_834,
    }.items():
        print(f"  {median_ms(partial(read, text, NOW)):.3f} ms  {name}")


if __name__ == "__main__":
    main()
