"""One thing at a time goes away while a city talks: T20, T24, T26. Each ends calm, and with a clean audit.

The long form is the campaign (`python -m tests.chaos`), with Redis away for a minute and Postgres for half of one.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from ..processes import until
from .auditor import audit
from .ground import PATIENCE
from .mishaps import Lengths, postgres_killed, replace_gently
from .trial import Trial

# What T24 allows from a Redis that is back to the next reply, in seconds; it takes one.
BACK = 60.0
LENGTHS = Lengths()
LONG = bool(os.environ.get("ODYS_LONG"))


@asynccontextmanager
async def talking(trial: Trial, rate: float = 10) -> AsyncIterator[None]:
    """Let the city talk until the block ends; then everything calms down and is audited."""
    said = asyncio.create_task(trial.talk(100_000, rate))
    try:
        yield
    finally:
        said.cancel()
        with suppress(asyncio.CancelledError):
            await said
    await trial.calm()
    assert not trial.crew.fallen(), trial.crew.logs()
    verdict = audit(await trial.evidence())
    assert verdict.wrong == []


async def more_answered(trial: Trial, count: int = 5) -> None:
    """Return when some more webhooks were answered 200.

    T20 allows five seconds until a process has its database again, and it takes a tenth of one. But a machine that
    others work on may itself stand still for five: so the wait is for the answers, not for the clock.
    """
    known = trial.post.answers["200"]
    await until(lambda: trial.post.answers["200"] >= known + count, PATIENCE, trial.crew.logs)


async def more_sent(trial: Trial, count: int = 3, seconds: float = PATIENCE) -> None:
    """Return when some more replies arrived."""
    known = len(trial.graph.accepted)
    await until(lambda: len(trial.graph.accepted) >= known + count, seconds, trial.crew.logs)


async def test_t20_pg_kill_loses_nothing_and_is_got_over_without_a_restart(running: Trial) -> None:
    """All of Postgres is killed (`ODYS_LONG=1`: five times): no answer of 200 was a lie, the same processes go on."""
    pids = {member.pid for member in running.crew.working}
    async with talking(running):
        for _ in range(5 if LONG else 2):
            await more_answered(running)
            await postgres_killed(running, LENGTHS)
        await more_answered(running)
        await more_sent(running)
    assert pids == {member.pid for member in running.crew.working if member.lives}


async def test_t24_redis_down_stops_nobody(running: Trial) -> None:
    """Redis is away, emptied, and frozen: what comes in is taken and answered all the while, by workers that live on.

    A web process that is killed meanwhile comes back, and takes what comes in.
    """
    pids = {member.pid for member in running.crew.of("worker")}
    async with talking(running):
        await more_sent(running)
        await running.redis.stop()
        try:
            await running.crew.kill(running.crew.of("web"))
            await running.open()
            await more_answered(running)
            await more_sent(running)
        finally:
            await running.redis.start()
        await more_sent(running, seconds=BACK)
        await running.redis.empty()
        await more_sent(running, seconds=BACK)
        running.redis.freeze()
        try:
            await more_answered(running)
            await more_sent(running)
        finally:
            running.redis.thaw()
        await more_sent(running, seconds=BACK)
    assert pids == {member.pid for member in running.crew.of("worker") if member.lives}


@pytest.mark.skipif(not LONG, reason="by hand, with ODYS_LONG=1: the suite has two more tests of T26")
async def test_t26_sigterm_under_load_loses_nothing_and_says_nothing_twice(running: Trial) -> None:
    """A web process and a worker are asked to end in the middle of everything, as a new release does."""
    twice = len(audit(await running.evidence()).twice)
    async with talking(running):
        for member in (running.crew.of("web")[0], running.crew.of("worker")[0]):
            await more_sent(running)
            await replace_gently(running, member)
        await more_sent(running)
    assert len(audit(await running.evidence()).twice) == twice
