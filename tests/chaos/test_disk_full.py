"""SQLite runs out of room in the middle of everything: whoever is told 200 is stored, and room is enough to go on.

The room is a limit on how large a file of the process may become, drawn tight and loosened from outside while it runs.
"""

import asyncio
import itertools
import random
import resource
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from bot.clock import SystemClock
from bot.db import Database

from ..fakes.graph import ACCOUNT, SECRET, TOKEN, graph
from ..processes import installation, until
from .city import City
from .ground import PATIENCE
from .meta import MoodyGraph, Post, Telegraph

ROOM = 96 * 1024
WAITING = """
SELECT 1 FROM inbound WHERE status = 'new' AND kind = 'message'
UNION ALL SELECT 1 FROM outbound WHERE status IN ('queued', 'sending', 'uncertain')
"""


@pytest.fixture
def book(sqlite_template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sqlite_template, tmp_path / "odys.sqlite3"))


def limit(pid: int, size: int) -> None:
    """Let no file of a process become larger than that."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def tight(pid: int, book: Path) -> None:
    """Leave a process a little room beyond the largest file of its database."""
    limit(pid, max(file.stat().st_size for file in book.parent.glob(f"{book.name}*")) + ROOM)


def rows(book: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(book)) as connection:
        return connection.execute(query).fetchall()


async def test_a_full_disk_loses_nothing(book: Path, tmp_path: Path) -> None:
    dice, url = random.Random(3), f"sqlite:///{book}"
    city = City(dice)
    db = Database(url)
    await city.settle(db, 4, SystemClock().now())
    await db.close()
    people, numbers = list(city.people.values()), itertools.count()
    fake = MoodyGraph(dice=dice)
    async with graph(fake), installation(_environment(url, fake.url), tmp_path) as whole:
        web = await whole.start("web")
        await whole.ready()
        async with aiohttp.ClientSession() as http:
            post = Post(http, dice, [whole.port])
            # What was sent and could not be noted is told of by its statuses.
            telegraph = Telegraph(post, dice, time.time)
            fake.on_taken = telegraph.hear
            telling = asyncio.create_task(telegraph.run())

            def speak() -> None:
                number = next(numbers)
                person = people[number % len(people)]
                identifier, text = f"wamid.FULL{number}", {"body": "oi " * 700}
                event = {"from": person.phone, "id": identifier, "timestamp": str(int(time.time())), "type": "text"}
                post.send({"contacts": [], "messages": [{**event, "text": text}]}, [identifier])

            def full() -> bool:
                for _ in range(4 if post.waiting < 60 else 0):
                    speak()
                return post.answers["503"] > 10

            speak()
            await until(lambda: len(fake.accepted) == 1, PATIENCE, whole.logs)
            tight(web.process.pid, book)
            await until(full, PATIENCE, whole.logs)
            stored = {name for (name,) in rows(book, "SELECT external_id FROM inbound")}
            assert post.acknowledged.keys() <= stored, "somebody was told 200 and is not stored"
            limit(web.process.pid, resource.RLIM_INFINITY)
            await until(lambda: not post.waiting and not rows(book, WAITING), PATIENCE, whole.logs)
            await telegraph.close(telling)
            await post.close()
            said = next(numbers)
        assert web.process.returncode is None, "it was not the same process all the while"
    assert rows(book, "PRAGMA integrity_check") == [("ok",)]
    assert set(post.acknowledged.values()) == {3}
    owed = [UUID(name) for (name,) in rows(book, "SELECT id FROM outbound WHERE dedup_key LIKE 'turn:%'")]
    assert sorted(sent.opaque for sent in fake.accepted) == sorted(map(str, owed))
    assert {sent.to for sent in fake.accepted} == {people[number % len(people)].phone for number in range(said)}


def _environment(url: str, api_url: str) -> dict[str, str]:
    return {
        "ODYS_ENV": "development",
        "DATABASE_URL": url,
        "REDIS_URL": "",
        "LOG_LEVEL": "WARNING",
        "WHATSAPP_API_URL": api_url,
        "WHATSAPP_TOKEN": TOKEN,
        "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT,
        "WHATSAPP_APP_SECRET": SECRET,
        "BURST_WAIT_SECONDS": "0.1",
        "TURN_LEASE_SECONDS": "2",
    }
