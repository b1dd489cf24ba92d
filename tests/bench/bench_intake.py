"""The webhook beside bare aiohttp: `python -m tests.bench.bench_intake [--sqlite] [--processes 2] [--long]`.

Three servers, processes of their own, are posted to by turns with deliveries of about a kilobyte that nobody has seen
before: aiohttp that reads and answers; the same with the signature checked, which is the floor; and ours, the whole
application, which parses, stores, commits, rings in a real Redis and then answers. Requests a second depend on what
else the machine does, which meets all alike; processor time less so. Then ours alone at half its rate, arrivals at
fixed moments. `--processes 2` puts two of ours beside one; with `--leash 0.2` each of ours may run for a fifth of the
time, so that few cores have room for several. `--long` posts 500,000 and looks at the memory.
Postgres is the one named in TEST_POSTGRES_URL, else one of its own, with fsync off.
"""

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from aiohttp import web

from bot.migrations.run import migrate
from bot.whatsapp.signature import verify

from .. import servers
from ..conftest import create_database
from ..fakes.graph import SECRET
from .webhook_load import Answers, closed_loop, deliveries, open_loop

GOAL = {"postgres": 0.5, "sqlite": 0.4}
CHUNK = 1000
OPEN_SECONDS = 6
BEAT = 0.05  # seconds: long beside a request, short beside a measurement
LONG, LOOKS, AT_ONCE = 500_000, (0.1, 0.5, 1), 1000


def serve_floor(port: int, *, signed: bool) -> None:
    """Serve what reads a webhook, may check its signature, and does nothing else."""

    async def answer(request: web.Request) -> web.Response:
        raw = await request.read()
        if signed and not verify(raw, request.headers.get("X-Hub-Signature-256"), [SECRET]):
            raise web.HTTPUnauthorized
        return web.Response(text="OK")

    app = web.Application()
    app.router.add_post("/webhooks/whatsapp", answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def spent(pid: int) -> float:
    """Return the processor seconds of a process so far, to the nanosecond: all its threads'."""
    return sum(int(each.read_text().split()[0]) for each in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def family(pid: int) -> list[int]:
    """Return the processes that `pid` started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident(pid: int) -> float:
    """Return the memory of a process, in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def leashed(pids: Sequence[int], share: float) -> Iterator[None]:
    """Let processes run for `share` of the time only, one after the other."""
    over = threading.Event()

    def hold(pid: int, start: float) -> None:
        over.wait(start)
        while not over.is_set():
            os.kill(pid, signal.SIGSTOP)
            over.wait(BEAT * (1 - share))
            os.kill(pid, signal.SIGCONT)
            over.wait(BEAT * share)

    holders = [
        threading.Thread(target=hold, args=(pid, BEAT * place / len(pids)))
        for place, pid in enumerate(pids if share < 1 else ())
    ]
    for holder in holders:
        holder.start()
    try:
        yield
    finally:
        over.set()
        for holder in holders:
            holder.join()


@dataclass
class Server:
    """A server process (or several alike) and what was measured of it."""

    name: str
    pids: list[int]
    ports: list[int]
    rates: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    cpu: float = 0.0
    count: int = 0

    leash: float = 1.0  # the part of the time in which the processes may run

    def meet(self, requests: Sequence[bytes], *, warm: bool = False) -> None:
        before = sum(map(spent, self.pids))
        with leashed(self.pids, self.leash):
            answers = closed_loop(self.ports, requests)
        if warm:
            return
        self.cpu += sum(map(spent, self.pids)) - before
        self.count += len(requests)
        self.rates.append(len(requests) / answers.seconds)
        self.took += answers.took

    @property
    def rate(self) -> float:
        """Requests a second."""
        return statistics.median(self.rates)

    @property
    def micro(self) -> float:
        """Microseconds of processor a request."""
        return self.cpu / self.count * 1e6

    def part_of(self, floor: "Server") -> float:
        """Return the rate as a part of the floor's, turn by turn: the machine is not as fast at every moment."""
        return statistics.median(ours / theirs for ours, theirs in zip(self.rates, floor.rates, strict=True))

    def line(self, floor: "Server") -> str:
        ratio, spared = self.part_of(floor), floor.micro / self.micro
        return f"{self.name:15} {self.rate:10,.0f} {ratio:9.2f} {self.micro:10.0f} {spared:7.2f}   {times(self.took)}"


def times(took: Sequence[float]) -> str:
    cuts = statistics.quantiles(took, n=100)
    return f"p50 {cuts[49] * 1000:6.1f} ms  p99 {cuts[98] * 1000:6.1f} ms"


@contextmanager
def started(name: str, *command: str, processes: int = 1) -> Iterator[Server]:
    """Run a server module; its port stands where the command says PORT."""
    with ExitStack() as stack:
        server = Server(name, [], [])
        for _ in range(processes):
            port = servers.free_port()
            arguments = [part.replace("PORT", str(port)) for part in command]
            process = subprocess.Popen([sys.executable, "-m", *arguments])
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            servers.wait_for_port(port, process, 60)
            server.pids.append(process.pid)
            server.ports.append(port)
        yield server


@contextmanager
def database(kind: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
            migrate(url)
            yield url
            return
        with servers.postgres(Path(folder)) as address:
            url = create_database(address, "bench_intake")
            migrate(url)
            yield url


async def stored(url: str) -> int:
    """Return how many rows the inbox has."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM inbound"))
    finally:
        await connection.close()


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


async def postmaster(url: str) -> int:
    """Return the process id of the Postgres server."""
    connection = await asyncpg.connect(url)
    try:
        return parent(await connection.fetchval("SELECT pg_backend_pid()"))
    finally:
        await connection.close()


def commits(server: Server) -> tuple[float, float]:
    """Return how many groups the server has committed, and how many rows, by its own metrics."""
    found = {"odys_intake_seconds_count": 0.0, "odys_inbound_total": 0.0}
    for port in server.ports:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            for line in answer.read().decode().splitlines():
                name, _, value = line.partition(" ")
                if name in found:
                    found[name] += float(value)
    groups, rows = found.values()
    return groups, rows


def compare(floors: Sequence[Server], ours: Sequence[Server], requests: int, url: str, kind: str) -> None:
    """Post to each by turns and print the table."""
    everybody = [*floors, *ours]
    for each in everybody:
        each.meet(deliveries(f"warm{each.name}", 0, CHUNK), warm=True)
    postgres = asyncio.run(postmaster(url)) if kind == "postgres" else 0
    own, theirs = time.process_time(), database_time(postgres)
    for first in range(0, requests, CHUNK):
        for each in everybody:
            each.meet(deliveries(each.name, first, CHUNK))
    print("                requests/s  of floor  µs of CPU  by CPU")
    for each in everybody:
        print(each.line(floors[-1]))
    groups, rows = map(sum, zip(*map(commits, ours), strict=True))
    print(f"requests in one commit: {rows / groups:.1f}")
    if postgres:
        assert asyncio.run(stored(url)) == len(ours) * (requests // CHUNK + 1) * CHUNK
        each_row = (database_time(postgres) - theirs) / len(ours) / requests * 1e6
        print(f"beside them: Postgres {each_row:.0f} µs a request of ours", end=", ")
    each_post = (time.process_time() - own) / len(everybody) / requests * 1e6
    print(f"the load {each_post:.0f} µs a request (making it included)")


def database_time(postmaster: int) -> float:
    """Return the processor seconds of the server's processes that are alive."""
    return sum(map(spent, family(postmaster))) if postmaster else 0.0


def half_load(server: Server) -> None:
    """Post at half the rate it can take, at fixed moments."""
    rate = server.rate / 2
    answers: Answers = asyncio.run(open_loop(server.ports[0], deliveries("open", 0, int(rate * OPEN_SECONDS)), rate))
    kept = len(answers.took) / answers.seconds
    longest = max(answers.took) * 1000
    print(f"open loop at {rate:,.0f}/s ({kept:,.0f}/s kept): {times(answers.took)}, longest {longest:.0f} ms")


def long(server: Server, count: int) -> None:
    """Post so many and print the memory on the way."""
    began, looks = time.perf_counter(), [int(count * part) for part in LOOKS]
    for done in range(AT_ONCE, count + 1, AT_ONCE):
        closed_loop(server.ports, deliveries("long", done, AT_ONCE))
        sys.stderr.write(f"\r{done:,}")
        if done in looks:
            print(f"\r{done:>9,} requests: {resident(server.pids[0]):.0f} MB, {time.perf_counter() - began:.0f} s")


def main() -> None:
    """Measure what was asked for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--requests", type=int, default=20_000)
    asked.add_argument("--sqlite", action="store_true")
    asked.add_argument("--processes", type=int, default=1)
    asked.add_argument("--leash", type=float, default=1.0, metavar="SHARE")
    asked.add_argument("--long", type=int, nargs="?", const=LONG, default=0, metavar="REQUESTS")
    asked.add_argument("--floor", nargs=2, metavar=("KIND", "PORT"), help=argparse.SUPPRESS)
    args = asked.parse_args()
    if args.floor:
        serve_floor(int(args.floor[1]), signed=args.floor[0] == "signed")
        return
    kind = "sqlite" if args.sqlite else "postgres"
    with ExitStack() as stack:
        url = stack.enter_context(database(kind))
        redis = stack.enter_context(servers.redis(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
        serving = ("tests.web.serve_webhook", url, "PORT", redis)
        ours = [stack.enter_context(started("ours", *serving))]
        if args.long:
            long(ours[0], args.long)
            return
        if args.processes > 1:
            ours.append(stack.enter_context(started(f"ours x {args.processes}", *serving, processes=args.processes)))
        for each in ours:
            each.leash = args.leash
        floor = ("tests.bench.bench_intake", "--floor")
        floors = [stack.enter_context(started(f"aiohttp {name}", *floor, name, "PORT")) for name in ("bare", "signed")]
        compare(floors, ours, args.requests, url, kind)
        if args.leash == 1:
            half_load(ours[0])
            print(f"{kind}: {ours[0].part_of(floors[-1]):.2f} of bare aiohttp with HMAC (goal {GOAL[kind]})")
        if args.processes > 1:
            print(f"{args.processes} processes: {ours[1].part_of(ours[0]):.2f} times one (goal 1.6 for 2, given cores)")


if __name__ == "__main__":
    main()
