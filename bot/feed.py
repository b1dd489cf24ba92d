"""A feed: the last events of something, numbered, and whoever follows them live."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from typing import Any

Event = Mapping[str, Any]


class Behind(Exception):
    """A follower was so slow that events it has not seen are gone; it must start from a fresh picture."""


class Feed:
    """Keep the last `keep` events. Followers read at their own pace; a slow one costs no memory."""

    def __init__(self, keep: int) -> None:
        self._kept: deque[tuple[int, Event]] = deque(maxlen=keep)
        self._news = asyncio.Event()
        # The number of the latest event; the first one is 1.
        self.last = 0

    def publish(self, event: Event) -> None:
        """Number `event` and wake the followers."""
        self.last += 1
        self._kept.append((self.last, event))
        news, self._news = self._news, asyncio.Event()
        news.set()

    def covers(self, after: int) -> bool:
        """Tell whether everything that came after number `after` is still here."""
        return self.last - len(self._kept) <= after <= self.last

    @property
    def oldest(self) -> int:
        """Return the number after which everything is still here."""
        return self.last - len(self._kept)

    async def follow(self, after: int) -> AsyncGenerator[tuple[int, Event], None]:
        """Yield the events after number `after` and then each new one; raise `Behind` when some are gone."""
        while True:
            if not self.covers(after):
                raise Behind
            news = self._news
            for number, event in [kept for kept in self._kept if kept[0] > after]:
                yield number, event
                after = number
            await news.wait()
