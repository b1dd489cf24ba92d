"""What passes between people and a model: covered on the way in, cleaned on the way out, whatever it holds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.guards.claims import Claim, claims, honest
from bot.conversation.guards.veil import Veil
from bot.conversation.llm.speech import ANSWER_LIMIT, clean, printable, tame

NUMBERS = """
11988887777
(11) 98888-7777
11 98888 7777
+55 11 98888-7777
+5511988887777
5511988887777
98888-7777
3333-4444
(011) 3333-4444
123.456.789-09
12345678909
12.345.678/0001-90
4111 1111 1111 1111
julia.prado+odys@exemplo.com.br
julia.prado arroba exemplo ponto com ponto br
tel:11988887777
11.98888.7777
11/98888/7777
1 1 9 8 8 8 8 7 7 7 7
１１９８８８８７７７７
nove oito oito oito oito, sete sete sete sete
whatsapp 11988887777, obrigada
Júlia 11988887777: remarcar
"""
READABLE = """
quinta, 26/11, às 15h
26/11/2026 15:30
2026-11-26T15:30:00-03:00
das 9h às 18h30
R$ 1.234,56
R$ 12.345.678,00
50 min, ficha a1b2
rua 7, 1200, sala 34
10 2026 12
26/11 27/11 28/11
9h 10h 11h 12h 13h, das 15 às 16
duas ou três, uma hora, nove e meia
v1.2.3
"""


@pytest.mark.parametrize("text", NUMBERS.strip().splitlines())
def test_private_values_are_covered_and_come_back(text: str) -> None:
    veil = Veil()
    covered = veil.cover(text)
    assert sum(sign.isdigit() for sign in covered) <= 2
    assert "@" not in covered
    assert veil.lift(covered) == text


@pytest.mark.parametrize("text", READABLE.strip().splitlines())
def test_dates_hours_prices_and_tokens_stay(text: str) -> None:
    assert Veil().cover(text) == text


def test_one_number_written_twice_has_one_name() -> None:
    veil = Veil()
    assert veil.cover("(11) 98888-7777 ou 11988887777?") == "TELEFONE_1 ou TELEFONE_1?"
    assert veil.lift("telefone_1 e TELEFONE_2") == "(11) 98888-7777 e TELEFONE_2"


def test_a_record_is_covered_throughout() -> None:
    record = {"customers": [{"name": "Ana 11988887777", "phone": "(11) 98888-7777", "visits": 3, "known": True}]}
    covered = Veil().cover_all(record)
    assert "8888" not in json.dumps(covered)
    assert covered["customers"][0]["visits"] == 3


@given(st.text(alphabet=st.characters(codec=None), max_size=3000), st.integers(1, 600))
def test_tamed_text_is_short_printable_and_can_be_sent(text: str, limit: int) -> None:
    tamed = tame(text, limit)
    assert len(tamed) <= limit
    assert printable(tamed) == tamed
    tamed.encode()


@given(st.text(alphabet=st.characters(codec=None), max_size=3000))
def test_cleaned_text_is_short_and_without_links(text: str) -> None:
    cleaned = clean(text + " https://mal.example/x [aqui](http://mal.example) www.mal.com")
    assert len(cleaned) <= ANSWER_LIMIT
    assert "mal." not in cleaned.replace(text, "")
    cleaned.encode()


@given(
    st.lists(st.sampled_from(["Agendei!", "Qual dia você prefere?", "O corte custa R$ 50.", "\n", "está", "✅", "*"]))
)
def test_no_deed_survives_beside_other_sentences(pieces: list[str]) -> None:
    kept, claim = honest(" ".join(pieces))
    assert "Agendei" not in kept
    assert (claim is Claim.DONE) == ("Agendei!" in pieces)
    assert claims(kept) is not Claim.DONE


@given(st.text(max_size=2000))
def test_any_text_can_be_judged(text: str) -> None:
    kept, claim = honest(text)
    assert (kept == text) or claim
