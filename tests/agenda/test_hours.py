"""Working hours: windows of a day, and wall time against UTC."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agenda.hours import (
    DayException,
    Hours,
    UnknownZone,
    Window,
    at_wall,
    day_of,
    day_span,
    epoch_minute,
    local_date,
    moment_of,
    week_of,
    zone_of,
)
from bot.models.enums import ExceptionKind

ZONES = ["America/Sao_Paulo", "America/Santiago", "Europe/Lisbon", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]


def test_the_windows_of_a_day_are_sorted_and_united() -> None:
    hours = Hours("UTC", [Window(0, 780, 1080), Window(0, 540, 720), Window(0, 700, 730), Window(1, 600, 500)])
    monday = date(2026, 11, 23).toordinal()
    assert hours.windows(monday) == ((540, 730), (780, 1080))
    assert hours.windows(monday + 1) == ()


def test_an_exception_is_of_its_date_alone() -> None:
    tuesday = date(2026, 11, 24)
    hours = Hours(
        "UTC",
        [Window(day, 540, 720) for day in range(7)],
        [DayException(tuesday, ExceptionKind.EXTRA, 780, 840), DayException(tuesday, ExceptionKind.BLOCKED, 600, 630)],
    )
    day = tuesday.toordinal()
    assert [hours.windows(day + n) for n in (-1, 0, 1)] == [((540, 720),), ((540, 720), (780, 840)), ((540, 720),)]
    start = day_span("UTC", day)[0]
    assert hours.blocked(day - 7, day + 7) == [(start + 600, start + 630)]
    assert hours.blocked(day + 1, day + 7) == []


@pytest.mark.parametrize(
    ("zone", "on", "minute", "expected"),
    [
        ("America/Sao_Paulo", "2026-11-23", 540, "2026-11-23T12:00"),
        ("America/Rio_Branco", "2026-11-23", 540, "2026-11-23T14:00"),
        ("America/Noronha", "2026-11-23", 1440, "2026-11-24T02:00"),
        ("America/Sao_Paulo", "2018-11-04", 0, "2018-11-04T03:00"),  # 0:00 was skipped: 1:00
        ("America/New_York", "2026-03-08", 150, "2026-03-08T07:30"),  # 2:30 is skipped: 3:30
        ("America/New_York", "2026-11-01", 90, "2026-11-01T05:30"),  # 1:30 twice: the first
        ("America/Santiago", "2026-04-04", 1440, "2026-04-05T04:00"),
    ],
)
def test_a_wall_time_in_utc(zone: str, on: str, minute: int, expected: str) -> None:
    assert at_wall(zone, date.fromisoformat(on), minute) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_day_is_as_long_as_it_is() -> None:
    def length(zone: str, on: str) -> int:
        start, end = day_span(zone, date.fromisoformat(on).toordinal())
        return (end - start) // 60

    assert length("America/Santiago", "2026-09-06") == 23
    assert length("America/Santiago", "2026-04-04") == 25
    assert length("America/Sao_Paulo", "2026-10-18") == 24
    assert length("Pacific/Apia", "2011-12-30") == 0  # crossed the date line


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ZONES), st.datetimes(datetime(2010, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001
def test_every_moment_is_in_the_day_it_is_in(zone: str, moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    minute = epoch_minute(moment)
    assert timedelta() <= moment - moment_of(minute) < timedelta(minutes=1)
    day = day_of(zone, minute)
    assert date.fromordinal(day) == local_date(zone, moment)
    start, end = day_span(zone, day)
    assert start <= minute < end
    assert date.fromordinal(week_of(day)[0]).weekday() == 0
    assert week_of(day)[0] <= day < week_of(day)[1]


def test_an_unknown_zone_is_refused_by_name() -> None:
    with pytest.raises(UnknownZone, match="America/Bahia_Blanca"):
        zone_of("America/Bahia_Blanca")
    with pytest.raises(UnknownZone):
        Hours("Brasília", [])
