"""`GET /api/appointments` beside a bare aiohttp handler with one SELECT, same run, same database.

    uv run python -m tests.bench.bench_api [--url postgresql://…] [--seconds 3]

Both sides run in one process each, asked by the same client over as many connections; turns are short and
alternate, so that a busy machine meets both alike. The bare handler runs the same SELECT through the same engine and
answers the rows as JSON; it knows no caller, no limit, no page and no shape.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Appointment
from bot.models.enums import Status
from web.api.views import appointments

from .. import servers
from ..agenda.factories import THURSDAY_15H, a_past_appointment
from ..conftest import create_database
from ..web.api.stage import api

ROWS, PAGE, CROWD = 200, 50, 16


async def serve(url: str) -> None:
    """Run both servers until told to stop; print where they are."""
    db = Database(url)
    async with api(db) as stage:
        async with db.begin() as session:
            for n in range(ROWS):
                start = THURSDAY_15H - timedelta(days=400) + timedelta(hours=n * 2)
                await a_past_appointment(
                    session, stage.owner, stage.client, stage.service, start, status=Status.COMPLETED
                )
        owner = stage.owner.id

        async def bare(_request: web.Request) -> web.Response:
            query = (
                appointments()
                .where(Appointment.professional_id == owner)
                .order_by(Appointment.start_at, Appointment.id)
                .limit(PAGE + 1)
            )
            async with db.begin() as session:
                rows = (await session.execute(query)).all()
            body = json.dumps([[str(value) for value in row] for row in rows[:PAGE]])
            return web.Response(text=body, content_type="application/json")

        plain = web.Application()
        plain.router.add_get("/bare", bare)
        async with TestServer(plain) as server:
            found = {
                "bare": str(server.make_url("/bare")),
                "api": str(stage.http.make_url("/api/appointments")),
                "token": stage.as_owner["Authorization"],
            }
            print(json.dumps(found), flush=True)
            await asyncio.Event().wait()


async def rate(http: aiohttp.ClientSession, url: str, headers: dict[str, str], seconds: float) -> float:
    """Ask for so long with a crowd, and return the answers a second."""
    ends, count = time.perf_counter() + seconds, 0

    async def one() -> None:
        nonlocal count
        while time.perf_counter() < ends:
            async with http.get(url, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                await answer.read()
            count += 1

    await asyncio.gather(*(one() for _ in range(CROWD)))
    return count / seconds


@asynccontextmanager
async def running(url: str) -> AsyncIterator[dict[str, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.bench_api", "--serve", url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def compare(url: str, seconds: float) -> None:
    async with running(url) as where, aiohttp.ClientSession() as http:
        found: dict[str, list[float]] = {"bare": [], "api": []}
        headers = {"Authorization": where["token"]}
        for _ in range(6):
            for name, each in found.items():
                each.append(await rate(http, where[name], headers, seconds / 6))
        middle: dict[str, Any] = {name: statistics.median(each) for name, each in found.items()}
    print(f"{middle['api']:.0f}/s of {middle['bare']:.0f}/s bare: {middle['api'] / middle['bare']:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", default="")
    parser.add_argument("--url", default="")
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve))
    elif options.url:
        asyncio.run(compare(options.url, options.seconds))
    else:
        with tempfile.TemporaryDirectory(prefix="odys-bench-") as folder, servers.postgres(Path(folder)) as server:
            url = create_database(server, "bench_api")
            migrate(url)
            asyncio.run(compare(url, options.seconds))


if __name__ == "__main__":
    main()
