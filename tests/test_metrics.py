"""The page of numbers: what an operator reads there is true, and says nothing about anybody."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite

from bot import metrics
from bot.clock import SystemClock
from bot.db import Database
from bot.jobs import depth, page
from bot.models import Inbound, Outbound
from bot.models.enums import Channel, InboundKind, InboundStatus, OutboundStatus, Transport
from bot.queue import SilentBell, connect
from bot.settings import Settings
from web.app import create

from .conftest import StillClock


@pytest.fixture
def own_file(sqlite_template: Path, tmp_path: Path) -> str:
    """Address of a database that nobody else has open."""
    shutil.copy(sqlite_template, tmp_path / "odys.sqlite3")
    return f"sqlite:///{tmp_path / 'odys.sqlite3'}"


SECRET = {"Authorization": "Bearer segredo-da-medida"}
Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def numbers(page: str) -> Numbers:
    """Read a page as a scraper does."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


async def read(db: Database, clock: StillClock) -> Numbers:
    answer = await page.shown(db, clock)
    assert isinstance(answer.body, bytes)
    return numbers(answer.body.decode())


def came_in(clock: StillClock, number: int, **values: Any) -> Inbound:
    given: dict[str, Any] = {"channel": Channel.CLOUD, "kind": InboundKind.MESSAGE, "lane": "a", "event": {}}
    moments = {"received_at": clock.now(), "due_at": clock.now()}
    return Inbound(account="1", external_id=f"wamid.{number}", **{**given, **moments, **values})


def is_owed(clock: StillClock, **values: Any) -> Outbound:
    given: dict[str, Any] = {"transport": Transport.WHATSAPP, "kind": "chat", "payload": {}}
    return Outbound(**{**given, "due_at": clock.now(), "created_at": clock.now(), **values})


async def test_the_queues_are_measured(db: Database, clock: StillClock) -> None:
    minute = timedelta(minutes=1)
    async with db.begin() as session:
        session.add_all(
            [
                came_in(clock, 1, due_at=clock.now() - minute),
                came_in(clock, 2),
                came_in(clock, 3, due_at=clock.now() + minute),  # a burst still gathers
                came_in(clock, 4, kind=InboundKind.STATUS, lane="", due_at=clock.now() - 2 * minute),
                came_in(clock, 5, status=InboundStatus.DEAD),
                came_in(clock, 6, status=InboundStatus.DONE),
                is_owed(clock, due_at=clock.now() - 3 * minute, priority=8),
                is_owed(clock, status=OutboundStatus.SENDING, priority=0),
                is_owed(clock, due_at=clock.now() + minute),
                is_owed(clock, transport=Transport.EMAIL),
                is_owed(clock, status=OutboundStatus.UNCERTAIN, due_at=clock.now() + minute),
                is_owed(clock, status=OutboundStatus.FAILED, error_code="131026"),
                is_owed(clock, status=OutboundStatus.FAILED, error_code="131026", due_at=clock.now() - minute),
                is_owed(clock, status=OutboundStatus.FAILED, error_code="1", due_at=clock.now() - timedelta(days=2)),
            ]
        )
    shown = await read(db, clock)
    message, status = (("kind", "message"),), (("kind", "status"),)
    whatsapp, email = (("transport", "whatsapp"),), (("transport", "email"),)
    assert shown["odys_inbound_waiting", message] == 2
    assert shown["odys_inbound_oldest_seconds", message] == 60
    assert shown["odys_inbound_oldest_seconds", status] == 120
    assert shown["odys_inbound_dead", ()] == 1
    assert shown["odys_outbound_due", whatsapp] == 2
    assert shown["odys_outbound_oldest_seconds", whatsapp] == 180
    assert shown["odys_outbound_due", email] == 1
    assert shown["odys_outbound_uncertain", ()] == 1
    failed = {labels: value for (name, labels), value in shown.items() if name == "odys_outbound_failed_day"}
    assert failed == {(("code", "131026"), ("transport", "whatsapp")): 2}

    async with db.begin() as session:
        await session.execute(text("DELETE FROM outbound"))
    assert (await read(db, clock))["odys_outbound_due", whatsapp] == 2, "measured a moment ago"
    clock.jump(seconds=6)
    assert (await read(db, clock))["odys_outbound_due", whatsapp] == 0


async def test_each_question_is_answered_from_a_small_index(db: Database, clock: StillClock) -> None:
    """The tables grow for ever; these indexes hold only what waits or went wrong."""
    wanted = {
        "ix_inbound_waiting": depth.inbound_waiting(clock.now()),
        "ix_outbound_owed": depth.outbound_due(clock.now()),
        "ix_outbound_troubled": depth.outbound_troubled(clock.now()),
        "ix_inbound_dead": depth.dead_letters(),
    }
    dialect = sqlite.dialect() if db.sqlite else postgresql.dialect()  # type: ignore[no-untyped-call]
    async with db.begin() as session:
        if not db.sqlite:
            # What the planner may choose is the question, not what it prefers in an empty table.
            await session.execute(text("SET LOCAL enable_seqscan = off"))
        for index, statement in wanted.items():
            sql = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
            explain = "EXPLAIN QUERY PLAN " if db.sqlite else "EXPLAIN "
            plan = "\n".join(str(row) for row in await session.execute(text(explain + sql.replace(":", "\\:"))))
            assert index in plan


async def test_without_a_database_the_process_is_still_shown(clock: StillClock) -> None:
    db = Database("postgresql://nobody@127.0.0.1:1/odys")
    shown = await read(db, clock)
    await db.close()
    assert shown["odys_database_up", ()] == 0
    assert ("odys_inbound_waiting", (("kind", "message"),)) not in shown
    assert any(name == "process_resident_memory_bytes" for name, _ in shown)


@pytest.mark.parametrize(("secret", "headers", "status"), [("segredo-da-medida", SECRET, 200), ("", {}, 200)])
async def test_who_may_read(
    own_file: str, clock: StillClock, secret: str, headers: dict[str, str], status: int
) -> None:
    db, redis = Database(own_file), await connect("")
    settings = Settings(_env_file=None, cron_secret=secret)
    web = create(settings, db, SilentBell(), clock)
    for app in (web, page.application(settings, db, clock, redis)):
        async with TestClient(TestServer(app)) as http:
            assert (await http.get("/metrics", headers=headers)).status == status
            wrong = await http.get("/metrics", headers={"Authorization": "Bearer errado"})
            assert wrong.status == (401 if secret else 200)
            assert (await http.get("/metrics")).status == (401 if secret else 200)
    await redis.aclose()
    await db.close()


async def test_requests_are_counted_by_pattern_and_nothing_is_said_about_anybody(
    own_file: str, clock: StillClock
) -> None:
    db = Database(own_file)
    async with TestClient(TestServer(create(Settings(_env_file=None), db, SilentBell(), clock))) as http:
        await http.get("/api/professionals/5511987654321?token=segredo")
        await http.get("/nowhere/5511987654321")
        await http.request("PROPFIND", "/healthz")
        await http.post("/webhooks/whatsapp", data=b"{}")
        shown = await (await http.get("/metrics")).text()
    await db.close()
    assert "5511987654321" not in shown
    assert "segredo" not in shown
    found = numbers(shown)

    def count(method: str, route: str, status: int) -> float:
        labels = (("method", method), ("route", route), ("status", str(status)))
        return found["odys_http_request_seconds_count", labels]

    assert count("GET", "/api/professionals/{slug}", 404) >= 1
    assert count("GET", "unknown", 404) >= 1
    assert count("other", "unknown", 405) >= 1
    assert count("POST", "/webhooks/whatsapp", 401) >= 1


def test_codes_from_outside_do_not_fill_the_memory() -> None:
    words = {metrics.word(number) for number in range(1000)}
    assert "other" in words
    assert len(words) <= 201


async def test_a_worker_says_when_it_last_swept(redis_url: str, own_file: str) -> None:
    db, redis = Database(own_file), await connect(redis_url)
    await redis.delete("odys:swept")
    app = page.application(Settings(_env_file=None), db, SystemClock(), redis)
    async with TestClient(TestServer(app)) as http:
        young = await http.get("/healthz")
        assert (young.status, (await young.json())["last_sweep_seconds"]) == (200, None)
        await page.swept(redis)
        swept = await http.get("/healthz")
        assert swept.status == 200
        assert (await swept.json())["last_sweep_seconds"] < 60
        await redis.set("odys:swept", "1000000000")
        assert (await http.get("/healthz")).status == 503
    await redis.delete("odys:swept")
    await redis.aclose()
    await db.close()
