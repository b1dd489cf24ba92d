"""The webhook's 200 is kept as bytes: nobody can tell it from an answer that aiohttp puts together."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from bot.db import Database
from bot.whatsapp.signature import sign

from ..conftest import StillClock
from ..payloads import own
from .hook import SECRET, Hook, served

RAW = json.dumps(own("text").body).encode()


async def answers(hook: Hook, *asked: tuple[str, Mapping[str, str]]) -> list[tuple[str, dict[str, str], bytes]]:
    """Post a delivery for each version and headers over one connection; return status lines, headers and bodies."""
    host, port = hook.url.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    found = []
    try:
        for version, more in asked:
            headers = {"Host": host, "X-Hub-Signature-256": sign(RAW, SECRET), "Content-Length": str(len(RAW)), **more}
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            writer.write(f"POST /webhooks/whatsapp HTTP/{version}\r\n{head}\r\n".encode() + RAW)
            status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n").split("\r\n")
            shown = dict(line.split(": ", 1) for line in lines)
            found.append((status, shown, await reader.readexactly(int(shown["Content-Length"]))))
        return found
    finally:
        writer.close()
        await writer.wait_closed()


async def test_it_says_what_an_ordinary_answer_says(db: Database, clock: StillClock) -> None:
    async with served(db, clock) as hook:
        kept, again, ordinary = await answers(hook, ("1.1", {}), ("1.1", {}), ("1.1", {"Connection": "close"}))
    assert (kept[0], kept[2]) == (ordinary[0], ordinary[2]) == ("HTTP/1.1 200 OK", b"OK")
    assert ordinary[1].pop("Connection") == "close"
    assert len({answer[1].pop("X-Request-ID") for answer in (kept, again, ordinary)}) == 3
    moments = [parsedate_to_datetime(answer[1].pop("Date")) for answer in (kept, again, ordinary)]
    assert all(abs(datetime.now(UTC) - moment) < timedelta(seconds=5) for moment in moments)
    assert kept[1] == again[1] == ordinary[1]
    assert {"Server", "Content-Security-Policy", "Content-Type"} < kept[1].keys()


@pytest.mark.parametrize(("version", "more"), [("1.0", {}), ("1.0", {"Connection": "keep-alive"})])
async def test_older_http_is_answered_in_its_own_way(
    db: Database, clock: StillClock, version: str, more: dict[str, str]
) -> None:
    async with served(db, clock) as hook:
        [(status, headers, body)] = await answers(hook, (version, more))
    assert (status, body) == ("HTTP/1.0 200 OK", b"OK")
    assert headers.get("Connection") == more.get("Connection")


async def test_its_date_goes_on(db: Database, clock: StillClock) -> None:
    async with served(db, clock) as hook:
        [(_, before, _)] = await answers(hook, ("1.1", {}))
        await asyncio.sleep(1.1)
        [(_, after, _)] = await answers(hook, ("1.1", {}))
    assert parsedate_to_datetime(after["Date"]) > parsedate_to_datetime(before["Date"])


async def test_who_hangs_up_before_it_is_no_fault(
    db: Database, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(db, clock) as hook:
        for _ in range(20):
            host, port = hook.url.split("/")[2].split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            head = f"X-Hub-Signature-256: {sign(RAW, SECRET)}\r\nContent-Length: {len(RAW)}"
            writer.write(f"POST /webhooks/whatsapp HTTP/1.1\r\nHost: {host}\r\n{head}\r\n\r\n".encode() + RAW)
            await writer.drain()
            writer.transport.abort()
        assert (await answers(hook, ("1.1", {})))[0][2] == b"OK"
        assert len(await hook.rows()) == 1
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
