"""A process dies in the middle of a turn: what it had begun is there once, and was answered once."""

from .mortal import play


async def test_t08_crash_mid_turn_everything_is_there_once(postgres_url: str) -> None:
    """At some words to the database and the model; `python -m tests.worker.mortal` dies at every one."""
    here = await play(postgres_url, [(9, True), (26, False)], [(12, False), (21, True)], people=8)
    assert here.wrong == []
    assert here.kills == 4
