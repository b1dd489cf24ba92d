"""Amounts as they are typed: whole, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import phrases
from bot.conversation.reading.amounts import amounts_in, part_of, read_cents


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("aumenta o corte pra 60", [6000]),
        ("corte agora é R$ 60,5", [6050]),
        ("muda a barba pra R$ 1.234,56.", [123456]),
        ("corte R$ 45.50", [4550]),
        ("de 50 para 60 reais", [5000, 6000]),
        ("R$60", [6000]),
        ("corte agora é 40 min", []),
        ("às 15h do 27/11 ou 9:30", []),
        ("60,555", []),
        ("12.34.56", []),
    ],
)
def test_amounts_are_read_whole(text: str, cents: list[int]) -> None:
    assert [one.value for one in amounts_in(text)] == cents


def test_a_percentage_is_no_price() -> None:
    (one,) = amounts_in("aumenta o corte em 12,5%")
    assert one.percent
    assert part_of(5000, one.value) == 625
    assert part_of(3333, one.value) == 417


@given(st.integers(min_value=0, max_value=99_999_999))
def test_what_is_written_is_read_back(cents: int) -> None:
    assert read_cents(phrases.money(cents).removeprefix("R$ ")) == cents
