"""How professionals describe services and hours, read for certain or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agenda.hours import Window
from bot.conversation.reading.business import read_changes, read_hours, read_service, says_only_hours


@pytest.mark.parametrize(
    ("text", "name", "minutes", "cents"),
    [
        ("Corte, 30 min, R$ 50", "Corte", 30, 5000),
        ("corte e barba 1h30 R$ 85,00", "Corte e barba", 90, 8500),
        ("Psicoterapia 50 minutos por 180 reais", "Psicoterapia", 50, 18000),
        ("manicure R$ 35 meia hora", "Manicure", 30, 3500),
        ("sessão uma hora e meia R$ 1.200,00", "Sessão", 90, 120000),
        ("Corte R$ 45.50 40min", "Corte", 40, 4550),
        ("1h massagem 120 reais", "Massagem", 60, 12000),
        ("Pé e mão: 2 horas - R$60", "Pé e mão", 120, 6000),
        ("avaliação gratuita 20 min R$ 0", "Avaliação gratuita", 20, 0),
        ("Unha em gel; 1 h e meia; R$ 150,00", "Unha em gel", 90, 15000),
    ],
)
def test_services_are_read(text: str, name: str, minutes: int, cents: int) -> None:
    wish = read_service(text)
    assert wish is not None
    assert (wish.name, wish.minutes, wish.price_cents) == (name, minutes, cents)


@pytest.mark.parametrize("text", ["corte", "corte 30 min", "corte R$ 50", "30 min R$ 50", "", "R$ 50", "oi tudo bem?"])
def test_a_service_with_something_missing_is_asked_again(text: str) -> None:
    assert read_service(text) is None


MORNING, AFTERNOON = (540, 720), (780, 1080)


def week(days: range | tuple[int, ...], *spans: tuple[int, int]) -> list[Window]:
    return [Window(day, start, end) for day in days for start, end in spans]


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        (
            "segunda a sexta das 9h às 12h e das 13h às 18h, sábado 9 às 13",
            [*week(range(5), MORNING, AFTERNOON), Window(5, 540, 780)],
        ),
        ("seg, qua e sex 8-12 14-18", week((0, 2, 4), (480, 720), (840, 1080))),
        ("todos os dias 9h as 18h", week(range(7), (540, 1080))),
        ("das 9 às 18 de segunda a sexta", week(range(5), (540, 1080))),
        ("seg a sex 9h–12h e 13h–18h; dom fechado", week(range(5), MORNING, AFTERNOON)),
        ("terça 14:30 às 20h", week((1,), (870, 1200))),
        ("de segunda a sábado das 8 ao meio-dia", week(range(6), (480, 720))),
        ("Segunda-feira à sexta-feira, 08:00 - 18:00", week(range(5), (480, 1080))),
        ("sexta a domingo das 18h à meia-noite", week((4, 5, 6), (1080, 1440))),
        ("dias úteis 7h30 às 11h30", week(range(5), (450, 690))),
        ("fim de semana 10 às 14", week((5, 6), (600, 840))),
    ],
)
def test_hours_are_read(text: str, windows: list[Window]) -> None:
    assert list(read_hours(text) or ()) == windows


@pytest.mark.parametrize(
    "text",
    [
        "segunda",
        "9 às 18",
        "segunda 18 às 9",
        "segunda 9 às 9",
        "seg 9-12 11-15",
        "seg 9-30",
        "oi",
        "",
        "quando eu quiser",
    ],
)
def test_hours_that_make_no_sense_are_asked_again(text: str) -> None:
    assert read_hours(text) is None


@given(st.text(max_size=300))
def test_anything_may_be_written(text: str) -> None:
    read_service(text)
    for window in read_hours(text) or ():
        assert 0 <= window.start_minute < window.end_minute <= 1440


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("sábado para 9 às 12", {5: [(540, 720)]}),
        ("de segunda: 10h às 16h", {0: [(600, 960)]}),
        ("sábado fechado", {5: []}),
        ("segunda a sexta, das 9h às 18h; sábado fechado", {**{day: [(540, 1080)] for day in range(5)}, 5: []}),
    ],
)
def test_days_that_change_are_read_alone(text: str, days: dict[int, list[tuple[int, int]]]) -> None:
    assert says_only_hours(text)
    assert read_changes(text) == days


@pytest.mark.parametrize("text", ["da Ana para 15h", "sexta dia 27 das 9 às 12", "abre sábado das 9 às 12", "oi", ""])
def test_what_is_about_a_person_or_a_date_is_no_change_of_the_week(text: str) -> None:
    assert not says_only_hours(text)
