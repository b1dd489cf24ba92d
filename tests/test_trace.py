"""The trace shows what happens, and no phone number; while nobody looks it does nothing."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from uuid import UUID

import pytest

from bot.trace import Trace

from .conftest import StillClock


async def first(trace: Trace, count: int) -> list[dict[str, object]]:
    """Return the first `count` notes that a follower hears."""
    notes: list[dict[str, object]] = []
    async with asyncio.timeout(30), aclosing(trace.follow()) as following:
        async for note in following:
            notes.append(dict(note))
            if len(notes) == count:
                break
    return notes


async def test_nothing_is_kept_until_it_is_started(clock: StillClock) -> None:
    trace = Trace()
    trace.note("turn", "antes")
    trace.start(clock)
    trace.note("turn", "depois")
    [note] = await first(trace, 1)
    assert (note["title"], note["kind"], note["at"]) == ("depois", "turn", "2026-11-21T13:00:00.000+00:00")


async def test_numbers_of_people_are_masked_however_deep(clock: StillClock) -> None:
    trace = Trace()
    trace.start(clock)
    trace.note("send", "para 5511988887777", body={"to": ["+55 11 98888-7777"], "n": 3, "ok": True, "none": None})
    [note] = await first(trace, 1)
    assert "8888" not in str(note)
    assert note["detail"] == {"body": {"to": ["***77"], "n": 3, "ok": True, "none": None}}


async def test_any_value_can_be_told_and_long_ones_are_cut(clock: StillClock) -> None:
    trace = Trace()
    trace.start(clock)
    row, start = UUID(int=1), datetime(2026, 11, 26, 18, tzinfo=UTC)
    trace.note("row", "appointments", id=row, start=start, prompt="a" * 5000)
    [note] = await first(trace, 1)
    detail = note["detail"]
    assert isinstance(detail, dict)
    assert (detail["id"], detail["start"]) == (str(row), "2026-11-26T18:00:00+00:00")
    assert len(detail["prompt"]) < 1300


async def test_a_follower_hears_what_is_kept_and_then_what_comes(clock: StillClock) -> None:
    trace = Trace()
    trace.start(clock)
    for number in range(500):
        trace.note("job", str(number))
    heard = asyncio.create_task(first(trace, 401))
    await asyncio.sleep(0)
    trace.note("job", "agora")
    notes = await heard
    assert (notes[0]["title"], notes[-1]["title"]) == ("100", "agora")
    assert [note["id"] for note in notes] == list(range(101, 502))


def test_a_kind_that_nobody_draws_is_a_bug(clock: StillClock) -> None:
    trace = Trace()
    trace.start(clock)
    with pytest.raises(ValueError, match="dance"):
        trace.note("dance", "…")
