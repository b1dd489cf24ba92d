"""Meta's limits on speed, as the fake applies them: 80 a second from a number, one in six seconds to a person."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

TOO_MANY, TOO_MANY_TO_ONE = 130429, 131056


@dataclass
class Bucket:
    """Fills at an even pace up to `size`; each message takes one out."""

    every: float
    size: int
    _full_at: float = 0.0

    def take(self, now: float) -> bool:
        full_at = max(self._full_at, now) + self.every
        if full_at - now > self.size * self.every + 1e-9:
            return False
        self._full_at = full_at
        return True


@dataclass
class Limits:
    """Say whether a message comes too early, and remember when those that did not came."""

    # A number may send `burst` at once and then goes on at its rate; over a longer time only the rate counts.
    number: tuple[float, int] = (1 / 80, 80)
    person: tuple[float, int] = (6.0, 45)
    clock: Callable[[], float] = time.monotonic
    refused: list[int] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = defaultdict[str, Bucket](lambda: Bucket(*self.number))
        self._people = defaultdict[tuple[str, str], Bucket](lambda: Bucket(*self.person))

    def broken(self, account: str, to: str) -> int:
        """Return the code of the limit that one more message breaks, or 0."""
        now = self.clock()
        if not self._people[account, to].take(now):
            self.refused.append(TOO_MANY_TO_ONE)
            return TOO_MANY_TO_ONE
        if not self._numbers[account].take(now):
            self.refused.append(TOO_MANY)
            return TOO_MANY
        self.taken.append(now)
        return 0
