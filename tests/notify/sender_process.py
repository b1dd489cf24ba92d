"""A sender in a process of its own: `python -m tests.notify.sender_process`, settings from the environment.

It does what the worker does when bells ring all the time: it sends what is due, again and again.
"""

import asyncio
import os
import sys

import aiohttp
from redis.asyncio import Redis

from bot.clock import SystemClock
from bot.db import Database
from bot.log import setup
from bot.models.enums import Channel
from bot.notify.gate import RedisGate
from bot.notify.pace import NUMBER, PERSON, NoPace, Pace, SteadyPace
from bot.notify.sender import send_due
from bot.settings import Settings
from bot.whatsapp.cloud import CloudApi

from ..processes import ROOT


async def main() -> None:
    """Send until the process is ended."""
    settings = Settings(_env_file=None)
    db = Database(settings.database_url)
    pace: Pace = NoPace()
    if settings.redis_url:
        pace = SteadyPace(RedisGate(Redis.from_url(settings.redis_url)), {Channel.CLOUD: (NUMBER, PERSON)})
    async with aiohttp.ClientSession() as http:
        cloud = CloudApi(http, settings)
        while True:
            await send_due(db, cloud, SystemClock(), account=settings.whatsapp_phone_number_id, pace=pace)
            await asyncio.sleep(0.05)


async def start(environment: dict[str, str]) -> asyncio.subprocess.Process:
    """Start such a process."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.notify.sender_process",
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment},
    )


if __name__ == "__main__":
    setup("ERROR")
    asyncio.run(main())
