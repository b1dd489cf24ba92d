"""The whole thing from outside: real processes, Postgres, Redis, and a Graph server that only sees HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis
from sqlalchemy import func, select

from bot.db import Database
from bot.models import Inbound, Outbound
from bot.models.enums import InboundStatus
from bot.seed import CLIENTS

from ..fakes import groq as groq_fake
from ..fakes.graph import SECRET, Graph, deliver
from ..processes import Installation, installation, until
from .deliveries import delivery

ANA, BIA, CAIO = (one.phone for one in CLIENTS[:3])


@pytest.fixture
async def running(environment: dict[str, str], book: Database, tmp_path: Path) -> AsyncIterator[Installation]:
    """`odys migrate`, one `odys web`, two `odys worker`."""
    async with installation(environment, tmp_path) as whole:
        migrating = await whole.start("migrate")
        assert await migrating.process.wait() == 0
        await whole.start("web")
        await whole.start("worker")
        await whole.start("worker")
        await whole.ready()
        yield whole


async def count(book: Database, table: type[Any]) -> int:
    async with book.begin() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def all_handled(book: Database) -> bool:
    async with book.begin() as session:
        waiting = await session.scalar(
            select(func.count()).select_from(Inbound).where(Inbound.status == InboundStatus.NEW)
        )
    return waiting == 0


async def test_a_stranger_gets_nothing_three_people_a_reply_each_and_a_repeated_delivery_none(
    running: Installation, meta: Graph, book: Database
) -> None:
    body = delivery((ANA, "oi"), (BIA, "bom dia"), (CAIO, "olá"))
    url = f"{running.url}/webhooks/whatsapp"
    async with aiohttp.ClientSession() as http:
        asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "verificar"}
        async with http.get(url, params=asked) as answer:
            assert (answer.status, await answer.text()) == (200, "1158201444")
        async with http.get(url, params={**asked, "hub.verify_token": "outro"}) as answer:
            assert answer.status == 403

    assert await deliver(url, body, "another secret") == 401
    assert await count(book, Inbound) == 0

    assert await deliver(url, body, SECRET) == 200
    await until(lambda: len(meta.accepted) >= 3, explain=running.logs)
    assert sorted(sent.to for sent in meta.accepted) == sorted([ANA, BIA, CAIO])

    assert await deliver(url, body, SECRET) == 200
    await asyncio.sleep(2.5)  # longer than the wait for a burst and a sweep's first look
    await until(lambda: all_handled(book), explain=running.logs)
    assert len(meta.accepted) == 3
    assert await count(book, Inbound) == 3


async def test_four_messages_within_a_second_get_one_reply(running: Installation, meta: Graph, book: Database) -> None:
    said = ("oi", "queria marcar", "um corte", "amanhã de manhã")
    # All at once: where each waited for the answer to the last, a slow machine would make more than one burst of it.
    url = f"{running.url}/webhooks/whatsapp"
    assert await asyncio.gather(*(deliver(url, delivery((ANA, text)), SECRET) for text in said)) == [200] * 4
    await until(lambda: all_handled(book), explain=running.logs)
    await until(lambda: len(meta.accepted) >= 1, explain=running.logs)
    await asyncio.sleep(1)
    assert len(meta.texts_to(ANA)) == 1
    assert "Corte" in meta.texts_to(ANA)[0]


async def test_redis_is_only_the_bell(running: Installation, meta: Graph, redis_database: str) -> None:
    """What the bell told is thrown away before anybody heard it; the sweep answers all the same."""
    client = Redis.from_url(redis_database)
    assert await deliver(f"{running.url}/webhooks/whatsapp", delivery((ANA, "oi")), SECRET) == 200
    await client.flushdb()
    await client.aclose()
    await until(lambda: len(meta.accepted) == 1, 60, running.logs)


async def test_production_refuses_to_start_without_its_secrets(environment: dict[str, str], tmp_path: Path) -> None:
    async with installation({**environment, "WHATSAPP_APP_SECRET": "", "CRON_SECRET": ""}, tmp_path) as whole:
        web = await whole.start("web")
        assert await asyncio.wait_for(web.process.wait(), 20) == 2
        assert "CRON_SECRET" in web.text()
        assert "WHATSAPP_APP_SECRET" in web.text()


async def test_one_process_on_sqlite_without_redis_answers(
    environment: dict[str, str], meta: Graph, tmp_path: Path
) -> None:
    """`odys web` in development runs the worker inside itself, and finds after a restart what it had not answered."""
    alone = {
        **environment,
        "ODYS_ENV": "development",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'odys.sqlite3'}",
        "REDIS_URL": "",
    }
    async with installation(alone, tmp_path) as whole:
        assert await (await whole.start("migrate")).process.wait() == 0
        first = await whole.start("web")
        await whole.ready()
        assert await deliver(f"{whole.url}/webhooks/whatsapp", delivery((ANA, "oi")), SECRET) == 200
        await until(lambda: len(meta.accepted) == 1, explain=whole.logs)
        assert await deliver(f"{whole.url}/webhooks/whatsapp", delivery((BIA, "oi")), SECRET) == 200
        first.kill()
        await first.process.wait()
        await whole.start("web")
        await until(lambda: len(meta.texts_to(BIA)) == 1, 60, whole.logs)
        assert len(meta.texts_to(ANA)) == 1


async def test_t25_worker_kill_a_turn_that_was_cut_short_is_answered_once_by_the_next_worker(
    environment: dict[str, str], meta: Graph, book: Database, tmp_path: Path
) -> None:
    """A lease of two seconds stands for the twelve of the default; with a sweep every five that is soon enough."""
    key = {"GROQ_API_KEY": groq_fake.KEY}
    async with (
        groq_fake.groq() as model,
        installation({**environment, **key, "GROQ_BASE_URL": model.url}, tmp_path) as whole,
    ):
        model.script(groq_fake.hangs(), groq_fake.says("Oi! Que dia fica bom para você?"))
        await whole.start("web")
        first = await whole.start("worker")
        await whole.ready()
        assert await deliver(f"{whole.url}/webhooks/whatsapp", delivery((ANA, "me conta uma coisa")), SECRET) == 200
        await until(lambda: len(model.asked) == 1, explain=whole.logs)
        first.kill()
        await first.process.wait()
        await whole.start("worker")
        await until(lambda: len(meta.accepted) == 1, 60, whole.logs)
        await until(lambda: all_handled(book), explain=whole.logs)
        await asyncio.sleep(1)
        assert meta.texts_to(ANA) == ["Oi! Que dia fica bom para você?"]
        assert await count(book, Outbound) >= 1
