"""What was answered 200 is in the database, whenever the process is killed."""

import asyncio
import itertools
import json
import subprocess
import time
from pathlib import Path

import aiohttp
from sqlalchemy import select

from bot.db import Database
from bot.models import Inbound
from bot.whatsapp.signature import sign

from ..fakes.graph import SECRET
from ..payloads import own
from ..servers import free_port, python, wait_for_port

KILLS = 2
TEMPLATE = json.dumps(own("text").body)


async def test_a_killed_process_had_stored_everything_it_acknowledged(db: Database, database_url: str) -> None:
    acknowledged: set[str] = set()
    ids = itertools.count()
    for kill in range(KILLS):
        port = free_port()
        process = start(database_url, port)
        try:
            await asyncio.to_thread(wait_for_port, port, process)
            url = f"http://127.0.0.1:{port}/webhooks/whatsapp"
            async with aiohttp.ClientSession() as session:
                posting = [asyncio.create_task(post(session, url, ids, acknowledged)) for _ in range(16)]
                await asyncio.sleep(0.3 + kill / 10)
                process.kill()
                await asyncio.gather(*posting)
        finally:
            process.kill()
            process.wait(10)
    assert len(acknowledged) > 100
    async with db.begin() as session:
        stored = set(await session.scalars(select(Inbound.external_id)))
    assert acknowledged <= stored


def start(database_url: str, port: int) -> "subprocess.Popen[bytes]":
    command = [python(), "-m", "tests.web.serve_webhook", database_url, str(port)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2])


async def post(session: aiohttp.ClientSession, url: str, ids: "itertools.count[int]", acknowledged: set[str]) -> None:
    """Post messages with ids of their own until nobody answers."""
    while True:
        identifier = f"wamid.{next(ids)}"
        stamped = TEMPLATE.replace("wamid.T1", identifier).replace("1795000000", str(int(time.time())))
        raw = stamped.encode()
        try:
            async with session.post(url, data=raw, headers={"X-Hub-Signature-256": sign(raw, SECRET)}) as answer:
                if answer.status == 200:
                    acknowledged.add(identifier)
        except aiohttp.ClientError:
            return
