"""One turn at a time in a conversation, whatever the workers; and no conversation in another one's way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.conversation.brain import Answer, Heard
from bot.db import Database
from bot.seed import CLIENTS
from bot.whatsapp.outgoing import Text

from ..conftest import StillClock
from ..processes import until
from ..stage import CARLOS, JULIA, stage
from .lanes import DIARY, NO_LEASE, Lanes, play, prepare


async def test_t06_lane_order_one_turn_at_a_time_in_the_order_of_the_senders(
    postgres_url: str, redis_database: str, tmp_path: Path
) -> None:
    found, _ = await play(postgres_url, redis_database, tmp_path, conversations=12, messages=5, workers=2)
    assert found == []


@dataclass
class Thinker:
    """A brain that breaks or never ends in some conversations, by what is said there."""

    thinking: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)

    async def answer(self, heard: Heard) -> Answer:
        self.asked.append(heard.text)
        if "veneno" in heard.text:
            raise ZeroDivisionError("a defect")
        if "devagar" in heard.text:
            self.thinking.set()
            await self.go.wait()
        return Answer(say=Text(f"Sobre {heard.text}: pode deixar."))

    async def for_turn(self, _asker: object) -> tuple["Thinker"]:
        return (self,)


@pytest.fixture
async def postgres_db(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    yield database
    await database.close()


@pytest.mark.parametrize("wall", ["standing", "taken down"])
async def test_t06_lane_order_is_told_from_no_order(postgres_db: Database, postgres_url: str, wall: str) -> None:
    """Two workers are rung for one conversation while a turn of it thinks; without leases the audit sees two turns."""
    clock, brain = StillClock(), Thinker()
    await prepare(postgres_url, DIARY, *([NO_LEASE] if wall == "taken down" else []))
    async with stage(postgres_db, clock) as here:
        turns = replace(here.services.turns, brains=brain, rules=brain, presence=None)
        (lane,) = await here.left("devagar", JULIA)
        first = asyncio.create_task(turns.run(lane))
        await brain.thinking.wait()
        second = asyncio.create_task(turns.run(lane))
        if wall == "standing":
            assert await second == 0
        else:
            await until(lambda: len(brain.asked) == 2, 30)
        brain.go.set()
        assert await first + await second == 1  # the token lets only one of them finish
        found = await Lanes(postgres_db).audit()
    assert (found == []) is (wall == "standing"), found


async def test_t07_lane_isolation_nobody_waits_for_a_slow_or_a_poisoned_conversation(
    db: Database, clock: StillClock
) -> None:
    brain = Thinker()
    others = [person.phone for person in CLIENTS[2:]]
    # Leases by the still clock, which jumps: a turn that thinks keeps its conversation all the same.
    async with stage(db, clock, turn_lease_seconds=300) as here:
        turns = replace(here.services.turns, brains=brain, rules=brain, presence=None)
        services = replace(here.services, turns=turns)
        for phone, words in ((JULIA, "veneno"), (CARLOS, "devagar"), *((phone, "uma pergunta") for phone in others)):
            await here.post(here.message(phone, type="text", text={"body": words}))
        clock.jump(seconds=2)
        sweep = asyncio.create_task(services.sweep())
        await until(lambda: all(here.graph.texts_to(phone) for phone in others), 60)
        assert not sweep.done()  # Carlos's turn is still thinking
        # The next sweep comes five seconds later, and so do the next questions; the poison is tried again.
        assert {len(here.heard_all(phone)) for phone in others} == {1}
        for _ in range(2):
            clock.jump(seconds=5)
            for phone in others:
                await here.post(here.message(phone, type="text", text={"body": "mais uma"}))
            clock.jump(seconds=2)
            await services.sweep()
            await services.send_due()
            # One sweep each, as if the other two were not there: less than twice that, whatever the machine.
            assert {len(here.heard_all(phone)) for phone in others} == {1}
        assert brain.asked.count("veneno") > 1
        assert here.heard_all(JULIA) == here.heard_all(CARLOS) == []
        brain.go.set()
        await sweep
        await services.send_due()
        assert len(here.heard_all(CARLOS)) == 1
