"""Evolution's webhook and the page with its QR code, as they are met from outside."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Inbound
from bot.models.enums import Channel, InboundKind, InboundStatus
from bot.queue import SilentBell
from bot.settings import Settings
from bot.whatsapp.evolution.pairing import link
from web import evolution_webhook
from web.app import create

from ..conftest import StillClock
from ..fakes.evolution import INSTANCE, KEY, TOKEN, Evolution, Taken, envelope, evolution, update_data, upsert
from .test_evolution_payloads import BODIES
from .test_payloads import anything, paths, replaced

JULIA = "5511988887777"
OI = upsert({"conversation": "oi"}, id="3A01", phone=JULIA)


@dataclass
class Hook:
    """The application, served on loopback."""

    base: str
    db: Database
    http: aiohttp.ClientSession
    settings: Settings
    clock: StillClock

    async def post(self, body: object, *, path: str = INSTANCE, token: str | None = TOKEN) -> int:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        url = f"{self.base}/webhooks/evolution/{path}"
        async with self.http.post(url, data=io.BytesIO(raw), headers=headers) as answer:
            return answer.status

    async def rows(self) -> list[Inbound]:
        async with self.db.begin() as session:
            return list(await session.scalars(select(Inbound).order_by(Inbound.id)))

    async def page(self, address: str) -> tuple[int, str, str]:
        path = address.removeprefix(self.settings.public_url)
        async with self.http.get(self.base + path) as answer:
            return answer.status, await answer.text(), answer.headers["Content-Security-Policy"]


@pytest.fixture
async def server() -> AsyncIterator[Evolution]:
    async with evolution() as fake:
        yield fake


@asynccontextmanager
async def hooked(db: Database, clock: StillClock, server: Evolution) -> AsyncIterator[Hook]:
    """Serve the application over `db`."""
    chosen = Settings(
        _env_file=None,
        evolution_api_url=server.url,
        evolution_api_key=SecretStr(KEY),
        evolution_instance=INSTANCE,
        evolution_webhook_token=SecretStr(TOKEN),
    )
    async with TestServer(create(chosen, db, SilentBell(), clock)) as running, aiohttp.ClientSession() as http:
        yield Hook(str(running.make_url("")).rstrip("/"), db, http, chosen, clock)


@pytest.fixture
async def hook(db: Database, clock: StillClock, server: Evolution) -> AsyncIterator[Hook]:
    async with hooked(db, clock, server) as ready:
        yield ready


async def test_a_message_is_a_row_once_however_often_it_is_delivered(hook: Hook) -> None:
    for path in (INSTANCE, INSTANCE, f"{INSTANCE}/messages-upsert"):
        assert await hook.post(OI, path=path) == 200
    (row,) = await hook.rows()
    assert (row.channel, row.account, row.external_id) == (Channel.EVOLUTION, INSTANCE, "3A01")
    assert (row.kind, row.status, row.event["from"]) == (InboundKind.MESSAGE, InboundStatus.NEW, JULIA)
    assert row.lane == f"evolution:{INSTANCE}:551188887777"


@pytest.mark.parametrize("token", [None, "", "another", "tokén", TOKEN + " x"])
async def test_without_the_token_nothing_is_taken(hook: Hook, token: str | None) -> None:
    assert await hook.post(OI, token=token) == 401
    assert await hook.rows() == []


async def test_a_token_in_the_address_does_where_no_header_can_be_set(hook: Hook) -> None:
    assert await hook.post(OI, path=f"{INSTANCE}?token={TOKEN}", token=None) == 200
    assert await hook.post(OI, path=f"{INSTANCE}?token=x", token=None) == 401
    assert len(await hook.rows()) == 1


async def test_no_token_set_lets_nobody_in(db: Database, clock: StillClock) -> None:
    app = create(Settings(_env_file=None), db, SilentBell(), clock)
    async with TestServer(app) as running, aiohttp.ClientSession() as http:
        for headers in ({}, {"Authorization": "Bearer "}):
            url = running.make_url(f"/webhooks/evolution/{INSTANCE}")
            async with http.post(url, json=OI, headers=headers) as answer:
                assert answer.status == 401


async def test_what_cannot_be_read_is_kept_and_answered_200(hook: Hook) -> None:
    for body in (
        b"",
        b"\xff{",
        b"[1, null]",
        {"event": "messages.upsert"},
        envelope("messages.upsert", [1, OI["data"]]),
    ):
        assert await hook.post(body) == 200
    kept = [(row.status, row.kind) for row in await hook.rows()]
    assert kept.count((InboundStatus.NEW, InboundKind.MESSAGE)) == 1
    assert {status for status, _ in kept} == {InboundStatus.NEW, InboundStatus.DEAD}


async def test_what_is_too_large_is_not_read_to_its_end(hook: Hook) -> None:
    assert await hook.post(b"x" * (evolution_webhook.LIMIT + 1)) == 413
    assert await hook.post(OI) == 200


async def test_a_fault_of_ours_asks_to_come_again(server: Evolution, clock: StillClock, tmp_path: Path) -> None:
    """A database that is not there yet, and then is."""
    url = f"sqlite:///{tmp_path / 'late' / 'odys.sqlite3'}"
    db = Database(url)
    async with hooked(db, clock, server) as hook:
        assert await hook.post(OI) == 503
        (tmp_path / "late").mkdir()
        await asyncio.to_thread(migrate, url)
        assert await hook.post(OI) == 200
        assert len(await hook.rows()) == 1
    await db.close()


async def test_old_messages_of_a_phone_that_was_connected_again_are_not_answered(hook: Hook) -> None:
    old = int((hook.clock.now() - timedelta(days=3)).timestamp())
    assert await hook.post(upsert({"conversation": "oi"}, id="3A02", phone=JULIA, at=old)) == 200
    (row,) = await hook.rows()
    assert (row.status, row.error) == (InboundStatus.DONE, "replayed")


async def test_every_body_of_ours_twice_changes_nothing(hook: Hook) -> None:
    for body in BODIES:
        assert await hook.post(body) == 200
    once = [row.external_id for row in await hook.rows()]
    for body in reversed(BODIES):
        assert await hook.post(body) == 200
    assert [row.external_id for row in await hook.rows()] == once
    assert len(once) > 8


async def test_mutated_deliveries_are_never_our_fault(hook: Hook) -> None:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def mutated(data: st.DataObject) -> None:
        body: Any = data.draw(st.sampled_from(BODIES))
        for _ in range(data.draw(st.integers(1, 2))):
            body = replaced(body, data.draw(st.sampled_from(paths(body))), data.draw(anything))
        bodies.append(body)

    bodies: list[Any] = []
    mutated()
    for number, body in enumerate(bodies):
        neighbour = upsert({"conversation": "oi"}, id=f"3B{number}", phone=JULIA)
        assert await hook.post(json.dumps([body, neighbour]).encode()) == 200
    async with hook.db.begin() as session:
        found = select(func.count()).where(Inbound.external_id.startswith("3B"))
        assert await session.scalar(found) == len(bodies)


# -- the page with the code


async def test_a_link_shows_the_code_until_the_phone_is_connected(hook: Hook, server: Evolution) -> None:
    address = link(hook.settings, INSTANCE, hook.clock.now())
    server.states[INSTANCE] = "close"
    status, text, policy = await hook.page(address)
    assert status == 200
    assert 'src="data:image/png;base64,' in text
    assert "Dispositivos conectados" in text
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    server.states[INSTANCE] = "open"
    status, text, _ = await hook.page(address)
    assert (status, "<h1>Conectado</h1>" in text, "<img" in text) == (200, True, False)
    server.licensed = False
    assert (await hook.page(address))[0] == 503


async def test_without_a_link_nobody_sees_it(hook: Hook, server: Evolution) -> None:
    server.states[INSTANCE] = "close"
    address = link(hook.settings, INSTANCE, hook.clock.now())
    for forged in (f"/conectar/{INSTANCE}", f"/conectar/{INSTANCE}?k=1.2", address.replace(INSTANCE, "another")):
        status, text, _ = await hook.page(forged)
        assert (status, "<img" in text) == (403, False)
    hook.clock.jump(days=2)
    assert (await hook.page(address))[0] == 403
    assert server.connects == []


async def test_statuses_of_unknown_messages_are_rows_and_no_trouble(hook: Hook) -> None:
    taken = Taken("3EB0UNKNOWN", INSTANCE, {"number": JULIA, "text": "oi"})
    for state in ("DELIVERY_ACK", "READ", "DELIVERY_ACK"):
        assert await hook.post(envelope("messages.update", update_data(taken, state))) == 200
    assert [row.event["status"] for row in await hook.rows()] == ["delivered", "read"]
