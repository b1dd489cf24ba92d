"""A crowd: far more people write at once than there are connections to the database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from bot.conversation.brain import Answer, BrainFailed, Heard
from bot.conversation.desks import Desks
from bot.conversation.inbox import Held
from bot.db import Database
from bot.models import Conversation
from bot.whatsapp.outgoing import Text

from ..conftest import StillClock
from ..stage import CARLOS, JULIA, Stage, stage
from .thinkers import Only, Slow

CROWD = 30


@pytest.fixture
async def here(db: Database, clock: StillClock) -> AsyncIterator[Stage]:
    async with stage(db, clock) as ready:
        yield ready


class Count:
    """Counts who holds a conversation whenever somebody begins to answer."""

    def __init__(self, db: Database) -> None:
        self.db, self.most = db, 0

    async def typing(self, held: Held) -> None:
        async with self.db.begin() as session:
            held_now = select(func.count()).where(Conversation.turn_token.is_not(None))
            self.most = max(self.most, await session.scalar(held_now) or 0)


async def test_who_waits_for_a_connection_holds_no_conversation_meanwhile(here: Stage) -> None:
    count = Count(here.services.db)
    turns = replace(here.services.turns, presence=count)
    lanes = await here.left("oi", *(f"55219555{number:05}" for number in range(CROWD)))
    assert await asyncio.gather(*map(turns.run, lanes)) == [1] * CROWD
    assert 1 <= count.most <= here.services.db.connections


class Deaf:
    """A model that fails when as many think as it waits for."""

    def __init__(self, together: int) -> None:
        self.together = asyncio.Barrier(together)

    async def answer(self, heard: Heard) -> Answer:
        async with asyncio.timeout(30):
            await self.together.wait()
        raise BrainFailed("out of breath")


class Plain:
    """Rules that say the same to everybody."""

    async def answer(self, heard: Heard) -> Answer:
        return Answer(say=Text("Olá!"))


async def test_who_thinks_needs_no_desk(here: Stage) -> None:
    """More turns wait for a model at once than there are connections, and the rules answer all of them afterwards."""
    lanes = await here.left("me conta uma coisa", JULIA, CARLOS)
    turns = replace(here.services.turns, rules=Plain(), brains=Only(Deaf(len(lanes))), desks=Desks(1))
    assert await asyncio.gather(*map(turns.run, lanes)) == [1, 1]


async def test_a_turn_that_is_cut_short_lets_its_conversation_go(here: Stage) -> None:
    """Its job ran out of time: nobody has to wait for the end of its lease."""
    (lane,) = await here.left("me conta uma coisa", JULIA)
    slow = Slow()
    cut = asyncio.create_task(replace(here.services.turns, brains=Only(slow)).run(lane))
    await slow.thinking.wait()
    cut.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut
    assert await here.services.turns.run(lane) == 1


async def test_who_finds_no_desk_in_time_leaves_it_to_the_next_sweep(here: Stage) -> None:
    (lane,) = await here.left("oi", JULIA)
    desks = Desks(1, patience=0.1)
    turns = replace(here.services.turns, desks=desks)
    async with desks.one():
        assert await turns.run(lane) == 0
    assert await turns.run(lane) == 1
