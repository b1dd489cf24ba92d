"""T28: what is stuck is noticed within two minutes, and a day on which nothing is stuck raises no alarm.

The suite looks every forty minutes of the day; `ODYS_DAY_STEP=1` looks every minute, as the worker does.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from bot.db import Database
from bot.jobs import watchdog
from bot.jobs.findings import State
from bot.models import Inbound, Outbound
from bot.models.enums import InboundKind, InboundStatus, OutboundStatus, Transport
from bot.notify.message import REMINDER

from ..conftest import StillClock
from .test_watchdog import add, configured, heard, owed

STEP = timedelta(minutes=int(os.environ.get("ODYS_DAY_STEP", "40")))
MINUTE = timedelta(minutes=1)
# People write from eight to ten in the evening, every ten minutes or so.
AWAKE = range(8, 22)
BRASILIA = timedelta(hours=-3)

Stuck = Callable[[StillClock], list[Any]]


def a_lane(clock: StillClock) -> list[Any]:
    return [heard(clock, 1, status=InboundStatus.NEW)]


def a_lane_of_a_dead_worker(clock: StillClock) -> list[Any]:
    return [heard(clock, 1, status=InboundStatus.NEW, attempts=1)]


def the_outbox(clock: StillClock) -> list[Any]:
    return [owed(clock)]


def a_message_of_a_dead_worker(clock: StillClock) -> list[Any]:
    lease = clock.now() + timedelta(seconds=30)
    return [owed(clock, status=OutboundStatus.SENDING, lease_until=lease, attempts=1)]


@pytest.mark.parametrize(
    ("stuck", "check"),
    [
        (a_lane, "answers"),
        (a_lane_of_a_dead_worker, "answers"),
        (the_outbox, "owed"),
        (a_message_of_a_dead_worker, "owed"),
    ],
)
async def test_t28_what_is_stuck_is_noticed_within_two_minutes(
    db: Database, clock: StillClock, stuck: Stuck, check: str
) -> None:
    clock.moment = datetime(2026, 11, 23, 13, 3, 30, tzinfo=UTC)
    await add(db, *stuck(clock))
    began = clock.now()
    clock.jump(seconds=20)  # whenever the next look comes
    while True:
        findings = await watchdog.glance(db, configured(), now=clock.now())
        if {each.check for each in findings if each.state is not State.OK} == {check}:
            break
        clock.jump(minutes=1)
        assert clock.now() - began <= 2 * MINUTE
    async with db.begin() as session:
        assert await session.scalar(select(func.count()).where(Outbound.transport == Transport.EMAIL)) == 1


def a_conversation_of(at: datetime, number: int) -> Iterator[Any]:
    """One message with its answer, read, and one that has just come and is being thought about."""
    common: dict[str, Any] = {"minutes": 0, "received_at": at, "due_at": at}
    yield heard(StillClock(at), number, **common, handled_at=at + timedelta(seconds=3))
    yield heard(
        StillClock(at), number, **common | {"kind": InboundKind.STATUS, "external_id": f"s{number}", "lane": ""}
    )
    yield owed(StillClock(at), status=OutboundStatus.DELIVERED, delivered_at=at)


def an_ordinary_day(start: datetime, days: int) -> Iterator[Any]:
    """What `days` days leave behind: nothing at night."""
    number = 0
    for minute in range(0, days * 1440, 10):
        at = start + timedelta(minutes=minute, seconds=40)
        if (at + BRASILIA).hour in AWAKE:
            number += 1
            yield from a_conversation_of(at, number)


def what_waits(now: datetime) -> Iterator[Any]:
    """What is no trouble at any moment: a message under way, a turn that thinks, a retry to come, the reminders."""
    clock = StillClock(now)
    yield heard(clock, 0, external_id="thinking", status=InboundStatus.NEW, minutes=0.4)
    yield owed(clock, minutes=0.3, status=OutboundStatus.SENDING, lease_until=now + timedelta(seconds=20), attempts=1)
    yield owed(clock, minutes=-5, attempts=3)
    yield from (owed(clock, minutes=-60 * hour, priority=REMINDER) for hour in (1, 20, 200))


async def forget_what_waits(db: Database) -> None:
    async with db.begin() as session:
        await session.execute(delete(Outbound).where(Outbound.status != OutboundStatus.DELIVERED))
        await session.execute(delete(Inbound).where(Inbound.status == InboundStatus.NEW))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_t28_a_day_on_which_nothing_is_stuck_raises_no_alarm(db: Database) -> None:
    midnight = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    async with db.begin() as session:
        session.add_all(an_ordinary_day(midnight - timedelta(days=8), 9))
    now, looks, alarms = midnight, 0, []
    while now < midnight + timedelta(days=1):
        await add(db, *what_waits(now))
        findings = await watchdog.glance(db, configured(), now=now)
        alarms += [f"{now}: {each.english}" for each in findings if each.state in (State.WARN, State.BAD)]
        await forget_what_waits(db)
        now, looks = now + STEP, looks + 1
    assert alarms == []
    assert looks == timedelta(days=1) / STEP
