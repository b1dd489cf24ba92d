"""Booking beside a bare INSERT under the same constraint, in one run: `uv run python -m tests.bench.bench_booking`.

Both fill the same agendas with appointments that do not meet, from the same process, with as many at once. The bare
INSERT is one statement and its commit through the same pool of connections: as an application writes it, and put
together once and kept; for comparison, also through the driver alone. A booking takes the lock, judges by the rules,
and owes two messages and a notification. The server is the one named in TEST_POSTGRES_URL, else one of its own, which
does not wait for the disk.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import insert as sqlalchemy_insert
from sqlalchemy import text

from bot.agenda import booking
from bot.agenda.hours import Window
from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Appointment, new_id
from bot.models.enums import Actor, Payment, Source, Status

from .. import servers
from ..agenda.factories import NOW, a_client, a_professional, a_service
from ..conftest import create_database
from .counting import statements

GOAL = 0.5
# Small turns, one after the other: whatever else the machine does meets all of them alike.
CHUNK = 60
ALWAYS = tuple(Window(day, 0, 1440) for day in range(7))
FIRST = NOW.replace(hour=3) + timedelta(days=2)
LENGTH = timedelta(minutes=30)
COLUMNS = (
    "id, professional_id, client_id, service_id, service_name, price_cents, start_at, end_at, status, payment, source, "
    "note, sequence, created_at, updated_at"
)
INSERT = (
    f"INSERT INTO appointments ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
)


@dataclass
class Agenda:
    """One professional with a service and a client, and the next time that is free."""

    professional: UUID
    client: UUID
    service: UUID
    places: "Iterator[int]"

    def next(self) -> datetime:
        return FIRST + next(self.places) * LENGTH


async def agendas(db: Database, number: int) -> list[Agenda]:
    made = []
    for place in range(number):
        async with db.begin() as session:
            owner = await a_professional(
                session, name=f"Bia {place}", number=97_000_000 + place, hours=ALWAYS, horizon_days=365
            )
            service = await a_service(session, owner)
            client = await a_client(session, owner, number=88_000_000 + place)
        made.append(Agenda(owner.id, client.id, service.id, count()))
    return made


def book(db: Database, actor: Actor) -> Callable[[Agenda], Awaitable[None]]:
    async def one(agenda: Agenda) -> None:
        async with db.begin() as session:
            await booking.book(
                session,
                professional_id=agenda.professional,
                client_id=agenda.client,
                service_id=agenda.service,
                start_at=agenda.next(),
                source=Source.API,
                actor=actor,
                now=NOW,
            )

    return one


def values(agenda: Agenda) -> dict[str, Any]:
    start = agenda.next()
    return {
        "id": new_id(),
        "professional_id": agenda.professional,
        "client_id": agenda.client,
        "service_id": agenda.service,
        "service_name": "Corte",
        "price_cents": 50_00,
        "start_at": start,
        "end_at": start + LENGTH,
        "status": Status.PENDING_CONFIRMATION,
        "payment": Payment.UNPAID,
        "source": Source.API,
        "created_at": NOW,
        "updated_at": NOW,
    }


def insert(db: Database) -> Callable[[Agenda], Awaitable[None]]:
    """The INSERT as an application writes it."""

    async def one(agenda: Agenda) -> None:
        async with db.begin() as session:
            await session.execute(sqlalchemy_insert(Appointment).values(values(agenda)))

    return one


def insert_ready(db: Database) -> Callable[[Agenda], Awaitable[None]]:
    """The INSERT put together once: the least that this stack can do."""
    statement = sqlalchemy_insert(Appointment.__table__)  # type: ignore[arg-type]

    async def one(agenda: Agenda) -> None:
        async with db.begin() as session:
            await session.execute(statement, values(agenda))

    return one


def drive(pool: asyncpg.Pool) -> Callable[[Agenda], Awaitable[None]]:
    async def one(agenda: Agenda) -> None:
        start = agenda.next()
        values = (agenda.professional, agenda.client, agenda.service, "Corte", 50_00, start, start + LENGTH)
        words = ("pending_confirmation", "unpaid", "api", "", 0, NOW, NOW)
        await pool.execute(INSERT, new_id(), *values, *words)

    return one


async def rate(task: Callable[[Agenda], Awaitable[None]], among: list[Agenda], at_once: int, number: int) -> float:
    """Measure how many a second, `at_once` people taking the agendas in turn."""
    order = iter([among[place % len(among)] for place in range(number)])

    async def person() -> None:
        for agenda in order:
            await task(agenda)

    began = time.perf_counter()
    await asyncio.gather(*(person() for _ in range(at_once)))
    return number / (time.perf_counter() - began)


@asynccontextmanager
async def opened(url: str, at_once: int) -> AsyncIterator[tuple[Database, asyncpg.Pool]]:
    db = Database(url, pool_size=at_once)
    pool = await asyncpg.create_pool(url, min_size=at_once, max_size=at_once)
    try:
        yield db, pool
    finally:
        await pool.close()
        await db.close()


async def compare(url: str, *, among: int, at_once: int, rounds: int) -> None:
    async with opened(url, at_once) as (db, pool):
        tasks = {
            "booked by a client": book(db, Actor.CLIENT),
            "booked by the professional": book(db, Actor.PROFESSIONAL),
            "bare INSERT": insert(db),
            "bare INSERT, put together once": insert_ready(db),
            "bare INSERT, driver alone": drive(pool),
        }
        rates: dict[str, list[float]] = {name: [] for name in tasks}
        async with db.begin() as session:
            await session.execute(text("TRUNCATE professionals, contacts, users CASCADE"))
        fresh = await agendas(db, among)
        for task in tasks.values():
            await rate(task, fresh, at_once, CHUNK)
        for _ in range(rounds):
            for name, task in tasks.items():
                rates[name].append(await rate(task, fresh, at_once, CHUNK))
        print(f"{among} agendas, {at_once} at once")
        for name, found in rates.items():
            bare, ready = (
                statistics.median(mine / theirs for mine, theirs in zip(found, rates[of], strict=True))
                for of in ("bare INSERT", "bare INSERT, put together once")
            )
            ratios = f"{bare:.2f} of a bare INSERT ({ready:.2f} of a kept one)"
            print(f"  {name:30} {statistics.median(found):7.0f}/s, {ratios}")


async def count_statements(url: str) -> None:
    async with opened(url, 1) as (db, _):
        (agenda,) = await agendas(db, 1)
        for actor in (Actor.CLIENT, Actor.PROFESSIONAL):
            async with statements(db) as seen:
                await book(db, actor)(agenda)
            print(f"booked by the {actor}: {len(seen)} statements")
            for statement in seen:
                print(f"  {statement[:100]}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name, servers.postgres(Path(name)) as server:
        url = create_database(server, f"bench_{time.time_ns()}")
        migrate(url)
        asyncio.run(count_statements(url))
        for among, at_once in ((10, 10), (1, 1), (1, 10)):
            asyncio.run(compare(url, among=among, at_once=at_once, rounds=rounds))
        print(f"goal: {GOAL}")


if __name__ == "__main__":
    main()
