"""Series in local wall time."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agenda import recurrence
from bot.agenda.hours import UnknownZone
from bot.agenda.recurrence import BadRecurrence, rule_of
from bot.models.enums import Frequency

from .replay import occurrences

SHARED = Path(__file__).resolve().parents[3] / "shared" / "cases" / "rrules.json"
CASES: list[dict[str, Any]] = json.loads(SHARED.read_text()) if SHARED.exists() else []


def expand(
    rule: str,
    start: str,
    zone: str = "America/Sao_Paulo",
    *,
    without: tuple[str, ...] = (),
    window: tuple[str, str] = ("2000-01-01", "2100-01-01"),
) -> list[str]:
    """Expand a rule and show each occurrence as the wall does, with its offset."""
    first, last = (datetime.fromisoformat(text) for text in window)
    exdates = [datetime.fromisoformat(text) for text in without]
    found = recurrence.occurrences(rule, datetime.fromisoformat(start), zone, exdates, (first, last))
    assert all(t.tzinfo is UTC for t in found)
    return [t.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") for t in found]


@pytest.mark.skipif(not CASES, reason="the cases are not beside this checkout")
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_agrees_with_cases_written_elsewhere(case: dict[str, Any]) -> None:
    assert occurrences(case) == [datetime.fromisoformat(text) for text in case["expected"]]


class TestOurSeries:
    def test_every_week_at_the_same_hour_of_the_wall(self) -> None:
        rule = rule_of(Frequency.WEEKLY, count=3)
        assert expand(rule, "2018-10-25T15:00") == [
            "2018-10-25T15:00-03:00",
            "2018-11-01T15:00-03:00",
            "2018-11-08T15:00-02:00",
        ]

    def test_every_second_week(self) -> None:
        rule = rule_of(Frequency.BIWEEKLY, until=date(2026, 12, 24))
        assert [text[:10] for text in expand(rule, "2026-11-26T15:00")] == ["2026-11-26", "2026-12-10", "2026-12-24"]

    def test_a_month_without_the_day_is_skipped(self) -> None:
        rule = rule_of(Frequency.MONTHLY, count=4)
        found = expand(rule, "2026-01-31T09:00")
        assert [text[:10] for text in found] == ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]

    def test_the_last_day_is_included(self) -> None:
        rule = rule_of(Frequency.WEEKLY, until=date(2026, 12, 3))
        assert expand(rule, "2026-11-26T23:30")[-1][:10] == "2026-12-03"

    def test_an_endless_series_is_cut_by_the_window(self) -> None:
        found = expand(rule_of(Frequency.WEEKLY), "2026-11-26T15:00", window=("2026-12-03T15:00", "2026-12-17T15:00"))
        assert [text[:10] for text in found] == ["2026-12-03", "2026-12-10"]  # half-open

    def test_a_count_and_an_end_are_one_too_many(self) -> None:
        with pytest.raises(BadRecurrence):
            rule_of(Frequency.WEEKLY, count=3, until=date(2026, 12, 3))
        with pytest.raises(BadRecurrence):
            rule_of(Frequency.WEEKLY, count=0)


class TestClockChanges:
    def test_a_skipped_hour_is_read_with_the_offset_before(self) -> None:
        found = expand("FREQ=DAILY;COUNT=3", "2026-03-07T02:30", "America/New_York")
        assert found == ["2026-03-07T02:30-05:00", "2026-03-08T03:30-04:00", "2026-03-09T02:30-04:00"]

    def test_a_repeated_hour_is_its_first(self) -> None:
        found = expand("FREQ=DAILY;COUNT=3", "2026-10-31T01:30", "America/New_York")
        assert found == ["2026-10-31T01:30-04:00", "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"]

    def test_a_midnight_that_does_not_exist(self) -> None:
        found = expand("FREQ=WEEKLY;COUNT=2", "2026-08-30T00:00", "America/Santiago")
        assert found == ["2026-08-30T00:00-04:00", "2026-09-06T01:00-03:00"]


class TestRules:
    def test_a_date_left_out_does_not_extend_the_count(self) -> None:
        found = expand("FREQ=WEEKLY;COUNT=3", "2026-11-05T10:00", without=("2026-11-12T10:00",))
        assert [text[:10] for text in found] == ["2026-11-05", "2026-11-19"]

    @pytest.mark.parametrize("until", ["20261119T130000Z", "20261119T100000", "20261119"])
    def test_an_end_is_inclusive_in_utc_on_the_wall_or_as_a_date(self, until: str) -> None:
        assert expand(f"FREQ=WEEKLY;UNTIL={until}", "2026-11-05T10:00")[-1] == "2026-11-19T10:00-03:00"

    def test_an_end_in_utc_may_be_the_evening_before(self) -> None:
        found = expand("FREQ=DAILY;UNTIL=20261107T010000Z", "2026-11-05T22:00")  # 6 Nov 22:00 in São Paulo
        assert [text[:10] for text in found] == ["2026-11-05", "2026-11-06"]

    @pytest.mark.parametrize(
        "rule",
        [
            "",
            "FREQ=",
            "FREQ=HOURLY",
            "FREQ=SECONDLY;COUNT=3",
            "INTERVAL=2",
            "FREQ=WEEKLY;INTERVAL=0",
            "FREQ=WEEKLY;INTERVAL=-1",
            "FREQ=WEEKLY;COUNT=0",
            "FREQ=WEEKLY;COUNT=x",
            "FREQ=WEEKLY;COUNT=3;UNTIL=20261119T130000Z",
            "FREQ=WEEKLY;BYDAY=XX",
            "FREQ=WEEKLY;BYHOUR=9,10",
            "FREQ=WEEKLY;UNTIL=amanhã",
            "FREQ=WEEKLY;UNTIL=99999999T999999Z",
            "FREQ=WEEKLY\nRRULE:FREQ=DAILY",
            "toda quinta",
        ],
    )
    def test_what_is_no_rule_of_ours_is_refused(self, rule: str) -> None:
        with pytest.raises(BadRecurrence) as refused:
            expand(rule, "2026-11-05T10:00")
        assert refused.value.code == "bad_recurrence"

    def test_an_unknown_zone(self) -> None:
        with pytest.raises(UnknownZone):
            expand("FREQ=DAILY", "2026-11-05T10:00", "Mars/Olympus")


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(Frequency),
    st.datetimes(datetime(2017, 1, 1), datetime(2030, 1, 1)).map(lambda t: t.replace(second=0, microsecond=0)),  # noqa: DTZ001
    st.sampled_from(["America/Sao_Paulo", "America/Santiago", "Europe/Lisbon", "America/New_York"]),
    st.integers(1, 30),
)
def test_any_series_keeps_its_hour(frequency: Frequency, start: datetime, zone: str, count: int) -> None:
    window = (start, start + timedelta(days=4000))
    found = recurrence.occurrences(rule_of(frequency, count=count), start, zone, (), window)
    assert found == sorted(set(found))
    assert len(found) == count
    for t in found:
        shown = t.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        skipped = start.replace(year=shown.year, month=shown.month, day=shown.day).replace(tzinfo=ZoneInfo(zone))
        exists = skipped.astimezone(UTC).astimezone(ZoneInfo(zone)).time() == start.time()
        assert shown.time() == start.time() or not exists
    # Cutting the window in two loses and repeats nothing.
    middle = start + timedelta(days=100)
    parts = [
        recurrence.occurrences(rule_of(frequency, count=count), start, zone, (), part)
        for part in ((start, middle), (middle, window[1]))
    ]
    assert parts[0] + parts[1] == found
