"""How often a turn asks the database, by its own account: one statement more is a decision, not an accident."""

import pytest

from ..bench.bench_turn import KINDS, bench
from ..bench.counting import statements

# Of each: four to take the conversation with all that is around it, two to let it go with what was said.
PINNED = {
    "a greeting": 6,
    "five messages, one turn": 8,
    "my appointments": 7,
    "a time asked for": 10,
    "the yes that books": 11,
    "who comes today": 7,
}


@pytest.mark.parametrize("kind", PINNED)
async def test_a_turn_costs_what_it_did(postgres_url: str, kind: str) -> None:
    async with bench(postgres_url, 1, pool_size=1) as here:
        lanes = await KINDS[kind](here, 1)
        async with statements(here.all_of.db) as seen:
            assert await here.answer(lanes) == 1
    assert len(seen) == PINNED[kind], "\n".join(line[:150] for line in seen)


def test_every_kind_of_turn_that_is_measured_is_pinned() -> None:
    assert set(PINNED) == set(KINDS)
