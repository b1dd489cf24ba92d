"""Store what came in, once, before anybody is told 200.

Requests that wait together share one INSERT and one commit: the commit is what a webhook costs, and a hundred rows
cost hardly more than one. Nothing waits for company: while one commit runs, the next group gathers.

What waits is bounded. A database that is away, or hangs, fails whoever waits for it within seconds, and beyond `MOST`
rows nobody is let in: Meta sends everything again that was not answered 200, and this process stays well.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from .. import metrics
from ..clock import Clock
from ..db import Database
from ..models.enums import InboundStatus
from ..queue import Bell
from .events import Batch
from .ringing import Ringing
from .rows import Row, fingerprint, rows_of
from .storing import Insert, at_hand

log = logging.getLogger(__name__)

GROUP = 500  # rows in one INSERT: half a megabyte of JSON for Postgres, 7,000 of the 32,766 parameters SQLite takes
# Rows that may wait for a commit: three seconds' worth at 3,000 a second, some 3 kB each.
MOST = 10_000
# Seconds for a connection, and again for a commit: an insert takes milliseconds, and Meta does not wait much longer.
PATIENCE = 5
# SQLite has one connection: whoever else wants it waits this long, in seconds, while deliveries keep coming.
TURN = 0.05
# Seconds to keep the connection for whoever comes next. SQLite's is the only one: whoever wants it for a turn hardly
# notices so little, and to fetch and return it for each group costs a twentieth of a delivery.
IDLE, IDLE_SQLITE = 0.25, 0.002


class NotStored(Exception):
    """The database cannot take a delivery now; it may come again."""


@dataclass(slots=True)
class _Waiting:
    rows: list[Row]
    done: asyncio.Future[None]


class Intake:
    """Store batches for callers that wait until theirs is committed, then wake the worker."""

    def __init__(
        self,
        db: Database,
        bell: Bell,
        clock: Clock,
        *,
        burst_wait: float,
        patience: float = PATIENCE,
        most: int = MOST,
    ) -> None:
        self._db, self._clock, self._burst_wait = db, clock, timedelta(seconds=burst_wait)
        self._patience, self._most = patience, most
        self._ringing = Ringing(bell)
        self._waiting: list[_Waiting] = []
        self._size = 0  # rows in `_waiting`
        self._leader: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._closing = False

    async def put(self, batch: Batch) -> None:
        """Return when every event of `batch` is committed; raise `NotStored` when that cannot be now."""
        if self._size >= self._most:
            raise NotStored("too many wait")
        rows = rows_of(batch, now=self._clock.now(), burst_wait=self._burst_wait)
        if not rows:
            return
        waiting = _Waiting(rows, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._size += len(rows)
        if self._leader is None:
            # A task of its own: a caller that hangs up must not take the others' commit with it.
            self._leader = asyncio.create_task(self._lead())
        self._news.set()
        await waiting.done

    async def close(self) -> None:
        """Return when nothing is being stored or rung any more."""
        self._closing = True
        self._news.set()
        while self._leader:
            await asyncio.gather(self._leader, return_exceptions=True)
        await self._ringing.close()
        self._closing = False

    async def _lead(self) -> None:
        try:
            while self._waiting:
                await self._store_waiting()
        finally:
            self._leader = None
            for waiting in self._everybody():  # only who was cancelled leaves somebody behind
                waiting.done.cancel()

    async def _store_waiting(self) -> None:
        """Store group after group over one connection, until nobody waits, it fails, or others wait for it."""
        clock = asyncio.get_running_loop().time
        try:
            async with at_hand(self._db, self._patience) as insert:
                until = clock() + TURN
                while self._waiting or await self._more():
                    await asyncio.sleep(0)  # one look at the sockets: who is there already goes with this group
                    await self._store(self._next_group(), insert)
                    if self._db.sqlite and clock() > until:
                        return
        except Exception as error:  # nobody who waits now can be helped by this connection, and most likely by none
            # While a database is away this is said many times a second: where it happened is said of surprises only.
            surprise = not isinstance(error, OSError | TimeoutError)
            said = {"reason": type(error).__name__, "waiting": len(self._waiting)}
            log.error("deliveries could not be stored", exc_info=surprise, extra=said)
            _settle(self._everybody(), error)

    async def _store(self, group: Sequence[_Waiting], insert: Insert) -> None:
        """Store a group and tell those who wait for it; raise when the connection is to blame."""
        try:
            await self._commit([row for waiting in group for row in waiting.rows], insert)
        except BaseException as error:
            _settle(group, error)
            raise
        _settle(group)

    def _everybody(self) -> list[_Waiting]:
        waiting, self._waiting, self._size = self._waiting, [], 0
        return waiting

    async def _more(self) -> bool:
        """Keep the connection a moment for whoever comes next; tell whether somebody did.

        Under half of what it can take, a delivery is answered in 1.4 ms with it and in 1.7 without.
        """
        if self._closing:
            return False
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SQLITE if self._db.sqlite else IDLE):
                await self._news.wait()
        return bool(self._waiting)

    def _next_group(self) -> list[_Waiting]:
        size = count = 0
        for waiting in self._waiting:
            if count and size + len(waiting.rows) > GROUP:
                break
            size, count = size + len(waiting.rows), count + 1
        group = self._waiting[:count]
        del self._waiting[:count]
        self._size -= size
        return group

    async def _commit(self, rows: Sequence[Row], insert: Insert) -> None:
        """Commit rows together; when one of them is at fault, one by one, so that nobody fails for a neighbour."""
        try:
            await self._insert(rows, insert)
        except Exception as failed:
            if not _at_fault(failed):
                raise
            for row in rows:
                await self._alone(row, insert)

    async def _alone(self, row: Row, insert: Insert) -> None:
        """Store one row; one that no database takes becomes a dead letter."""
        try:
            await self._insert([row], insert)
        except Exception as bad:
            if not _at_fault(bad):
                raise
            await self._insert([_dead(row, bad)], insert)

    async def _insert(self, rows: Sequence[Row], insert: Insert) -> None:
        with metrics.timed(metrics.INTAKE):
            async with asyncio.timeout(self._patience):
                new = await insert(rows)
        if new:
            metrics.RECEIVED.inc(len(new))
            self._ringing.tell(rows if len(new) == len(rows) else _among(rows, set(new)))


def _among(rows: Sequence[Row], ids: Container[UUID]) -> list[Row]:
    return [row for row in rows if row["id"] in ids]


def _settle(group: Sequence[_Waiting], error: BaseException | None = None) -> None:
    """Tell those who wait that they are stored, or that they are not."""
    for waiting in group:
        if waiting.done.done():  # its caller hung up
            continue
        if error is None:
            waiting.done.set_result(None)
        elif isinstance(error, Exception):
            # One each: whoever raises it adds to its traceback.
            waiting.done.set_exception(NotStored(type(error).__name__))
        else:
            waiting.done.cancel()


def _at_fault(error: Exception) -> bool:
    """Tell whether a row is to blame, rather than the database: then trying again cannot help."""
    # Class 22 of SQLSTATE is "data exception"; a value that cannot even be written down never gets a state.
    return str(getattr(error, "sqlstate", "")).startswith("22") or isinstance(error, ValueError)


def _dead(row: Mapping[str, Any], error: Exception) -> Row:
    log.error("a row no database takes", extra={"reason": type(error).__name__})
    shown = json.dumps(row["event"], default=str, ensure_ascii=True)[:10_000].replace("\\u0000", "\\ufffd")
    return {
        **row,
        "external_id": fingerprint(shown),
        "account": "",
        "lane": "",
        "event": {"raw": shown},
        "status": InboundStatus.DEAD,
        "error": f"could not be stored: {type(error).__name__}",
        "handled_at": row["received_at"],
    }
