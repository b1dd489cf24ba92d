"""What everything stands on, and how it gives way: a Postgres and a Redis that can be stopped, frozen and killed."""

import asyncio
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.migrations.run import migrate

from ..processes import until
from ..servers import free_port, missing, postgres_programs

# A machine that others work on may take its time; nobody waits longer than they must.
PATIENCE = 120.0
# fsync is off: no mishap here pulls the plug of the machine, and each commit would wait for the disk.
_OPTIONS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "max_connections": "120"}


class Postgres:
    """A Postgres with one migrated database, on a port that it keeps."""

    def __init__(self, folder: Path) -> None:
        found = postgres_programs()
        if found is None:
            missing("Postgres")
            raise AssertionError("unreachable")
        self._programs, self._folder, self._port = found, folder, free_port()
        # The server refuses to be root.
        self._user = "postgres" if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/odys"

    async def found(self) -> None:
        """Make the data and the tables; it runs afterwards."""
        if self._user:
            shutil.chown(self._folder, self._user)
        init = ("-D", self._data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "-N")
        await self._run(self._programs / "initdb", *init)
        await self.start()
        connection = await asyncpg.connect(self.url.replace("/odys", "/postgres"))
        await connection.execute("CREATE DATABASE odys")
        await connection.close()
        await asyncio.to_thread(migrate, self.url)

    async def start(self) -> None:
        """Return when it lets somebody in."""
        self._launch()
        await until(self._answers, PATIENCE, lambda: (self._folder / "postgres.log").read_text()[-2000:])

    def _launch(self) -> None:
        settings = [part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}")]
        command: list[str | Path] = [self._programs / "postgres", "-D", self._data, "-p", str(self._port), *settings]
        with (self._folder / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, user=self._user, cwd=self._folder)

    async def stop(self) -> None:
        """Shut down in order, with everybody's connections cut."""
        await self._ended(signal.SIGINT)

    async def kill(self) -> None:
        """End every process of it at once, as a power cut would."""
        assert self._process is not None
        family = [self._process.pid, *children(self._process.pid)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(self._process.wait)
        await until(lambda: not any(map(lives, family)), PATIENCE)

    async def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            await self._ended(signal.SIGQUIT)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    async def _run(self, *command: str | Path) -> None:
        await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, user=self._user)

    async def _ended(self, by: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(by)
        await asyncio.to_thread(self._process.wait, PATIENCE)

    async def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            # Right after a kill the last of the old processes may still hold the memory they shared.
            self._launch()
        try:
            connection = await asyncpg.connect(self.url.replace("/odys", "/postgres"))
        except (OSError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True


class RedisServer:
    """A Redis that keeps nothing over a restart, on a port that it keeps."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            missing("Redis")
            raise AssertionError("unreachable")
        self._port = free_port()
        keep = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
        self._command = [program, "--port", str(self._port), "--bind", "127.0.0.1", *keep]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    async def start(self) -> None:
        """Return when it answers; it knows nothing of what was before."""
        self._launch()
        await until(self._answers, PATIENCE)

    def _launch(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    async def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        await asyncio.to_thread(self._process.wait, PATIENCE)

    def freeze(self) -> None:
        """Keep every connection and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def empty(self) -> None:
        """Forget everything without a restart."""
        client = Redis.from_url(self.url)
        await client.flushall()
        await client.aclose()

    async def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            await self.stop()

    async def _answers(self) -> bool:
        client = Redis.from_url(self.url)
        try:
            return bool(await client.ping())
        except RedisError:
            return False
        finally:
            await client.aclose()


def children(pid: int) -> list[int]:
    """Return the processes that `pid` started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name of a program may hold anything, so what counts comes after its last bracket.
            after = stat.read_text().rpartition(")")[2].split()
            if int(after[1]) == pid and after[0] != "Z":
                found.append(int(stat.parent.name))
    return found


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be buried does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
