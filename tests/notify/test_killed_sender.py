"""Senders that are killed in mid-send lose nothing and, where statuses tell, repeat nothing."""

from pathlib import Path

from .killed_sender import fall


async def test_a_killed_sender_loses_nothing_and_repeats_at_most_what_nobody_told(
    postgres_url: str, tmp_path: Path
) -> None:
    """The status of one message a kill is lost: all others were told of, and none of them goes out again."""
    found = await fall(postgres_url, tmp_path, messages=60, kills=3, withhold=True)
    assert (found.kills, found.lost, found.failed) == (3, 0, 0)
    assert found.twice <= found.withheld <= 3
    assert found.in_flight > 0, "nobody was killed in mid-send"
