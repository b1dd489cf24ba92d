"""Turns a second: `uv run python -m tests.bench.bench_turn [--turns 600] [--profile KIND]`.

From inbound rows to outbound rows, by one process with the rules brain over Postgres, beside a floor that does the
least a turn must: it claims the row and the conversation, and writes the answer and "handled", in two transactions of
the bare driver. Kinds of turn are measured one after the other, each with its statements and the processor time it
takes in this process; sending is not in it. Turns a second depend on what else the machine does, processor time and
statements do not. The server is the one named in TEST_POSTGRES_URL, else one of its own, with fsync off.
"""

import argparse
import asyncio
import cProfile
import json
import os
import pstats
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
from sqlalchemy import select

from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Contact, Conversation, PendingAction
from bot.models.enums import PendingStatus
from worker import Services, services

from .. import servers
from ..conftest import StillClock, create_database
from ..stage import stage_settings
from .counting import statements
from .timing import Measured, measure
from .village import Village, leave, tapped, typed

# A Wednesday, 10:00 in São Paulo.
NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
# As many lanes at once as the queue hands to a worker when there is much to do.
AT_ONCE = 64
GOAL = 150

# Everybody books a time of their own: thirty clients a professional, eight hours of four days.
CLIENTS, HOURS, DAYS = 30, 8, 4


@dataclass
class Bench:
    """One worker's services, and people who write to it."""

    all_of: Services
    clock: StillClock
    village: Village
    rounds: int = 0

    async def type(self, phones: Sequence[str], *texts: str) -> list[str]:
        messages = [typed(phone, text, self.clock.now()) for phone in phones for text in texts]
        return await leave(self.all_of.db, messages, self.clock.now())

    async def say(self, count: int, *texts: str) -> list[str]:
        return await self.type(self.village.clients[:count], *texts)

    async def ask(self, count: int, text: str) -> list[str]:
        return await self.type(self.village.owners[:count], text)

    async def book(self, count: int) -> list[str]:
        """Let everybody ask for a time of their own, of days that nobody asked for before."""
        messages, at = [], self.clock.now()
        for place, phone in enumerate(self.village.clients[:count]):
            day, hour = divmod(place % CLIENTS, HOURS)
            wish = NOW + timedelta(days=2 + self.rounds * DAYS + day)
            messages.append(typed(phone, f"quero marcar um corte dia {wish:%d/%m} às {11 + hour}h30", at))
        self.rounds += 1
        return await leave(self.all_of.db, messages, at)

    async def agree(self, count: int) -> list[str]:
        """Let everybody who was asked tap Sim."""
        await self.answer(await self.book(count))
        async with self.all_of.db.begin() as session:
            asked = await session.execute(
                select(Contact.phone, PendingAction.id)
                .join(Conversation, Conversation.contact_id == Contact.id)
                .join(PendingAction, PendingAction.conversation_id == Conversation.id)
                .where(PendingAction.status == PendingStatus.OPEN)
            )
            taps = [tapped(str(phone), f"yes:{question}", self.clock.now()) for phone, question in asked]
        return await leave(self.all_of.db, taps, self.clock.now())

    async def answer(self, lanes: Sequence[str]) -> int:
        """Answer everything in these lanes; return how many turns that took."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(lane: str) -> int:
            async with gate:
                return await self.all_of.turns.run(lane)

        return sum(await asyncio.gather(*(one(lane) for lane in lanes)))


Kind = Callable[[Bench, int], Awaitable[list[str]]]
KINDS: dict[str, Kind] = {
    "a greeting": lambda bench, count: bench.say(count, "oi"),
    "five messages, one turn": lambda bench, count: bench.say(count, "oi", "tudo bem?", "queria", "marcar", "um corte"),
    "my appointments": lambda bench, count: bench.say(count, "quais são meus horários?"),
    "a time asked for": Bench.book,
    "the yes that books": Bench.agree,
    "who comes today": lambda bench, count: bench.ask(count, "quem tenho hoje?"),
}


@asynccontextmanager
async def bench(url: str, professionals: int, *, pool_size: int = 10) -> AsyncIterator[Bench]:
    clock = StillClock(NOW)
    db = Database(url, pool_size=pool_size)
    village = Village(db, NOW)
    await village.settle(professionals, CLIENTS)
    # Read receipts go nowhere: sending is another measurement's.
    async with services(stage_settings("http://127.0.0.1:9"), clock, db) as all_of:
        yield Bench(replace(all_of, turns=replace(all_of.turns, presence=None)), clock, village)
    await db.close()


async def floor(url: str, lanes: Sequence[str]) -> None:
    """Claim a row and its conversation, write an answer and "handled": what no turn can do without."""
    pool = await asyncpg.create_pool(url, min_size=10, max_size=10)

    async def one(lane: str) -> None:
        async with pool.acquire() as connection:
            async with connection.transaction():
                row = await connection.fetchrow(_WAITING, lane)
                await connection.execute(_HOLD, row["contact_id"], uuid4(), NOW)
            async with connection.transaction():
                await connection.execute(_ANSWER, uuid4(), row["contact_id"], NOW, json.dumps({"kind": "text"}))
                await connection.execute(_HANDLED, row["id"], NOW)

    await asyncio.gather(*(one(lane) for lane in lanes))
    await pool.close()


_WAITING = (
    "SELECT i.id, c.contact_id FROM inbound i JOIN contact_identities c "
    "ON c.value = regexp_replace(split_part(i.lane, ':', 3), '', '') WHERE i.lane = $1 AND i.status = 'new'"
)
_HOLD = "UPDATE conversations SET turn_token = $2, turn_lease_until = $3 WHERE contact_id = $1"
_ANSWER = (
    "INSERT INTO outbound (id, transport, contact_id, kind, payload, priority, status, attempts, due_at, error_code, "
    "error, created_at) VALUES ($1, 'whatsapp', $2, 'chat', $4, 0, 'queued', 0, $3, '', '', $3)"
)
_HANDLED = "UPDATE inbound SET status = 'done', handled_at = $2 WHERE id = $1"


def line(measured: Measured) -> str:
    return f"{measured.name:<26} {measured.rate:7.0f}/s {measured.each:8.2f} ms of processor each"


async def one_kind(here: Bench, name: str, turns: int) -> Measured:
    """Measure one kind of turn; a first round that is not counted compiles what is compiled once."""
    count = min(turns, len(here.village.owners if name == "who comes today" else here.village.clients))
    here.clock.jump(minutes=2)
    lanes = await KINDS[name](here, count)
    return await measure(name, len(lanes), lambda: here.answer(lanes))


async def counted(url: str) -> dict[str, float]:
    """Count the statements of a turn of each kind, by the database's own account."""
    found: dict[str, float] = {}
    async with bench(url, 1, pool_size=1) as here:
        for name, leave_them in KINDS.items():
            for _ in range(2):
                here.clock.jump(minutes=2)
                lanes = await leave_them(here, 1)
                async with statements(here.all_of.db) as seen:
                    assert await here.answer(lanes) == 1
            found[name] = len(seen)
    return found


async def run(url: str, options: argparse.Namespace) -> None:
    profile = cProfile.Profile(time.process_time)
    async with bench(url, max(1, options.turns // CLIENTS)) as here:
        names = [options.profile] if options.profile else list(KINDS)
        print(f"goal: {GOAL}/s; load {os.getloadavg()[0]:.1f}")
        for name in names:
            await one_kind(here, name, 2 * AT_ONCE)
            if options.profile:
                profile.enable()
            print(line(await one_kind(here, name, options.turns)))
            profile.disable()
        lanes = await here.say(options.turns, "oi")
        print(line(await measure("floor: claim and answer", len(lanes), lambda: floor(url, lanes))))
    if options.profile:
        pstats.Stats(profile).sort_stats(options.sort).print_stats(60)


def main() -> None:
    """Measure every kind and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=600)
    parser.add_argument("--profile", default="", choices=["", *KINDS])
    parser.add_argument("--sort", default="tottime")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="odys-bench-") as folder, servers.postgres(Path(folder)) as postgres:
        url = create_database(postgres, "bench_turn")
        migrate(url)
        asyncio.run(run(url, options))
        if not options.profile:
            url = create_database(postgres, "bench_turn_counted")
            migrate(url)
            for name, asked in asyncio.run(counted(url)).items():
                print(f"{name:<26} {asked:4.0f} statements")


if __name__ == "__main__":
    main()
