"""A worker that outlives its Redis: it stands in for the bell while that is away, and ends only when it is told to."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from signal import Signals
from typing import Any

from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker, get_kwargs
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = logging.getLogger(__name__)

# As often as the sweep that Redis rings for.
ALONE = 5.0
# A Redis that takes longer to say that it is there is as good as away.
PATIENCE = 2.0
# For arq's own questions, none of which waits on purpose.
LONGEST = 5.0


def patient(url: str) -> RedisSettings:
    """Return how arq reaches the Redis at `url`, patiently: a restart of it is no reason to give up."""
    found = RedisSettings.from_dsn(url or "redis://localhost:6379/0")
    # Without OSError in this list a restart of Redis ends the worker.
    found.retry_on_error = [RedisConnectionError, RedisTimeoutError, OSError]
    found.retry = Retry(ExponentialBackoff(cap=5, base=0.1), retries=20)
    found.retry_on_timeout = True
    return found


async def hurry(redis: ArqRedis, seconds: float = LONGEST) -> None:
    """Give a Redis up that takes what is sent and never answers: arq has no setting for that, and waits for ever."""
    redis.connection_pool.connection_kwargs["socket_timeout"] = seconds
    await redis.connection_pool.disconnect()
    redis.connection_pool.reset()  # type: ignore[no-untyped-call]  # forgets connections made without it


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
        """End what outlasted its grace, and then close what was opened, in order."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        self.tasks.clear()
        await super().close()

    async def _poll_iteration(self) -> None:
        try:
            await super()._poll_iteration()
        except Exception as error:
            log.exception("the queue could not be read", extra={"reason": type(error).__name__})
            await asyncio.sleep(1)  # no more often than that, or the log would be full of it


@asynccontextmanager
async def stand_in(url: str, sweep: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Sweep without being told to whenever Redis is away, until the block ends: no job runs without it."""
    redis: Redis = Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    watching = asyncio.create_task(_watch(redis, sweep))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await redis.aclose()


async def _watch(redis: Redis, sweep: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(ALONE)
        try:
            if not await _answers(redis):
                await sweep()
        except Exception:
            log.exception("a sweep without Redis failed")


async def _answers(redis: Redis) -> bool:
    try:
        await redis.ping()
    except (RedisError, OSError):
        return False
    return True
