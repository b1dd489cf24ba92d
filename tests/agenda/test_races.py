"""Everybody at once: exactly as many bookings as there are times, through the rules and through the wall alone.

Each test here is a fight over few times. The last ones take the walls down and show that the fight is then lost:
without that, a test of a wall proves nothing.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda import booking, daysoff, entry, ledger, owners, workweek
from bot.agenda.hours import Window
from bot.agenda.lifecycle import IllegalMove
from bot.agenda.refusals import AppointmentChanged, ClosedDay, DayFull, SlotTaken
from bot.db import Database
from bot.errors import Refused
from bot.models import Appointment, Client, Professional
from bot.models.enums import Action, Payment, Source, Status

from .factories import NOW, THURSDAY_15H, a_client, a_service, active
from .walls import take_the_wall_down
from .world import DAY, HOUR, LATER, MINUTE, World

ALWAYS = tuple(Window(day, 0, 1440) for day in range(7))
CLIENTS = 32


async def outcomes(attempts: Sequence[Awaitable[Any]]) -> tuple[list[Any], list[Refused]]:
    """Run attempts at once; anything but a result or a refusal is a failure of the test."""
    done, refused = [], []
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, Refused):
            refused.append(outcome)
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            done.append(outcome)
    return done, refused


def overlapping(rows: Sequence[Appointment]) -> int:
    return sum(before.end_at > after.start_at for before, after in pairwise(rows))


async def all_clients(world: World) -> list[Client]:
    async with world.db.begin() as session:
        return [await a_client(session, world.owner, name=f"Ana {i}", number=88880000 + i) for i in range(CLIENTS)]


async def test_32_clients_on_one_time_get_it_once(db: Database) -> None:
    async with World(db) as world:
        clients = await all_clients(world)
        for round_ in range(3):
            start = THURSDAY_15H + round_ * 30 * MINUTE
            done, refused = await outcomes([world.book(start, client_id=client.id) for client in clients])
            assert len(done) == 1
            assert len(refused) == CLIENTS - 1
            assert all(isinstance(no, SlotTaken) and no.facts["nearest"] for no in refused)
        async with db.begin() as session:
            assert len(await active(session, world.owner)) == 3


async def test_of_weeks_and_services_written_at_once_one_is_kept(db: Database) -> None:
    async with World(db) as world:

        async def a_week(i: int) -> None:
            async with db.begin() as session:
                await workweek.set_weekly_hours(session, world.owner.id, [Window(i, 540, 720)])

        async def the_same_service(i: int) -> None:
            async with db.begin() as session:
                await owners.add_service(session, world.owner.id, name="Barba", minutes=30, price_cents=i, now=NOW)

        await outcomes([a_week(i) for i in range(6)])
        await outcomes([the_same_service(i) for i in range(12)])
        async with db.begin() as session:
            assert len(await workweek.usual_week(session, world.owner.id)) == 1
            assert len(await owners.offered(session, world.owner.id)) == 2  # the world's own, and "Barba" once


async def test_many_attempts_on_few_times_of_mixed_lengths_never_overlap(db: Database) -> None:
    """160 attempts on five hours with services of 15 to 90 minutes: what is left free fits nobody."""
    random = Random(7)
    async with World(db, slot_interval_minutes=15, hours=ALWAYS, horizon_days=30) as world:
        async with db.begin() as session:
            services = [
                await a_service(session, world.owner, name=f"Serviço {length}", minutes=length)
                for length in (15, 30, 45, 90)
            ]
        attempts = [
            world.book(THURSDAY_15H + random.randrange(20) * 15 * MINUTE, service_id=random.choice(services).id)
            for _ in range(160)
        ]
        done, refused = await outcomes(attempts)
        assert len(done) + len(refused) == 160
        assert all(isinstance(no, SlotTaken) for no in refused)
        async with db.begin() as session:
            rows = await active(session, world.owner)
        assert len(rows) == len(done)
        assert overlapping(rows) == 0


async def test_the_same_request_many_times_at_once_is_one_booking(db: Database) -> None:
    async with World(db) as world:
        done, refused = await outcomes([world.book(idempotency_key="once") for _ in range(16)])
        assert not refused
        assert len({row.id for row in done}) == 1
        assert len(await world.owed()) == 2  # one message to each side


async def test_a_daily_limit_holds_under_a_crowd(db: Database) -> None:
    async with World(db, max_per_day=3) as world:
        done, refused = await outcomes([world.book(THURSDAY_15H + i % 6 * 30 * MINUTE) for i in range(24)])
        assert len(done) == 3
        assert {type(no) for no in refused} <= {DayFull, SlotTaken}


async def test_moving_and_booking_onto_one_time(db: Database) -> None:
    async with World(db) as world:
        rows = [await world.book(THURSDAY_15H + DAY + i * 30 * MINUTE) for i in range(6)]
        attempts: list[Awaitable[Any]] = [world.move(row, THURSDAY_15H, **world.as_client()) for row in rows]
        done, refused = await outcomes([*attempts, *[world.book() for _ in range(6)]])
        assert len(done) == 1
        assert len(refused) == 11
        async with db.begin() as session:
            assert overlapping(await active(session, world.owner)) == 0


async def test_two_decisions_at_once_are_one(db: Database) -> None:
    """Confirmar and Recusar from two phones, and the client who cancels: one wins, one set of messages leaves."""
    async with World(db) as world:
        for round_ in range(4):
            row = await world.book(THURSDAY_15H + round_ * 30 * MINUTE)
            done, refused = await outcomes(
                [
                    world.act(row, Action.CONFIRM),
                    world.act(row, Action.CONFIRM),
                    world.act(row, Action.REJECT),
                    world.act(row, Action.REJECT),
                ]
            )
            assert len(done) == 1
            assert all(isinstance(no, IllegalMove) for no in refused)
            assert len(await world.events(row)) == 2


async def test_a_change_of_what_was_read_elsewhere_is_refused(db: Database) -> None:
    """Without the lock too: what changed between reading and writing is not overwritten."""
    async with World(db) as world:
        row = await world.book()
        await world.act(row, Action.CONFIRM)  # `row` still says what it said before
        with pytest.raises(AppointmentChanged):
            async with db.begin() as session:
                await ledger.compare_and_set(session, row, NOW, status=Status.REJECTED)
        async with db.begin() as session:
            found = await booking.find(session, row.id, professional_id=world.owner.id)
            assert (found.status, found.sequence) == (Status.CONFIRMED, 1)


# Behind whoever holds the agenda


async def until_somebody_waits(db: Database) -> None:
    """Return when another transaction waits for an agenda's lock; on SQLite everybody waits for the one writer."""
    if db.sqlite:
        return
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with asyncio.timeout(30):
        while True:
            async with db.begin() as session:
                if await session.scalar(waiting):
                    return


@pytest.mark.parametrize("door", ["book", "move"])
@pytest.mark.parametrize("change", ["close", "limit"])
async def test_what_was_decided_while_one_waited_holds(db: Database, door: str, change: str) -> None:
    """The day is closed, or made full, by somebody who holds the agenda: whoever waits behind them is refused."""
    async with World(db) as world:
        row = await world.book(THURSDAY_15H + DAY)
        await world.book(LATER + HOUR)
        async with db.begin() as session:
            await booking.lock(session, world.owner.id)
            waits = world.book() if door == "book" else world.move(row, THURSDAY_15H, **world.as_client())
            behind = asyncio.create_task(waits)
            await until_somebody_waits(db)
            if change == "close":
                await daysoff.close(session, world.owner.id, [THURSDAY_15H.date()], None)
            else:
                (await session.get_one(Professional, world.owner.id)).max_per_day = 1
        with pytest.raises(ClosedDay if change == "close" else DayFull):
            await behind


# The wall alone


async def past_the_rules(session: AsyncSession, world: World, start: datetime, minutes: int = 30) -> Appointment | None:
    """Write without lock and without asking any rule, as a bug would."""
    row = entry.draft(
        professional_id=world.owner.id,
        client_id=world.client.id,
        service_name="Corte",
        start_at=start,
        end_at=start + minutes * MINUTE,
        price_cents=0,
        status=Status.PENDING_CONFIRMATION,
        payment=Payment.UNPAID,
        source=Source.CHAT,
        created_at=NOW,
        updated_at=NOW,
    )
    return row if await entry.enter(session, row, []) else None


async def storm(world: World, rounds: int = 3) -> int:
    """Let many write past the rules onto overlapping times; count the overlaps that result."""

    async def attempt(i: int) -> None:
        async with world.db.begin() as session:
            await past_the_rules(session, world, THURSDAY_15H + i % 3 * 10 * MINUTE)

    for _ in range(rounds):
        await asyncio.gather(*(attempt(i) for i in range(16)))
    async with world.db.begin() as session:
        return overlapping(await active(session, world.owner))


async def test_the_wall_holds_when_the_code_forgets_everything(db: Database) -> None:
    async with World(db) as world:
        assert await storm(world) == 0
        async with db.begin() as session:
            assert len(await active(session, world.owner)) == 1
            # A transaction that hit the wall goes on: its other writes are not lost.
            assert await past_the_rules(session, world, THURSDAY_15H) is None
            assert await past_the_rules(session, world, LATER) is not None
        async with db.begin() as session:
            assert len(await active(session, world.owner)) == 2


async def test_moving_into_the_wall_is_a_refusal_and_the_transaction_goes_on(db: Database) -> None:
    """The rules are blinded by a row that only the wall knows: one outside any hours they look at."""
    async with World(db) as world:
        row = await world.book()
        async with db.begin() as session:
            assert await past_the_rules(session, world, LATER + 10 * MINUTE) is not None
        async with db.begin() as session:
            with pytest.raises(SlotTaken) as no:
                await booking.move(session, row.id, LATER, now=NOW, **world.as_client())
            assert no.value.facts["nearest"]
            assert (await booking.find(session, row.id, professional_id=world.owner.id)).start_at == THURSDAY_15H
            await booking.act(session, row.id, Action.CONFIRM, now=NOW, **world.as_owner())


@pytest.fixture
async def without_wall(scratch_url: str) -> AsyncIterator[Database]:
    """A database with its wall taken down."""
    database = Database(scratch_url)
    await take_the_wall_down(database)
    yield database
    await database.close()


async def test_without_the_wall_the_same_storm_double_books(without_wall: Database) -> None:
    """The test of the test: what shows the wall to stand shows it to be gone."""
    async with World(without_wall) as world:
        assert await storm(world) > 0


async def test_without_the_wall_the_rules_and_the_lock_still_hold(without_wall: Database) -> None:
    async with World(without_wall) as world:
        done, refused = await outcomes([world.book() for _ in range(16)])
        assert (len(done), len(refused)) == (1, 15)


# Two processes on one SQLite file, as when a command runs beside the server; for Postgres it is in test_storm

RIVAL = """
import asyncio, json, sys
from datetime import datetime, timedelta
from uuid import UUID
from bot.agenda import booking
from bot.agenda.refusals import SlotTaken
from bot.db import Database
from bot.models.enums import Actor, Source

async def main() -> None:
    world = json.loads(sys.argv[1])
    db = Database(world["url"])
    first, now = datetime.fromisoformat(world["start"]), datetime.fromisoformat(world["now"])
    won = lost = 0

    async def attempt(i: int) -> bool:
        try:
            async with db.begin() as session:
                await booking.book(
                    session, professional_id=UUID(world["owner"]), client_id=UUID(world["client"]),
                    service_id=UUID(world["service"]), start_at=first + timedelta(minutes=30) * (i % 12),
                    source=Source.API, actor=Actor.CLIENT, now=now,
                )
        except SlotTaken:
            return False
        return True

    print("ready", flush=True)
    sys.stdin.readline()
    results = await asyncio.gather(*(attempt(i) for i in range(60)))
    print(sum(results), flush=True)
    await db.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_two_processes_sell_each_time_once(database_url: str, db: Database) -> None:
    """120 attempts from two processes on 12 times."""
    async with World(db, hours=ALWAYS) as world:
        told = json.dumps(
            {
                "url": database_url,
                "owner": str(world.owner.id),
                "client": str(world.client.id),
                "service": str(world.service.id),
                "start": THURSDAY_15H.isoformat(),
                "now": NOW.isoformat(),
            }
        )
        rivals = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", RIVAL, told, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
            for _ in range(2)
        ]
        for rival in rivals:
            assert rival.stdout is not None
            assert await rival.stdout.readline() == b"ready\n"
        said = await asyncio.gather(*(rival.communicate(b"go\n") for rival in rivals))
        assert [rival.returncode for rival in rivals] == [0, 0]
        async with db.begin() as session:
            rows = await active(session, world.owner)
        assert sum(int(out) for out, _ in said) == len(rows) == 12
        assert overlapping(rows) == 0
