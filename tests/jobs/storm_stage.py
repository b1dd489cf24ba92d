"""What surrounds the storm's workers: the process that starts them, the diary of Graph, the courier of its statuses."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Self

import aiohttp

from bot.whatsapp.signature import sign

from ..fakes.graph import SECRET, Sent, status_body
from ..processes import ROOT, until
from .storm_worker import FileClock


class Diary(list[Sent]):
    """What Graph took, with the moment of the storm at which it did."""

    def __init__(self, clock: FileClock) -> None:
        super().__init__()
        self._clock = clock
        self._news = asyncio.Event()
        self.at: list[datetime] = []

    def append(self, sent: Sent) -> None:
        super().append(sent)
        self.at.append(self._clock.now())
        self._news.set()

    async def grows(self, by: int) -> None:
        """Return when so many more were taken, or after a while: there may not be so many."""
        wanted = len(self) + by
        with suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                while len(self) < wanted:
                    self._news.clear()
                    await self._news.wait()


@dataclass
class Courier:
    """Carry the statuses of what was taken to the intake, many in one delivery, as Meta does under load."""

    http: aiohttp.ClientSession
    diary: Diary
    url: str
    clock: FileClock
    carried: int = 0

    @property
    def idle(self) -> bool:
        return self.carried == len(self.diary)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(0.03)
            if news := self.diary[self.carried : self.carried + 100]:
                await self._carry(news)
                self.carried += len(news)

    async def _carry(self, news: list[Sent]) -> None:
        at = int(self.clock.now().timestamp())
        bodies = [status_body(sent, "delivered", at=at) for sent in news]
        whole = bodies[0]
        whole["entry"] = [entry for body in bodies for entry in body["entry"]]
        raw = json.dumps(whole).encode()
        headers = {"X-Hub-Signature-256": sign(raw, SECRET), "Content-Type": "application/json"}
        async with self.http.post(self.url, data=raw, headers=headers) as answer:
            assert answer.status == 200


@dataclass
class Crew:
    """The workers, by process id, each with a log of its own, and the process that starts them."""

    folder: Path
    foreman: asyncio.subprocess.Process
    working: list[int] = field(default_factory=list)
    started: int = 0

    @classmethod
    async def gather(cls, folder: Path, clock: Path, workers: int, environment: dict[str, str]) -> Self:
        foreman = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.jobs.storm_worker",
            str(clock),
            str(folder),
            # Somebody looks every 60 ms: nobody waits long, and a small machine has time for others.
            str(0.06 * workers),
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return cls(folder, foreman)

    async def hire(self, count: int) -> None:
        assert self.foreman.stdin is not None
        assert self.foreman.stdout is not None
        for _ in range(count):
            self.started += 1
            self.foreman.stdin.write(b"%d\n" % self.started)
            self.working.append(int(await self.foreman.stdout.readline()))

    async def kill(self, victims: Iterable[int]) -> None:
        """End workers as a power cut would, and return when they are gone."""
        for pid in list(victims):
            self.working.remove(pid)
            os.kill(pid, signal.SIGKILL)
            await until(partial(dead, pid))

    def dead_by_themselves(self) -> list[int]:
        return [pid for pid in self.working if dead(pid)]

    async def dismiss(self) -> None:
        """End everybody."""
        await self.kill(pid for pid in self.working if not dead(pid))
        self.foreman.kill()
        await self.foreman.wait()

    def logs(self) -> str:
        found = sorted(self.folder.glob("worker-*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text()[-2000:]}" for log in found if log.stat().st_size)


def dead(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
