"""The webhook beside bare aiohttp with HMAC, in one run: `python -m tests.bench.bench_intake [--sqlite]`.

Both are processes of their own, posted to by turns over the same connections, each with deliveries of about a
kilobyte that nobody has seen before. The bare one reads the body, checks its signature and answers; ours parses,
stores, commits and rings before it answers. Requests a second depend on what else the machine does, which meets both
alike; processor time does not. The server is the one named in TEST_POSTGRES_URL, else one of its own, with fsync off.
"""

import argparse
import asyncio
import copy
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from aiohttp import web

from bot.migrations.run import migrate
from bot.whatsapp.signature import sign, verify

from .. import servers
from ..conftest import create_database
from ..fakes.graph import SECRET
from ..payloads import own

GOAL = {"postgres": 0.5, "sqlite": 0.4}
CONNECTIONS = 32
CHUNK = 500
TICK = os.sysconf("SC_CLK_TCK")


async def bare(request: web.Request) -> web.Response:
    """Answer what is signed, and do nothing else."""
    raw = await request.read()
    if not verify(raw, request.headers.get("X-Hub-Signature-256"), [SECRET]):
        raise web.HTTPUnauthorized
    return web.Response(text="OK")


def serve_bare(port: int) -> None:
    app = web.Application()
    app.router.add_post("/webhooks/whatsapp", bare)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def deliveries(prefix: str, first: int, count: int) -> list[bytes]:
    """Return signed requests as they go over the wire; every message is new."""
    body = own("text").body
    requests = []
    for number in range(first, first + count):
        one = copy.deepcopy(body)
        value = one["entry"][0]["changes"][0]["value"]
        phone = f"55119{number % 500:08}"
        value["contacts"][0]["wa_id"] = phone
        value["messages"][0] |= {"id": f"wamid.{prefix}{number:024}", "from": phone}
        value["messages"][0]["timestamp"] = str(int(time.time()))
        value["messages"][0]["text"]["body"] = "Olá! Queria marcar um horário para amanhã às 15h, pode ser? " * 5
        raw = json.dumps(one).encode()
        head = (
            "POST /webhooks/whatsapp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"X-Hub-Signature-256: {sign(raw, SECRET)}\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        requests.append(head.encode() + raw)
    return requests


class Line(asyncio.Protocol):
    """One connection that posts the next request as soon as the last one is answered."""

    def __init__(self, queue: Iterator[bytes], took: list[float], done: asyncio.Future[None]) -> None:
        self._queue, self._took, self._done, self._since = queue, took, done, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        assert data.startswith(b"HTTP/1.1 200"), data[:200]
        self._took.append(time.perf_counter() - self._since)
        self._next()

    def _next(self) -> None:
        request = next(self._queue, None)
        if request is None:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        self._since = time.perf_counter()
        self._transport.write(request)


async def load(port: int, requests: Sequence[bytes]) -> tuple[float, list[float]]:
    """Post everything over all connections; return the seconds it took, and each answer's."""
    loop = asyncio.get_running_loop()
    queue, took = iter(requests), list[float]()
    ends = [loop.create_future() for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for end in ends:
        await loop.create_connection(lambda end=end: Line(queue, took, end), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*ends)
    return time.perf_counter() - began, took


@dataclass
class Server:
    """A server process and what was measured of it."""

    name: str
    process: "subprocess.Popen[bytes]"
    port: int
    rates: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    cpu: float = 0.0
    count: int = 0

    def spent(self) -> float:
        """Return the processor seconds of the process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def meet(self, requests: Sequence[bytes], *, warm: bool = False) -> None:
        before = self.spent()
        seconds, took = asyncio.run(load(self.port, requests))
        if warm:
            return
        self.cpu += self.spent() - before
        self.count += len(requests)
        self.rates.append(len(requests) / seconds)
        self.took += took

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def line(self) -> str:
        last = statistics.quantiles(self.took, n=100)[98] * 1000
        micro = self.cpu / self.count * 1e6
        return f"{self.name:9} {self.rate:8,.0f} requests/s   p99 {last:6.1f} ms   {micro:6.0f} µs of processor each"


@contextmanager
def server(name: str, *command: str) -> Iterator[Server]:
    port = servers.free_port()
    process = subprocess.Popen([sys.executable, "-m", *command, str(port)])
    try:
        servers.wait_for_port(port, process)
        yield Server(name, process, port)
    finally:
        process.terminate()
        process.wait(20)


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
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM inbound"))
    finally:
        await connection.close()


def main() -> None:
    """Measure by turns and print the ratio."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--requests", type=int, default=6_000)
    asked.add_argument("--sqlite", action="store_true")
    asked.add_argument("--serve-bare", type=int, default=0, help=argparse.SUPPRESS)
    args = asked.parse_args()
    if args.serve_bare:
        serve_bare(args.serve_bare)
        return
    kind = "sqlite" if args.sqlite else "postgres"
    with ExitStack() as stack:
        url = stack.enter_context(database(kind))
        floor = stack.enter_context(server("bare", "tests.bench.bench_intake", "--serve-bare"))
        ours = stack.enter_context(server("ours", "tests.web.serve_webhook", url))
        for each in (floor, ours):
            each.meet(deliveries("warm", 0, CHUNK), warm=True)
        for first in range(0, args.requests, CHUNK):
            requests = deliveries("", first, CHUNK)
            floor.meet(requests)
            ours.meet(requests)
        if kind == "postgres":
            assert asyncio.run(stored(url)) == args.requests // CHUNK * CHUNK + CHUNK
    ratio = ours.rate / floor.rate
    print(floor.line(), ours.line(), sep="\n")
    print(f"{kind}: {ratio:.2f} of bare aiohttp with HMAC (goal {GOAL[kind]})")


if __name__ == "__main__":
    main()
