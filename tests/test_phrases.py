"""Days, hours, money and names as a person reads them."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot import phrases

TODAY = date(2026, 11, 21)
LOCAL = ZoneInfo("America/Sao_Paulo")


def test_a_day_has_its_weekday_and_its_year_only_when_it_is_another() -> None:
    assert phrases.day(date(2026, 11, 26)) == "quinta, 26/11"
    assert phrases.day(date(2026, 11, 26), TODAY) == "quinta, 26/11"
    assert phrases.day(date(2027, 1, 2), TODAY) == "sábado, 02/01/2027"


def test_a_day_is_called_today_or_tomorrow_only_when_asked() -> None:
    assert phrases.day(date(2026, 11, 22), TODAY) == "domingo, 22/11"
    assert phrases.day(date(2026, 11, 22), TODAY, relative=True) == "amanhã, domingo, 22/11"
    assert phrases.day(TODAY, TODAY, relative=True) == "hoje, sábado, 21/11"
    assert phrases.day(date(2026, 11, 20), TODAY, relative=True) == "ontem, sexta, 20/11"
    assert phrases.day(date(2026, 11, 23), TODAY, relative=True) == "segunda, 23/11"
    assert phrases.day(date(2027, 1, 1), date(2026, 12, 31), relative=True) == "amanhã, sexta, 01/01/2027"


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (datetime(2026, 11, 26, 15, 0, tzinfo=LOCAL), "quinta, 26/11, às 15h"),
        (datetime(2026, 11, 26, 15, 30, tzinfo=LOCAL), "quinta, 26/11, às 15h30"),
        (datetime(2026, 11, 28, 9, 5, tzinfo=LOCAL), "sábado, 28/11, às 9h05"),
        (datetime(2026, 11, 24, 1, 0, tzinfo=LOCAL), "terça, 24/11, à 1h"),
        (datetime(2026, 11, 24, 1, 30, tzinfo=LOCAL), "terça, 24/11, à 1h30"),
        (datetime(2026, 11, 24, 0, 0, tzinfo=LOCAL), "terça, 24/11, à 0h"),
        (datetime(2026, 11, 24, 12, 0, tzinfo=LOCAL), "terça, 24/11, às 12h"),
    ],
)
def test_a_moment_reads_aloud(when: datetime, text: str) -> None:
    assert phrases.moment(when) == text


def test_a_moment_takes_the_year_and_the_relative_day_too() -> None:
    when = datetime(2026, 11, 22, 8, 0, tzinfo=LOCAL)
    assert phrases.moment(when, TODAY, relative=True) == "amanhã, domingo, 22/11, às 8h"
    assert phrases.moment(when.replace(year=2027), TODAY) == "segunda, 22/11/2027, às 8h"


def test_hours() -> None:
    assert phrases.hour(time(15)) == "15h"
    assert phrases.hour(time(15, 30)) == "15h30"
    assert phrases.at_hour(time(1)) == "à 1h"


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "R$ 0,00"),
        (5, "R$ 0,05"),
        (5_000, "R$ 50,00"),
        (123_456, "R$ 1.234,56"),
        (123_456_789, "R$ 1.234.567,89"),
        (-500, "-R$ 5,00"),
        (-1, "-R$ 0,01"),
    ],
)
def test_money(cents: int, text: str) -> None:
    assert phrases.money(cents) == text


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0 min"), (50, "50 min"), (60, "1h"), (65, "1h05"), (90, "1h30"), (120, "2h")]
)
def test_duration(minutes: int, text: str) -> None:
    assert phrases.duration(minutes) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("+5511988887777", "(11) 98888-7777"),
        ("5511988887777", "(11) 98888-7777"),
        ("551188887777", "(11) 98888-7777"),
        ("551133334444", "(11) 3333-4444"),
        ("+351912345678", "+351912345678"),
        ("", ""),
    ],
)
def test_phone(number: str, text: str) -> None:
    assert phrases.phone(number) == text


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Júlia Prado", "Júlia"),
        ("  ana  ", "ana"),
        ("Dra. Júlia Prado", "Júlia"),
        ("Dona", "Dona"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_first_name(name: str, first: str) -> None:
    assert phrases.first_name(name) == first


def test_words_agree_with_their_number() -> None:
    assert [phrases.plural(n, "horário", "horários") for n in (0, 1, 2, 1234)] == [
        "0 horários",
        "1 horário",
        "2 horários",
        "1.234 horários",
    ]


def test_months_have_names() -> None:
    assert phrases.month_name(date(2026, 3, 1)) == "março"
    assert phrases.month_name(12) == "dezembro"


def test_lists_end_with_a_word() -> None:
    assert phrases.listing([]) == ""
    assert phrases.listing(["a"]) == "a"
    assert phrases.listing(["a", "b"]) == "a e b"
    assert phrases.listing(["a", "b", "c"]) == "a, b e c"
    assert phrases.listing(["10h", "11h"], "ou") == "10h ou 11h"
