"""A worker begins without Redis, and ends when it is asked to, whatever its Redis or the client of it makes of that."""

import asyncio
import signal
from pathlib import Path
from typing import Any, cast

import pytest
from arq.worker import func

from bot.jobs.steady import SteadyWorker, patient, stand_in
from bot.queue import ArqBell, connect, unpack
from worker import _together

from ..chaos.ground import RedisServer
from ..processes import until

PATIENCE = 60.0  # seconds


async def test_who_does_not_hear_is_asked_again(redis_database: str) -> None:
    redis = await connect(redis_database)
    worker = SteadyWorker(
        [func(cast(Any, work), name="work")], redis_pool=redis, handle_signals=False, job_completion_wait=0
    )
    worker.main_task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await asyncio.wait_for(worker._wait_for_tasks_to_complete(signal.SIGTERM), PATIENCE)
    assert worker.main_task.cancelled()
    await redis.aclose()


async def deaf() -> None:
    """Go on once as if nobody had cancelled it, as `asyncio.wait_for` may."""
    try:
        await asyncio.sleep(PATIENCE * 2)
    except asyncio.CancelledError:
        await asyncio.sleep(PATIENCE * 2)


async def work(_ctx: dict[str, object]) -> None:
    """Do nothing: arq wants a function."""


class Heard:
    """What a worker was told, in the order it was told."""

    def __init__(self) -> None:
        self.began, self.worked, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def begin(self, _ctx: dict[Any, Any]) -> None:
        self.began.set()

    async def work(self, _ctx: dict[Any, Any]) -> None:
        self.worked.set()

    async def end(self, _ctx: dict[Any, Any]) -> None:
        self.ended.set()

    def worker(self, url: str) -> SteadyWorker:
        job: Any = self.work
        told: dict[str, Any] = {"on_startup": self.begin, "on_shutdown": self.end}
        work = [func(job, name="work")]
        return SteadyWorker(work, redis_pool=patient(url), job_deserializer=unpack, handle_signals=False, **told)


async def test_who_begins_without_redis_works_and_hears_it_when_it_comes(tmp_path: Path) -> None:
    redis, heard = RedisServer(tmp_path), Heard()
    worker = heard.worker(redis.url)
    running = asyncio.create_task(worker.async_run())
    async with asyncio.timeout(PATIENCE):
        await heard.began.wait()
        await redis.start()
        bell = ArqBell(await connect(redis.url))
        await bell.ring("work", key="one")
        await heard.worked.wait()
        await bell.close()
        await worker.close()
    await asyncio.gather(running, return_exceptions=True)
    await redis.close()


async def test_who_is_asked_to_end_without_redis_closes_what_it_opened(tmp_path: Path) -> None:
    heard = Heard()
    worker = heard.worker(RedisServer(tmp_path).url)
    running = asyncio.create_task(worker.async_run())
    async with asyncio.timeout(PATIENCE):
        await heard.began.wait()
        await worker.close()
    assert heard.ended.is_set()
    assert (await asyncio.gather(running, return_exceptions=True))[0]


async def test_it_is_said_once_that_redis_is_away_and_that_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    redis, swept = RedisServer(tmp_path), asyncio.Queue[int]()

    async def sweep() -> None:
        swept.put_nowait(1)

    async with stand_in(redis.url, sweep, every=0.01), asyncio.timeout(PATIENCE):
        for _ in range(3):
            await swept.get()
        await redis.start()
        await until(lambda: "Redis is back" in caplog.text)
    assert caplog.text.count("Redis is away") == 1
    await redis.close()


async def test_what_fails_side_by_side_is_all_told() -> None:
    """The queue logs what is raised; whatever else went wrong would never be heard of."""

    async def fails(why: str) -> None:
        raise RuntimeError(why)

    with pytest.raises(ExceptionGroup) as told:
        await _together(fails("one"), fails("another"))
    assert [str(each) for each in told.value.exceptions] == ["one", "another"]
