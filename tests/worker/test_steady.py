"""A worker that is asked to end does, whatever its Redis client makes of being cancelled."""

import asyncio
import signal
from typing import Any, cast

from arq.worker import func

from bot.jobs.steady import SteadyWorker
from bot.queue import connect

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
