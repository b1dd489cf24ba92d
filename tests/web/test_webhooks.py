"""The webhook as Meta meets it: 200 means stored, everything else means nothing was."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace
from sqlalchemy import text

from bot.db import Database
from bot.models import Inbound
from bot.models.enums import InboundKind, InboundStatus
from bot.whatsapp.events import Batch, Message, MessageType
from bot.whatsapp.phones import phone_key
from bot.whatsapp.signature import sign
from web.webhooks import LIMIT

from ..conftest import StillClock
from ..payloads import OWN, own
from ..whatsapp import fuzz
from ..whatsapp.test_payloads import replaced
from .hook import NEXT_SECRET, SECRET, Hook, served


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
    assert sorted(hook.bell.rings) == [
        ("settle", (), 0),
        ("turn", (lane,), 0),
        ("turn", ("cloud:106540352242922:552177776666",), 1.2),
    ]
    assert [(row.due_at - clock.now()).total_seconds() for row in await hook.rows()] == [0, 1.2, 0, 0, 0, 0]


async def test_what_is_no_news_wakes_nobody(hook: Hook) -> None:
    for name in ("group", "replayed", "no_sender", "not_an_object"):
        await hook.tell(own(name).body)
    await hook.tell(own("text").body)
    await hook.tell(own("text").body)
    await hook.intake.close()
    assert [job for job, _, _ in hook.bell.rings] == ["turn"]


async def test_t10_replay_old_a_captured_delivery_has_no_effect_after_its_rows_are_gone(
    hook: Hook, clock: StillClock
) -> None:
    """A signature carries no time: within eight days the row stops a replay, afterwards the age of what it says."""
    captured = [json.dumps(own(name).body).encode() for name in ("text", "button_reply", "status_all", "echo")]
    for raw in captured:
        assert await hook.post(raw) == 200
    await hook.intake.close()
    before, rings = [row.id for row in await hook.rows()], len(hook.bell.rings)
    clock.jump(days=3)
    for raw in captured:
        assert await hook.post(raw) == 200
    assert [row.id for row in await hook.rows()] == before

    await hook.forget()
    clock.jump(days=6)
    for raw in captured:
        assert await hook.post(raw) == 200
    await hook.intake.close()
    assert {(row.status, row.error) for row in await hook.rows()} == {(InboundStatus.DONE, "replayed")}
    assert len(hook.bell.rings) == rings


async def test_pieces_of_a_thought_keep_their_order(hook: Hook) -> None:
    body = own("text").body
    path = ("entry", 0, "changes", 0, "value", "messages")
    first = body["entry"][0]["changes"][0]["value"]["messages"][0]
    pieces = [first | {"id": f"wamid.{99 - n}", "text": {"body": str(n)}} for n in range(50)]
    assert await hook.tell(replaced(body, path, pieces)) == 200
    assert [row.event["text"] for row in await hook.rows()] == [str(n) for n in range(50)]


async def test_t03_batch_payload_everything_in_one_delivery_is_handled_and_a_bad_entry_drops_nothing(
    hook: Hook,
) -> None:
    """One POST: two numbers of ours, six people, statuses, and something broken at every level."""
    body, statuses = own("text").body, own("status_all").body["entry"][0]["changes"][0]["value"]["statuses"]
    (first,) = body["entry"]
    entries: list[Any] = [None, "odd", {"id": "1"}, {"id": "1", "changes": [None, {"field": "messages", "value": 3}]}]
    for number in ("111", "222"):
        value = {**first["changes"][0]["value"], "metadata": {"phone_number_id": number}}
        said = value["messages"][0]
        value["messages"] = [
            None,
            *({**said, "id": f"wamid.{number}.{n}", "from": f"551198888000{n}"} for n in range(3)),
            {**said, "id": f"wamid.{number}.lost", "from": None, "from_user_id": None, "text": 5},
        ]
        value["statuses"] = [{"status": "sent"}, *({**each, "id": f"{each['id']}{number}"} for each in statuses), 7]
        del value["contacts"]
        entries += [{**first, "changes": [{"field": "messages", "value": value}]}, {"id": "2", "changes": []}]
    assert await hook.tell({**body, "entry": entries}) == 200
    await hook.intake.close()

    rows = await hook.rows()
    for number in ("111", "222"):
        mine = [row for row in rows if row.account == number and row.status is InboundStatus.NEW]
        people = [row.external_id for row in mine if row.kind is InboundKind.MESSAGE]
        assert people == [f"wamid.{number}.{n}" for n in range(3)]
        assert sum(row.kind is InboundKind.STATUS for row in mine) == len(statuses)
        dead = [row for row in rows if row.account == number and row.status is InboundStatus.DEAD]
        assert len(dead) == 4  # two messages and two statuses that make no sense
    assert {row.account for row in rows if row.status is InboundStatus.DEAD} == {"111", "222", "1", ""}
    woken = [lane for job, lanes, _ in hook.bell.rings for lane in lanes if job == "turn"]
    assert sorted(woken) == [
        f"cloud:{number}:{phone_key(f'551198888000{n}')}" for number in ("111", "222") for n in range(3)
    ]
    assert ("settle", (), 0) in hook.bell.rings


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


RAW = json.dumps(own("text").body | {"about": "ação"}).encode()
GOOD = sign(RAW, SECRET)
WRONG = {
    "missing": None,
    "empty": " ",
    "wrong": "sha256=" + "0" * 64,
    "of another secret": sign(RAW, "another secret"),
    "of an empty secret": sign(RAW, ""),
    "sha1": "sha1=" + GOOD.removeprefix("sha256=")[:40],
    "called sha1": GOOD.replace("sha256", "sha1"),
    "upper case": "sha256=" + GOOD.removeprefix("sha256=").upper(),
    "truncated": GOOD[:-1],
    "longer": GOOD + "0",
    "without its name": GOOD.removeprefix("sha256="),
    "not ASCII": "sha256=" + "é" * 64,
    "only a name": "sha256=",
}
OTHER_BYTES = {
    "one more": RAW + b" ",
    "one less": RAW[:-1],
    "one changed": RAW.replace(b"wamid.T1", b"wamid.T2"),
    "accents not escaped": json.dumps(json.loads(RAW), ensure_ascii=False).encode(),
    "without spaces": json.dumps(json.loads(RAW), separators=(",", ":")).encode(),
    "in another order": json.dumps(json.loads(RAW), sort_keys=True).encode(),
    "nothing": b"",
}


async def in_pieces(raw: bytes, size: int = 100) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


async def chunked(hook: Hook, raw: bytes, signature: str) -> int:
    """Post a body whose length is not told beforehand."""
    headers = {"X-Hub-Signature-256": signature}
    async with hook.session.post(hook.url, data=in_pieces(raw), headers=headers) as answer:
        return answer.status


async def test_t04_sig_matrix_whatever_is_not_signed_as_it_stands_is_401_and_writes_nothing(hook: Hook) -> None:
    for what, signature in WRONG.items():
        assert await hook.post(RAW, signature) == 401, what
    for what, raw in OTHER_BYTES.items():
        assert await hook.post(raw, GOOD) == 401, what
        assert await chunked(hook, raw, GOOD) == 401, what
    assert await hook.rows() == []


async def test_t04_sig_matrix_what_is_signed_is_taken_in_one_piece_or_many_with_the_old_secret_or_the_new(
    hook: Hook,
) -> None:
    for secret in (SECRET, NEXT_SECRET):
        assert await hook.post(RAW, sign(RAW, secret)) == 200
        assert await chunked(hook, RAW, sign(RAW, secret)) == 200
    assert len(await hook.rows()) == 1
    for what, raw in OTHER_BYTES.items():  # what was wrong with them was the signature
        assert await hook.post(raw) == 200, what


async def test_t05_body_limits_three_mebibytes_are_taken_and_no_more(hook: Hook) -> None:
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


async def test_an_integer_of_any_length_is_stored_as_it_is(hook: Hook) -> None:
    long = replace(message("long"), details={"serial": 10**25, "é": ["\u2028", '"', -(2**63) - 1]})
    await asyncio.gather(*(hook.intake.put(Batch((each,))) for each in (message("short"), long)))
    (row,) = [row for row in await hook.rows() if row.external_id == "long"]
    assert (row.status, row.event["details"]) == (InboundStatus.NEW, long.details)


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
