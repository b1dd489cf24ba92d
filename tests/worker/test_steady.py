"""A worker that is asked to end does, whatever its Redis client makes of being cancelled."""

import asyncio
import signal
from typing import Any, cast

import pytest
from arq.worker import func

from bot.jobs.steady import SteadyWorker
from bot.queue import connect

PATIENCE = 60.0  # seconds


class Deaf(SteadyWorker):
    """A worker whose Redis client returns as if nobody had cancelled it, once."""

    heard = 0

    async def _poll_iteration(self) -> None:
        await super()._poll_iteration()
        try:
            await asyncio.sleep(0.5)
        except asyncio.CancelledError:
            self.heard += 1
            if self.heard == 1:
                return
            raise


@pytest.mark.filterwarnings("ignore:Call to deprecated close")  # by arq
async def test_it_is_asked_again_and_starts_nothing_meanwhile(redis_database: str) -> None:
    redis, begun = await connect(redis_database), asyncio.Event()
    count = 0

    async def long(_ctx: Any, *_: Any) -> None:
        nonlocal count
        count += 1
        begun.set()
        await asyncio.sleep(60)

    for number in range(3):
        await redis.enqueue_job("long", _job_id=f"long:{number}")
    # One at a time: the others wait for their turn while it is asked to end.
    worker = Deaf(
        [func(cast(Any, long), name="long", max_tries=1)],
        redis_pool=redis,
        max_jobs=1,
        poll_delay=0.001,
        handle_signals=False,
        job_completion_wait=1,
        job_serializer=redis.job_serializer,
        job_deserializer=redis.job_deserializer,
    )
    running = asyncio.create_task(worker.async_run())
    await begun.wait()
    worker.handle_sig_wait_for_completion(signal.SIGTERM)
    ended, _ = await asyncio.wait([running], timeout=PATIENCE)
    assert ended
    assert running.cancelled()
    await worker.close()
    assert (worker.heard, count) == (2, 1)
