"""Free times: the conventions one by one, refusals, and properties over random worlds."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.agenda.hours import EPOCH, DayException, UnknownZone, Window
from bot.agenda.rules import BadBuffer, BadInterval, BadLimit, BadMinutes, BadNotice, Rules
from bot.agenda.slots import BadPeriod, Busy, Reason, around, busy_period, free_times, is_free, nearest, why_not
from bot.errors import Refused
from bot.models.enums import ExceptionKind

from .replay import starts

SHARED = Path(__file__).resolve().parents[3] / "shared" / "cases" / "slots.json"
CASES: list[dict[str, Any]] = json.loads(SHARED.read_text()) if SHARED.exists() else []
SAO_PAULO = "America/Sao_Paulo"
ZONES = [
    SAO_PAULO,
    "America/Manaus",
    "America/Noronha",
    "America/Rio_Branco",
    "America/Santiago",
    "Europe/Lisbon",
    "America/New_York",
]
# Clocks that change by half an hour or by two, at midnight, the other way round, or that stand at a quarter.
ODD_ZONES = [
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "Asia/Kathmandu",
    "America/Havana",
]
MINUTE = timedelta(minutes=1)


def wall(minute: str) -> int:
    hours, minutes = minute.split(":")
    return int(hours) * 60 + int(minutes)


def week(*windows: str, days: range = range(7)) -> tuple[Window, ...]:
    """The same windows ("09:00-12:00") on each of the days."""
    pairs = [window.split("-") for window in windows]
    return tuple(Window(day, wall(start), wall(end)) for day in days for start, end in pairs)


def at(text: str, zone: str = SAO_PAULO) -> datetime:
    """A wall time, "2026-11-23 09:00", as an aware moment."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def day(rules: Rules, text: str, busy: list[Busy] | None = None, now: str = "2018-01-01 00:00") -> list[str]:
    """The free times of one local day, as the clock on the wall shows them."""
    start = at(f"{text} 00:00", rules.zone)
    end = at(f"{date.fromisoformat(text) + timedelta(days=1)} 00:00", rules.zone)
    found = free_times(rules, busy or [], start, end, at(now, rules.zone))
    return [f"{t.astimezone(ZoneInfo(rules.zone)):%H:%M}" for t in found]


def taken(start: str, end: str, *, counts: bool = True) -> Busy:
    return Busy(at(start), at(end), counts)


MONDAY = "2026-11-23"
MORNING = Rules(zone=SAO_PAULO, minutes=60, weekly=week("09:00-12:00"))


@pytest.mark.skipif(not CASES, reason="the cases are not beside this checkout")
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_agrees_with_cases_written_elsewhere(case: dict[str, Any]) -> None:
    assert starts(case) == [datetime.fromisoformat(text) for text in case["expected_starts"]]


class TestGrid:
    def test_times_step_by_the_length_of_the_service(self) -> None:
        assert day(MORNING, MONDAY) == ["09:00", "10:00", "11:00"]
        assert day(replace(MORNING, minutes=50), MONDAY) == ["09:00", "09:50", "10:40"]

    def test_or_by_an_interval_of_their_own(self) -> None:
        assert day(replace(MORNING, interval=30), MONDAY) == ["09:00", "09:30", "10:00", "10:30", "11:00"]
        assert day(replace(MORNING, minutes=50, interval=60), MONDAY) == ["09:00", "10:00", "11:00"]

    def test_each_window_starts_a_grid(self) -> None:
        assert day(replace(MORNING, weekly=week("09:00-10:30", "13:15-15:15")), MONDAY) == ["09:00", "13:15", "14:15"]

    def test_an_odd_appointment_does_not_move_the_grid(self) -> None:
        busy = [taken(f"{MONDAY} 09:00", f"{MONDAY} 09:10")]
        assert day(MORNING, MONDAY, busy) == ["10:00", "11:00"]

    def test_touching_and_overlapping_windows_are_one(self) -> None:
        two_hours = replace(MORNING, minutes=120)
        assert day(replace(two_hours, weekly=week("08:00-11:00", "11:00-14:00")), MONDAY) == ["08:00", "10:00", "12:00"]
        assert day(replace(two_hours, weekly=week("08:00-11:00", "09:30-12:00")), MONDAY) == ["08:00", "10:00"]

    def test_a_night_shift_is_one_window(self) -> None:
        night = replace(MORNING, minutes=45, weekly=(Window(0, 1380, 1440), Window(1, 0, 60)))
        assert day(night, MONDAY) == ["23:00", "23:45"]
        assert day(night, "2026-11-24") == []
        assert day(replace(night, minutes=40), "2026-11-24") == ["00:20"]

    def test_a_day_around_the_clock_starts_at_midnight_every_day(self) -> None:
        always = replace(MORNING, minutes=50, weekly=week("00:00-24:00"))
        assert day(always, MONDAY) == day(always, "2026-11-24")
        assert day(always, MONDAY)[:2] == ["00:00", "00:50"]
        assert day(always, MONDAY)[-1] == "23:20"  # runs on into the next day

    def test_windows_that_are_none_are_left_out(self) -> None:
        assert day(replace(MORNING, weekly=week("09:00-08:00", "10:00-10:00", "23:30-24:30")), MONDAY) == []

    def test_an_appointment_longer_than_a_day(self) -> None:
        retreat = replace(MORNING, minutes=2880, weekly=week("00:00-24:00", days=range(4, 7)))
        assert [day(retreat, f"2026-11-{n}") for n in (27, 28, 29)] == [["00:00"], ["00:00"], []]


class TestBusy:
    def test_intervals_are_half_open(self) -> None:
        busy = [taken(f"{MONDAY} 10:00", f"{MONDAY} 11:00")]
        assert day(MORNING, MONDAY, busy) == ["09:00", "11:00"]

    def test_a_touched_minute_is_gone(self) -> None:
        busy = [Busy(at(f"{MONDAY} 09:59:59"), at(f"{MONDAY} 11:00:01"))]
        assert day(MORNING, MONDAY, busy) == []

    @pytest.mark.parametrize("hours", [("10:00", "10:00"), ("11:00", "10:00")])
    def test_an_empty_or_inverted_event_takes_nothing(self, hours: tuple[str, str]) -> None:
        every_half_hour = replace(MORNING, interval=30)
        event = taken(f"{MONDAY} {hours[0]}", f"{MONDAY} {hours[1]}")
        assert day(every_half_hour, MONDAY, [event]) == day(every_half_hour, MONDAY)

    def test_buffers_are_the_candidates_own_and_may_lie_outside_the_hours(self) -> None:
        buffered = replace(MORNING, minutes=30, interval=15, buffer_before=15, buffer_after=30)
        busy = [taken(f"{MONDAY} 10:30", f"{MONDAY} 11:00")]
        assert day(buffered, MONDAY, busy) == ["09:00", "09:15", "09:30", "11:15", "11:30"]

    def test_a_long_event_hides_the_short_ones_inside_it(self) -> None:
        busy = [taken(f"{MONDAY} 08:00", f"{MONDAY} 11:00"), taken(f"{MONDAY} 08:30", f"{MONDAY} 08:45")]
        assert day(MORNING, MONDAY, busy) == ["11:00"]


class TestClock:
    def test_the_notice_is_inclusive(self) -> None:
        assert day(replace(MORNING, min_notice=60), MONDAY, now=f"{MONDAY} 09:00") == ["10:00", "11:00"]
        assert day(replace(MORNING, min_notice=60), MONDAY, now=f"{MONDAY} 09:00:01") == ["11:00"]
        assert day(MORNING, MONDAY, now=f"{MONDAY} 10:00") == ["10:00", "11:00"]

    def test_the_horizon_is_whole_local_days(self) -> None:
        late_sunday = "2026-11-22 23:30"  # already Monday in UTC
        tomorrow = replace(MORNING, horizon_days=1)
        assert day(tomorrow, MONDAY, now=late_sunday) == ["09:00", "10:00", "11:00"]
        assert day(tomorrow, "2026-11-24", now=late_sunday) == []

    def test_the_end_of_a_period_is_left_out(self) -> None:
        found = free_times(MORNING, [], at(f"{MONDAY} 09:00"), at(f"{MONDAY} 10:00"), at(f"{MONDAY} 00:00"))
        assert found == [at(f"{MONDAY} 09:00")]
        assert found[0].tzinfo is UTC


class TestExceptions:
    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            ([(ExceptionKind.CLOSED, None, None)], []),
            ([(ExceptionKind.OPEN, None, None)], ["09:00", "10:00", "11:00"]),
            ([(ExceptionKind.HOURS, 840, 960)], ["14:00", "15:00"]),
            ([(ExceptionKind.HOURS, 840, 900), (ExceptionKind.HOURS, 960, 1020)], ["14:00", "16:00"]),
            ([(ExceptionKind.HOURS, 600, 600)], []),
            ([(ExceptionKind.EXTRA, 840, 900)], ["09:00", "10:00", "11:00", "14:00"]),
            ([(ExceptionKind.EXTRA, 720, 840)], ["09:00", "10:00", "11:00", "12:00", "13:00"]),
            ([(ExceptionKind.HOURS, 840, 900), (ExceptionKind.EXTRA, 960, 1020)], ["14:00", "16:00"]),
            ([(ExceptionKind.BLOCKED, 600, 615)], ["09:00", "11:00"]),
            ([(ExceptionKind.BLOCKED, None, None)], []),
            ([(ExceptionKind.CLOSED, None, None), (ExceptionKind.HOURS, 540, 720), (ExceptionKind.EXTRA, 0, 99)], []),
        ],
    )
    def test_one_date_differs(
        self, rows: list[tuple[ExceptionKind, int | None, int | None]], expected: list[str]
    ) -> None:
        rules = replace(MORNING, exceptions=tuple(DayException(date(2026, 11, 23), *row) for row in rows))
        assert day(rules, MONDAY) == expected
        assert day(rules, "2026-11-24") == ["09:00", "10:00", "11:00"]


class TestLimits:
    def test_a_full_day(self) -> None:
        one = replace(MORNING, max_per_day=1)
        assert day(one, MONDAY, [taken(f"{MONDAY} 07:00", f"{MONDAY} 07:30")]) == []
        assert day(one, MONDAY, [taken(f"{MONDAY} 07:00", f"{MONDAY} 07:30", counts=False)]) != []
        assert day(one, MONDAY, [taken("2026-11-22 23:30", f"{MONDAY} 00:30")]) != []  # it is Sunday's

    def test_a_full_week_runs_from_monday_to_sunday(self) -> None:
        two = replace(MORNING, max_per_week=2)
        busy = [taken(f"{MONDAY} 07:00", f"{MONDAY} 07:30"), taken("2026-11-29 22:00", "2026-11-29 23:00")]
        assert day(two, "2026-11-25", busy) == []
        assert day(two, "2026-11-22", busy) != []
        assert day(two, "2026-11-30", busy) != []


class TestClockChanges:
    """Hand-worked: what the wall shows on the day a clock changes."""

    @pytest.mark.parametrize(
        ("zone", "on", "hours", "expected"),
        [
            ("Europe/Lisbon", "2026-03-29", "00:00-04:00", ["00:00", "02:00", "03:00"]),  # 1:00 does not exist
            ("Europe/Lisbon", "2026-10-25", "00:00-03:00", ["00:00", "01:00", "01:00", "02:00"]),  # 1:00 twice
            ("America/New_York", "2026-03-08", "01:30-04:30", ["01:30", "03:30"]),
            ("America/New_York", "2026-03-08", "02:30-05:00", ["03:30"]),  # starts in the hour that is skipped
            ("America/New_York", "2026-11-01", "09:00-11:00", ["09:00", "10:00"]),
            ("America/Santiago", "2026-09-06", "00:00-03:00", ["01:00", "02:00"]),  # the day begins at 1:00
            ("America/Santiago", "2026-09-06", "13:00-15:00", ["13:00", "14:00"]),
            ("America/Santiago", "2026-04-04", "22:00-24:00", ["22:00", "23:00", "23:00"]),  # 23:00 twice
            (SAO_PAULO, "2018-11-04", "00:00-03:00", ["01:00", "02:00"]),
            (SAO_PAULO, "2018-02-17", "22:00-24:00", ["22:00", "23:00", "23:00"]),
            (SAO_PAULO, "2026-10-18", "00:00-03:00", ["00:00", "01:00", "02:00"]),  # no longer changes
        ],
    )
    def test_time_that_passes_is_what_counts(self, zone: str, on: str, hours: str, expected: list[str]) -> None:
        assert day(Rules(zone=zone, minutes=60, weekly=week(hours)), on) == expected

    def test_a_night_over_the_change_is_one_window(self) -> None:
        night = Rules(zone="America/Santiago", minutes=90, weekly=(Window(5, 1380, 1440), Window(6, 0, 90)))
        assert day(night, "2026-09-05") == ["23:00"]  # 23:00 to 24:00, then 1:00 to 1:30

    def test_a_day_that_a_zone_skipped_is_empty(self) -> None:
        apia = Rules(zone="Pacific/Apia", minutes=60, weekly=week("09:00-11:00"))
        now = datetime(2011, 12, 1, tzinfo=UTC)
        found = free_times(apia, [], datetime(2011, 12, 29, tzinfo=UTC), datetime(2011, 12, 31, 10, tzinfo=UTC), now)
        local = [f"{t.astimezone(ZoneInfo('Pacific/Apia')):%d %H:%M}" for t in found]
        assert local == ["29 09:00", "29 10:00", "31 09:00", "31 10:00"]


class TestReasons:
    rules = replace(
        MORNING,
        interval=30,
        min_notice=60,
        horizon_days=30,
        exceptions=(
            DayException(date(2026, 11, 24), ExceptionKind.CLOSED),
            DayException(date(2026, 11, 25), ExceptionKind.HOURS, 540, 600),
            DayException(date(2026, 11, 26), ExceptionKind.BLOCKED, 600, 660),
        ),
    )
    busy = (taken(f"{MONDAY} 10:00", f"{MONDAY} 11:00"),)

    @pytest.mark.parametrize(
        ("wanted", "reason"),
        [
            (f"{MONDAY} 07:59", Reason.PAST),
            (f"{MONDAY} 08:30", Reason.TOO_SOON),
            ("2026-12-24 09:00", Reason.TOO_FAR),
            ("9999-12-31 23:59", Reason.TOO_FAR),
            ("0001-01-02 00:00", Reason.PAST),
            ("2026-11-24 09:00", Reason.CLOSED),
            ("2026-11-24 03:00", Reason.CLOSED),
            ("2026-11-25 10:00", Reason.CLOSED),
            ("2026-11-25 20:00", Reason.OUTSIDE_HOURS),
            ("2026-11-26 10:30", Reason.CLOSED),
            ("2026-11-27 11:30", Reason.OUTSIDE_HOURS),  # it would end after closing time
            (f"{MONDAY} 10:30", Reason.TAKEN),
            (f"{MONDAY} 10:07", Reason.TAKEN),
            ("2026-11-27 09:10", Reason.OFF_GRID),
            ("2026-11-27 09:00:30", Reason.OFF_GRID),
            ("2026-11-27 09:00", None),
        ],
    )
    def test_each_no_has_its_reason(self, wanted: str, reason: Reason | None) -> None:
        now = at(f"{MONDAY} 08:00")
        assert why_not(self.rules, self.busy, at(wanted), now) == reason
        assert is_free(self.rules, self.busy, at(wanted), now) is (reason is None)

    def test_a_full_day_or_week_comes_before_the_appointment_that_is_in_the_way(self) -> None:
        now = at(f"{MONDAY} 07:00")
        wanted = at(f"{MONDAY} 10:00")
        assert why_not(replace(self.rules, max_per_day=1), self.busy, wanted, now) is Reason.DAY_FULL
        assert why_not(replace(self.rules, max_per_week=1), self.busy, wanted, now) is Reason.WEEK_FULL

    def test_a_naive_time_is_a_mistake_of_ours(self) -> None:
        with pytest.raises(TypeError):
            is_free(self.rules, self.busy, datetime(2026, 11, 27, 9), at(f"{MONDAY} 08:00"))  # noqa: DTZ001


class TestNearest:
    def test_the_closest_ones_in_calendar_order(self) -> None:
        busy = [taken(f"{MONDAY} 10:00", f"{MONDAY} 11:00")]
        now = at("2026-11-22 12:00")
        found = nearest(MORNING, busy, at(f"{MONDAY} 10:00"), now)
        assert found == [at(f"{MONDAY} 09:00"), at(f"{MONDAY} 11:00"), at("2026-11-24 09:00")]

    def test_past_the_horizon_they_are_the_last_ones(self) -> None:
        rules = replace(MORNING, horizon_days=1)
        found = nearest(rules, [], at("9999-12-31 10:00"), at("2026-11-22 12:00"), count=2)
        assert found == [at(f"{MONDAY} 10:00"), at(f"{MONDAY} 11:00")]

    def test_for_a_past_wish_they_are_the_first_ones(self) -> None:
        found = nearest(MORNING, [], at("2020-01-01 10:00"), at(f"{MONDAY} 09:30"))
        assert found == [at(f"{MONDAY} 10:00"), at(f"{MONDAY} 11:00"), at("2026-11-24 09:00")]

    def test_none_at_all(self) -> None:
        assert nearest(replace(MORNING, weekly=()), [], at(f"{MONDAY} 10:00"), at(f"{MONDAY} 09:30")) == []


class TestAbsurdInput:
    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"minutes": 0}, BadMinutes),
            ({"minutes": -30}, BadMinutes),
            ({"minutes": 10**9}, BadMinutes),
            ({"interval": 0}, BadInterval),
            ({"interval": -5}, BadInterval),
            ({"interval": 10**9}, BadInterval),
            ({"buffer_before": -1}, BadBuffer),
            ({"buffer_after": 10**6}, BadBuffer),
            ({"min_notice": -1}, BadNotice),
            ({"horizon_days": -1}, BadNotice),
            ({"horizon_days": 10**9}, BadNotice),
            ({"max_per_day": 0}, BadLimit),
            ({"max_per_week": -1}, BadLimit),
            ({"zone": "America/Sao_Paolo"}, UnknownZone),
            ({"zone": "America"}, UnknownZone),
            ({"zone": "../etc/passwd"}, UnknownZone),
            ({"zone": "a\0b"}, UnknownZone),
            ({"zone": ""}, UnknownZone),
            ({"zone": "x" * 5000}, UnknownZone),
        ],
    )
    def test_each_has_a_refusal_of_its_own(self, change: dict[str, Any], refusal: type[Refused]) -> None:
        with pytest.raises(refusal) as refused:
            replace(MORNING, **change)
        assert refused.value.code
        assert len(refused.value.message) < 120

    def test_a_period_that_ends_before_it_starts_or_never(self) -> None:
        now = at(f"{MONDAY} 00:00")
        with pytest.raises(BadPeriod):
            free_times(MORNING, [], at(f"{MONDAY} 10:00"), at(f"{MONDAY} 09:00"), now)
        with pytest.raises(BadPeriod):
            free_times(MORNING, [], now, datetime.max.replace(tzinfo=UTC), now)
        assert free_times(MORNING, [], at(f"{MONDAY} 09:00"), at(f"{MONDAY} 09:00"), now) == []


@dataclass(frozen=True)
class World:
    rules: Rules
    busy: list[Busy]
    start: datetime
    end: datetime
    now: datetime

    def listed(self, busy: list[Busy] | None = None) -> list[datetime]:
        return free_times(self.rules, self.busy if busy is None else busy, self.start, self.end, self.now)


# Around the clock changes of the zones, and in between.
DAYS = (
    "2026-03-07",
    "2026-03-28",
    "2026-04-03",
    "2026-06-15",
    "2026-09-05",
    "2026-09-26",
    "2026-10-03",
    "2026-10-24",
    "2026-10-31",
)


def world_of(seed: int, zones: list[str]) -> World:
    """A world drawn evenly from a seed: worlds drawn part by part are mostly empty ones."""
    draw = Random(seed)
    today = date.fromisoformat(draw.choice(DAYS))
    now = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(seconds=draw.randrange(86_400))

    def window(weekday: int) -> Window:
        start = 0 if draw.random() < 0.2 else draw.randrange(0, 1440, 15)
        return Window(weekday, start, min(start + draw.choice([0, 20, 60, 195, 240, 600, 1440]), 1440))

    def exception() -> DayException:
        row = window(0)
        when = today + timedelta(days=draw.randrange(5))
        return DayException(when, draw.choice(list(ExceptionKind)), row.start_minute, row.end_minute)

    def event() -> Busy:
        quarter = now.replace(minute=0, second=0) + draw.randrange(-200, 470) * 15 * MINUTE
        start = draw.choice([quarter, quarter, now + draw.randrange(-3000, 7000) * MINUTE])
        return Busy(start, start + draw.choice([10, 30, 60, 61, 300, 1000]) * MINUTE, draw.random() < 0.6)

    rules = Rules(
        zone=draw.choice(zones),
        minutes=draw.choice([5, 20, 30, 30, 50, 60, 60, 90, 240, 1500]),
        weekly=tuple(window(weekday) for weekday in range(7) for _ in range(draw.randrange(4))),
        exceptions=tuple(exception() for _ in range(draw.choice([0, 0, 1, 3]))),
        interval=draw.choice([None, None, 7, 15, 60, 100]),
        buffer_before=draw.choice([0, 0, 10, 45]),
        buffer_after=draw.choice([0, 0, 15, 30]),
        min_notice=draw.choice([0, 0, 60, 1440]),
        horizon_days=draw.choice([None, None, 1, 3]),
        max_per_day=draw.choice([None, None, None, 1, 3]),
        max_per_week=draw.choice([None, None, None, 3, 8]),
    )
    busy = [event() for _ in range(draw.choice([0, 2, 6, 12]))]
    start = now + draw.randrange(-1000, 3000) * MINUTE
    return World(rules, busy, start, start + draw.randrange(3 * 1440) * MINUTE, now)


def worlds(zones: list[str] = ZONES) -> st.SearchStrategy[World]:
    return st.integers(0, 2**40).map(lambda seed: world_of(seed, zones))


examples = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_a_buffer_does_not_reach_into_what_is_blocked_on_a_day_off() -> None:
    """Sunday is closed, and its evening blocked besides; Monday's first time needs ten minutes before it."""
    sunday, monday = date(2026, 3, 8), datetime(2026, 3, 9, tzinfo=UTC)
    closed = DayException(sunday, ExceptionKind.CLOSED)
    evening = DayException(sunday, ExceptionKind.BLOCKED, 1215, 1440)

    def listed(*exceptions: DayException) -> list[datetime]:
        rules = Rules(zone="UTC", minutes=30, weekly=(Window(0, 0, 120),), exceptions=exceptions, buffer_before=10)
        return free_times(rules, [], monday, monday + timedelta(days=1), now=monday - timedelta(days=3))

    assert listed(closed)[0] == monday
    assert listed(closed, evening)[0] == listed(evening)[0] == monday + timedelta(minutes=30)


class TestAnyWorld:
    @examples
    @given(worlds())
    def test_what_is_listed_can_be_booked(self, world: World) -> None:
        rules, listed = world.rules, world.listed()
        assert listed == sorted(set(listed)) == world.listed()
        for t in listed[:: max(1, len(listed) // 20)]:
            assert world.start <= t < world.end
            assert t >= world.now + rules.min_notice * MINUTE
            assert is_free(rules, world.busy, t, world.now)
            assert why_not(rules, world.busy, t, world.now) is None
            since = t - rules.buffer_before * MINUTE
            until = t + (rules.minutes + rules.buffer_after) * MINUTE
            assert not any(event.start < until and since < event.end for event in world.busy)

    @examples
    @given(worlds(), st.data())
    def test_what_is_not_listed_is_refused_with_a_reason(self, world: World, data: st.DataObject) -> None:
        listed = world.listed()
        length = int((world.end - world.start) / MINUTE)
        wanted = data.draw(st.lists(st.integers(0, max(0, length)), max_size=12))
        beside = [t + offset * MINUTE for t in listed[:3] for offset in (-1, 1)]
        for t in [world.start + minutes * MINUTE for minutes in wanted] + beside:
            if world.start <= t < world.end:
                reason = why_not(world.rules, world.busy, t, world.now)
                assert is_free(world.rules, world.busy, t, world.now) is (t in listed) is (reason is None)

    @examples
    @given(worlds(), st.floats(0, 1))
    def test_a_listing_does_not_depend_on_where_it_is_cut(self, world: World, where: float) -> None:
        middle = world.start + (world.end - world.start) * where
        first, second = replace(world, end=middle), replace(world, start=middle)
        assert first.listed() + second.listed() == world.listed()

    @examples
    @given(worlds())
    def test_only_the_busy_time_of_its_period_matters(self, world: World) -> None:
        start, end = busy_period(world.rules, world.start, world.end, world.now)
        needed = [event for event in world.busy if event.start < end and start < event.end]
        assert world.listed(needed) == world.listed()

    @examples
    @given(worlds())
    def test_booking_until_nothing_is_left_never_overlaps(self, world: World) -> None:
        rules, booked = world.rules, list(world.busy)
        length = rules.minutes * MINUTE
        mine: list[Busy] = []
        while len(mine) < 30 and (free := world.listed(booked)):
            assert set(free) <= set(world.listed())
            mine.append(Busy(free[len(free) // 2], free[len(free) // 2] + length))
            booked.append(mine[-1])
        mine.sort(key=lambda event: event.start)
        assert all(one.end <= later.start for one, later in pairwise(mine))

    @examples
    @given(worlds(), st.integers(-3000, 6000))
    def test_the_nearest_are_free_and_none_is_nearer(self, world: World, minutes: int) -> None:
        wanted = world.now.replace(second=0) + minutes * MINUTE
        found = nearest(world.rules, world.busy, wanted, world.now)
        period = around(world.rules, wanted, world.now)
        free = free_times(world.rules, world.busy, *period, world.now)
        assert found == sorted(sorted(free, key=lambda t: (abs(t - wanted), t))[:3])

    @examples
    @given(worlds([*ZONES, *ODD_ZONES]))
    def test_agrees_with_a_minute_by_minute_count(self, world: World) -> None:
        assert world.listed() == list(_minute_by_minute(world))

    @settings(examples, max_examples=25)
    @given(worlds())
    def test_the_zone_of_the_machine_does_not_matter(self, world: World) -> None:
        here = world.listed()
        for zone in ("America/Sao_Paulo", "Asia/Kolkata", "America/Santiago"):
            with _machine_in(zone):
                assert world.listed() == here
                assert world.listed() == [t for t in here if is_free(world.rules, world.busy, t, world.now)]


@contextmanager
def _machine_in(zone: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def _minute_by_minute(world: World) -> Iterator[datetime]:
    """The same list the slow way: ask of every minute that passes what the conventions say."""
    rules, zone = world.rules, ZoneInfo(world.rules.zone)
    today = (world.start - timedelta(days=1)).astimezone(zone).date()
    days = [today + timedelta(days=n) for n in range(-1, 8)]
    is_open = {minute for day in days for minute in _open_minutes(rules, day, zone)}
    # A day that is open around the clock begins its own grid.
    begins = {_instant(zone, day, 0) for day in days if _walls(rules, day) == set(range(1440))}
    lasts: dict[int, int] = {}  # for how many minutes it stays open
    for minute in sorted(is_open, reverse=True):
        lasts[minute] = lasts.get(minute + 1, 0) + 1
    anchor = 0
    for minute in sorted(is_open):
        if minute - 1 not in is_open or minute in begins:
            anchor = minute
        moment = EPOCH + minute * MINUTE
        on_grid = lasts[minute] >= rules.minutes and (minute - anchor) % (rules.interval or rules.minutes) == 0
        if on_grid and world.start <= moment < world.end and _room_at(world, moment, zone):
            yield moment


def _instant(zone: ZoneInfo, day: date, minute: int) -> int:
    """What the wall shows, in minutes since 1970: the first of two, and an hour that is skipped comes later."""
    day, minute = day + timedelta(days=minute // 1440), minute % 1440
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    return (wall.astimezone(UTC) - EPOCH) // MINUTE


def _walls(rules: Rules, day: date) -> set[int]:
    """The minutes of a day's wall clock that are open, clock changes left aside."""
    return {minute for start, end in _windows(rules, day) for minute in range(start, end)}


def _windows(rules: Rules, day: date) -> list[tuple[int, int]]:
    rows = {kind: [e for e in rules.exceptions if e.date == day and e.kind is kind] for kind in ExceptionKind}
    if rows[ExceptionKind.CLOSED]:
        return []
    weekly = [window for window in rules.weekly if window.weekday == day.weekday()]
    windows = [*(rows[ExceptionKind.HOURS] or weekly), *rows[ExceptionKind.EXTRA]]
    return [(w.start_minute or 0, w.end_minute or 0) for w in windows]


def _open_minutes(rules: Rules, day: date, zone: ZoneInfo) -> Iterator[int]:
    """Every minute that passes while a day is open; a window lasts from one wall time to the other."""
    walls, tomorrow = _walls(rules, day), _instant(zone, day, 1440)
    for first in sorted(wall for wall in walls if wall - 1 not in walls):
        last = next(wall for wall in range(first, 1441) if wall not in walls)
        yield from range(_instant(zone, day, first), min(_instant(zone, day, last), tomorrow))


def _room_at(world: World, moment: datetime, zone: ZoneInfo) -> bool:
    rules, today, on = world.rules, world.now.astimezone(zone).date(), moment.astimezone(zone).date()
    if moment < world.now + rules.min_notice * MINUTE:
        return False
    if rules.horizon_days is not None and on > today + timedelta(days=rules.horizon_days):
        return False
    since = moment - rules.buffer_before * MINUTE
    until = moment + (rules.minutes + rules.buffer_after) * MINUTE
    blocked = [
        tuple(EPOCH + _instant(zone, e.date, wall or 0) * MINUTE for wall in (e.start_minute, e.end_minute))
        for e in rules.exceptions
        if e.kind is ExceptionKind.BLOCKED and e.start_minute != e.end_minute
    ]
    busy = [(event.start, event.end) for event in world.busy] + blocked
    if any(start < until and since < end for start, end in busy if start < end):
        return False
    starts_on = [event.start.astimezone(zone).date() for event in world.busy if event.counts]
    monday = on - timedelta(days=on.weekday())
    this_week = sum(monday <= day < monday + timedelta(days=7) for day in starts_on)
    return (rules.max_per_day is None or starts_on.count(on) < rules.max_per_day) and (
        rules.max_per_week is None or this_week < rules.max_per_week
    )
