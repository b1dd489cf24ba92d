"""This one and the next, where some were moved alone: what is booked and what is not yet go on in one rhythm."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agenda import following
from bot.agenda.hours import at_wall, local_date
from bot.agenda.onward import Onward, Stand, onward
from bot.agenda.pattern import Pattern
from bot.db import Database
from bot.jobs.series import extend_series
from bot.models import Appointment
from bot.models.enums import Frequency

from .factories import NOW, THURSDAY_15H
from .test_series import ENDLESS, THURSDAYS, WEEK, Fixed
from .world import DAY, HOUR

ZONE = "America/Sao_Paulo"
END = date(2026, 12, 10)


class Rest(Fixed):
    """A world of series whose rests are moved."""

    async def alone(self, row: Appointment, by: timedelta) -> Appointment:
        return await self.move(row, row.start_at + by, **self.as_owner())

    async def onward(self, row: Appointment, by: timedelta) -> list[str]:
        async with self.db.begin() as session:
            row = await session.get_one(Appointment, row.id)
            moved = await following.move_following(session, row.id, row.start_at + by, now=NOW, **self.as_owner())
        return [shown(each.start_at) for each in moved]


def shown(at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(ZONE)):%d/%m %Hh}"


async def test_one_that_was_moved_to_another_weekday_takes_the_rest_there_for_good(db: Database) -> None:
    """Thursdays; the third is moved alone to Friday, and then with the rest an hour later: Fridays from then on."""
    async with Rest(db) as world:
        rows = (await world.book_series(ENDLESS)).rows
        await world.alone(rows[2], DAY)
        moved = await world.onward(rows[2], HOUR)
        assert (moved[:3], moved[-1]) == (["11/12 16h", "18/12 16h", "25/12 16h"], "19/02 16h")
        assert await extend_series(db, NOW + 20 * DAY) == 2
        assert [shown(at) for at in await world.starts()][-2:] == ["26/02 16h", "05/03 16h"]


async def test_a_rest_that_was_moved_before_stands_in_its_new_rhythm(db: Database) -> None:
    async with Rest(db) as world:
        rows = (await world.book_series()).rows
        await world.alone(rows[2], DAY)
        assert await world.onward(rows[1], -DAY) == ["02/12 15h", "09/12 15h", "16/12 15h", "23/12 15h"]
        await world.alone(rows[3], DAY)
        assert await world.onward(rows[2], HOUR) == ["09/12 16h", "16/12 16h", "23/12 16h"]


async def test_the_old_series_ends_with_what_stays_in_it(db: Database) -> None:
    async with Rest(db) as world:
        until = Pattern(frequency=Frequency.WEEKLY, starts_on=THURSDAYS.starts_on, start_minute=900, until=END)
        rows = (await world.book_series(until)).rows
        await world.alone(rows[2], 11 * DAY)  # beyond where the series would have ended
        assert await world.onward(rows[2], DAY) == ["22/12 15h"]
        old, new = sorted(await world.all_series(), key=lambda each: each.id)
        assert (old.until, new.starts_on, new.until) == (END, date(2026, 12, 22), date(2026, 12, 22))
        await world.alone(rows[1], 2 * HOUR - WEEK)  # the day of the first, two hours behind it
        async with db.begin() as session:
            gone = await following.cancel_following(session, rows[1].id, now=NOW, **world.as_owner())
        assert [row.id for row in gone] == [rows[1].id]
        assert await world.starts() == [THURSDAY_15H, THURSDAY_15H + 26 * DAY]
        assert min(each.until for each in await world.all_series() if each.until) == THURSDAYS.starts_on


BIWEEKLY = Pattern(frequency=Frequency.BIWEEKLY, starts_on=date(2026, 11, 26), start_minute=900)
ON_26 = Pattern(frequency=Frequency.MONTHLY, starts_on=date(2026, 11, 26), start_minute=900)
ON_31 = Pattern(frequency=Frequency.MONTHLY, starts_on=date(2026, 12, 31), start_minute=900)


@pytest.mark.parametrize(
    ("old", "alone", "gone", "first", "by", "moved", "next_one"),
    [
        pytest.param(
            BIWEEKLY, {1: -WEEK}, (), 1, HOUR, ["03/12 16h", "17/12 16h", "31/12 16h", "14/01 16h"], "28/01 16h",
            id="a week earlier, every second week",
        ),
        pytest.param(
            BIWEEKLY, {1: WEEK}, (), 1, HOUR, ["17/12 16h", "31/12 16h", "14/01 16h", "28/01 16h"], "11/02 16h",
            id="a week later, every second week",
        ),
        pytest.param(
            ENDLESS, {2: -WEEK + HOUR}, (), 2, HOUR, ["03/12 17h", "17/12 17h", "24/12 17h"], "31/12 17h",
            id="moved by whole weeks, it takes none of the others along",
        ),
        pytest.param(
            ENDLESS, {2: 8 * DAY}, (), 2, HOUR, ["18/12 16h", "25/12 16h"], "01/01 16h",
            id="it went past the fourth, which stays",
        ),
        pytest.param(
            ENDLESS, {3: -8 * DAY}, (), 3, HOUR, ["09/12 16h", "16/12 16h", "30/12 16h"], "06/01 16h",
            id="it came before the third, which is behind it now, and leaves its gap",
        ),
        pytest.param(
            ENDLESS, {1: 8 * DAY}, (), 2, -DAY - HOUR, ["09/12 14h", "10/12 14h", "16/12 14h", "23/12 14h"],
            "30/12 14h", id="one came from before and has no turn in the rest",
        ),
        pytest.param(
            ENDLESS, {3: 3 * HOUR - DAY, 4: 4 * DAY}, (2,), 1, DAY, ["04/12 15h", "18/12 15h", "25/12 15h"],
            "01/01 15h", id="those moved alone come back, and a cancelled one leaves its gap",
        ),
        pytest.param(
            ENDLESS, {4: DAY}, (), 4, HOUR, ["25/12 16h"], "01/01 16h", id="nothing behind it is booked",
        ),
        pytest.param(
            ON_26, {}, (), 2, 5 * DAY, ["31/01 15h", "28/02 15h", "31/03 15h"], "31/05 15h",
            id="days that not every month has",
        ),
        pytest.param(
            ON_31, {0: -DAY}, (), 0, HOUR, ["30/12 16h", "30/01 16h", "30/03 16h", "30/05 16h", "30/07 16h"],
            "30/08 16h", id="a day that every month but one has",
        ),
    ],
)  # fmt: skip
def test_where_a_rest_goes(
    old: Pattern,
    alone: Mapping[int, timedelta],
    gone: tuple[int, ...],
    first: int,
    by: timedelta,
    moved: list[str],
    next_one: str,
) -> None:
    origins = old.starts(ZONE, old.starts_on, old.starts_on + 300 * DAY)[:5]
    stands = [Stand(at + alone.get(number, timedelta()), at) for number, at in enumerate(origins) if number not in gone]
    (at,) = [stand.at for stand in stands if stand.origin == origins[first]]
    behind = sorted((stand for stand in stands if stand.at >= at), key=lambda stand: stand.at)
    rest = onward(old, ZONE, behind, at + by)
    assert [shown(each) for each in rest.starts] == moved
    assert shown(coming(rest, ZONE, local_date(ZONE, origins[-1]))) == next_one


def coming(rest: Onward, zone: str, booked_through: date) -> datetime:
    """Return what the job books next, where the old series was booked up to a date."""
    through = rest.shifted(booked_through)
    assert through is not None
    return rest.pattern.starts(zone, through + DAY, through + 99 * DAY)[0]


@dataclass(frozen=True)
class Moves:
    """What stands of a series after some were moved alone, and where its rest is to go."""

    old: Pattern
    zone: str
    through: date
    stands: list[Stand]
    to: datetime


@st.composite
def moves(draw: st.DrawFn) -> Moves:
    zone, minute = draw(st.sampled_from([ZONE, "America/Santiago", "Europe/Lisbon"])), st.integers(16, 88)
    starts_on = date(2026, 8, 1) + draw(st.integers(0, 400)) * DAY
    old = Pattern(frequency=draw(st.sampled_from(Frequency)), starts_on=starts_on, start_minute=draw(minute) * 15)
    origins = old.starts(zone, starts_on, starts_on + 600 * DAY)[:8]
    by = draw(st.lists(st.sampled_from([0, 0, 0, 1, -1, 3, -4, 7, -7, 8, 15]), min_size=8, max_size=8))
    stands = [Stand(at + days * (DAY + HOUR), at) for at, days in zip(origins, by, strict=True)]
    stands = sorted(stands, key=lambda stand: stand.at)[draw(st.integers(0, 7)) :]
    to = at_wall(zone, local_date(zone, stands[0].at) + draw(st.integers(-3, 10)) * DAY, draw(minute) * 15)
    return Moves(old, zone, local_date(zone, origins[-1]), stands, to)


@settings(max_examples=40, deadline=None)
@given(moves())
def test_what_comes_later_goes_on_in_the_rhythm_of_what_was_moved(made: Moves) -> None:
    rest, zone = onward(made.old, made.zone, made.stands, made.to), ZoneInfo(made.zone)
    assert rest.starts[0] == made.to
    next_one = coming(rest, made.zone, made.through)
    turn = rest.pattern.nearest(local_date(made.zone, next_one))
    assert made.to < next_one
    for at, stand in zip(rest.starts, made.stands, strict=True):
        if stand.alone or stand is made.stands[0]:
            continue
        wall, number = at.astimezone(zone), rest.pattern.nearest(local_date(made.zone, at))
        assert made.to < at < next_one
        assert wall.date() == rest.pattern.nth(number)
        assert wall.time() == next_one.astimezone(zone).time() == made.to.astimezone(zone).time()
        # As many turns before the next one as it stood before the end of what was booked; a month may lack the day.
        between = made.old.nearest(made.through) - made.old.nearest(local_date(made.zone, stand.origin))
        assert turn - number - between in ({1, 2} if made.old.frequency is Frequency.MONTHLY else {1})
