"""One person, however their number is spelled."""

import pytest

from bot.whatsapp.phones import delivered, forms, international, phone_key


@pytest.mark.parametrize(
    ("one", "other"),
    [("5531988887777", "553188887777"), ("5511988887777", "551188887777"), ("5585966665555", "558566665555")],
)
def test_both_ninth_digit_forms_are_one_person(one: str, other: str) -> None:
    assert phone_key(one) == phone_key(other)
    assert set(forms(one)) == set(forms(other)) == {one, other}
    assert forms(other)[0] == other


@pytest.mark.parametrize(
    "digits",
    [
        "551133334444",  # a landline
        "5511945678901",  # a newer mobile: without its 9 it would be the landline 4567-8901
        "14155238886",
        "5493515551234",
        "351912345678",
        "",
    ],
)
def test_other_numbers_stay_as_they_are(digits: str) -> None:
    assert phone_key(digits) == digits
    assert forms(digits) == (digits,)


def test_a_landline_and_a_mobile_are_never_one() -> None:
    assert phone_key("5511945678901") != phone_key("551145678901")


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("11 98888-7777", "5511988887777"),
        ("(11) 98888-7777", "5511988887777"),
        ("011 98888-7777", "5511988887777"),
        ("+55 11 98888-7777", "5511988887777"),
        ("5511988887777", "5511988887777"),
        ("1133334444", "551133334444"),
        ("+1 415 523 8886", "14155238886"),
        ("98888-7777", None),
        ("quinta às 15", None),
        ("", None),
        ("+55 11 98888-7777 0000 1111", None),
    ],
)
def test_a_number_as_people_write_it(written: str, digits: str | None) -> None:
    assert international(written) == digits


@pytest.mark.parametrize("odd", [None, "", "BR.123", "abc", "٣٤٥٦", 12.5, [], {}, True, "55 11", "1" * 16, "0123456"])
def test_what_is_no_number_is_none(odd: object) -> None:
    assert delivered(odd) is None


def test_a_number_as_delivered() -> None:
    assert delivered("5511988887777") == delivered("+5511988887777") == delivered(5511988887777) == "5511988887777"
