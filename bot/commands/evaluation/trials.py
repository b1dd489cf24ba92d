"""Trials: each plays a scenario on an agenda and a stage of its own, some at the same time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from .agendas import Agendas
from .play import Kind, Outcome, Play, Violation
from .scenario import Scenario
from .scripted import Script, server
from .stage import Groq, StillClock, stage


@dataclass(frozen=True, slots=True)
class Trial:
    """A scenario, who answers in it, and which time it is."""

    scenario: Scenario
    # "rules", "scripted", or "live".
    brain: str
    number: int = 1


async def run_all(
    trials: Sequence[Trial],
    agendas: Agendas,
    groq: Groq | None,
    at_once: int,
    tell: Callable[[Trial, Outcome], None],
) -> None:
    """Play all trials, `at_once` at a time, and tell of each as it ends."""
    room = asyncio.Semaphore(at_once)

    async def one(trial: Trial) -> None:
        async with room:
            tell(trial, await run(trial, agendas, groq))

    async with asyncio.TaskGroup() as group:
        for trial in trials:
            group.create_task(one(trial))


async def run(trial: Trial, agendas: Agendas, groq: Groq | None) -> Outcome:
    """Play one trial; what breaks in it is its outcome, and no other trial's concern."""
    try:
        async with AsyncExitStack() as stack:
            db = await stack.enter_async_context(agendas.of(trial.scenario))
            script = None
            if trial.brain == "scripted":
                fake = await stack.enter_async_context(_scripted())
                script, groq = Script(fake), _service(fake)
            service = None if trial.brain == "rules" else groq
            here = await stack.enter_async_context(stage(db, StillClock(trial.scenario.now), service))
            outcome = await Play(here, trial.scenario, script, live=trial.brain == "live").run()
            outcome.trial = trial.number
    except Exception as error:
        outcome = Outcome(trial.scenario, trial.number)
        outcome.violations.append(Violation(Kind.BROKEN, f"{type(error).__name__}: {error}"))
    return outcome


@asynccontextmanager
async def _scripted() -> AsyncIterator[Any]:
    fake = server().Groq()
    await fake.start()
    try:
        yield fake
    finally:
        await fake.stop()


def _service(fake: Any) -> Groq:
    module = server()
    return Groq(fake.key, fake.url, module.PRIMARY, module.FALLBACK)
