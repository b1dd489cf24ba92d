"""The webhook as Meta meets it: 200 means stored, everything else means nothing was."""

import asyncio
import contextlib
import io
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import delete, select, text

from bot.db import Database
from bot.models import Inbound
from bot.models.enums import InboundStatus
from bot.settings import Settings
from bot.whatsapp.events import Batch, Message, MessageType
from bot.whatsapp.intake import Intake
from bot.whatsapp.signature import sign
from web.keys import INTAKE, SETTINGS
from web.webhooks import LIMIT, add_routes

from ..conftest import StillClock
from ..payloads import OWN, SHARED, own
from ..whatsapp.test_payloads import anything, paths, replaced

SECRET = "app-secret-de-teste"


class HeardBell:
    """A bell that remembers who was woken."""

    def __init__(self) -> None:
        self.rings: list[tuple[str, tuple[str, ...], float]] = []

    async def ring(self, job: str, *arguments: str, key: str, after: float = 0) -> None:
        assert key
        self.rings.append((job, arguments, after))


class Hook:
    """The endpoint, served on loopback."""

    def __init__(self, url: str, db: Database, intake: Intake, bell: HeardBell, session: aiohttp.ClientSession) -> None:
        self.url, self.db, self.intake, self.bell, self.session = url, db, intake, bell, session

    async def post(self, raw: bytes, signature: str | None = "", **headers: str) -> int:
        """Post raw bytes, signed unless told otherwise; return the status."""
        signature = sign(raw, SECRET) if signature == "" else signature
        headers |= {"X-Hub-Signature-256": signature} if signature is not None else {}
        async with self.session.post(self.url, data=io.BytesIO(raw), headers=headers) as answer:
            return answer.status

    async def tell(self, body: Any) -> int:
        return await self.post(json.dumps(body).encode())

    async def rows(self) -> list[Inbound]:
        async with self.db.begin() as session:
            return list(await session.scalars(select(Inbound).order_by(Inbound.id)))

    async def forget(self) -> None:
        async with self.db.begin() as session:
            await session.execute(delete(Inbound))


@pytest.fixture
async def hook(db: Database, clock: StillClock) -> AsyncIterator[Hook]:
    bell = HeardBell()
    intake = Intake(db, bell, clock, burst_wait=1.2)
    app = web.Application()
    app[SETTINGS] = Settings(
        _env_file=None,
        whatsapp_app_secret=[SecretStr("the next one"), SecretStr(SECRET)],
        whatsapp_verify_token=SecretStr("token-é"),
    )
    app[INTAKE] = intake
    add_routes(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield Hook(f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/whatsapp", db, intake, bell, session)
    await runner.cleanup()
    await intake.close()


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


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared cases are not beside this checkout")
async def test_recorded_payloads_yield_what_the_table_says(hook: Hook, clock: StillClock) -> None:
    files = sorted(SHARED.glob("*.json"))
    assert len(files) >= 138
    for file in files:
        told = re.findall(r'"(?:time|timestamp)": "?(\d+)', file.read_text())
        clock.moment = datetime.fromtimestamp(min(map(int, told), default=1_795_000_000), UTC)
        assert await hook.post(file.read_bytes()) == 200, file.name
        assert await hook.post(file.read_bytes()) == 200, file.name
        rows = await hook.rows()
        counts = Counter(row.kind.value if row.status is InboundStatus.NEW else row.status.value for row in rows)
        assert dict(counts) == expected_of(file.stem), file.name
        await hook.forget()


# What does not follow from the name of the file.
BATCHES = {
    "cloud_batch_3msgs_status_call__kapso": {"message": 3, "status": 1},
    "cloud_batch_all_fields__kapso": {"message": 1, "status": 1, "echo": 2, "notice": 11},
    "cloud_batch_multi_entry__piusalfred": {"message": 4, "notice": 1},
    "cloud_batch_two_changes_mixed_fields__piusalfred": {"message": 1, "notice": 1},
    "cloud_msg_text_a__piusalfred": {"message": 2},
    "cloud_msg_interactive_message_with_err__pywa": {"message": 1, "notice": 1},
    "cloud_cap_media_upload_error__binda": {"status": 1},
    "cloud_cap_re_engagement_message_error__binda": {"status": 1},
    "cloud_cap_message_deleted__binda": {"message": 1},
    "derived_batch_3_messages_same_user": {"message": 3},
    "derived_batch_out_of_order_statuses": {"status": 3},
}
NAMES = (
    (r"cloud_(msg|btn|list|flow|system|edited|deleted|edge|call_permission)_", {"message": 1}),
    (r"cloud_cap_.*(_message__|_message2__)", {"message": 1}),
    (r"cloud_cap_text_message_status_|cloud_status_|derived_status_", {"status": 1}),
    (r"cloud_(account|automatic|call|cap|template|unknown|user_pref)_", {"notice": 1}),
    (r"cloud_echo_", {"echo": 1}),
    (r"derived_br_", {"message": 1}),
    # Answers of Graph, another provider's webhooks, test vectors: signed, but no delivery of Meta's.
    (r"graph_|evo_|derived_signature", {"dead": 1}),
)


def expected_of(name: str) -> dict[str, int]:
    return BATCHES.get(name) or next(counts for pattern, counts in NAMES if re.match(pattern, name))


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


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
async def test_mutated_deliveries_are_200_and_keep_their_neighbours(hook: Hook, data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(OWN).filter(lambda case: isinstance(case.body, dict)))
    body = replaced(case.body, data.draw(st.sampled_from(paths(case.body))), data.draw(anything))
    neighbour = f"wamid.{uuid4()}"
    good = own("text").body["entry"]
    good[0]["changes"][0]["value"]["messages"][0]["id"] = neighbour
    entries = body.get("entry") if isinstance(body, dict) else None
    both = {"entry": [*(entries if isinstance(entries, list) else [body]), *good]}
    assert await hook.tell(both) == 200
    async with hook.db.begin() as session:
        assert await session.scalar(select(Inbound.id).where(Inbound.external_id == neighbour))
