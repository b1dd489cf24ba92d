"""Every job with nothing due, at 10,000 and at 1,000,000 appointments: `python -m tests.bench.bench_million [--plans]`.

A town is filled twice, a hundred times larger the second time; on each, every job of the worker runs with nothing to
do. "server" is what Postgres says its statements took, with the pages they looked at; "ours" is the best of several
runs in processor time of our own process. Tables that a job read from end to end are named; `--plans` shows it all.

Then 50,000 reminders come due at once, and two processes take them all: each is judged, worded and leased, which is
all that is ours; how fast they then leave is Meta's to say (80/s a number at first). A night's outage before it, and
the agendas of the morning, are timed too. The large town takes a minute or two to fill.
"""

import argparse
import asyncio
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import ClientSession
from sqlalchemy import func, select, text

from bot.db import Database
from bot.jobs import digest, reminders
from bot.migrations.run import migrate
from bot.models import Outbound, Professional
from bot.models.enums import OutboundStatus
from bot.notify.claim import claim
from bot.notify.sender import IN_FLIGHT

from .. import servers
from ..conftest import create_database
from ..fakes.graph import ACCOUNT
from .big_town import NOW, Size, bring_due, fill
from .plans import Plan, Plans
from .upkeep import jobs, let_everything_leave

SMALL = 10_000
RUNS = 9
# Smaller tables may well be read whole.
BIG = 2_000


@dataclass(frozen=True)
class Cost:
    """One job on one town: its plans, and our own processor time at its best."""

    plans: list[Plan]
    milliseconds: float

    @property
    def server(self) -> float:
        return sum(plan.milliseconds for plan in self.plans)

    @property
    def pages(self) -> int:
        return sum(plan.pages for plan in self.plans)

    @property
    def read_whole(self) -> set[str]:
        return {name for plan in self.plans for name in plan.read_whole}


async def idle(url: str, now: datetime) -> dict[str, Cost]:
    """Run every job until it has nothing to do, and then to see what that costs."""
    watched, timed = Database(url, pool_size=1), Database(url, pool_size=1)
    plans, costs = Plans(watched), {}
    async with ClientSession() as http:
        quick = jobs(timed, now, http)
        for name, job in quick.items():
            began = time.monotonic()
            await job()
            if (first := time.monotonic() - began) > 1:
                print(f"  {name}: {first:.1f} s the first time")
        await let_everything_leave(timed, now)
        for name, job in jobs(watched, now, http).items():
            await job()
            plans.clear()
            await job()
            took = []
            for _ in range(RUNS):
                at = time.process_time()
                await quick[name]()
                took.append(time.process_time() - at)
                if took[-1] > 0.2:
                    break
            costs[name] = Cost(list(plans), 1000 * min(took))
    await watched.close()
    await timed.close()
    return costs


async def sizes(url: str) -> dict[str, int]:
    db = Database(url)
    async with db.begin() as session:
        rows = await session.execute(text("SELECT relname, n_live_tup FROM pg_stat_user_tables"))
        found = {name: int(count) for name, count in rows}
    await db.close()
    return found


def report(small: dict[str, Cost], large: dict[str, Cost], rows: dict[str, int]) -> None:
    print(f"\n{'nothing due':24} statements   server ms        pages              ours ms    tables read whole")
    for name, one in large.items():
        before = small[name]
        big = sorted(table for table in one.read_whole if rows.get(table, 0) > BIG)
        print(
            f"{name:24} {len(one.plans):6}   {before.server:7.2f} {one.server:8.2f}  {before.pages:7} {one.pages:8}"
            f"  {before.milliseconds:7.2f} {one.milliseconds:8.2f}   {', '.join(big)}"
        )


# -- many due


def take_all(url: str, now: datetime) -> None:
    """Lease what is due, until nothing is, as a sender does that never waits for an answer."""

    async def run() -> None:
        db = Database(url)
        while True:
            async with db.begin() as session:
                taken = await claim(session, now=now, account=ACCOUNT, limit=IN_FLIGHT)
            if not taken.count:
                break
        await db.close()

    asyncio.run(run())


def put_off_all(url: str, now: datetime) -> None:
    """Look after late reminders, as the minute does."""

    async def run() -> None:
        db = Database(url)
        await reminders.tidy_reminders(db, now)
        await db.close()

    asyncio.run(run())


def side_by_side(work: object, url: str, now: datetime) -> str:
    """Let two processes do the same; say how long it took, and the processor's seconds of both."""
    spawn = multiprocessing.get_context("fork")
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    two = [spawn.Process(target=work, args=(url, now)) for _ in range(2)]  # type: ignore[arg-type]
    for one in two:
        one.start()
    for one in two:
        one.join()
        assert one.exitcode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{time.monotonic() - began:.1f} s, {processor:.1f} s of processor"


async def leased(url: str) -> tuple[int, int]:
    """Count what is in a sender's hands, and how many of those are taken twice."""
    db = Database(url)
    async with db.begin() as session:
        row = await session.execute(
            select(func.count(), func.count().filter(Outbound.attempts > 1)).where(
                Outbound.status == OutboundStatus.SENDING
            )
        )
        count, twice = row.one()
    await db.close()
    return count, twice


async def agendas(url: str, now: datetime) -> tuple[int, float]:
    """Owe the agendas of a morning."""
    db = Database(url)
    async with db.begin() as session:
        everybody = await session.scalar(select(func.count()).select_from(Professional)) or 0
    began = time.monotonic()
    owed = await digest.owe_due_digests(db, now)
    took = time.monotonic() - began
    await db.close()
    print(f"{owed} agendas of {everybody} professionals owed in {took:.1f} s")
    return owed, took


def many_due(url: str, count: int, now: datetime) -> None:
    """Bring reminders due, at night and by day, and time what two processes make of them."""
    night = now.replace(hour=6, minute=0)  # 3h in São Paulo
    brought = asyncio.run(bring_due(url, count, night))
    took = side_by_side(put_off_all, url, night)
    print(f"{brought} reminders due in the night: looked after by two processes in {took}")
    asyncio.run(bring_due(url, count, now))
    took = side_by_side(take_all, url, now)
    held, twice = asyncio.run(leased(url))
    print(f"{count} reminders due: {held} taken by two processes in {took}; {twice} of them twice")


@contextmanager
def towns(folder: Path, large: int) -> Iterator[tuple[str, str]]:
    """Yield the addresses of both towns."""
    with servers.postgres(folder) as server:
        urls = []
        for size in (SMALL, large):
            url = create_database(server, f"town_{size}")
            migrate(url)
            began = time.monotonic()
            asyncio.run(fill(url, Size(size, size)))
            print(f"{size} appointments and all around them in {time.monotonic() - began:.0f} s")
            urls.append(url)
        yield urls[0], urls[1]


def measure(small: str, large: str, due: int, now: datetime, *, plans: bool) -> None:
    before, after = asyncio.run(idle(small, now)), asyncio.run(idle(large, now))
    report(before, after, asyncio.run(sizes(large)))
    if plans:
        for name, cost in after.items():
            print(f"\n== {name}", *cost.plans, sep="\n")
    asyncio.run(agendas(large, now.replace(hour=11, minute=5) + timedelta(days=1)))
    many_due(large, due, now)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--appointments", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=50_000)
    parser.add_argument("--plans", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="odys-million-") as name,
        towns(Path(name), options.appointments) as (
            small,
            large,
        ),
    ):
        measure(small, large, options.due, NOW, plans=options.plans)


if __name__ == "__main__":
    main()
