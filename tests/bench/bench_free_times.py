"""Time a whole listing of free times on Postgres: `uv run python -m tests.bench.bench_free_times`.

The world of bench_slots (30 days, 200 busy events, 253 free times) as rows: a transaction, the hours and the busy time
read, the times worked out. Then more days and more events, which must cost in proportion.
"""

import asyncio
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from random import Random

from bot.agenda import openings
from bot.agenda.slots import free_times
from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Appointment, Professional, Service
from bot.models.enums import Status

from .. import servers
from ..agenda.factories import WEEK, a_client, a_professional, a_service
from ..conftest import create_database
from .bench_slots import NOW, START, best, busy, listing, rules
from .counting import statements
from .timing import timed

GOAL = 15.0  # ms for the whole call
CALLS = 300
LENGTH = timedelta(minutes=30)


async def world(db: Database, days: int, taken: int, nights: int) -> tuple[Professional, Service]:
    """Write a professional with so many appointments in their hours, and so many at night, none of which meet."""
    free = free_times(rules(), [], START, START + timedelta(days=days), NOW)
    dice = Random(7)  # the same world every time
    dark = [START + timedelta(days=day, minutes=30 * half) for day in range(days) for half in range(12)]
    async with db.begin() as session:
        owner = await a_professional(session, number=97_000_000 + days + taken, hours=WEEK, horizon_days=days + 10)
        service = await a_service(session, owner)
        client = await a_client(session, owner)
        for start in (*dice.sample(free, taken), *dice.sample(dark, nights)):
            session.add(
                Appointment(
                    professional_id=owner.id,
                    client_id=client.id,
                    service_id=service.id,
                    service_name=service.name,
                    start_at=start,
                    end_at=start + LENGTH,
                    status=Status.CONFIRMED,
                    created_at=NOW,
                    updated_at=NOW,
                )
            )
    return owner, service


async def measure(db: Database, days: int, taken: int, nights: int) -> float:
    """Print one line about a world and return the median in ms."""
    owner, service = await world(db, days, taken, nights)

    async def call() -> int:
        async with db.begin() as session:
            times = (
                await openings.openings(session, owner.id, service, START, START + timedelta(days=days), now=NOW)
            ).times
        return len(times)

    found = await call()
    async with statements(db) as seen:
        await call()
    times = await timed(call, CALLS)
    print(
        f"{days:4} days, {taken + nights:4} busy, {found:4} free: p50 {times.p50:5.2f} ms, p95 {times.p95:5.2f} ms, "
        f"{times.p50 / days:.3f} ms a day, {len(seen)} statements"
    )
    return times.p50


async def run(url: str) -> None:
    db = Database(url, pool_size=1)
    p50 = await measure(db, 30, 131, 69)
    pure = best(listing(30, busy(30, 131, 69), rules())) / 1000
    print(f"goal {GOAL:.0f} ms: {p50 / GOAL:.2f} of it; working the times out is {pure:.2f} ms of the call")
    for days, taken, nights in ((30, 0, 0), (60, 262, 138), (120, 524, 276), (360, 1572, 828)):
        await measure(db, days, taken, nights)
    await db.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as name, servers.postgres(Path(name)) as server:
        url = create_database(server, f"bench_{time.time_ns()}")
        migrate(url)
        asyncio.run(run(url))


if __name__ == "__main__":
    main()
