"""The processes of an installation, by name: started, killed, asked to end, and looked at from outside."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..processes import ROOT, until
from ..servers import free_port
from .ground import PATIENCE, children, lives

# What a process says when something was left lying about, or nobody looked at how it ended.
_LEAKS = re.compile(r"Task was destroyed|never retrieved|was never awaited|Unclosed|ResourceWarning")
# Two that are the drivers' own: a pipeline of Redis' client that timed out while it tidied up, and is closed where it
# says so; and a connection that Postgres dropped while the driver, which was told to give up, still asked for TLS.
_NOT_OURS = re.compile(r"Unclosed Pipeline client|unexpected connection_lost\(\) call")


@dataclass
class Member:
    """One process."""

    role: str
    name: str
    pid: int
    port: int
    log: Path

    @property
    def lives(self) -> bool:
        return lives(self.pid)

    @property
    def status(self) -> int | None:
        """How it ended, when it ended by itself."""
        path = self.log.with_suffix(".exit")
        return int(path.read_text() or 0) if path.exists() else None

    @property
    def files(self) -> int:
        """How many files and connections it holds open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def text(self) -> str:
        return self.log.read_text(errors="replace")


@dataclass
class Crew:
    """Everybody who works, and the process that starts them."""

    folder: Path
    foreman: asyncio.subprocess.Process
    working: list[Member] = field(default_factory=list)
    # Everybody who ever worked.
    all: list[Member] = field(default_factory=list)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def gather(cls, folder: Path, clock: Path, environment: dict[str, str]) -> "Crew":
        foreman = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.chaos.crew_process",
            str(clock),
            str(folder),
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder), **environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert foreman.stdout is not None
        assert (await foreman.stdout.readline()).strip() == b"ready"
        return cls(folder, foreman)

    async def hire(self, role: str, port: int = 0) -> Member:
        """Start a process; a web process listens on `port`, or on one of its own."""
        assert self.foreman.stdin is not None
        assert self.foreman.stdout is not None
        port = port or free_port()
        async with self._one_at_a_time:
            name = f"{role}-{len(self.all)}"
            self.foreman.stdin.write(f"{role} {name} {port}\n".encode())
            pid = int(await self.foreman.stdout.readline())
            member = Member(role, name, pid, port, self.folder / f"{name}.log")
            self.working.append(member)
            self.all.append(member)
        return member

    async def kill(self, members: Iterable[Member]) -> None:
        """End processes as a power cut would, all at once, and return when they are gone."""
        gone = list(members)
        for member in gone:
            self.working.remove(member)
            with suppress(ProcessLookupError):
                os.kill(member.pid, signal.SIGKILL)
        await until(lambda: not any(member.lives for member in gone), PATIENCE)

    async def ask_to_end(self, member: Member) -> float:
        """Ask a process to end in order; return how many seconds it took."""
        self.working.remove(member)
        began = asyncio.get_running_loop().time()
        with suppress(ProcessLookupError):
            os.kill(member.pid, signal.SIGTERM)
        await until(lambda: not member.lives, PATIENCE, member.text)
        return asyncio.get_running_loop().time() - began

    def of(self, role: str) -> list[Member]:
        return [member for member in self.working if member.role == role]

    def fallen(self) -> list[Member]:
        """Return who ended without being told to, and let go of them."""
        fallen = [member for member in self.working if not member.lives]
        self.working = [member for member in self.working if member not in fallen]
        return fallen

    def left(self) -> list[int]:
        """Return whatever of theirs still runs."""
        return children(self.foreman.pid)

    def leaks(self) -> list[str]:
        """Return what the logs say of things left lying about."""
        found = []
        for member in self.all:
            if member.log.exists():
                lines = [line for line in member.text().splitlines() if not _NOT_OURS.search(line)]
                found += [f"{member.name}: {line[:200]}" for line in lines if _LEAKS.search(line)]
        return found

    async def dismiss(self) -> None:
        """End everybody."""
        await self.kill(list(self.working))
        self.foreman.kill()
        await self.foreman.wait()

    def logs(self) -> str:
        return "\n".join(f"== {member.name}\n{member.text()[-1500:]}" for member in self.working)
