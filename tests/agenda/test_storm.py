"""T16, T17: many people at once from two processes: exactly the possible bookings, nothing but named refusals.

On Postgres the attempts come from two real processes, on SQLite (which is one process's) from this one. What a fight
inside one process shows is in test_races. The suite runs a short form; the long one by hand:

    uv run python -m tests.agenda.test_storm
"""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from bot.agenda import booking
from bot.agenda.hours import Window
from bot.db import Database
from bot.errors import Refused
from bot.migrations.run import migrate
from bot.models import Appointment, Client, Service
from bot.models.account import Usage
from bot.models.enums import Action, Actor, Plan, Source
from bot.models.plans import PLANS

from .. import servers
from ..conftest import create_database
from ..processes import ROOT
from .factories import NOW, THURSDAY_15H, a_client, a_service, active
from .walls import take_the_wall_down, without_lock
from .world import World

ALWAYS = tuple(Window(day, 0, 1440) for day in range(7))
FIRST = THURSDAY_15H.replace(hour=3)  # midnight of that Thursday in São Paulo
NOVEMBER = NOW.date().replace(day=1)
CLIENTS = 32
MINUTE = timedelta(minutes=1)
# How many attempts of one process are on their way at once: more than it has connections.
AT_ONCE = 32
BOOKED = "booked"


@dataclass(frozen=True)
class Attempt:
    """One thing somebody tries; ids as text, so that it fits on a line to another process."""

    does: str
    professional: str
    start: str
    client: str = ""
    service: str = ""
    appointment: str = ""

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.start)


async def attempt(db: Database, one: Attempt) -> str:
    """Try it through the real door; say `booked` (or moved, or cancelled) or the code of the refusal."""
    owner = UUID(one.professional)
    try:
        async with db.begin() as session:
            match one.does:
                case "book":
                    await booking.book(
                        session,
                        professional_id=owner,
                        client_id=UUID(one.client),
                        service_id=UUID(one.service),
                        start_at=one.at,
                        source=Source.API,
                        actor=Actor.CLIENT,
                        now=NOW,
                    )
                case "move":
                    await booking.move(
                        session,
                        UUID(one.appointment),
                        one.at,
                        actor=Actor.PROFESSIONAL,
                        professional_id=owner,
                        now=NOW,
                    )
                case "cancel":
                    await booking.act(
                        session,
                        UUID(one.appointment),
                        Action.CANCEL,
                        actor=Actor.PROFESSIONAL,
                        professional_id=owner,
                        now=NOW,
                    )
    except Refused as no:
        return no.code
    return BOOKED


async def attempts(db: Database, many: Iterable[Attempt]) -> list[str]:
    """Try many things at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def through(one: Attempt) -> str:
        async with gate:
            return await attempt(db, one)

    return await asyncio.gather(*map(through, many))


async def rival(url: str) -> None:
    """Read lines of attempts, make them, and answer each with a line of outcomes."""
    db = Database(url)
    async with db.begin():  # connected before the race begins
        print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        outcomes = await attempts(db, [Attempt(**one) for one in json.loads(line)])
        print(json.dumps(outcomes), flush=True)
    await db.close()


@dataclass
class Crowd:
    """Everybody who tries: two processes, started when they are first needed, or this one."""

    rivals: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def tries(self, db: Database, many: Sequence[Attempt]) -> list[tuple[Attempt, str]]:
        """Let all of it happen at once; anything but a result or a named refusal fails the test."""
        if db.sqlite:
            return list(zip(many, await attempts(db, many), strict=True))
        if not self.rivals:
            await self._gather(db)
        halves = [many[place :: len(self.rivals)] for place in range(len(self.rivals))]
        said = await asyncio.gather(*map(self._send, self.rivals, halves))
        return [pair for half, outcomes in zip(halves, said, strict=True) for pair in zip(half, outcomes, strict=True)]

    async def _gather(self, db: Database) -> None:
        url = db.engine.url.render_as_string(hide_password=False)
        command, pipe = (sys.executable, "-m", "tests.agenda.test_storm", "--rival", url), asyncio.subprocess.PIPE
        for _ in range(2):
            start = asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe, limit=2**24)
            self.rivals.append(await start)
        for one in self.rivals:
            assert one.stdout is not None
            assert await one.stdout.readline() == b"ready\n"

    async def _send(self, rival: asyncio.subprocess.Process, half: Sequence[Attempt]) -> list[str]:
        assert rival.stdin is not None
        assert rival.stdout is not None
        rival.stdin.write(json.dumps([asdict(one) for one in half]).encode() + b"\n")
        line = await rival.stdout.readline()
        assert line, "a process died of something that is no refusal; its error is above"
        outcomes: list[str] = json.loads(line)
        return outcomes

    async def leave(self) -> None:
        for one in self.rivals:
            if one.returncode is None:
                one.kill()
            await one.wait()


class Here(Crowd):
    """Everybody in this process, on either database."""

    async def tries(self, db: Database, many: Sequence[Attempt]) -> list[tuple[Attempt, str]]:
        return list(zip(many, await attempts(db, many), strict=True))


@pytest.fixture(scope="module")
async def crowd() -> AsyncIterator[Crowd]:
    everybody = Crowd()
    yield everybody
    await everybody.leave()


@pytest.fixture
async def bare(scratch_url: str) -> AsyncIterator[Database]:
    """A database without the wall, in which nobody waits for anybody."""
    database = await without_lock(scratch_url)
    await take_the_wall_down(database)
    yield database
    await database.close()


# What is tried


async def people(world: World, count: int = CLIENTS) -> list[Client]:
    async with world.db.begin() as session:
        return [await a_client(session, world.owner, name=f"Ana {i}", number=88880000 + i) for i in range(count)]


def books(world: World, at: datetime, client: Client, service: Service | None = None) -> Attempt:
    service = service or world.service
    return Attempt("book", str(world.owner.id), at.isoformat(), str(client.id), str(service.id))


async def agenda(world: World) -> list[Appointment]:
    async with world.db.begin() as session:
        return await active(session, world.owner)


def overlapping(rows: Sequence[Appointment]) -> int:
    return sum(before.end_at > after.start_at for before, after in pairwise(rows))


async def one_time_after_the_other(db: Database, crowd: Crowd, rounds: int, tries: int = CLIENTS) -> None:
    """32 clients at once on one time, until it was tried often enough; again and again."""
    async with World(db, hours=ALWAYS) as world:
        clients = await people(world)
        for number in range(rounds):
            at = FIRST + number * 30 * MINUTE
            many = [books(world, at, clients[place % CLIENTS]) for place in range(tries)]
            said = Counter(outcome for _, outcome in await crowd.tries(db, many))
            assert said == {BOOKED: 1, "slot_taken": tries - 1}
        rows = await agenda(world)
        assert [row.start_at for row in rows] == [FIRST + n * 30 * MINUTE for n in range(rounds)]


async def few_times_for_many(db: Database, crowd: Crowd, tries: int, times: int) -> None:
    """Every time is tried by ten clients on average, and each is sold once."""
    random = Random(7)
    async with World(db, hours=ALWAYS) as world:
        clients = await people(world)
        wanted = [FIRST + place % times * 30 * MINUTE for place in range(tries)]
        random.shuffle(wanted)
        said = await crowd.tries(db, [books(world, at, random.choice(clients)) for at in wanted])
        assert Counter(outcome for _, outcome in said) == {BOOKED: times, "slot_taken": tries - times}
        assert [row.start_at for row in await agenda(world)] == [FIRST + n * 30 * MINUTE for n in range(times)]


async def every_length(db: Database, crowd: Crowd, tries: int, hours: int) -> None:
    """Lengths of 15 to 90 minutes on one grid: whoever was refused is in the way of somebody who was not."""
    random = Random(11)
    async with World(db, hours=ALWAYS, slot_interval_minutes=15) as world:
        clients = await people(world, 8)
        async with db.begin() as session:
            services = {
                str(service.id): service
                for service in [
                    await a_service(session, world.owner, name=f"Serviço {length}", minutes=length)
                    for length in (15, 30, 45, 90)
                ]
            }
        said = await crowd.tries(
            db,
            [
                books(
                    world,
                    FIRST + random.randrange(hours * 4) * 15 * MINUTE,
                    random.choice(clients),
                    random.choice(list(services.values())),
                )
                for _ in range(tries)
            ],
        )
        rows = await agenda(world)
        assert Counter(outcome for _, outcome in said) == {BOOKED: len(rows), "slot_taken": tries - len(rows)}
        assert overlapping(rows) == 0
        for one, outcome in said:
            end = one.at + services[one.service].minutes * MINUTE
            in_the_way = [row for row in rows if row.start_at < end and one.at < row.end_at]
            assert in_the_way, f"{one.at} was {outcome} and nobody is there"


async def everything_at_once(db: Database, crowd: Crowd, tries: int, agendas: int) -> None:
    """Booking, moving and cancelling in several agendas: no overlap, no deadlock, and the numbers add up."""
    random = Random(13)
    numbers = range(97_000_000, 97_000_000 + agendas)
    worlds = [await World(db, name=f"Bia {number}", number=number, hours=ALWAYS).__aenter__() for number in numbers]
    held = {world: [await world.book(FIRST + n * 60 * MINUTE) for n in range(12)] for world in worlds}
    many = []
    for _ in range(tries):
        world, at = random.choice(worlds), FIRST + random.randrange(24) * 30 * MINUTE
        theirs = str(random.choice(held[world]).id)
        tried = Attempt(
            random.choice(("move", "move", "cancel")), str(world.owner.id), at.isoformat(), appointment=theirs
        )
        many.append(random.choice((tried, tried, tried, books(world, at, world.client))))
    said = await crowd.tries(db, many)
    # A cancelled appointment cannot be moved or cancelled again.
    assert {outcome for _, outcome in said} <= {BOOKED, "slot_taken", "illegal_move"}
    for world in worlds:
        mine = Counter((one.does, outcome) for one, outcome in said if one.professional == str(world.owner.id))
        rows = await agenda(world)
        assert overlapping(rows) == 0
        assert len(rows) == 12 + mine["book", BOOKED] - mine["cancel", BOOKED]


async def more_than_the_plan_has(db: Database, crowd: Crowd, tries: int, left: int) -> None:
    """Everybody wants a time of their own, and the month has fewer appointments left than that."""
    async with World(db, hours=ALWAYS, plan=Plan.FREE) as world:
        clients = await people(world, 4)
        limit = PLANS[Plan.FREE].appointments_a_month or 0
        async with db.begin() as session:
            session.add(Usage(professional_id=world.owner.id, month=NOVEMBER, what="appointments", count=limit - left))
        many = [books(world, FIRST + n * 30 * MINUTE, clients[n % 4]) for n in range(tries)]
        said = Counter(outcome for _, outcome in await crowd.tries(db, many))
        assert said == {BOOKED: left, "not_taking": tries - left}
        assert len(await agenda(world)) == left


async def test_t16_two_hundred_on_one_time_are_one_booking(db: Database, crowd: Crowd) -> None:
    await one_time_after_the_other(db, crowd, rounds=1, tries=200)


async def test_t16_without_lock_and_wall_one_time_is_sold_to_many(bare: Database) -> None:
    """The test of the test: the same check of the same door, in a database where nothing stands in the way."""
    with pytest.raises(AssertionError, match="booked"):
        await one_time_after_the_other(bare, Here(), rounds=1, tries=CLIENTS)
    async with bare.begin() as session:
        sold = await session.scalar(select(func.count()).select_from(Appointment))
    assert sold is not None
    assert sold > 1


async def test_t17_attempts_on_few_times_sell_each_once_and_nobody_deadlocks(db: Database, crowd: Crowd) -> None:
    await few_times_for_many(db, crowd, tries=200, times=20)


async def test_the_refused_are_in_somebodys_way(db: Database, crowd: Crowd) -> None:
    await every_length(db, crowd, tries=150, hours=8)


async def test_booking_moving_and_cancelling_at_once(db: Database, crowd: Crowd) -> None:
    await everything_at_once(db, crowd, tries=150, agendas=4)


async def test_the_month_of_a_plan_from_two_processes(db: Database, crowd: Crowd) -> None:
    await more_than_the_plan_has(db, crowd, tries=24, left=7)


def long_form() -> None:
    with tempfile.TemporaryDirectory() as name, servers.postgres(Path(name)) as server:
        template = Path(name) / "template.sqlite3"
        migrate(f"sqlite:///{template}")
        storms: dict[str, tuple[Any, tuple[int, ...]]] = {
            "200 attempts on one time, 20 rounds": (one_time_after_the_other, (20, 200)),
            "2,000 attempts on 200 times": (few_times_for_many, (2000, 200)),
            "2,000 attempts of mixed lengths": (every_length, (2000, 96)),
            "200 attempts on the 30 appointments of a month": (more_than_the_plan_has, (200, 30)),
            "2,000 bookings, moves and cancellations": (everything_at_once, (2000, 20)),
        }
        for number, (title, (storm, sizes)) in enumerate(storms.items()):
            postgres = create_database(server, f"storm_{number}")
            migrate(postgres)
            sqlite = f"sqlite:///{shutil.copy(template, Path(name) / f'{number}.sqlite3')}"
            for kind, url in (("Postgres, two processes", postgres), ("SQLite", sqlite)):
                took = asyncio.run(_timed(storm, url, sizes))
                print(f"{title}: {kind}: {took:.1f} s")


async def _timed(storm: Any, url: str, sizes: tuple[int, ...]) -> float:
    db, everybody, began = Database(url), Crowd(), time.monotonic()
    await storm(db, everybody, *sizes)
    await everybody.leave()
    await db.close()
    return time.monotonic() - began


if __name__ == "__main__":
    if "--rival" in sys.argv:
        asyncio.run(rival(sys.argv[-1]))
    else:
        long_form()
