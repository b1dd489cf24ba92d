"""What repeats, read as people say it, and written so that it is read again without a doubt."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.reading.rhythm import ONE, REST, Rhythm, read_rhythm, repeats, scope_in
from bot.models.enums import Frequency

# A Saturday.
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))
WEEKLY, BIWEEKLY, MONTHLY = Frequency

SAID = [
    ("marca a Júlia toda quinta às 15h", WEEKLY, "26/11", "15:00", "marca a Júlia"),
    ("marca a Júlia todas as quintas-feiras às 15h", WEEKLY, "26/11", "15:00", "marca a Júlia"),
    ("às quintas às 15h", WEEKLY, "26/11", "15:00", ""),
    ("semanalmente, quinta 3 da tarde", WEEKLY, "26/11", "15:00", ","),
    ("Marca a Bia segundas às 9h sem data pra acabar", WEEKLY, "23/11", "09:00", "Marca a Bia"),
    ("toda semana", WEEKLY, "", "", ""),
    ("horário fixo na sexta 10h", WEEKLY, "27/11", "10:00", "na"),
    ("quinzenal terça 9h corte", BIWEEKLY, "24/11", "09:00", "corte"),
    ("de quinze em quinze dias terça às 8h", BIWEEKLY, "24/11", "08:00", ""),
    ("a cada duas semanas, quarta 17h", BIWEEKLY, "25/11", "17:00", ","),
    ("quinta sim quinta não às 14h", BIWEEKLY, "26/11", "14:00", ""),
    ("marca o Carlos todo dia 10 às 15h", MONTHLY, "10/12", "15:00", "marca o Carlos"),
    ("todo mês dia 5 às 9h", MONTHLY, "05/12", "09:00", ""),
]
ENDS = [
    ("toda quinta 15h por 10 semanas", None, "03/02/2027"),
    ("toda quinta 15h por dez semanas", None, "03/02/2027"),
    ("todo dia 10 às 15h por 3 meses", None, "09/03/2027"),
    ("toda quinta 15h, 8 vezes", 8, ""),
    ("toda quinta 15h por 6 sessões", 6, ""),
    ("toda quinta 15h até dezembro", None, "31/12/2026"),
    ("toda quinta 15h até fevereiro", None, "28/02/2027"),
    ("toda quinta 15h até 20/12", None, "20/12/2026"),
    ("toda quinta 15h até o fim do ano", None, "31/12/2026"),
    ("toda quinta 15h", None, ""),
]


@pytest.mark.parametrize(("text", "frequency", "day", "hour", "rest"), SAID)
def test_a_repetition_is_read_and_the_rest_is_left(
    text: str, frequency: Frequency, day: str, hour: str, rest: str
) -> None:
    found, left = read_rhythm(text, NOW)
    assert found.frequency is frequency
    assert (f"{found.day:%d/%m}" if found.day else "") == day
    assert (f"{found.at:%H:%M}" if found.at else "") == hour
    assert left == rest
    assert repeats(text) or "fixo" in text


@pytest.mark.parametrize(("text", "count", "last"), ENDS)
def test_an_end_is_a_number_or_a_day(text: str, count: int | None, last: str) -> None:
    found, _ = read_rhythm(text, NOW)
    assert found.count == count
    assert (f"{found.last_day:%d/%m/%Y}" if found.last_day else "") == last


@pytest.mark.parametrize("text", [text for text, *_ in SAID + ENDS])
def test_its_words_and_its_json_say_the_same(text: str) -> None:
    found, _ = read_rhythm(text, NOW)
    assert Rhythm.load(found.dump()) == found
    again, rest = read_rhythm(found.words(), NOW)
    assert (again.words(), rest) == (found.words(), "")


def test_a_beginning_moves_the_first_day() -> None:
    assert read_rhythm("toda sexta às 10h a partir de 10/12", NOW)[0].day == date(2026, 12, 11)
    assert read_rhythm("todo dia 10 às 9h a partir de janeiro", NOW)[0].day == date(2027, 1, 10)
    assert read_rhythm("toda quinta às 15h começando em fevereiro", NOW)[0].day == date(2027, 2, 4)
    assert read_rhythm("toda quinta às 15h a partir do mês que vem", NOW)[0].day == date(2026, 12, 3)
    assert read_rhythm("toda quinta às 15h a partir de novembro", NOW)[0].day == date(2026, 11, 26)
    assert read_rhythm("todo dia 5 às 9h a partir de março de 2028", NOW)[0].day == date(2028, 3, 5)
    assert read_rhythm("toda sexta às 10h começando dia 4/12, até 20/02", NOW)[0] == Rhythm(
        WEEKLY, date(2026, 12, 4), time(10), until=date(2027, 2, 20)
    )


@pytest.mark.parametrize(("text", "first"), [("dia 31", date(2027, 3, 31)), ("dia 30", date(2027, 3, 30))])
def test_a_beginning_in_a_shorter_month_makes_no_other_day_of_it(text: str, first: date) -> None:
    january = datetime(2027, 1, 20, 12, tzinfo=NOW.tzinfo)
    assert read_rhythm(f"todo {text} às 10h a partir de 05/02", january)[0].day == first


@pytest.mark.parametrize(("today", "last"), [(24, 2026), (25, 2026), (26, 2027), (31, 2027)])
def test_christmas_is_the_one_to_come(today: int, last: int) -> None:
    december = datetime(2026, 12, today, 10, tzinfo=NOW.tzinfo)
    assert read_rhythm("toda quinta às 15h até o Natal", december)[0].until == date(last, 12, 25)


def test_what_is_said_later_is_added() -> None:
    first, _ = read_rhythm("toda quinta às 15h por 10 semanas", NOW)
    assert first.then(read_rhythm("não, às 16h", NOW)[0]).words() == "semanal 26/11/2026 às 16:00 até 03/02/2027"
    assert first.then(read_rhythm("só 4 vezes", NOW)[0]).words() == "semanal 26/11/2026 às 15:00 por 4 vezes"
    assert first.then(read_rhythm("quinzenal", NOW)[0]).frequency is BIWEEKLY


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("só esse", ONE),
        ("cancela só essa", ONE),
        ("apenas a de amanhã", ONE),
        ("essa", ONE),
        ("essa e as próximas", REST),
        ("todas", REST),
        ("de agora em diante", REST),
        ("cancela as quintas da Júlia", REST),
        ("desmarca a Júlia", ""),
        ("qual o próximo?", ""),
    ],
)
def test_how_much_of_a_series_is_meant(text: str, scope: str) -> None:
    assert scope_in(text) == scope
