"""The campaign in short: a city that talks while a little of everything happens to its installation.

The long form is run by hand: `python -m tests.chaos --messages 20000 --kills 200`.
"""

from pathlib import Path

from .campaign import Campaign, wage
from .mishaps import Lengths
from .trial import Trial

MISHAPS = ("redis-frozen", "postgres-down", "graph-lying", "redis-again", "clock")


async def test_a_city_is_served_whatever_happens(installation: Trial, tmp_path: Path) -> None:
    await installation.open(webs=2, workers=2, senders=1)
    lengths = Lengths(redis=2, postgres=1, mood=1.5)
    campaign = Campaign(messages=200, kills=5, mishaps=MISHAPS, rate=60, lengths=lengths)
    found, verdict = await wage(installation, campaign)
    assert verdict.wrong == []
    assert all(installation.struck[name] for name in MISHAPS)
    assert installation.kills >= 5
    assert len(found.taken) > 20, "the city was hardly answered: nothing was put to the test"
