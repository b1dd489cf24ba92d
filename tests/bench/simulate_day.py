"""The busiest minutes of a day: `python -m tests.bench.simulate_day [--minutes 10] [--small]`.

10,000 professionals with 1,000,000 clients write and are written to, 200,000 messages a day. The busiest hour of a day
carries about a seventh of it (offices and salons: 9h to 11h), which is 7.8 messages a second; every answer and notice
of ours has two or three statuses, each its own delivery. It is eight in the morning for everybody, so the agendas of
the day are owed in the first minute, and a seventh of the day's reminders fall due within the hour. People write as
they do: half of them book.

All of it is real: `odys web`, `odys worker`s, Postgres and Redis started here, and a Graph server that answers and
tells of every message afterwards. What is printed is what these minutes took and left behind, and what a day and a
year of it come to. The town takes some minutes to fill; `--small` is a hundredth of it at the same rate.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import asyncpg
from aiohttp import web
from redis.asyncio import Redis

from bot.migrations.run import migrate

from .. import servers
from ..conftest import create_database
from ..fakes.graph import ACCOUNT, SECRET, TOKEN
from ..processes import Installation, installation
from .big_town import Size, fill
from .day_people import Phones

DAY, BUSIEST = 200_000, 1 / 7
PEAK = DAY * BUSIEST / 3600
# A day with its nights and quiet hours has as many messages as so many seconds of the peak.
PEAK_SECONDS = DAY / PEAK
TICK = os.sysconf("SC_CLK_TCK")
TABLES = ("inbound", "outbound", "messages", "pending_actions", "appointments", "appointment_events", "notifications")


@dataclass
class Reading:
    """What the machine and the database say at a moment."""

    at: float
    processor: Mapping[str, float]
    rows: Mapping[str, int]
    sizes: Mapping[str, int]
    transactions: int
    wal: int


@dataclass
class Gauges:
    """Reads them; `most` is the largest number of connections seen."""

    database: asyncpg.Connection
    pids: Mapping[str, list[int]]
    postmaster: int
    most: int = 0
    _ended: dict[int, float] = field(default_factory=dict)

    async def read(self) -> Reading:
        await asyncio.sleep(1.5)  # the server's own counts are a second late
        rows = await self.database.fetch("SELECT relname, n_tup_ins FROM pg_stat_user_tables")
        sizes = await self.database.fetch(
            "SELECT relname, pg_total_relation_size(oid) AS size FROM pg_class WHERE relname = ANY($1)", TABLES
        )
        total = await self.database.fetchval("SELECT pg_database_size(current_database())")
        done = await self.database.fetchval(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        )
        wal = await self.database.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
        processor = {name: sum(map(used, pids)) for name, pids in self.pids.items()}
        processor["postgres"] = self._postgres()
        found = {row["relname"]: row["size"] for row in sizes} | {"all": total}
        return Reading(
            time.monotonic(), processor, {row["relname"]: row["n_tup_ins"] for row in rows}, found, done, wal
        )

    async def watch(self) -> None:
        """Count connections now and then."""
        while True:
            count = await self.database.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'odys'"
            )
            self.most = max(self.most, count)
            self._postgres()
            await asyncio.sleep(2)

    def _postgres(self) -> float:
        """Add up the server's processes; what one that is gone had used is remembered."""
        for entry in Path("/proc").iterdir():
            if entry.name == str(self.postmaster) or parent(entry) == self.postmaster:
                self._ended[int(entry.name)] = used(int(entry.name))
        return sum(self._ended.values())


def parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def used(pid: int) -> float:
    """Processor seconds of a process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


async def eight_in_the_morning(database: asyncpg.Connection, reminders: int, seconds: float) -> None:
    """Let the clocks of all professionals show some minutes past eight, and reminders fall due meanwhile."""
    behind = (datetime.now(UTC).hour - 8 + 12) % 24 - 12
    zone = f"Etc/GMT{'+' if behind >= 0 else '-'}{abs(behind)}"
    await database.execute("UPDATE professionals SET timezone = $1", zone)
    await database.execute(
        """UPDATE outbound SET due_at = now() + random() * $2 * INTERVAL '1 second' WHERE id IN (
             SELECT id FROM outbound WHERE status = 'queued' AND kind = 'reminder_24h' ORDER BY due_at LIMIT $1)""",
        reminders,
        seconds,
    )
    await database.execute("VACUUM ANALYZE")


@asynccontextmanager
async def serving(phones: Phones) -> AsyncIterator[str]:
    runner = web.AppRunner(phones.graph(), access_log=None)
    await runner.setup()
    port = servers.free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def start(whole: Installation, workers: int) -> dict[str, list[int]]:
    pids = {"web": [(await whole.start("web")).process.pid]}
    await whole.ready(60)
    pids["worker"] = [(await whole.start("worker")).process.pid for _ in range(workers)]
    return pids


async def morning(url: str, redis: str, folder: Path, postmaster: int, size: Size, options: argparse.Namespace) -> None:
    database, seconds = await asyncpg.connect(url), 60 * options.minutes
    # Two appointments a day each, with about one and a half reminders: a seventh of a day's fall into this hour.
    await eight_in_the_morning(database, round(3 * size.professionals * BUSIEST * seconds / 3600), seconds)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=500)) as http:
        phones = Phones(http, size)
        async with serving(phones) as graph:
            environment = {
                "DATABASE_URL": url,
                "REDIS_URL": redis,
                "WHATSAPP_API_URL": graph,
                "WHATSAPP_TOKEN": TOKEN,
                "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT,
                "WHATSAPP_APP_SECRET": SECRET,
                "WHATSAPP_VERIFY_TOKEN": "verificar",
                "LOG_LEVEL": "WARNING",
            }
            async with installation(environment, folder) as whole:
                phones.webhook = f"{whole.url}/webhooks/whatsapp"
                pids = await start(whole, options.workers)
                async with Redis.from_url(redis) as asked:
                    pids["redis"] = [(await asked.info("server"))["process_id"]]
                gauges = Gauges(database, pids, postmaster)
                watching = asyncio.create_task(gauges.watch())
                before = await gauges.read()
                await phones.talk(PEAK, seconds)
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                after = await gauges.read()
                report(phones, before, after, gauges.most, seconds)
                if options.logs:
                    print(whole.logs())
    await database.close()


def report(phones: Phones, before: Reading, after: Reading, connections: int, asked: float) -> None:
    seconds = after.at - before.at
    waits = statistics.quantiles(phones.waits, n=100)
    told = statistics.quantiles(phones.told_in, n=100)
    sent = phones.heard.total()
    print(
        f"{phones.said} messages in ({phones.said / asked:.1f}/s), {sent} out, {phones.told} statuses; {seconds:.0f} s"
    )
    print("out:", ", ".join(f"{name} {count}" for name, count in phones.heard.most_common()))
    print(f"unanswered {phones.unanswered or 'none'}; answered otherwise than 200: {dict(+phones.refused) or 'none'}")
    print(
        f"receive -> reply: p50 {waits[49]:.2f} s, p95 {waits[94]:.2f} s, p99 {waits[98]:.2f} s (1.2 s of"
        f" it is the wait for the rest of a burst)"
    )
    print(f"webhook -> 200: p50 {1000 * told[49]:.0f} ms, p99 {1000 * told[98]:.0f} ms")
    for name, total in after.processor.items():
        share = (total - before.processor[name]) / seconds
        print(f"{name:9} {total - before.processor[name]:7.1f} s of processor = {share:.1%} of a core")
    print(
        f"{connections} connections at most; {(after.transactions - before.transactions) / seconds:.0f} transactions/s"
    )
    print(f"{'':19} rows a message, bytes a row;      rows a day,   MB a day")
    days = DAY / phones.said
    for name in TABLES:
        rows, size = after.rows[name] - before.rows[name], after.sizes[name]
        each = size / max(1, after.rows[name])
        print(
            f"{name:19} {rows / phones.said:10.2f}     {each:10.0f};  {rows * days:15,.0f}"
            f" {rows * days * each / 1e6:10,.0f}"
        )
    wal = (after.wal - before.wal) / phones.said
    print(
        f"WAL: {wal / 1000:.1f} kB a message, {wal * DAY / 1e9:.1f} GB a day;"
        f" the database: {after.sizes['all'] / 1e9:.2f} GB"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="10,000 clients instead of 1,000,000")
    parser.add_argument("--logs", action="store_true", help="show what the processes wrote")
    options = parser.parse_args()
    size = Size(10_000, 10_000) if options.small else Size()
    with (
        tempfile.TemporaryDirectory(prefix="odys-day-") as one,
        tempfile.TemporaryDirectory(prefix="odys-day-") as other,
        servers.postgres(Path(one)) as server,
        servers.redis(Path(other)) as redis,
    ):
        url = create_database(server, "day")
        migrate(url)
        asyncio.run(fill(url, size, datetime.now(UTC), print))
        postmaster = int((Path(one) / "data" / "postmaster.pid").read_text().split()[0])
        asyncio.run(morning(url, redis, Path(other), postmaster, size, options))


if __name__ == "__main__":
    main()
