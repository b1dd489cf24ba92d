"""The webhook as Meta meets it: 200 means stored, everything else means nothing was."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from bot.db import Database
from bot.models import Inbound
from bot.models.enums import InboundStatus
from bot.whatsapp.events import Batch, Message, MessageType
from bot.whatsapp.signature import sign
from web.webhooks import LIMIT

from ..conftest import StillClock
from ..payloads import OWN, own
from ..whatsapp import fuzz
from ..whatsapp.test_payloads import replaced
from .hook import SECRET, Hook, served


@pytest.fixture
async def hook(db: Database, clock: StillClock) -> AsyncIterator[Hook]:
    async with served(db, clock) as ready:
        yield ready


def said(row: Inbound, expected: dict[str, Any], name: str) -> None:
    """Check a row against what a case says it must be."""
    assert (row.kind, row.status) == (expected["kind"], expected["status"]), name
    for field, value in expected.get("event", {}).items():
        assert row.event[field] == value, (name, field)


# -- handshake


async def test_the_handshake_gives_the_challenge_back(hook: Hook) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "token-é", "hub.challenge": "1158201444"}
    async with hook.session.get(hook.url, params=asked) as answer:
        assert (answer.status, await answer.text(), answer.content_type) == (200, "1158201444", "text/plain")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"hub.mode": "subscribe", "hub.verify_token": "token", "hub.challenge": "1"},
        {"hub.mode": "unsubscribe", "hub.verify_token": "token-é", "hub.challenge": "1"},
        {"hub.mode": "subscribe", "hub.challenge": "1"},
    ],
)
async def test_a_wrong_handshake_is_forbidden(hook: Hook, asked: dict[str, str]) -> None:
    async with hook.session.get(hook.url, params=asked) as answer:
        assert answer.status == 403


# -- what is stored


async def test_every_shape_yields_its_rows_and_once_only(hook: Hook) -> None:
    for case in OWN:
        assert await hook.tell(case.body) == 200, case.name
        rows = await hook.rows()
        assert len(rows) == len(case.yields), case.name
        for row, expected in zip(rows, case.yields, strict=True):
            said(row, expected, case.name)
        assert await hook.tell(case.body) == 200, case.name
        assert [row.id for row in await hook.rows()] == [row.id for row in rows], case.name
        await hook.forget()


async def test_a_tap_is_due_at_once_and_a_text_after_the_burst(hook: Hook, clock: StillClock) -> None:
    await hook.tell(own("button_reply").body)
    await hook.tell(own("two_people").body)
    await hook.tell(own("status_all").body)
    await hook.intake.close()
    lane = "cloud:106540352242922:551188887777"
    assert hook.bell.rings == [
        ("turn", (lane,), 0),
        ("turn", ("cloud:106540352242922:552177776666",), 1.2),
        ("settle", (), 0),
    ]
    assert [(row.due_at - clock.now()).total_seconds() for row in await hook.rows()] == [0, 1.2, 0, 0, 0, 0]


async def test_what_is_no_news_wakes_nobody(hook: Hook) -> None:
    for name in ("group", "replayed", "no_sender", "not_an_object"):
        await hook.tell(own(name).body)
    await hook.tell(own("text").body)
    await hook.tell(own("text").body)
    await hook.intake.close()
    assert [job for job, _, _ in hook.bell.rings] == ["turn"]


async def test_pieces_of_a_thought_keep_their_order(hook: Hook) -> None:
    body = own("text").body
    path = ("entry", 0, "changes", 0, "value", "messages")
    first = body["entry"][0]["changes"][0]["value"]["messages"][0]
    pieces = [first | {"id": f"wamid.{99 - n}", "text": {"body": str(n)}} for n in range(50)]
    assert await hook.tell(replaced(body, path, pieces)) == 200
    assert [row.event["text"] for row in await hook.rows()] == [str(n) for n in range(50)]


async def test_a_thousand_updates_in_one_delivery(hook: Hook) -> None:
    body = own("text").body
    first = body["entry"][0]["changes"][0]["value"]["messages"][0]
    many = [first | {"id": f"wamid.{n}"} for n in range(1000)]
    assert await hook.tell(replaced(body, ("entry", 0, "changes", 0, "value", "messages"), many)) == 200
    assert len(await hook.rows()) == 1000


async def test_deliveries_that_come_together_are_each_stored_once(hook: Hook) -> None:
    bodies = [own(name).body for name in ("text", "burst", "status_all", "bsuid_only", "notice_calls")]
    answers = await asyncio.gather(*(hook.tell(body) for body in bodies for _ in range(8)))
    assert set(answers) == {200}
    # text and burst share one message.
    assert len(await hook.rows()) == 1 + 2 + 4 + 1 + 1 - 1


# -- what is refused


@pytest.mark.parametrize("signature", [None, "sha256=" + "0" * 64, "sha1=abc", "sha256=", "é"])
async def test_a_wrong_signature_is_401_and_no_row(hook: Hook, signature: str | None) -> None:
    assert await hook.post(json.dumps(own("text").body).encode(), signature) == 401
    assert await hook.rows() == []


async def test_the_signature_of_other_bytes_is_401(hook: Hook) -> None:
    raw = json.dumps(own("text").body).encode()
    for tampered in (raw + b" ", raw[:-1], json.dumps(own("text").body, ensure_ascii=False).encode()):
        assert await hook.post(tampered, sign(raw, SECRET)) == 401
    assert await hook.rows() == []


async def test_up_to_three_mebibytes_are_taken_and_no_more(hook: Hook) -> None:
    body = own("text").body
    raw = json.dumps(body).encode()
    assert await hook.post(raw + b" " * (LIMIT - len(raw))) == 200
    assert len(await hook.rows()) == 1
    assert await hook.post(raw + b" " * (LIMIT - len(raw) + 1)) == 413

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 1024 * 1024

    with contextlib.suppress(aiohttp.ClientError):  # the server may cut while we still talk
        async with hook.session.post(hook.url, data=pieces()) as answer:
            assert answer.status == 413
    assert len(await hook.rows()) == 1


async def test_a_body_in_pieces_is_one_body(hook: Hook) -> None:
    raw = json.dumps(own("text").body).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(raw), 100):
            yield raw[start : start + 100]

    async with hook.session.post(hook.url, data=pieces(), headers={"X-Hub-Signature-256": sign(raw, SECRET)}) as answer:
        assert answer.status == 200
    assert len(await hook.rows()) == 1


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b"null", b"NaN", b'"\\ud800"']
)
async def test_signed_nonsense_is_a_dead_letter_and_200(hook: Hook, raw: bytes) -> None:
    assert await hook.post(raw) == 200
    assert [row.status for row in await hook.rows()] == [InboundStatus.DEAD]


async def test_a_database_that_is_away_is_503_and_a_retry_stores(hook: Hook) -> None:
    async with hook.db.begin() as session:
        await session.execute(text("ALTER TABLE inbound RENAME TO elsewhere"))
    try:
        answers = await asyncio.gather(*(hook.tell(own(name).body) for name in ("text", "bsuid_only", "status_all")))
    finally:
        async with hook.db.begin() as session:
            await session.execute(text("ALTER TABLE elsewhere RENAME TO inbound"))
    assert answers == [503, 503, 503]
    assert await hook.tell(own("text").body) == 200
    assert len(await hook.rows()) == 1


# -- groups of requests


def message(identifier: str, text: str = "oi") -> Message:
    return Message(account="1", id=identifier, phone="5511988887777", bsuid=None, type=MessageType.TEXT, text=text)


async def test_a_row_no_database_takes_fails_for_nobody_else(hook: Hook) -> None:
    # Such a value cannot come out of the parser; should it ever, it may hold back no neighbour.
    bad = replace(message("bad"), details={"when": float("nan"), "text": "a\0b", "half": "\ud800"}, text="\ud800")
    await asyncio.gather(
        hook.intake.put(Batch((message("one"),))),
        hook.intake.put(Batch((message("two"), bad, message("three")))),
        hook.intake.put(Batch((message("four"),))),
    )
    rows = await hook.rows()
    assert {row.external_id for row in rows if row.status is InboundStatus.NEW} >= {"one", "two", "three", "four"}
    assert len(rows) == 5


async def test_a_caller_that_hangs_up_takes_nobody_along(hook: Hook) -> None:
    puts = [asyncio.create_task(hook.intake.put(Batch((message(str(n)),)))) for n in range(20)]
    await asyncio.sleep(0)
    puts[0].cancel()
    puts[7].cancel()
    done = await asyncio.gather(*puts, return_exceptions=True)
    assert [type(each) for each in done if each] == [asyncio.CancelledError] * 2
    await hook.intake.close()
    stored = {row.external_id for row in await hook.rows()}
    assert stored >= {str(n) for n in range(20)} - {"0", "7"}


async def test_nothing_is_answered_before_it_is_committed(hook: Hook) -> None:
    for n in range(10):
        await asyncio.gather(*(hook.intake.put(Batch((message(f"{n}-{m}"),))) for m in range(10)))
        assert len(await hook.rows()) == (n + 1) * 10


async def test_mutated_deliveries_are_200_and_lose_no_neighbour(hook: Hook) -> None:
    """The short form of `python -m tests.whatsapp.fuzz`."""
    assert await fuzz.check_endpoint(hook, 150, seed=7) > 150
