"""Time a whole API call of free times on Postgres: `uv run python -m tests.bench.bench_slots_api`.

The world of bench_slots (30 days, 200 busy events, 253 free times) asked for over HTTP: the real application on a real
port, GET /api/professionals/{slug}/slots, from sending the request to having read the answer. Only the rate limit is
not counted. The client is in the same process, so its share is in the figure too.
"""

import asyncio
import json
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bot.db import Database
from bot.migrations.run import migrate

from .. import servers
from ..conftest import create_database
from ..web.api.stage import Api, api
from .bench_free_times import world
from .bench_slots import START
from .counting import statements
from .timing import timed

GOAL = 15.0  # ms for the whole call
CALLS = 300


async def measure(stage: Api, days: int, taken: int, nights: int) -> float:
    """Print one line about a world and return the median in ms."""
    owner, service = await world(stage.db, days, taken, nights)
    path = f"/api/professionals/{owner.slug}/slots"
    query = {
        "service_id": str(service.id),
        "from": f"{START:%Y-%m-%d}",
        "to": f"{START + timedelta(days=days - 1):%Y-%m-%d}",
    }

    async def call() -> bytes:
        async with stage.http.get(path, params=query) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()

    answer = await call()
    async with statements(stage.db) as seen:
        await call()
    times = await timed(call, CALLS)
    print(
        f"{days:3} days, {taken + nights:3} busy, {len(json.loads(answer)['slots']):3} free, {len(answer):6} bytes: "
        f"p50 {times.p50:5.2f} ms, p95 {times.p95:5.2f} ms, best {times.best:5.2f} ms; {len(seen)} statements"
    )
    return times.p50


async def run(url: str) -> None:
    db = Database(url, pool_size=1)
    async with api(db) as stage:
        p50 = await measure(stage, 30, 131, 69)
        print(f"goal {GOAL:.0f} ms: {p50 / GOAL:.2f} of it")
        for days, taken, nights in ((1, 5, 2), (30, 0, 0), (60, 262, 138)):
            await measure(stage, days, taken, nights)
    await db.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as name, servers.postgres(Path(name)) as server:
        url = create_database(server, f"bench_{time.time_ns()}")
        migrate(url)
        asyncio.run(run(url))


if __name__ == "__main__":
    main()
