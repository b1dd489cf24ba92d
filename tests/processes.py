"""Real processes of ours, started as an operator would: all settings from the environment."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from .servers import free_port

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Running:
    """A process of ours and where its log goes."""

    process: asyncio.subprocess.Process
    log: Path

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)

    def text(self) -> str:
        return self.log.read_text(errors="replace")


class Installation:
    """One web, any number of workers, over one database and one Redis."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PORT": str(self.port),
            "ODYS_ENV": "production",
            "SECRET_KEY": "k" * 32,
            "CRON_SECRET": "cron-de-teste",
            **environment,
        }
        self._folder = folder
        self.processes: list[Running] = []

    async def start(self, command: str) -> Running:
        """Start `odys COMMAND` in a folder without a `.env`."""
        log = self._folder / f"{command}-{len(self.processes)}.log"
        with log.open("wb") as sink:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                command,
                cwd=self._folder,
                env={**self._environment, "PYTHONPATH": str(ROOT)},
                stdout=sink,
                stderr=sink,
            )
        running = Running(process, log)
        self.processes.append(running)
        return running

    async def ready(self, seconds: float = 60) -> None:
        """Return when the web process answers."""

        async def answers() -> bool:
            try:
                async with aiohttp.ClientSession() as http, http.get(f"{self.url}/readyz") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await until(answers, seconds, self.logs)

    def logs(self) -> str:
        return "\n".join(f"== {one.log.name}\n{one.text()[-3000:]}" for one in self.processes)

    async def stop(self) -> None:
        """End what still runs, gently, and forcibly after a while."""
        for one in self.processes:
            if one.process.returncode is None:
                one.process.terminate()
        for one in self.processes:
            try:
                await asyncio.wait_for(one.process.wait(), 25)
            except TimeoutError:
                one.process.kill()
                await one.process.wait()


@asynccontextmanager
async def installation(environment: dict[str, str], folder: Path) -> AsyncIterator[Installation]:
    """Yield an installation with nothing started yet; end all of it afterwards."""
    whole = Installation(environment, folder)
    try:
        yield whole
    finally:
        await whole.stop()


async def until(
    true: Callable[[], object], seconds: float = 60, explain: Callable[[], str] = lambda: "still not true"
) -> None:
    """Return as soon as `true()` (or what it awaits to) holds, or fail with an explanation."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        result = true()
        if await result if asyncio.iscoroutine(result) else result:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {seconds} s: {explain()}")
        await asyncio.sleep(0.05)
