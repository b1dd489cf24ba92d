"""From a person's message to the answer: `uv run python -m tests.bench.bench_latency [--rate 50] [--seconds 20]`.

Signed webhooks are posted to `odys web` at a fixed rate, each from somebody else, whether or not earlier ones are
answered; `odys worker` hears of them through Redis, and what it answers arrives at a Graph server on loopback. The
time of each runs from the moment its POST is sent to the moment its answer is there. It is measured without the wait
for the rest of a burst, which is all that is ours, and with it (BURST_WAIT_SECONDS, 1.2 by default), which is what a
person feels. Processor time is that of the two processes. Servers are our own, with fsync off.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.clock import SystemClock
from bot.db import Database
from bot.migrations.run import migrate
from bot.whatsapp.signature import sign

from .. import servers
from ..conftest import create_database
from ..fakes.graph import ACCOUNT, SECRET, TOKEN
from ..processes import Installation, installation, until
from .village import Village, delivery, typed

GOAL = 0.150
TICK = os.sysconf("SC_CLK_TCK")
PEOPLE = 30


@dataclass
class Ear:
    """A Graph server that takes everything at once and notes when an answer arrived for whom."""

    asked: dict[str, float] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)
    port: int = 0

    async def messages(self, request: web.Request) -> web.Response:
        at, body = time.perf_counter(), await request.json()
        if body.get("status") == "read":
            return web.json_response({"success": True})
        self.heard.setdefault(body["to"].removeprefix("+"), at)
        known = [{"input": body["to"], "wa_id": body["to"]}]
        answer = {"messaging_product": "whatsapp", "contacts": known}
        return web.json_response(answer | {"messages": [{"id": f"wamid.{body['biz_opaque_callback_data']}"}]})

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/v26.0/{account}/messages", self.messages)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        return runner

    def took(self, phones: Sequence[str]) -> list[float]:
        return sorted(self.heard[phone] - self.asked[phone] for phone in phones if phone in self.heard)


async def write(http: aiohttp.ClientSession, url: str, ear: Ear, phones: Sequence[str], rate: float) -> None:
    """Post a message from each, so many a second, waiting for nothing."""
    loop, began, posts = asyncio.get_running_loop(), asyncio.get_running_loop().time(), set()

    async def post(phone: str) -> None:
        raw = json.dumps(delivery([typed(phone, "oi", SystemClock().now())])).encode()
        headers = {"X-Hub-Signature-256": sign(raw, SECRET), "Content-Type": "application/json"}
        ear.asked[phone] = time.perf_counter()
        async with http.post(url, data=raw, headers=headers) as answer:
            assert answer.status == 200

    for place, phone in enumerate(phones):
        await asyncio.sleep(max(0.0, began + place / rate - loop.time()))
        posts.add(asyncio.create_task(post(phone)))
    await asyncio.gather(*posts)


def spent(whole: Installation) -> list[float]:
    """Return the processor seconds of each process so far."""
    found = []
    for one in whole.processes:
        fields = Path(f"/proc/{one.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        found.append((int(fields[11]) + int(fields[12])) / TICK)
    return found


async def measure(url: str, redis: str, folder: Path, wait: float, options: argparse.Namespace) -> None:
    """Start everything, warm it up, write at the rate and print what it took."""
    db, ear, count = Database(url), Ear(), int(options.rate * options.seconds)
    village = Village(db, SystemClock().now(), first=int(wait * 1_000_000))
    await village.settle(-(-(count + 2 * PEOPLE) // PEOPLE), PEOPLE)
    await db.close()
    runner = await ear.start()
    environment = {
        "DATABASE_URL": url,
        "REDIS_URL": redis,
        "WHATSAPP_API_URL": f"http://127.0.0.1:{ear.port}/v26.0",
        "WHATSAPP_TOKEN": TOKEN,
        "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT,
        "WHATSAPP_APP_SECRET": SECRET,
        "WHATSAPP_VERIFY_TOKEN": "verificar",
        "BURST_WAIT_SECONDS": str(wait),
    }
    async with installation(environment, folder) as whole, aiohttp.ClientSession() as http:
        await whole.start("web")
        await whole.start("worker")
        await whole.ready()
        hook = f"{whole.url}/webhooks/whatsapp"
        first, phones = village.clients[: 2 * PEOPLE], village.clients[2 * PEOPLE :][:count]
        await write(http, hook, ear, first, 20)
        await until(lambda: len(ear.took(first)) == len(first), 60, whole.logs)
        before = spent(whole)
        await write(http, hook, ear, phones, options.rate)
        await until(lambda: len(ear.took(phones)) == len(phones), 120, whole.logs)
        web_, worker = (after - then for after, then in zip(spent(whole), before, strict=True))
        for one in whole.processes:
            one.kill()
    await runner.cleanup()
    took = ear.took(phones)
    cuts = statistics.quantiles(took, n=100)
    print(
        f"wait {wait:.1f} s: p50, p95, p99 {cuts[49] * 1000:5.0f} {cuts[94] * 1000:5.0f} {cuts[98] * 1000:5.0f} ms"
        f"   beyond the wait p95 {(cuts[94] - wait) * 1000:5.0f} ms (goal {GOAL * 1000:.0f})"
        f"   processor ms each: web {web_ / count * 1000:.1f}, worker {worker / count * 1000:.1f}"
    )


def main() -> None:
    """Measure without the wait and with it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--wait", type=float, nargs="*", default=[0.0, 1.2])
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="odys-latency-")))
        folder.chmod(0o755)
        for name in ("postgres", "redis"):
            (folder / name).mkdir()
        postgres = stack.enter_context(servers.postgres(folder / "postgres"))
        redis = stack.enter_context(servers.redis(folder / "redis"))
        url = create_database(postgres, "bench_latency")
        migrate(url)
        for wait in options.wait:
            asyncio.run(measure(url, redis, folder, wait, options))


if __name__ == "__main__":
    main()
