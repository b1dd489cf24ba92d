"""What is done to an installation on trial: each mishap strikes, lasts, and is over when the function returns."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from ..processes import until
from .crew import Member
from .evidence import Blow
from .ground import PATIENCE
from .meta import Mood
from .trial import Trial

# A supervisor is promised that a process ends within this long when it is asked to; it kills after 30 s.
PROMISED = 25.0


@dataclass(frozen=True)
class Lengths:
    """How many seconds things are away."""

    redis: float = 60
    postgres: float = 30
    mood: float = 20


class _Blow:
    killed = 0


@contextmanager
def struck(trial: Trial, what: str) -> Iterator[_Blow]:
    """Note a blow from when it falls until it is over."""
    began, blow = time.monotonic(), _Blow()
    try:
        yield blow
    finally:
        trial.blows.append(Blow(what, began, time.monotonic(), blow.killed))


async def kill(trial: Trial, lengths: Lengths) -> None:
    """Kill one process, or now and then all of them; others come after a moment."""
    working = trial.crew.working
    victims = working[:] if trial.dice.random() < 0.05 else trial.dice.sample(working, 1)
    with struck(trial, "kill " + ", ".join(victim.name for victim in victims)) as blow:
        blow.killed = len(victims)
        await trial.crew.kill(victims)
    await asyncio.sleep(trial.dice.uniform(0, 1))
    for victim in victims:
        await replace(trial, victim)


async def replace(trial: Trial, victim: Member) -> None:
    """Start somebody for the same work, where the other one stood."""
    await trial.crew.hire(victim.role, victim.port)


async def term(trial: Trial, lengths: Lengths) -> None:
    """Ask one process to end, as a new release does, and start another."""
    victims = trial.crew.of("web") + trial.crew.of("worker")
    if not victims:
        return
    victim = trial.dice.choice(victims)
    await replace_gently(trial, victim)


async def replace_gently(trial: Trial, victim: Member) -> None:
    seconds = await trial.crew.ask_to_end(victim)
    if seconds > PROMISED or victim.status != 0:
        trial.complaints.append(f"{victim.name} ended with {victim.status} in {seconds:.1f} s: {victim.text()[-800:]}")
    await replace(trial, victim)


async def redis_down(trial: Trial, lengths: Lengths) -> None:
    """Stop Redis for a while: what comes in is taken all the same."""
    with struck(trial, "Redis down"):
        await trial.redis.stop()
        await _taken_meanwhile(trial, "while Redis was down", lengths.redis)
        await trial.redis.start()


async def redis_frozen(trial: Trial, lengths: Lengths) -> None:
    """Let Redis keep every connection and answer nothing for a while."""
    with struck(trial, "Redis frozen"):
        trial.redis.freeze()
        await _taken_meanwhile(trial, "while Redis was frozen", lengths.redis / 2)
        trial.redis.thaw()


async def redis_empty(trial: Trial, lengths: Lengths) -> None:
    """Empty Redis while it runs."""
    await trial.redis.empty()


async def redis_again(trial: Trial, lengths: Lengths) -> None:
    """Start Redis again, empty."""
    with struck(trial, "Redis again"):
        await trial.redis.stop()
        await trial.redis.start()


async def _taken_meanwhile(trial: Trial, when: str, seconds: float) -> None:
    """Wait, and see that webhooks are answered 200 meanwhile, if anybody posted and somebody was there to answer."""
    answers, blows = trial.post.answers.copy(), len(trial.blows)
    await asyncio.sleep(seconds)
    new = trial.post.answers - answers
    # Some attempts find nobody at home: those say nothing about Redis.
    if new.total() > new["200"] + new["ClientConnectorError"] and not new["200"] and len(trial.blows) == blows:
        trial.complaints.append(f"no webhook was answered 200 {when}: {dict(new)}")


async def postgres_down(trial: Trial, lengths: Lengths) -> None:
    """Stop Postgres for a while: no webhook may be answered 200 without it."""
    with struck(trial, "Postgres down"):
        await trial.postgres.stop()
        before = trial.post.answers["200"]
        await asyncio.sleep(lengths.postgres)
        if trial.post.answers["200"] != before:
            trial.complaints.append("a webhook was answered 200 without a database")
        await trial.postgres.start()


async def postgres_killed(trial: Trial, lengths: Lengths) -> None:
    """Kill all of Postgres in the middle of everything, and start it again."""
    with struck(trial, "kill Postgres") as blow:
        blow.killed = 1
        await trial.postgres.kill()
        await trial.postgres.start()


def _mood(mood: Mood) -> Callable[[Trial, Lengths], Awaitable[None]]:
    async def be(trial: Trial, lengths: Lengths) -> None:
        trial.graph.mood = mood
        await asyncio.sleep(lengths.mood)
        trial.graph.mood = Mood.WELL

    be.__doc__ = f"Let Graph be {mood} for a while."
    return be


async def model_there(trial: Trial, lengths: Lengths) -> None:
    """Let the language model be there for a while: slow, broken and lying, instead of away."""
    trial.model.there = True
    await asyncio.sleep(lengths.mood)
    trial.model.there = False


async def clock_jumps(trial: Trial, lengths: Lengths) -> None:
    """Put the clock some hours forward, sometimes an hour back and forward again, in the middle of everything.

    What is in doubt is waited for: a doubt lasts a minute, and the jump would take that minute away.
    """
    trial.graph.mood = Mood.WELL

    async def certain() -> bool:
        return not await trial.doubtful()

    await until(certain, 3 * PATIENCE)
    hours = timedelta(hours=trial.dice.choice((1, 1, 2, 5)))
    with struck(trial, f"clock +{hours}"):
        if trial.dice.random() < 0.4:
            trial.clock.jump(-hours)
            await asyncio.sleep(1)
        trial.clock.jump(hours)


MISHAPS: dict[str, Callable[[Trial, Lengths], Awaitable[None]]] = {
    "redis-down": redis_down,
    "redis-frozen": redis_frozen,
    "redis-empty": redis_empty,
    "redis-again": redis_again,
    "postgres-down": postgres_down,
    "postgres-killed": postgres_killed,
    "graph-slow": _mood(Mood.SLOW),
    "graph-broken": _mood(Mood.BROKEN),
    "graph-lying": _mood(Mood.LYING),
    "model": model_there,
    "clock": clock_jumps,
    "term": term,
}
