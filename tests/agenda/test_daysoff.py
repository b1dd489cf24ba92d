"""Closing and opening dates: what the exceptions of a day are afterwards; and which days are holidays."""

from datetime import date, timedelta

import pytest

from bot.agenda import holidays
from bot.agenda.daysoff import AlreadyClosed, AlreadyOpen, HoursNeeded, closed, opened
from bot.agenda.hours import DayException, Span, Window
from bot.models.enums import ExceptionKind

FRIDAY = date(2026, 11, 27)
WEEK = [Window(4, 540, 720), Window(4, 780, 1080)]
CLOSED = DayException(FRIDAY, ExceptionKind.CLOSED)
OPEN = DayException(FRIDAY, ExceptionKind.OPEN)


def blocked(start: int, end: int) -> DayException:
    return DayException(FRIDAY, ExceptionKind.BLOCKED, start, end)


def extra(start: int, end: int) -> DayException:
    return DayException(FRIDAY, ExceptionKind.EXTRA, start, end)


def hours(start: int, end: int) -> DayException:
    return DayException(FRIDAY, ExceptionKind.HOURS, start, end)


def test_a_day_is_closed_whatever_was_written_for_it() -> None:
    assert closed(WEEK, [], FRIDAY, None) == [CLOSED]
    assert closed(WEEK, [OPEN, blocked(540, 600)], FRIDAY, None) == [CLOSED]
    with pytest.raises(AlreadyClosed):
        closed(WEEK, [CLOSED], FRIDAY, None)


def test_a_part_is_blocked_beside_others_and_only_where_it_is_open() -> None:
    assert closed(WEEK, [OPEN], FRIDAY, (720, 1080)) == [blocked(720, 1080)]
    assert closed(WEEK, [blocked(540, 600)], FRIDAY, (780, 840)) == [blocked(540, 600), blocked(780, 840)]
    for span in ((0, 540), (720, 780), (1080, 1440)):
        with pytest.raises(AlreadyClosed):
            closed(WEEK, [], FRIDAY, span)
    with pytest.raises(AlreadyClosed):
        closed(WEEK, [blocked(780, 1080)], FRIDAY, (840, 900))


@pytest.mark.parametrize(
    ("known", "span", "after"),
    [
        ([CLOSED], None, [OPEN]),
        ([blocked(780, 1080)], None, [OPEN]),
        ([extra(1080, 1140), blocked(780, 840)], None, [extra(1080, 1140), OPEN]),
        ([CLOSED], (540, 720), [hours(540, 720)]),
        ([blocked(720, 1080)], (840, 900), [blocked(720, 840), blocked(900, 1080)]),
        ([blocked(780, 1080)], (780, 1080), []),
        ([], (1080, 1140), [extra(1080, 1140)]),
        ([blocked(780, 1080)], (1020, 1140), [blocked(780, 1020), extra(1020, 1140)]),
    ],
)
def test_what_is_opened_is_open_and_nothing_else(
    known: list[DayException], span: Span | None, after: list[DayException]
) -> None:
    assert opened(WEEK, known, FRIDAY, span) == after


def test_what_is_open_is_not_opened_again_and_a_day_of_rest_needs_hours() -> None:
    for span in (None, (540, 600)):
        with pytest.raises(AlreadyOpen):
            opened(WEEK, [OPEN], FRIDAY, span)
    with pytest.raises(HoursNeeded):
        opened([], [], FRIDAY, None)
    assert opened([], [], FRIDAY, (540, 720)) == [extra(540, 720)]


async def test_the_holidays_of_brazil_carry_their_year_and_their_names() -> None:
    found = {each.day: each.name for each in await holidays.between(date(2026, 12, 20), date(2027, 4, 1))}
    assert found == {
        date(2026, 12, 25): "Natal",
        date(2027, 1, 1): "Confraternização Universal",
        date(2027, 2, 8): "Carnaval",
        date(2027, 2, 9): "Carnaval",
        date(2027, 3, 26): "Sexta-feira Santa",
    }
    days = [each.day for each in await holidays.between(date(2026, 11, 20), date(2026, 11, 20) + timedelta(days=1))]
    assert days == [date(2026, 11, 20)]


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("fecha no natal", date(2026, 12, 25)),
        ("vou trabalhar no feriado", date(2026, 12, 25)),
        ("carnaval", date(2027, 2, 8)),
        ("ano novo", date(2027, 1, 1)),
        ("finados", date(2027, 11, 2)),
        ("amanhã", None),
    ],
)
async def test_a_holiday_is_found_by_its_name(words: str, day: date | None) -> None:
    found = await holidays.named(words, date(2026, 11, 21))
    assert (found.day if found else None) == day
