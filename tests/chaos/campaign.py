"""A campaign: the city talks while one mishap after the other strikes; then everything calms down and is audited."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from .auditor import Verdict, audit
from .evidence import Evidence
from .ground import PATIENCE
from .mishaps import MISHAPS, PROMISED, Lengths, kill, replace
from .trial import Trial

# A process that holds more files and connections than this at the end has lost some of them.
MOST_FILES = 150


@dataclass
class Campaign:
    """How much of everything."""

    messages: int
    kills: int
    # Which mishaps, and how often each of them strikes.
    mishaps: Sequence[str] = tuple(MISHAPS)
    rounds: int = 1
    rate: float = 40
    lengths: Lengths = field(default_factory=Lengths)
    say: Callable[[str], None] = lambda _: None


async def wage(trial: Trial, campaign: Campaign) -> tuple[Evidence, Verdict]:
    """Let everything happen, and return what an auditor says about it."""
    talking = asyncio.create_task(trial.talk(campaign.messages, campaign.rate))
    watching = asyncio.create_task(_watch(trial, campaign))
    try:
        await asyncio.gather(_kill_now_and_then(trial, campaign), _strike(trial, campaign))
        await talking
        await trial.calm(campaign.say)
        await _end(trial)
    finally:
        for task in (talking, watching):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    found = await trial.evidence()
    return found, audit(found)


async def _kill_now_and_then(trial: Trial, campaign: Campaign) -> None:
    """Kill as often as was ordered, spread over the talk."""
    first, before = trial.said, trial.kills
    while (done := trial.kills - before) < campaign.kills:
        part = (done + trial.dice.random()) / campaign.kills
        await _reached(trial, first + part * campaign.messages)
        await kill(trial, campaign.lengths)


async def _strike(trial: Trial, campaign: Campaign) -> None:
    """Let every mishap strike in its turn, spread over the talk."""
    first, order = trial.said, [name for _ in range(campaign.rounds) for name in _shuffled(trial, campaign.mishaps)]
    for place, name in enumerate(order):
        await _reached(trial, first + (place + 0.5) / len(order) * campaign.messages)
        trial.now = name
        await MISHAPS[name](trial, campaign.lengths)
        trial.now = ""
        trial.struck[name] += 1


def _shuffled(trial: Trial, names: Sequence[str]) -> list[str]:
    return trial.dice.sample(list(names), len(names))


async def _reached(trial: Trial, said: float) -> None:
    """Return when so much was said, or when nobody says anything any more: then something is down."""
    known, since = trial.said, time.monotonic()
    while trial.said < said:
        await asyncio.sleep(trial.dice.uniform(0.01, 0.05))
        if trial.said != known:
            known, since = trial.said, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            return


async def _watch(trial: Trial, campaign: Campaign) -> None:
    """Notice who ends without being told to, start another, and tell how it goes."""
    while True:
        for fallen in trial.crew.fallen():
            trial.complaints.append(f"{fallen.name} ended by itself with {fallen.status}: {fallen.text()[-1500:]}")
            await replace(trial, fallen)
        campaign.say(trial.progress())
        await asyncio.sleep(0.5)


async def _end(trial: Trial) -> None:
    """Look at what the processes hold, ask them to end, and see that nothing of theirs is left."""
    for member in trial.crew.working:
        if member.files > MOST_FILES:
            trial.complaints.append(f"{member.name} holds {member.files} files")
    for member in trial.crew.working[:]:
        seconds = await trial.crew.ask_to_end(member)
        if member.role != "sender" and (seconds > PROMISED or member.status != 0):
            trial.complaints.append(f"{member.name} ended with {member.status} after {seconds:.1f} s")
    trial.complaints += [f"process {pid} is left" for pid in trial.crew.left()]
    trial.complaints += trial.crew.leaks()
