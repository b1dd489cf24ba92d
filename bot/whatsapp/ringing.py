"""Wake the worker for what was stored, in as few rings as it takes: a ring costs as much as storing ten messages.

What is stored while one ring is on its way, and a moment longer, gathers for the next. The rows are the record, so
whatever cannot be rung for is left to the sweep: a Redis that is ill costs neither an answer nor memory.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

from .. import metrics
from ..models.enums import InboundStatus
from ..queue import Bell
from .storing import Row

LANES = 128  # in one job: a worker answers them side by side, and the rest is left for others
# Seconds to gather in before each ring: nobody notices so little, and a busy moment saves most of its rings.
GATHER = 0.02
# Lanes that may wait to be rung for, about a second's worth of the fastest intake; then Redis is ill.
MOST = 4096


class Ringing:
    """Tell the bell about rows, one ring after the other."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        # Lane → a row of it, by the time after which it is due.
        self._due: dict[timedelta, dict[str, Row]] = {}
        self._unlaned = False
        self._ringing: asyncio.Task[None] | None = None

    def tell(self, rows: Sequence[Row]) -> None:
        """Ring for rows that were just committed, soon and at most once a lane; return at once."""
        room = MOST - sum(map(len, self._due.values()))
        for row in rows:
            if row["status"] is not InboundStatus.NEW:
                continue
            if not row["lane"]:
                self._unlaned = True
            elif room <= 0:
                metrics.failed("bell", "full")
            else:
                room -= 1
                self._due.setdefault(row["due_at"] - row["received_at"], {})[row["lane"]] = row
        if self._ringing is None and (self._due or self._unlaned):
            self._ringing = asyncio.create_task(self._ring())

    async def close(self) -> None:
        """Return when nothing is being rung any more."""
        if self._ringing is not None:
            await asyncio.gather(self._ringing, return_exceptions=True)

    async def _ring(self) -> None:
        try:
            while self._due or self._unlaned:
                await asyncio.sleep(GATHER)
                if self._unlaned:  # statuses and notices are settled together, whosever they are
                    self._unlaned = False
                    await self._bell.ring("settle", key="settle")
                for after in list(self._due):
                    rows = self._some(after)
                    first = next(iter(rows.values()))
                    await self._bell.ring(
                        "turn", *rows, key=f"{first['lane']}:{first['id']}", after=after.total_seconds()
                    )
        finally:
            self._ringing = None

    def _some(self, after: timedelta) -> dict[str, Row]:
        """Take lanes for one job, the longest waiting first."""
        waiting = self._due[after]
        taken = {lane: waiting.pop(lane) for lane in list(islice(waiting, LANES))}
        if not waiting:
            del self._due[after]
        return taken
