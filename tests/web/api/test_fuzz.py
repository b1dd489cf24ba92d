"""A short attack on every operation of the document; the long one is `python -m tests.web.api.fuzz`."""

import asyncio

from .fuzz import attack, served


async def test_no_case_is_answered_otherwise_than_documented() -> None:
    with served() as about:
        report = await asyncio.to_thread(attack, about, 2)
    assert report.wrong == []
    assert report.cases > 300
    assert not any(status >= 500 for status in report.statuses)
