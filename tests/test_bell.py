"""A ring is a job as arq itself would write it, in one trip."""

from arq.constants import job_key_prefix
from arq.jobs import JobDef

from bot.queue import ArqBell, connect


async def test_a_ring_is_what_arq_would_have_enqueued_and_waits_only_once(redis_database: str) -> None:
    redis = await connect(redis_database)
    try:
        for _ in range(2):
            await ArqBell(redis).ring("turn", "lane one", "lane two", key="ours", after=5)
        await ArqBell(redis).ring("turn", "somebody else", key="ours")
        await redis.enqueue_job("turn", "lane one", "lane two", _job_id="turn:theirs", _defer_by=5)
        ours, theirs = sorted(await redis.queued_jobs(), key=lambda job: job.job_id or "")
        assert (ours.job_id, theirs.job_id) == ("turn:ours", "turn:theirs")
        assert told(ours) == told(theirs) == ("turn", ("lane one", "lane two"), {}, None)
        assert wait(ours) == wait(theirs) == 5000
        day = 24 * 60 * 60 * 1000
        for job in (ours, theirs):  # long enough to be found, and not for ever
            assert day / 2 < await redis.pttl(f"{job_key_prefix}{job.job_id}") <= day + 5000
    finally:
        await redis.aclose()


def told(job: JobDef) -> tuple[object, ...]:
    return job.function, tuple(job.args), job.kwargs, job.job_try


def wait(job: JobDef) -> int:
    """Return for how long a job was put off, in milliseconds."""
    assert job.score is not None
    return job.score - round(job.enqueue_time.timestamp() * 1000)
