"""Store what came in, once, before anybody is told 200.

Requests that wait together share one INSERT and one commit: the commit is what a webhook costs, and a hundred rows
cost hardly more than one. Nothing waits for company: while one commit runs, the next group gathers.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import metrics
from ..clock import Clock
from ..db import Database
from ..models.enums import InboundStatus
from ..queue import Bell
from .events import Batch
from .rows import Row, fingerprint, rows_of
from .storing import Insert, at_hand

log = logging.getLogger(__name__)

GROUP = 500  # rows in one INSERT; Postgres takes 32,767 parameters, this uses about 6,500
# SQLite has one connection: whoever else wants it waits this long, in seconds, while deliveries keep coming.
TURN = 0.05
IDLE = 0.25  # seconds
LANES = 16  # in one job: to ring costs more than to store, and a worker answers them side by side anyway


@dataclass(slots=True)
class _Waiting:
    rows: list[Row]
    done: asyncio.Future[None]


class Intake:
    """Store batches for callers that wait until theirs is committed, then wake the worker."""

    def __init__(self, db: Database, bell: Bell, clock: Clock, *, burst_wait: float) -> None:
        self._db, self._bell, self._clock, self._burst_wait = db, bell, clock, burst_wait
        self._waiting: list[_Waiting] = []
        self._leader: asyncio.Task[None] | None = None
        self._ringing: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._closing = False

    async def put(self, batch: Batch) -> None:
        """Return when every event of `batch` is committed; raise when the database cannot do it now."""
        rows = rows_of(batch, now=self._clock.now(), burst_wait=self._burst_wait)
        if not rows:
            return
        waiting = _Waiting(rows, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._leader is None:
            # A task of its own: a caller that hangs up must not take the others' commit with it.
            self._leader = asyncio.create_task(self._lead())
        self._news.set()
        await waiting.done

    async def close(self) -> None:
        """Return when nothing is being stored or rung any more."""
        self._closing = True
        self._news.set()
        while pending := [task for task in (self._leader, *self._ringing) if task]:
            await asyncio.gather(*pending, return_exceptions=True)
        self._closing = False

    async def _lead(self) -> None:
        try:
            while self._waiting:
                await self._store_waiting()
        except asyncio.CancelledError:
            for waiting in self._waiting:
                waiting.done.cancel()
            raise
        finally:
            self._leader = None

    async def _store_waiting(self) -> None:
        """Store group after group over one connection, until nobody waits, it fails, or others wait for it."""
        group: list[_Waiting] = []
        clock = asyncio.get_running_loop().time
        try:
            async with at_hand(self._db) as insert:
                until = clock() + TURN
                while self._waiting or await self._more():
                    group = self._next_group()
                    error = await self._commit(group, insert)
                    for waiting in group:
                        _settle(waiting, error)
                    if error is not None or (self._db.sqlite and clock() > until):
                        return
        except asyncio.CancelledError:
            for waiting in group:
                waiting.done.cancel()
            raise
        except Exception as error:  # no connection: nobody who waits now can be helped
            waiting_now, self._waiting = [*group, *self._waiting], []
            for waiting in waiting_now:
                _settle(waiting, error)

    async def _more(self) -> bool:
        """Keep the connection a moment for whoever comes next; tell whether somebody did.

        To take it from the pool costs three round trips, as it is asked whether it lives; to store costs one.
        """
        if self._db.sqlite or self._closing:
            return False
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE):
                await self._news.wait()
        return bool(self._waiting)

    def _next_group(self) -> list[_Waiting]:
        group = [self._waiting.pop(0)]
        size = len(group[0].rows)
        while self._waiting and (size := size + len(self._waiting[0].rows)) <= GROUP:
            group.append(self._waiting.pop(0))
        return group

    async def _commit(self, group: Sequence[_Waiting], insert: Insert) -> Exception | None:
        """Commit a group; when a row of it is at fault, row by row, so that nobody fails for a neighbour.

        Return what kept it from being stored, if anything: then the database is to blame, and all may come again.
        """
        rows = [row for waiting in group for row in waiting.rows]
        try:
            await self._insert(rows, insert)
        except Exception as failed:
            return await self._one_by_one(rows, insert) if _at_fault(failed) else failed
        return None

    async def _one_by_one(self, rows: Sequence[Row], insert: Insert) -> Exception | None:
        """Store rows alone; one that no database takes becomes a dead letter. Return what made it stop, if anything."""
        try:
            for row in rows:
                try:
                    await self._insert([row], insert)
                except Exception as bad:
                    if not _at_fault(bad):
                        raise
                    await self._insert([_dead(row, bad)], insert)
        except Exception as error:
            return error
        return None

    async def _insert(self, rows: Sequence[Row], insert: Insert) -> None:
        with metrics.timed(metrics.INTAKE):
            new = await insert(rows)
        if not new:
            return
        metrics.RECEIVED.inc(len(new))
        task = asyncio.create_task(self._ring([row for row in rows if row["id"] in new]))
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    async def _ring(self, rows: Sequence[Row]) -> None:
        """Wake the worker: with the lanes that are due together, and once for everything that is in none."""
        waiting = [row for row in rows if row["status"] is InboundStatus.NEW]
        due: dict[float, dict[str, Row]] = {}
        for row in waiting:
            if row["lane"]:
                due.setdefault((row["due_at"] - row["received_at"]).total_seconds(), {})[row["lane"]] = row
        for after, lanes in due.items():
            names = list(lanes)
            for some in (names[at : at + LANES] for at in range(0, len(names), LANES)):
                await self._bell.ring("turn", *some, key=f"{some[0]}:{lanes[some[0]]['id']}", after=after)
        if any(not row["lane"] for row in waiting):
            await self._bell.ring("settle", key="settle")


def _settle(waiting: _Waiting, error: Exception | None) -> None:
    if waiting.done.done():  # its caller hung up
        return
    if error is None:
        waiting.done.set_result(None)
    else:
        waiting.done.set_exception(error)


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
