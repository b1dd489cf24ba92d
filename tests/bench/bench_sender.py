"""Sending beside the bare client: `uv run python -m tests.bench.bench_sender [--messages 4000] [--profile]`.

Both post the same bodies to the same small server in a process of its own, 64 at once. The bare client does nothing
else; the sender claims each row, posts it, notes what became of it and writes the conversation down, on Postgres.
The statuses that come back are applied afterwards and measured by themselves. Processor seconds are ours alone, and
do not depend on what else the machine is doing; messages a second do.
"""

import argparse
import asyncio
import cProfile
import json
import multiprocessing
import pstats
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.db import Database
from bot.migrations.run import migrate
from bot.notify.sender import IN_FLIGHT, send_due
from bot.notify.settle import settle
from bot.settings import Settings
from bot.whatsapp.cloud import CloudApi
from bot.whatsapp.outgoing import Text
from bot.whatsapp.payloads import parse
from bot.whatsapp.rows import rows_of, store
from bot.whatsapp.transport import Address
from bot.whatsapp.wire import request_body

from .. import servers
from ..conftest import create_database
from ..fakes.graph import ACCOUNT, Sent, status_body
from ..notify.crowd import ANSWER, Crowd, phone

CHUNK = 1000


def serve(port: int) -> None:
    """Answer every message at once, in a process of its own."""
    count = 0

    async def messages(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        body = await request.json()
        answer = {"messaging_product": "whatsapp", "contacts": [{"input": body["to"], "wa_id": body["to"]}]}
        return web.json_response(answer | {"messages": [{"id": f"wamid.{body['biz_opaque_callback_data']}"}]})

    app = web.Application()
    app.router.add_post("/v26.0/{account}/messages", messages)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=lambda *_: None)


@dataclass
class Measured:
    """Messages, and the seconds and processor seconds they took."""

    name: str
    count: int
    seconds: float
    processor: float

    def __str__(self) -> str:
        each = self.processor / self.count
        return (
            f"{self.name:<22} {self.count / self.seconds:7.0f}/s   {each * 1e3:.3f} ms of processor each"
            f"   {1 / each:6.0f}/s with a core of its own"
        )


async def measure(name: str, count: int, work: Callable[[], Awaitable[Any]]) -> Measured:
    wall, processor = time.perf_counter(), time.process_time()
    await work()
    return Measured(name, count, time.perf_counter() - wall, time.process_time() - processor)


async def bare(http: aiohttp.ClientSession, url: str, count: int) -> None:
    """Post the same bodies, as many at once, and read the answers."""
    waiting = iter(range(count))

    async def one() -> None:
        for number in waiting:
            body = request_body(Address(phone(number)), Text(f"mensagem {number}"), opaque="x" * 36)
            async with http.post(f"{url}/{ACCOUNT}/messages", json=body) as answer:
                json.loads(await answer.read())

    await asyncio.gather(*(one() for _ in range(IN_FLIGHT)))


async def statuses(db: Database, crowd: Crowd) -> None:
    """Store the status of every message, as the webhook would."""
    now = datetime.now(UTC)
    for start in range(0, len(crowd.owed), CHUNK):
        rows = []
        for identifier in list(crowd.owed)[start : start + CHUNK]:
            body = {"to": phone(crowd.owed[identifier].person), "biz_opaque_callback_data": identifier}
            told = status_body(Sent(f"wamid.{identifier}", ACCOUNT, body), "delivered", at=int(now.timestamp()))
            rows += rows_of(parse(told), now=now, burst_wait=0)
        async with db.begin() as session:
            await store(session, rows)


async def run(options: argparse.Namespace, database: str, url: str) -> None:
    settings = Settings(_env_file=None, whatsapp_api_url=url, whatsapp_token=SecretStr("t"))
    db, clock, count = Database(database), SystemClock(), options.messages
    profile = cProfile.Profile()
    async with aiohttp.ClientSession() as http:
        cloud = CloudApi(http, settings)

        async def send() -> None:
            while await send_due(db, cloud, clock, account=ACCOUNT, limit=count):
                pass

        for round_number in range(options.rounds):
            crowd = Crowd(db)
            await crowd.gather(count, datetime.now(UTC), first=round_number * count)
            for start in range(0, count, CHUNK):
                await crowd.owe([(person, ANSWER) for person in range(start, min(start + CHUNK, count))], clock.now())
            floor = await measure("bare client", count, lambda: bare(http, url, count))
            if options.profile:
                profile.enable()
            sent = await measure("sender", count, send)
            profile.disable()
            await statuses(db, crowd)
            settled = await measure("statuses", count, lambda: settle(db, clock))
            print(floor, sent, settled, sep="\n")
            print(f"the sender is {floor.seconds / sent.seconds:.0%} as fast as the bare client\n")
    await db.close()
    if options.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(35)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    port = servers.free_port()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory(prefix="odys-bench-") as folder, servers.postgres(Path(folder)) as postgres:
        database = create_database(postgres, "sending")
        migrate(database)
        time.sleep(1)
        asyncio.run(run(options, database, f"http://127.0.0.1:{port}/v26.0"))
    server.terminate()


if __name__ == "__main__":
    main()
