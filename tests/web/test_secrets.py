"""T41: no secret of the settings and no whole phone number is in any answer, log line, traceback, row or document."""

import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession
from aiohttp.test_utils import TestServer
from arq.connections import ArqRedis
from pydantic import SecretStr
from redis.asyncio import ConnectionPool
from sqlalchemy import text

from bot.accounts.codes import Hasher
from bot.accounts.sessions import open_session
from bot.auth import Tokens
from bot.conversation.brain import Answer, Heard
from bot.db import Database
from bot.log import JsonLines
from bot.models import User
from bot.queue import SilentBell
from bot.settings import Settings
from web.api import ENDPOINTS
from web.app import create

from ..accounts.dump import found, rows
from ..agenda.factories import NOW
from ..conftest import StillClock
from ..fakes.graph import SECRET, TOKEN
from ..stage import JULIA, RAFAEL, Stage, stage
from .api.stage import api

PHONES = (JULIA, RAFAEL, "551188887777", "551177776666")
NOBODY = "00000000-0000-7000-8000-000000000000"


def secret_fields() -> Iterator[tuple[str, bool]]:
    """Yield the settings that are secrets, and whether each is a list of them."""
    for name, about in Settings.model_fields.items():
        if "SecretStr" in str(about.annotation):
            yield name, "list" in str(about.annotation)


def canaries() -> dict[str, str]:
    """Return a word for each secret setting, to look for everywhere."""
    return {name: f"canary-{name.replace('_', '-')}-0123456789abcdef" for name, _ in secret_fields()}


def secrets() -> dict[str, Any]:
    """Return the settings with those words; the two that the fake Graph server knows keep theirs."""
    words = canaries() | {"whatsapp_token": TOKEN, "whatsapp_app_secret": SECRET}
    values: dict[str, Any] = {
        name: [SecretStr(words[name])] if many else SecretStr(words[name]) for name, many in secret_fields()
    }
    # Nobody is at the other end of these.
    values["smtp_url"] = SecretStr("smtp://user:canary-smtp-password@127.0.0.1:1")
    values["groq_api_key"], values["sentry_dsn"] = SecretStr(""), SecretStr("")
    return values


FORBIDDEN = (*canaries().values(), "canary-", SECRET, *PHONES)


@dataclass
class Listener:
    """Everything that came out: log lines as an operator sees them, answers with their headers."""

    lines: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def hear(self, answer: ClientResponse) -> str:
        body = await answer.text()
        self.answers.append(f"{answer.status} {dict(answer.headers)} {body}")
        return body

    def told(self, words: tuple[str, ...] = FORBIDDEN) -> list[str]:
        return [f"{word} in {line[:400]}" for line in (*self.lines, *self.answers) for word in words if word in line]


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.lines.append(self.format(record))

    keep = Keep()
    keep.setFormatter(JsonLines())
    logging.getLogger().addHandler(keep)
    yield heard
    logging.getLogger().removeHandler(keep)


class Leaking:
    """A brain that fails with what it must not tell in its words."""

    async def answer(self, heard: Heard) -> Answer:
        raise RuntimeError(f"{JULIA} asked; Bearer {canaries()['groq_api_key']}")


class Only:
    async def for_turn(self, asker: object) -> tuple[Leaking]:
        return (Leaking(),)


async def a_login(base: str, here: Stage, http: ClientSession, heard: Listener) -> dict[str, str]:
    """Enter as Júlia by a code sent to the bot; return every secret that was handed out."""
    async with http.post(f"{base}/api/session", json={"by": "whatsapp"}) as answer:
        begun = (await answer.json())["login"]
    await here.says(JULIA, f"ENTRAR {begun['code']}")
    await here.taps(JULIA, "Sim, sou eu")
    async with http.post(f"{base}/api/session", json={"by": "secret", "secret": begun["secret"]}) as answer:
        tokens = (await answer.json())["tokens"]
    given = {"secret": begun["secret"], "access": tokens["access_token"], "refresh": tokens["refresh_token"]}
    who = {"Authorization": f"Bearer {given['access']}"}
    for path in (
        "/api/appointments",
        "/api/notifications",
        "/healthz",
        "/readyz",
        "/metrics",
    ):
        async with http.get(base + path, headers=who) as answer:
            await heard.hear(answer)
    async with http.post(f"{base}/api/session", json={"by": "secret", "secret": "x" * 43, "code": "000000"}) as answer:
        await heard.hear(answer)
    for path in ("/openapi.json", "/docs"):  # their examples have phones, of nobody
        async with http.get(base + path) as answer:
            document = await answer.text()
            assert not any(word in document for word in (*canaries().values(), *given.values(), "canary-"))
    async with http.get(f"{base}/api/me", headers=who) as answer:
        assert JULIA in await answer.text()  # her own number, to herself
    return given


async def test_t41_a_whole_day_tells_no_secret(db: Database, clock: StillClock, listener: Listener) -> None:
    async with stage(db, clock, **secrets()) as here, ClientSession() as http:
        base = here.webhook.removesuffix("/webhooks/whatsapp")
        await here.says(JULIA, "quero corte amanhã às 9h")
        await here.says(JULIA, "sim")
        await here.says(RAFAEL, "qual o telefone da Júlia?")
        given = await a_login(base, here, http, listener)
        # What goes wrong: forged and broken deliveries, a brain with a defect, a mail server that is away.
        for raw, headers in ((b"{}", {}), (b"{", {"X-Hub-Signature-256": "sha256=00"}), (b"\xff", {})):
            async with http.post(here.webhook, data=raw, headers=headers) as answer:
                await listener.hear(answer)
        await here.post({"object": "whatsapp_business_account", "entry": [{"changes": [{"value": {"messages": [7]}}]}]})
        services = replace(here.services, turns=replace(here.services.turns, brains=Only(), rules=Leaking()))
        await here.post(here.message(JULIA, type="text", text={"body": "quanto custa?"}))
        clock.jump(seconds=2)
        await services.turns.run(f"cloud:106540352242922:{PHONES[2]}")
        await here.services.send_letters()
        assert any("a brain failed" in line or "a turn failed" in line for line in listener.lines)
        assert listener.told() == []
        assert listener.told(tuple(given.values())) == []
        # Whoever reads the settings sees that there are secrets, and none of them.
        shown = f"{here.services.settings!r} {here.services.settings} {here.services.settings.model_dump()}"
        assert not any(word in shown for word in (*canaries().values(), SECRET, TOKEN, "canary-"))
    # The tables hold what people said, and nothing that opens a door.
    assert await found(db, *canaries().values(), *given.values()) == []
    kept = await rows(db)
    assert all(len(row["code_hash"]) == 64 and len(row["browser_hash"]) == 64 for row in kept["login_codes"])
    assert [len(row["token_hash"]) for row in kept["sessions"]] == [64]


@asynccontextmanager
async def broken_api(db: Database, clock: StillClock, **more: Any) -> AsyncIterator[tuple[ClientSession, str, Tokens]]:
    settings = Settings(_env_file=None, **secrets())
    async with ClientSession() as http, TestServer(create(settings, db, SilentBell(), clock, **more)) as server:
        tokens = Tokens(canaries()["secret_key"], settings.public_url)
        yield http, str(server.make_url("")).rstrip("/"), tokens


GENERIC = {"internal", "unavailable", "too_large", "invalid_fields", "invalid_json", "not_json", "unauthenticated"}
BODIES: dict[str, Any] = {"/api/register": {"name": "Quem Vem"}, "/api/session": {"by": "whatsapp"}}


async def test_t41_a_database_that_is_gone_is_told_to_nobody(clock: StillClock, listener: Listener) -> None:
    db = Database("postgresql://odys:canary-database-password@127.0.0.1:1/odys")
    async with broken_api(db, clock) as (http, base, tokens):
        token = tokens.issue(NOBODY, NOBODY, clock.now())  # type: ignore[arg-type]
        who = {"Authorization": f"Bearer {token}", "x-cron-secret": canaries()["cron_secret"]}
        for route in ENDPOINTS:
            path = route.path.format(**dict.fromkeys(route.parameters, NOBODY))
            given = {"json": BODIES.get(route.path, {})} if route.body else {}
            async with http.request(route.method, base + path, headers=who, **given) as answer:
                shown = await listener.hear(answer)
                error = json.loads(shown)["error"]
                assert answer.status in (500, 503) or error["code"] in GENERIC, (route.method, path, shown)
                assert answer.status >= 400
        async with http.post(base + "/webhooks/whatsapp", data=b"{}") as answer:
            await listener.hear(answer)
    await db.close()
    for leak in (
        "127.0.0.1:1",
        "Connect call failed",
        "OSError",
        "Traceback",
        "asyncpg",
        "sqlalchemy",
        "/bot/",
        "/web/",
    ):
        assert not any(leak in answer for answer in listener.answers), leak
    assert any("Traceback" in line for line in listener.lines)  # the operator is told everything but secrets
    assert listener.told() == []


async def test_t41_a_table_that_is_gone_tells_no_statement(
    sqlite_template: Any, tmp_path: Any, clock: StillClock, listener: Listener
) -> None:
    path = tmp_path / "broken.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    db = Database(f"sqlite:///{path}")
    async with api(db) as stage:
        async with db.begin() as session:
            for table in ("appointment_events", "notifications", "reviews", "follows"):
                await session.execute(text(f"DROP TABLE {table}"))
        asked = [
            ("GET", "/api/notifications", None),
            ("GET", "/api/follows", None),
            ("GET", f"/api/reviews?professional={stage.owner.slug}", None),
            ("GET", "/api/me?export=true", None),
            (
                "POST",
                "/api/booking",
                {
                    "professional": stage.owner.slug,
                    "service_id": str(stage.service.id),
                    "start": "2026-11-26T15:00:00-03:00",
                    "name": "Júlia Secreta",
                    "phone": "11 98888-7777",
                    "note": "um segredo meu",
                },
            ),
        ]
        for method, where, body in asked:
            async with await stage.call(method, where, stage.as_owner, **({"json": body} if body else {})) as answer:
                shown = json.loads(await listener.hear(answer))
                assert (answer.status, shown["error"]["code"]) == (500, "internal")
                assert set(shown["error"]) == {"code", "message"}
    await db.close()
    assert not any(word in answer for answer in listener.answers for word in ("SELECT", "no such table", "sqlite"))
    # The statement is in the log, what it was given is not: that is what people wrote.
    assert any("no such table" in line for line in listener.lines)
    assert listener.told((*FORBIDDEN, "Júlia Secreta", "um segredo meu")) == []


async def test_a_redis_that_is_gone_closes_the_doors_that_need_counting(
    sqlite_template: Any, tmp_path: Any, listener: Listener
) -> None:
    path = tmp_path / "whole.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    db, clock = Database(f"sqlite:///{path}"), StillClock(NOW)
    redis = ArqRedis(ConnectionPool.from_url("redis://:canary-redis-password@127.0.0.1:1/0"))
    async with broken_api(db, clock, redis=redis) as (http, base, tokens):
        async with db.begin() as session:
            user = User(name="Bia", created_at=NOW)
            session.add(user)
            await session.flush()
            opened = await open_session(session, Hasher.of(canaries()["secret_key"]), user.id, now=NOW)
        who = {"Authorization": f"Bearer {tokens.issue(user.id, opened.session_id, NOW + timedelta(seconds=1))}"}
        async with http.get(base + "/api/follows", headers=who) as answer:
            await listener.hear(answer)
            assert answer.status == 200
        async with http.post(base + "/api/session", json={"by": "whatsapp"}) as answer:
            shown = json.loads(await listener.hear(answer))
            assert (answer.status, shown["error"]["code"]) == (503, "unavailable")
        async with http.get(base + "/readyz") as answer:
            await listener.hear(answer)
    await redis.aclose()
    await db.close()
    assert not any(word in answer for answer in listener.answers for word in ("127.0.0.1", "redis.exceptions", "6379"))
    assert listener.told() == []
