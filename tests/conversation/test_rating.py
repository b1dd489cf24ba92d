"""Which messages are marks, and which only begin with a number."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.client.rating import Mark, read
from bot.models.enums import Role

NOW = datetime(2026, 11, 21, 10, tzinfo=ZoneInfo("America/Sao_Paulo"))


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("5", Mark(5, "", named=False)),
        ("5!", Mark(5, "", named=False)),
        ("5! adorei", Mark(5, "adorei", named=False)),
        ("4, muito bom", Mark(4, "muito bom", named=False)),
        ("cinco", Mark(5, "", named=False)),
        ("5 obrigada", Mark(5, "obrigada", named=False)),
        ("Nota 4, muito bom", Mark(4, "muito bom", named=True)),
        ("dou nota três", Mark(3, "", named=True)),
        ("minha nota é 5", Mark(5, "", named=True)),
        ("5 estrelas", Mark(5, "", named=True)),
        ("nota 10", Mark(10, "", named=True)),
        ("⭐⭐⭐⭐", Mark(4, "", named=True)),
        ("⭐️⭐️ achei caro", Mark(2, "achei caro", named=True)),
        ("2\ndemorou", Mark(2, "demorou", named=False)),
    ],
)
def test_a_mark_with_the_words_beside_it(text: str, mark: Mark) -> None:
    assert read(text, Role.CLIENT, NOW) == mark


@pytest.mark.parametrize(
    "text",
    [
        "5h",
        "5 horas",
        "5:30",
        "5/12",
        "5 de dezembro",
        "1234",
        "11 98888-7777",
        "2 cortes amanhã",
        "5, quero marcar",
        "5 reais",
        "10%",
        "⭐⭐⭐⭐⭐⭐⭐",
        "oi",
        "uma pergunta: quanto custa?",
        "nota fiscal",
        "anota aí",
        "",
    ],
)
def test_what_is_no_mark(text: str) -> None:
    assert read(text, Role.CLIENT, NOW) is None
