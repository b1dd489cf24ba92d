"""The webhook in real processes: what was answered 200 is stored, once, whoever is killed and however often it came.

In the suite a few kills; ODYS_LONG=1 does the twenty of each database.
"""

import asyncio
import itertools
import json
import os
import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import delete, select, text

from bot.db import Database
from bot.models import Inbound
from bot.whatsapp.payloads import parse
from bot.whatsapp.rows import rows_of
from bot.whatsapp.signature import sign

from ..conftest import StillClock
from ..fakes.graph import ACCOUNT, SECRET
from ..payloads import OWN, own
from ..processes import until
from ..servers import free_port, python, wait_for_port
from ..stage import stage

KILLS = 20 if os.environ.get("ODYS_LONG") else 2
TEMPLATE = json.dumps(own("text").body)
CLIENTS, TIMES = 32, 5


@contextmanager
def doors(url: str, count: int) -> Iterator[list[tuple["subprocess.Popen[bytes]", str]]]:
    """Start web processes over one database and yield each with the address of its webhook."""
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            port = free_port()
            command = [python(), "-m", "tests.web.serve_webhook", url, str(port)]
            process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
            stack.callback(process.wait, 30)
            stack.callback(process.kill)
            started.append((process, port))
        for process, port in started:
            wait_for_port(port, process, 60)
        yield [(process, f"http://127.0.0.1:{port}/webhooks/whatsapp") for process, port in started]


async def test_t01_ack_after_commit_a_killed_process_had_stored_all_it_acknowledged(
    db: Database, database_url: str
) -> None:
    dice, ids, acknowledged = random.Random(1), itertools.count(), set[str]()
    for _ in range(KILLS):
        with doors(database_url, 1) as [(process, url)]:
            enough = len(acknowledged) + dice.randrange(60, 300)
            async with aiohttp.ClientSession() as session:
                posting = [asyncio.create_task(post_until_killed(session, url, ids, acknowledged)) for _ in range(16)]
                await until(lambda enough=enough: len(acknowledged) >= enough)  # type: ignore[misc]
                process.kill()
                await asyncio.gather(*posting)
    await until(lambda: nobody_is_at_it(db))  # or what was on its way would be there for the next test
    async with db.begin() as session:
        stored = set(await session.scalars(select(Inbound.external_id)))
    assert acknowledged - stored == set()


async def nobody_is_at_it(db: Database) -> bool:
    """Tell whether Postgres has done with whatever the dead had asked of it; SQLite dies with them."""
    at_work = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()"
    )
    async with db.begin() as session:
        return db.sqlite or not await session.scalar(at_work)


async def post_until_killed(
    session: aiohttp.ClientSession, url: str, ids: "itertools.count[int]", acknowledged: set[str]
) -> None:
    """Post messages with ids of their own until nobody answers."""
    while True:
        identifier = f"wamid.{next(ids)}"
        stamped = TEMPLATE.replace("wamid.T1", identifier).replace("1795000000", str(int(time.time())))
        try:
            if await post(session, url, stamped.encode()) == 200:
                acknowledged.add(identifier)
        except aiohttp.ClientError:
            return


async def post(session: aiohttp.ClientSession, url: str, raw: bytes) -> int:
    async with session.post(url, data=raw, headers={"X-Hub-Signature-256": sign(raw, SECRET)}) as answer:
        return answer.status


async def test_t02_inbox_dup_five_deliveries_through_two_processes_are_one_row_and_one_reply(postgres_url: str) -> None:
    people = [f"55219555512{n:02}" for n in range(8)]
    greetings = [greeting(phone) for phone in people]
    bodies = [*(case.body for case in OWN), *greetings]
    clock = StillClock(datetime.now(UTC))
    db = Database(postgres_url)
    with doors(postgres_url, 2) as open_doors:
        await deliver_all([url for _, url in open_doors], bodies)
    try:
        assert await stored(db) == expected(bodies)
        async with db.begin() as session:
            await session.execute(delete(Inbound).where(Inbound.account != ACCOUNT))
        async with stage(db, clock) as here:
            clock.moment = datetime.now(UTC)
            await here.settle()
            assert {phone: len(here.graph.texts_to(phone)) for phone in people} == dict.fromkeys(people, 1)
    finally:
        await db.close()


async def test_t02_inbox_dup_would_notice_if_the_key_were_gone(postgres_url: str) -> None:
    """The wall taken down, in a database of its own: then what is delivered five times is there five times."""
    db = Database(postgres_url)
    async with db.begin() as session:
        keys = text("SELECT conname FROM pg_constraint WHERE conrelid = 'inbound'::regclass AND contype = 'u'")
        (name,) = await session.scalars(keys)
        await session.execute(text(f'ALTER TABLE inbound DROP CONSTRAINT "{name}"'))
    body = own("text").body
    try:
        with doors(postgres_url, 1) as [(_, url)]:
            await deliver_all([url], [body])
        assert (await stored(db), len(expected([body]))) == (expected([body]) * TIMES, 1)
    finally:
        await db.close()


def greeting(phone: str) -> dict[str, Any]:
    said = {"from": phone, "id": f"wamid.{phone}", "timestamp": str(int(time.time())), "type": "text"}
    value = {
        "metadata": {"display_phone_number": "551140000000", "phone_number_id": ACCOUNT},
        "contacts": [{"profile": {"name": "Alguém"}, "wa_id": phone}],
        "messages": [said | {"text": {"body": "oi"}}],
    }
    return {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]}


async def deliver_all(urls: Sequence[str], bodies: Sequence[Any]) -> None:
    """Post every body five times in random order, by 32 clients at once, through every door."""
    raws = [json.dumps(body).encode() for body in bodies] * TIMES
    random.Random(2).shuffle(raws)
    queue, ways = iter(raws), itertools.cycle(urls)

    async def client(session: aiohttp.ClientSession) -> None:
        for raw in queue:
            assert await post(session, next(ways), raw) == 200

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(client(session) for _ in range(CLIENTS)))


def expected(bodies: Sequence[Any]) -> list[tuple[str, str]]:
    """Return the keys of everything that was said, once each."""
    rows = [row for body in bodies for row in rows_of(parse(body), now=datetime.now(UTC))]
    return sorted({(row["account"], row["external_id"]) for row in rows})


async def stored(db: Database) -> list[tuple[str, str]]:
    async with db.begin() as session:
        found = await session.execute(select(Inbound.account, Inbound.external_id))
        return sorted((row.account, row.external_id) for row in found)
