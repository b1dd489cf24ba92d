"""Sending beside its floors, in one run: `python -m tests.bench.bench_sender [--messages 4000] [--size]`.

All post the same bodies to the same small Graph server in a process of its own. The first floor is the bare client;
the second one also marks each row with an UPDATE of its own, straight through the driver. The sender claims, posts,
notes what became of it and writes the conversation down, on Postgres. With statuses, Graph tells of each message three
times (sent, delivered, read; 0.3 s apart) to the real webhook in a third process, and they are applied meanwhile.
Processor milliseconds are those of the process that sends, and hardly depend on what else the machine does; messages
a second do, as all processes and Postgres share it.

`--size` shows what a look into the outbox reads with 10,000 and with 1,000,000 sent messages behind it and 1,000 and
100,000 reminders ahead, when nothing is due.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import asyncpg
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.clock import SystemClock
from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Outbound
from bot.models.enums import OutboundStatus
from bot.notify.sender import IN_FLIGHT, send_due
from bot.notify.settle import settle
from bot.settings import Settings
from bot.whatsapp.cloud import CloudApi, connector
from bot.whatsapp.outgoing import Text
from bot.whatsapp.payloads import parse
from bot.whatsapp.rows import rows_of, store
from bot.whatsapp.transport import Address
from bot.whatsapp.wire import request_body

from .. import servers
from ..conftest import create_database
from ..fakes.graph import ACCOUNT, Sent, status_body
from ..notify.crowd import ANSWER, Crowd, phone
from .counting import statements
from .outbox_rows import count, fill
from .plans import Plans
from .timing import Measured, measure

CHUNK = 1000
# More at once make a client that is answered at once no faster.
BARE = 64
_MARK = "UPDATE outbound SET status = 'sent', provider_id = $2, sent_at = $3 WHERE id = $1"


def line(measured: Measured, floor: Measured) -> str:
    beside = f"{measured.rate / floor.rate:5.0%} of its floor's rate"
    return f"{measured.name:<34}{measured.rate:7.0f}/s  {measured.each:6.3f} ms of processor each  {beside}"


@dataclass
class Bench:
    """Everything there is to measure with; `graph` answers at once, `/slow` after 150 ms, `/told` with statuses."""

    db: Database
    url: str
    graph: str
    http: aiohttp.ClientSession
    count: int
    gathered: int = 0

    def cloud(self, way: str = "") -> CloudApi:
        url = f"{self.graph}{way}/v26.0"
        return CloudApi(self.http, Settings(_env_file=None, whatsapp_api_url=url, whatsapp_token=SecretStr("t")))

    async def owe(self, count: int = 0) -> Crowd:
        """Owe everybody in a new crowd one message."""
        count, clock, crowd = count or self.count, SystemClock(), Crowd(self.db)
        await crowd.gather(count, clock.now(), first=self.gathered)
        self.gathered += count
        for start in range(0, count, CHUNK):
            await crowd.owe([(person, ANSWER) for person in range(start, min(start + CHUNK, count))], clock.now())
        return crowd

    async def bare(self, way: str = "", *, at_once: int = BARE, pool: asyncpg.Pool | None = None) -> None:
        """Post the same bodies and read the answers; with a pool, mark the row of each."""
        ids = iter([]) if pool is None else iter((await self.owe()).owed)
        waiting = iter(range(self.count))

        async def one() -> None:
            for number in waiting:
                body = request_body(Address(phone(number)), Text(f"mensagem {number}"), opaque="x" * 36)
                async with self.http.post(f"{self.graph}{way}/v26.0/{ACCOUNT}/messages", json=body) as answer:
                    name = json.loads(await answer.read())["messages"][0]["id"]
                if pool is not None:
                    await pool.execute(_MARK, next(ids), name, datetime.now(UTC))

        await asyncio.gather(*(one() for _ in range(at_once)))

    async def send(self, way: str = "") -> None:
        while await send_due(self.db, self.cloud(way), SystemClock(), account=ACCOUNT, limit=self.count):
            pass

    async def send_and_settle(self) -> None:
        """Send, and apply statuses as they come, until everything was read."""
        sending = asyncio.create_task(self.send("/told"))
        while True:
            count = await settle(self.db, SystemClock())
            if not count and sending.done() and not await self.unread():
                break
            await asyncio.sleep(0.05)
        await sending

    async def unread(self) -> int:
        async with self.db.begin() as session:
            left = select(func.count()).select_from(Outbound).where(Outbound.status != OutboundStatus.READ)
            return await session.scalar(left) or 0

    async def forget(self) -> None:
        connection = await asyncpg.connect(self.url)
        await connection.execute("TRUNCATE contacts, conversations, outbound, inbound, messages CASCADE")
        await connection.close()


async def rates(bench: Bench) -> None:
    """Print one table: each way of sending beside its floor."""
    count = bench.count
    await bench.bare()  # connections and caches are warm
    floor = await measure("bare client", count, bench.bare)
    async with asyncpg.create_pool(bench.url, min_size=8, max_size=8) as pool:
        marked = await measure("bare client + an UPDATE each", count, lambda: bench.bare(pool=pool))
    await bench.forget()
    await bench.owe()
    sent = await measure("sender", count, bench.send)
    await bench.forget()
    await bench.owe()
    told = await measure("sender, all three statuses applied", count, bench.send_and_settle)
    await bench.forget()
    print(*(line(each, floor) for each in (floor, marked, sent, told)), sep="\n")
    slow = await measure("bare client, Graph takes 150 ms", count, lambda: bench.bare("/slow", at_once=IN_FLIGHT))
    await bench.owe()
    late = await measure("sender, Graph takes 150 ms", count, lambda: bench.send("/slow"))
    await bench.forget()
    print(line(slow, slow), line(late, slow), sep="\n")


async def counts(bench: Bench) -> None:
    """Print how many statements a message takes, by Postgres' own count."""
    one, messages = Database(bench.url, pool_size=1), 1000
    many = Bench(one, bench.url, bench.graph, bench.http, messages)
    crowd = await many.owe()
    async with statements(one) as sent:
        await many.send()
    now = datetime.now(UTC)
    for status in ("sent", "delivered", "read"):
        rows = []
        for number, identifier in enumerate(crowd.owed):
            body = {"to": phone(number), "biz_opaque_callback_data": identifier}
            told = status_body(Sent(f"wamid.{identifier}", ACCOUNT, body), status, at=int(now.timestamp()))
            rows += rows_of(parse(told), now=now)
        async with one.begin() as session:
            await store(session, rows)
    async with statements(one) as settled:
        await settle(one, SystemClock())
    await many.forget()
    await one.close()
    to_send, to_settle = len(sent) / messages, len(settled) / messages
    print(f"statements a message: {to_send:.2f} to send, {to_settle:.2f} for its three statuses")


async def size(server: str) -> None:
    """Show what a look into an outbox with nothing due reads, small and large."""
    for name, sent, ahead, people in (("small", 10_000, 1_000, 1_000), ("large", 1_000_000, 100_000, 20_000)):
        url = await asyncio.to_thread(create_database, server, name)
        await asyncio.to_thread(migrate, url)
        await fill(url, sent=sent, ahead=ahead, people=people)
        await count(url)
        db = Database(url, pool_size=1)
        plans = Plans(db)
        async with aiohttp.ClientSession() as http:
            cloud = Bench(db, url, "http://127.0.0.1:9", http, 0).cloud()
            for _ in range(8):  # until Postgres has settled on its plans
                await send_due(db, cloud, SystemClock(), account=ACCOUNT)
            took = []
            for _ in range(50):
                plans.clear()
                began = time.perf_counter()
                await send_due(db, cloud, SystemClock(), account=ACCOUNT)
                took.append(time.perf_counter() - began)
        await db.close()
        print(f"\n{sent} sent, {ahead} ahead, nothing due: {sorted(took)[25] * 1e3:.1f} ms in all (with the log of")
        print(f"plans), {sum(plan.milliseconds for plan in plans):.2f} ms in Postgres", end=", ")
        print(f"{sum(plan.pages for plan in plans)} pages, {len(plans)} statements")
        print(*plans, sep="\n")


@contextmanager
def process(*command: str) -> Iterator[str]:
    """Run a module that listens on the port it is given last; yield its address."""
    port = servers.free_port()
    running = subprocess.Popen([sys.executable, "-m", *command, str(port)])
    try:
        servers.wait_for_port(port, running)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(20)


@asynccontextmanager
async def bench_on(url: str, graph: str, count: int) -> AsyncIterator[Bench]:
    db = Database(url)
    async with aiohttp.ClientSession(connector=connector()) as http:
        yield Bench(db, url, graph, http, count)
    await db.close()


async def run(url: str, graph: str, options: argparse.Namespace) -> None:
    async with bench_on(url, graph, options.messages) as bench:
        for _ in range(options.rounds):
            await rates(bench)
            print()
        await counts(bench)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--size", action="store_true", help="the outbox at size instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="odys-bench-") as folder, servers.postgres(Path(folder)) as postgres:
        if options.size:
            asyncio.run(size(postgres))
            return
        url = create_database(postgres, "sending")
        migrate(url)
        with process("tests.web.serve_webhook", url) as web, process("tests.bench.quick_graph", web) as graph:
            asyncio.run(run(url, graph, options))


if __name__ == "__main__":
    main()
