"""Whoever floods a webhook with what they cannot sign is counted, and does not fill the log."""

import time
from collections.abc import AsyncIterator

import pytest

from bot import metrics
from bot.db import Database
from web.strangers import APART, Strangers

from ..conftest import StillClock
from .hook import Hook, served


@pytest.fixture
async def hook(db: Database, clock: StillClock) -> AsyncIterator[Hook]:
    async with served(db, clock) as ready:
        yield ready


def counted(webhook: str) -> float:
    return metrics.REGISTRY.get_sample_value("odys_failures_total", {"what": "unproven", "code": webhook}) or 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_flood_without_a_signature_is_counted_and_hardly_logged(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    before, began = counted("whatsapp"), time.monotonic()
    for _ in range(50):
        assert await hook.post(b"{}", "sha256=" + "0" * 64) == 401
    assert counted("whatsapp") == before + 50
    lines = [one for one in caplog.records if one.name == "web.strangers"]
    assert len(lines) <= 1 + (time.monotonic() - began) / APART


def test_each_line_says_how_many_were_left_out(caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    strangers = Strangers("stripe", monotonic=lambda: now[0])
    for moment in (0.0, 0.2, 0.9, 1.0, 5.0):
        now[0] = 100 + moment
        strangers.note(bytes=7)
    said = [(vars(one)["webhook"], vars(one)["bytes"], vars(one)["left_out"]) for one in caplog.records]
    assert said == [("stripe", 7, 0), ("stripe", 7, 2), ("stripe", 7, 0)]
