"""How fast the commands start and what they weigh: `python -m tests.bench.bench_start [--runs 5]`.

Wall-clock depends on who else uses the machine, so the processor's seconds stand beside it. The first start writes
Python's compiled files and is not counted. Needs `redis-server` and Postgres, as the tests do.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import aiohttp

from bot.migrations.run import migrate

from .. import servers
from ..conftest import create_database
from ..processes import ROOT


@dataclass(frozen=True)
class Start:
    """One start: until it was ready, the processor's seconds by then, and its memory a while later."""

    wall: float
    processor: float
    megabytes: float


class Runs:
    """Start one command again and again in an environment of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
            "ODYS_ENV": "production",
            "SECRET_KEY": "k" * 32,
            "CRON_SECRET": "cron-de-teste",
            "WHATSAPP_TOKEN": "t",
            "WHATSAPP_APP_SECRET": "s",
            "WHATSAPP_VERIFY_TOKEN": "v",
            **environment,
        }

    async def once(self, *command: str, ready: str = "") -> Start:
        """Start `odys COMMAND`; until `ready` answers 200, or until it ends where nothing is named."""
        began = time.perf_counter()
        with (self._folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", *command, cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )
        if not ready:
            await process.wait()
            return Start(time.perf_counter() - began, 0.0, 0.0)
        try:
            await answers(ready)
            wall, processor = time.perf_counter() - began, processor_seconds(process.pid)
            await asyncio.sleep(3)  # a worker has swept once or twice by then
            return Start(wall, processor, resident(process.pid))
        finally:
            process.terminate()
            await process.wait()


async def answers(url: str) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(60):
        while True:
            try:
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.01)


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def main(runs: int, database: str, redis: str, folder: Path) -> None:
    web, page = servers.free_port(), servers.free_port()
    ports = {"PORT": str(web), "METRICS_PORT": str(page)}
    shared = Runs(folder, {"DATABASE_URL": database, "REDIS_URL": redis, **ports})
    file = folder / "odys.sqlite3"
    await asyncio.to_thread(migrate, f"sqlite:///{file}")
    alone = Runs(folder, {"ODYS_ENV": "development", "DATABASE_URL": f"sqlite:///{file}", "REDIS_URL": "", **ports})
    site = f"http://127.0.0.1:{web}/readyz"
    demo = f"http://127.0.0.1:{web}/simulador"
    for name, where, command, ready in (
        ("odys --help", alone, ("--help",), ""),
        ("odys web", shared, ("web",), site),
        ("odys worker", shared, ("worker",), f"http://127.0.0.1:{page}/healthz"),
        ("odys web, alone on SQLite", alone, ("web",), site),
        ("odys demo", alone, ("demo", "--port", str(web)), demo),
    ):
        await where.once(*command, ready=ready)
        starts = [await where.once(*command, ready=ready) for _ in range(runs)]
        wall, processor = (sorted(getattr(one, what) for one in starts) for what in ("wall", "processor"))
        print(
            f"{name:28} ready after {statistics.median(wall):.2f} s (best {wall[0]:.2f}), "
            f"processor {statistics.median(processor):.2f} s, idle {max(one.megabytes for one in starts):.0f} MB"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="odys-start-") as name,
        tempfile.TemporaryDirectory() as store,
        servers.postgres(Path(store)) as server,
        servers.redis(Path(name)) as redis_url,
    ):
        url = create_database(server, f"odys_{uuid4().hex[:8]}")
        migrate(url)
        asyncio.run(main(options.runs, url, redis_url, Path(name)))
