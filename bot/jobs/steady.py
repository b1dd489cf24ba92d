"""A worker that outlives its Redis: it stands in for the bell while that is away, and ends only when it is told to."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from signal import Signals
from typing import Any

import arq.worker
from arq.connections import ArqRedis
from arq.worker import Worker, get_kwargs
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ..queue import client

log = logging.getLogger(__name__)

# As often as the sweep that Redis rings for.
ALONE = 5.0
# A Redis that takes longer to say that it is there is as good as away.
PATIENCE = 2.0
# For arq's own questions, none of which waits on purpose.
LONGEST = 5.0


def patient(url: str, *, seconds: float = LONGEST, retries: int = 20) -> ArqRedis:
    """Return what arq reaches the Redis at `url` by: neither its restart nor its absence is a reason to give up.

    It connects when it is first used, and gives a Redis up that takes what is sent and says nothing for `seconds`.
    """
    return client(
        url or "redis://localhost:6379/0",
        socket_connect_timeout=PATIENCE,
        socket_timeout=seconds,
        retry=Retry(ExponentialBackoff(cap=5, base=0.1), retries=retries),
        # Without OSError in this list a restart of Redis ends the worker.
        retry_on_error=[RedisConnectionError, RedisTimeoutError, OSError],
    )


async def _tell_nothing(*_: object) -> None:
    """Stand for what arq asks of Redis only to log it: one in this process cannot tell, one that is away ends it."""


vars(arq.worker)["log_redis_info"] = _tell_nothing


def steady(settings: Any, **more: Any) -> "SteadyWorker":
    """Return a worker with the settings of a class, as arq reads them, and some more."""
    return SteadyWorker(**{**get_kwargs(settings), **more})


class SteadyWorker(Worker):
    """Arq's worker, which would end by itself over what befell one job, or over a Redis that was emptied."""

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Start jobs, but none that runs here already: a Redis that was emptied does not know that it does."""
        running = {name.encode() for name, task in self.tasks.items() if not task.done()}
        for job_id in job_ids:
            if self.allow_pick_jobs and job_id not in running:
                await super().start_jobs([job_id])

    async def _wait_for_tasks_to_complete(self, signum: Signals) -> None:
        """Give jobs their grace, and then ask to end until it is heard.

        Redis' client sends within `asyncio.wait_for`, which until Python 3.12 may return as if nobody had cancelled it.
        """
        await super()._wait_for_tasks_to_complete(signum=signum)
        while self.main_task and not self.main_task.done():
            await asyncio.sleep(0.1)
            self.main_task.cancel()

    async def close(self) -> None:
        """End what outlasted its grace, and then close what was opened, in order.

        Arq's own would wait more than a minute for a Redis that is away, and then close nothing.
        """
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        self.tasks.clear()
        if not self._handle_signals:
            self.handle_sig(Signals.SIGUSR1)
        if self._pool is None:
            return
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._pool.delete(self.health_check_key)
        if self.on_shutdown:
            await self.on_shutdown(self.ctx)
        await self._pool.aclose(close_connection_pool=True)
        self._pool = None

    async def _poll_iteration(self) -> None:
        try:
            await super()._poll_iteration()
        except Exception as error:
            log.exception("the queue could not be read", extra={"reason": type(error).__name__})
            await asyncio.sleep(1)  # no more often than that, or the log would be full of it


@asynccontextmanager
async def stand_in(url: str, sweep: Callable[[], Awaitable[None]], *, every: float = ALONE) -> AsyncIterator[None]:
    """Sweep without being told to whenever Redis is away, until the block ends: no job runs without it."""
    redis: Redis = Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    watching = asyncio.create_task(_watch(redis, sweep, every))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await redis.aclose()


async def _watch(redis: Redis, sweep: Callable[[], Awaitable[None]], every: float) -> None:
    there = True
    while True:
        await asyncio.sleep(every)
        try:
            if (answers := await _answers(redis)) is not there:
                log.warning("Redis is back" if answers else "Redis is away: nobody hears a bell, and we sweep without")
                there = answers
            if not there:
                await sweep()
        except Exception:
            log.exception("a sweep without Redis failed")


async def _answers(redis: Redis) -> bool:
    try:
        await redis.ping()
    except (RedisError, OSError):
        return False
    return True
