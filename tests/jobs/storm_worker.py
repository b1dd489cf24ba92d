"""Workers of the reminder storm: the real jobs in real processes, on a clock that the test can jump.

    python -m tests.jobs.storm_worker CLOCK FOLDER PAUSE

CLOCK is a file with a number of seconds: how far the clock is ahead of the machine's. PAUSE is how many seconds a
worker rests between two rounds. Everything else comes from the environment, as it does for `odys worker`.

This process has read all the code and only starts workers, for a storm kills many and reading the code takes longer
than the work: each line it is given is a number; it forks a worker that draws the order of its jobs from it and logs
to FOLDER, and answers with the process id. Its workers end with it.

In a round every job runs once, in any order: what the schedule and the bells make of them is one of those orders.
"""

import asyncio
import os
import random
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp

from bot.clock import SystemClock
from bot.db import Database
from bot.jobs.digest import owe_due_digests
from bot.jobs.reminders import tidy_reminders
from bot.log import setup
from bot.notify.sender import send_due
from bot.notify.settle import settle
from bot.settings import Settings
from bot.whatsapp.cloud import CloudApi


class FileClock:
    """Tell the machine's time plus what the file says; every process that reads the same file jumps together."""

    def __init__(self, path: Path) -> None:
        self._path, self._clock = path, SystemClock()

    def now(self) -> datetime:
        return self._clock.now() + self.shift

    @property
    def shift(self) -> timedelta:
        return timedelta(seconds=float(self._path.read_text()))

    def set(self, shift: timedelta) -> None:
        """Make every process that reads the file jump; whoever reads meanwhile sees the old or the new shift."""
        fresh = self._path.with_suffix(".next")
        fresh.write_text(str(shift.total_seconds()))
        fresh.replace(self._path)

    def jump(self, by: timedelta) -> None:
        self.set(self.shift + by)

    def jump_to(self, moment: datetime) -> None:
        self.set(moment - self._clock.now())


class Work:
    """The jobs of `worker.py` that concern what is owed."""

    def __init__(self, db: Database, cloud: CloudApi, clock: FileClock, account: str) -> None:
        self._db, self._cloud, self._clock, self._account = db, cloud, clock, account

    async def send(self) -> None:
        await send_due(self._db, self._cloud, self._clock, account=self._account)

    async def sweep(self) -> None:
        await settle(self._db, self._clock)
        await self.send()

    async def remind(self) -> None:
        await tidy_reminders(self._db, now=self._clock.now())
        await owe_due_digests(self._db, now=self._clock.now())
        await self.send()


async def run(clock: FileClock, seed: str, pause: float) -> None:
    """Work until the process is ended, or the one that started it is gone."""
    settings, dice, foreman = Settings(_env_file=None), random.Random(seed), os.getppid()
    db = Database(settings.database_url)
    async with aiohttp.ClientSession() as http:
        work = Work(db, CloudApi(http, settings), clock, settings.whatsapp_phone_number_id)
        while os.getppid() == foreman:
            for job in dice.sample((work.send, work.sweep, work.remind), 3):
                await job()
            await asyncio.sleep(pause)


def start(clock: FileClock, seed: str, log: Path, pause: float) -> int:
    """Fork a worker and return its process id."""
    if pid := os.fork():
        return pid
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with log.open("wb") as sink:
        os.dup2(sink.fileno(), 2)
    setup("WARNING")
    asyncio.run(run(clock, seed, pause))
    os._exit(0)


def main(clock: Path, folder: Path, pause: float) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a worker that ends leaves nothing behind
    for line in sys.stdin:
        seed = line.strip()
        print(start(FileClock(clock), seed, folder / f"worker-{seed}.log", pause), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
