"""The figures of an evaluation: pass^k with its interval, percentiles."""

import math
from collections.abc import Sequence
from typing import Final

# Two-sided, 95 %.
Z: Final = 1.959964


def pass_hat(trials: int, passed: int, k: int) -> float:
    """Return the chance that `k` trials out of `trials` would all pass, when `passed` did: C(c, k) / C(n, k)."""
    if not 1 <= k <= trials:
        raise ValueError(f"k must be 1 to {trials}")
    return math.comb(passed, k) / math.comb(trials, k)


def mean_pass(counts: Sequence[tuple[int, int]], k: int) -> float:
    """Return pass^k over scenarios, each given as (trials, passed): the mean of their estimates."""
    return sum(pass_hat(trials, passed, k) for trials, passed in counts) / len(counts)


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of `count` independent things.

    For pass^k those are the scenarios: trials of one scenario fail together, and counting them one by one would make
    the interval narrower than it is.
    """
    if not count:
        return 0.0, 1.0
    middle = share + Z * Z / (2 * count)
    spread = Z * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    whole = 1 + Z * Z / count
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of all do not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0
