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


# What is said one after the other, and what each turn costs: an agenda, however many days it is of, is one reading.
OWNER = [
    ("agenda da semana", 7),
    ("quem é o próximo?", 7),
    ("o que falta confirmar?", 7),
    ("quem não pagou?", 7),
    ("quanto faturei este mês?", 8),
    ("telefone da Ana", 8),
    ("bloqueia de 10/01 a 20/01", 8),
    ("sim", 13),
    ("cancela o de amanhã às 10h", 9),
    ("sim", 15),
]
CLIENT = [("cancela meu horário", 8), ("não", 8), ("remarca pra sexta 16h", 12), ("sim", 19)]


@pytest.mark.parametrize("dialogue", [OWNER, CLIENT], ids=["owner", "client"])
async def test_a_dialogue_costs_what_it_did(postgres_url: str, dialogue: list[tuple[str, int]]) -> None:
    async with bench(postgres_url, 1, pool_size=1) as here:
        phone = here.village.owners[0] if dialogue is OWNER else here.village.clients[2]
        for said, cost in dialogue:
            here.clock.jump(minutes=2)
            lanes = await here.type([phone], said)
            async with statements(here.all_of.db) as seen:
                assert await here.answer(lanes) == 1
            assert len(seen) == cost, "\n".join([said, *(line[:150] for line in seen)])
