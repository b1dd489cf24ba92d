"""Starts the processes of an installation: `python -m tests.chaos.crew_process CLOCK FOLDER`, settings from outside.

It has read all the code, for hundreds of processes are killed and reading the code takes longer than to start. Each
line it is given names a role, a process and a port; it forks one that does what `odys web` or `odys worker` does, on
the clock that the file CLOCK shifts, and answers with its process id. A log and, for one that ended by itself, its
exit status are in FOLDER. They all end with this process.
"""

import asyncio
import ctypes
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import aiohttp
from redis.asyncio import Redis

import web.app  # noqa: F401 - so that nobody has to read it after the fork
import worker
from bot.commands.web import serve_until_stopped
from bot.db import Database
from bot.jobs.steady import steady
from bot.log import setup
from bot.notify.gate import RedisGate
from bot.notify.pace import SteadyPace
from bot.notify.sender import send_due
from bot.settings import Settings
from bot.whatsapp.cloud import CloudApi

from ..jobs.storm_worker import FileClock

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux


def run_web(clock: FileClock) -> None:
    """Be `odys web`."""
    asyncio.run(serve_until_stopped(Settings(), clock))


def run_worker_process(clock: FileClock) -> None:
    """Be `odys worker`."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    steady(worker.WorkerSettings, ctx={"clock": clock}).run()


def run_sender(clock: FileClock) -> None:
    """Be a sender alone: send what is due, again and again, until the process is ended."""
    asyncio.run(_send(clock))


async def _send(clock: FileClock) -> None:
    settings = Settings()
    db, pace = Database(settings.database_url), SteadyPace(RedisGate(Redis.from_url(settings.redis_url)))
    async with aiohttp.ClientSession() as http:
        cloud = CloudApi(http, settings)
        while True:
            try:
                await send_due(db, cloud, clock, account=settings.whatsapp_phone_number_id, pace=pace)
            except Exception:  # the worker's queue would log it and go on
                traceback.print_exc()
            await asyncio.sleep(0.05)


ROLES: dict[str, Any] = {"web": run_web, "worker": run_worker_process, "sender": run_sender}


def start(clock: FileClock, role: str, name: str, port: str, folder: Path) -> int:
    """Fork a process of a role and return its id."""
    if pid := os.fork():
        return pid
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with (folder / f"{name}.log").open("wb") as sink:
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
    os.environ["PORT"] = port
    setup("WARNING")
    status = 0
    try:
        ROLES[role](clock)
    except BaseException:
        traceback.print_exc()
        status = 1
    (folder / f"{name}.exit").write_text(str(status))
    sys.stdout.flush()
    os._exit(status)


def main(clock: Path, folder: Path) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a process that ends leaves nothing behind
    print("ready", flush=True)
    for line in sys.stdin:
        role, name, port = line.split()
        print(start(FileClock(clock), role, name, port, folder), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
