"""Booking on Postgres beside a bare INSERT under the same constraint: `python -m tests.bench.bench_booking`.

Each is one transaction, from the same process, as many at once as said; every booking finds its time free. A bare
INSERT writes one row; a booking asks the rules under the lock, and writes the row, its event, a message to each side
and a notification.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from bot.agenda import booking, ledger
from bot.agenda.hours import Window
from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Client, Professional, Service
from bot.models.enums import Actor, Source, Status

from ..agenda.factories import NOW, THURSDAY_15H, a_client, a_professional, a_service
from ..conftest import create_database
from ..servers import postgres

ALWAYS = tuple(Window(day, 0, 1440) for day in range(7))
Attempt = Callable[[int], Awaitable[None]]


class Bench:
    """Some agendas that are open around the clock, and a client in each."""

    def __init__(self, db: Database, agendas: int) -> None:
        self.db, self.agendas = db, agendas
        self.worlds: list[tuple[Professional, Client, Service]] = []

    async def set_up(self) -> None:
        async with self.db.begin() as session:
            for i in range(self.agendas):
                owner = await a_professional(
                    session, name=f"Bia {i}", number=97000000 + i, hours=ALWAYS, horizon_days=3000
                )
                self.worlds.append((owner, await a_client(session, owner), await a_service(session, owner)))

    def _when(self, number: int, offset: int) -> datetime:
        """Give each attempt a time of its own; the two kinds of attempt use different agendas' years."""
        return THURSDAY_15H + timedelta(minutes=30) * (number // self.agendas) + timedelta(days=offset)

    async def bare(self, number: int) -> None:
        owner, client, service = self.worlds[number % self.agendas]
        start = self._when(number, 1500)
        async with self.db.begin() as session:
            await ledger.insert(
                session,
                professional_id=owner.id,
                client_id=client.id,
                service_id=service.id,
                service_name=service.name,
                start_at=start,
                end_at=start + timedelta(minutes=30),
                status=Status.CONFIRMED,
                source=Source.API,
                created_at=NOW,
                updated_at=NOW,
            )

    async def book(self, number: int) -> None:
        owner, client, service = self.worlds[number % self.agendas]
        async with self.db.begin() as session:
            await booking.book(
                session,
                professional_id=owner.id,
                client_id=client.id,
                service_id=service.id,
                start_at=self._when(number, 0),
                source=Source.API,
                actor=Actor.CLIENT,
                now=NOW,
            )


async def rate(attempt: Attempt, first: int, count: int, at_once: int) -> float:
    """Run attempts `first`.. so many at once; return how many a second."""
    numbers = iter(range(first, first + count))

    async def one_after_the_other() -> None:
        for number in numbers:
            await attempt(number)

    start = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return count / (time.perf_counter() - start)


async def measure(url: str, count: int, at_once: int, agendas: int) -> None:
    db = Database(url)
    bench = Bench(db, agendas)
    await bench.set_up()
    for attempt in (bench.bare, bench.book):
        await rate(attempt, 0, 100, at_once)
    for round_ in range(3):
        first = 100 + round_ * count
        bare = await rate(bench.bare, first, count, at_once)
        booked = await rate(bench.book, first, count, at_once)
        print(f"bare INSERT {bare:7.0f}/s   booking {booked:7.0f}/s   ratio {booked / bare:.2f}")
    await db.close()


def main() -> None:
    """Start a server of its own and print both rates three times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--agendas", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder)) as server:
        url = create_database(server, "bench")
        migrate(url)
        asyncio.run(measure(url, asked.count, asked.at_once, asked.agendas))


if __name__ == "__main__":
    main()
