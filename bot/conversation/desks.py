"""A few desks for many turns: whoever asks the database sits at one, whoever waits for anything else does not.

Without them every lane that is due takes its conversation at once, and then waits for one of ten connections behind
all the others, statement after statement, until its lease is over and somebody else begins the same work again: the
more there is to do, the less is done. Who waits for a desk holds nothing yet.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Self

from ..db import Database

# Connections that no turn takes: somebody sends, somebody applies statuses, long turns keep what they hold.
SPARE: Final = 2
# Seconds to wait for one, so that a job which waited still has the time for a turn that thinks.
PATIENCE: Final = 20.0


class NoDesk(Exception):
    """Nobody left one in time: what waits is found again by the next sweep."""


class Desk:
    """One turn's place, which it may leave and come back to."""

    def __init__(self, free: asyncio.Semaphore) -> None:
        self._free, self._mine = free, False

    async def sit(self) -> None:
        """Wait for a desk, unless this turn has one."""
        if not self._mine:
            await self._free.acquire()
            self._mine = True

    def rise(self) -> None:
        """Let somebody else have the desk, if this turn has one."""
        if self._mine:
            self._mine = False
            self._free.release()


class Desks:
    """The desks of a process, taken in the order of arrival."""

    def __init__(self, count: int, patience: float = PATIENCE) -> None:
        self._free, self._patience = asyncio.Semaphore(count), patience

    @classmethod
    def beside(cls, db: Database) -> Self:
        """Return as many desks as a database has connections for."""
        return cls(max(1, db.connections - SPARE))

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Desk]:
        """Sit at a desk, and leave it free in the end; raise `NoDesk` when none gets free in time."""
        desk = Desk(self._free)
        try:
            async with asyncio.timeout(self._patience):
                await desk.sit()
        except TimeoutError:
            raise NoDesk from None
        try:
            yield desk
        finally:
            desk.rise()
