"""What breaks is told to Sentry, with nothing of people's in it."""

import asyncio
import sqlite3
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.errors import Stop
from bot.sentry import safe, start
from bot.settings import Settings

from ..fakes.graph import ACCOUNT, SECRET, TOKEN, deliver
from ..fakes.sentry import sentry
from ..processes import installation, until
from .deliveries import delivery

PHONE = "5511987654321"
SETTINGS = {
    "ODYS_ENV": "development",
    "REDIS_URL": "",
    "WHATSAPP_API_URL": "http://127.0.0.1:9/v26.0",
    "WHATSAPP_TOKEN": TOKEN,
    "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT,
    "WHATSAPP_APP_SECRET": SECRET,
}


async def test_an_error_in_a_turn_and_in_a_route_arrive_without_anybody_in_them(tmp_path: Path) -> None:
    file = tmp_path / "odys.sqlite3"
    async with sentry() as fake:
        settings = {
            **SETTINGS,
            "DATABASE_URL": f"sqlite:///{file}",
            "SENTRY_DSN": fake.dsn,
            "BURST_WAIT_SECONDS": "0.1",
        }
        async with installation(settings, tmp_path) as whole:
            assert await (await whole.start("migrate")).process.wait() == 0
            with sqlite3.connect(file) as database:  # a turn looks people up there, by their phone
                database.execute("ALTER TABLE contact_identities RENAME TO elsewhere")
                database.execute("ALTER TABLE professionals RENAME TO nowhere")
            web = await whole.start("web")
            await whole.ready()
            assert await deliver(f"{whole.url}/webhooks/whatsapp", delivery((PHONE, "meu segredo")), SECRET) == 200
            asked = f"{whole.url}/api/professionals/maria-das-dores"
            async with aiohttp.ClientSession() as http, http.get(asked) as answer:
                assert answer.status == 500
            await until(lambda: fake.event("a request failed") and _job(fake.events), 60, whole.logs)
            web.process.terminate()
            assert await asyncio.wait_for(web.process.wait(), 25) == 0
    route = fake.event("a request failed")
    assert route is not None
    assert route["extra"]["route"] == "/api/professionals/{slug}"
    assert route["exception"]["values"][-1]["type"] == "OperationalError"
    assert any(frame["function"] == "serve" for frame in route["exception"]["values"][-1]["stacktrace"]["frames"])
    assert route["tags"] == {"process": "web"}
    for personal in (PHONE, PHONE[4:], "segredo", "maria", TOKEN, SECRET, "k" * 32, str(tmp_path)):
        assert personal not in fake.raw


def _job(events: list[dict[str, Any]]) -> bool:
    """Tell whether the turn's failure is among the events; the queue is who logs it."""
    return any(event["logger"] == "arq.worker" for event in events)


def test_it_refuses_to_start_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)  # which is how Python says that there is none
    with pytest.raises(Stop, match="the package sentry-sdk is not installed"):
        start(Settings(_env_file=None, sentry_dsn="http://key@127.0.0.1:9/7"), "web")
    start(Settings(_env_file=None), "web")  # without an address nobody asks for it


def test_only_what_is_known_to_be_harmless_leaves() -> None:
    event = {
        "event_id": "1" * 32,
        "level": "error",
        "server_name": "laptop-da-maria",
        "user": {"ip_address": "10.0.0.1"},
        "request": {"data": "tudo"},
        "breadcrumbs": {"values": ["lembrança"]},
        "modules": {"odys": "1"},
        "logentry": {"message": "what %s said: +55 11 98765-4321\nfuture: Ana", "params": ["Ana"], "formatted": "Ana"},
        "extra": {"outbound": "4f1d", "reason": "Ana disse", "code": "não é um código", "kind": "chat"},
        "exception": {
            "values": [
                {
                    "type": "ValueError",
                    "value": "Ana Lima",
                    "stacktrace": {"frames": [{"function": "say", "vars": {"name": "Ana"}, "abs_path": "/home/ana"}]},
                }
            ]
        },
    }
    assert safe(event) == {
        "event_id": "1" * 32,
        "level": "error",
        "tags": {"process": ""},
        "logentry": {"message": "what %s said: ***21"},
        "extra": {"outbound": "4f1d", "kind": "chat"},
        "exception": {"values": [{"type": "ValueError", "value": "", "stacktrace": {"frames": [{"function": "say"}]}}]},
    }
