"""`odys export` and `odys erase`: a person by their phone, as an operator types them."""

import asyncio
import json
import os
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from arq.worker import Worker, func

from bot.__main__ import main
from bot.agenda.hours import Window
from bot.clock import SystemClock
from bot.db import Database
from bot.models import Professional
from bot.queue import ArqBell, connect, pack, unpack
from bot.settings import Settings

from ..agenda.factories import a_client, a_professional, a_service, an_account, an_appointment
from ..web.api.stage import Api, api
from .dump import file_holds, found

PHONE = "(11) 98888-7777"


@pytest.fixture
def odys(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], sqlite_template: Path
) -> Callable[..., tuple[int, str]]:
    """Run a command on a database of its own; return its status and what it printed."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odys.sqlite3").write_bytes(sqlite_template.read_bytes())
    asyncio.run(a_world(f"sqlite:///{tmp_path}/odys.sqlite3"))

    def run(*arguments: str) -> tuple[int, str]:
        status = main(arguments)
        shown = capsys.readouterr()
        return status, shown.out + shown.err

    return run


async def a_world(url: str) -> None:
    """Júlia has an hour with Bia tomorrow, by the machine's clock: it is the one the commands look at."""
    now = SystemClock().now()
    tomorrow = (now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    db = Database(url)
    async with db.begin() as session:
        day_and_night = tuple(Window(day, 0, 1440) for day in range(7))
        owner = await a_professional(session, hours=day_and_night, stripe_subscription_id="sub_123")
        client = await a_client(session, owner, email="julia@example.com")
        await an_account(session, client)
        service = await a_service(session, owner)
        await an_appointment(session, owner, client, service, start=tomorrow, now=now, note="segredo")
    await db.close()


async def left(*needles: str) -> list[str]:
    db = Database("sqlite:///odys.sqlite3")
    try:
        return [*await found(db, *needles), *await file_holds(db, *needles)]
    finally:
        await db.close()


def test_a_person_is_exported_for_nobody_else_to_read(odys: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    out = tmp_path / "julia.json"
    out.write_text("old")
    out.chmod(0o644)
    status, said = odys("export", PHONE, "--out", str(out))
    assert (status, stat.S_IMODE(os.stat(out).st_mode)) == (0, 0o600)
    assert "8888" not in said
    [kept] = json.loads(out.read_text())["people"]
    assert (kept["user"]["name"], kept["clients"][0]["email"]) == ("Júlia Lima", "julia@example.com")
    assert kept["appointments"][0]["note"] == "segredo"
    status, said = odys("export", "5511988887777")
    assert json.loads(said)["people"][0]["contact"]["name"] == "Júlia Lima"


def test_nobody_is_found_behind_a_wrong_phone(odys: Callable[..., tuple[int, str]]) -> None:
    assert odys("export", "11 92222-1111") == (1, "nothing is kept about this phone\n")
    assert odys("erase", "11 92222-1111", "--yes")[0] == 1
    status, said = odys("erase", "8888")
    assert (status, "area code" in said) == (1, True)


def test_a_person_is_erased_after_a_yes(odys: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: "no")
    status, said = odys("erase", PHONE)
    assert (status, "1 appointments" in said, "nothing was erased" in said) == (1, True, True)
    assert asyncio.run(left("Júlia")) != []
    monkeypatch.setattr("builtins.input", lambda _question: "yes")
    assert odys("erase", PHONE)[0] == 0
    assert asyncio.run(left("Júlia Lima", "88887777", "julia@example.com", "segredo")) == []
    assert odys("export", PHONE)[0] == 1


def test_a_professional_is_erased_with_their_agenda(odys: Callable[..., tuple[int, str]]) -> None:
    status, said = odys("erase", "11 99777-0000", "--yes")
    assert status == 0
    assert "sub_123 is alive" in said
    assert "1 clients and 1 appointments" in said
    assert asyncio.run(left("97770000", "9777-0000", "Rua das Flores")) == []
    # What is owed to the client about it names the agenda, and stays until it has been sent.
    assert "booking_cancelled_by_professional" in " ".join(asyncio.run(left("Bia Souza")))


async def test_a_professional_who_pays_ends_that_first(db: Database) -> None:
    async with api(db) as stage:
        await subscribed(stage, "sub_123")
        status, shown = await stage.json("DELETE", "/api/me", stage.as_owner)
        assert (status, shown["error"]["code"]) == (409, "subscription_alive")
        await subscribed(stage, None)
        assert (await stage.json("DELETE", "/api/me", stage.as_owner))[0] == 204


async def subscribed(stage: Api, subscription: str | None) -> None:
    async with stage.db.begin() as session:
        (await session.get_one(Professional, stage.owner.id)).stripe_subscription_id = subscription


async def test_t44_redis_keeps_nothing_of_a_lane_that_was_answered(redis_url: str) -> None:
    redis = await connect(redis_url)

    async def turn(_ctx: Any, *_lanes: str) -> None:
        """Do nothing: what is asked is what stays behind."""

    answering: Any = turn
    await ArqBell(redis).ring("turn", "cloud:100:551188887777", key="cloud:100:551188887777:1")
    worker = Worker(
        functions=[func(answering, name="turn", keep_result=0)],
        redis_pool=redis,
        burst=True,
        poll_delay=0.01,
        handle_signals=False,
        job_serializer=pack,
        job_deserializer=unpack,
    )
    await worker.main()
    keys = [key.decode() for key in await redis.keys("*")]
    assert not [key for key in keys if "88887777" in key]
    await redis.aclose()
