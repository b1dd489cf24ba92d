"""T21, T22 and T23 at close range: reminders once, late ones while they are of use, and clocks that do odd things.

The storm of workers that die is in `test_reminder_storm.py`; here one promise is looked at at a time.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from bot.agenda import reminders
from bot.agenda.hours import Window
from bot.agenda.parties import load_parties
from bot.db import Database
from bot.jobs.digest import owe_due_digests
from bot.jobs.reminders import tidy_reminders
from bot.models import Appointment, Contact, Outbound
from bot.models.enums import Action, Actor, OutboundStatus
from bot.quiet import quiet

from ..agenda.factories import NOW, THURSDAY_15H
from ..agenda.world import DAY, HOUR, MINUTE, World
from ..conftest import StillClock
from ..fakes.graph import graph
from ..notify.post_office import PostOffice, open_office

ALWAYS = tuple(Window(day, 0, 1440) for day in range(7))


@pytest.fixture
async def post(db: Database, clock: StillClock) -> AsyncIterator[PostOffice]:
    async with graph() as fake, open_office(db, clock, fake) as office:
        yield office


def utc(wall: str, zone: str = "America/Sao_Paulo") -> datetime:
    """Read a wall time, to the minute, in a zone."""
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


async def sent_now(post: PostOffice, *, tidy_first: bool = True) -> list[str]:
    """Let everything run, as in a minute of the worker; return the reminders that left."""
    before = len(post.graph.accepted)
    for _ in range(3):
        if tidy_first:
            await tidy_reminders(post.db, post.clock.now())
        await post.send()
        await tidy_reminders(post.db, post.clock.now())
    return [sent.text for sent in post.graph.accepted[before:] if sent.text.startswith("[reminder")]


@pytest.mark.parametrize("tidy_first", [True, False])
async def test_t22_after_three_hours_without_a_worker_late_ones_go_if_they_still_help(
    post: PostOffice, *, tidy_first: bool
) -> None:
    async with World(post.db, hours=ALWAYS) as world:
        for wall in ("2026-11-26 10:00", "2026-11-25 14:00", "2026-11-25 11:30", "2026-11-25 14:30"):
            await world.book(utc(wall), actor=Actor.PROFESSIONAL)
    post.clock.moment = utc("2026-11-24 20:00")
    await sent_now(post)  # what was due the day before
    post.clock.moment = utc("2026-11-25 09:29")
    assert await sent_now(post) == []
    post.clock.moment = utc("2026-11-25 12:29")  # down since half past nine
    late = sorted(await sent_now(post, tidy_first=tidy_first))
    # Of tomorrow's 10h, and of today's 14h; that of 11h30 is over, and that of 14h30 is due in a minute.
    assert late == ["[reminder_24h]", "[reminder_2h]"]
    async with post.db.begin() as session:
        rows = (await session.scalars(select(Outbound).where(Outbound.status == OutboundStatus.SKIPPED))).all()
    assert [(row.kind, row.appointment_start_at) for row in rows] == [("reminder_2h", utc("2026-11-25 11:30"))]
    assert rows[0].error or rows[0].error_code
    post.clock.jump(minutes=1)
    assert await sent_now(post) == ["[reminder_2h]"]


async def test_t23_a_clock_that_jumps_an_hour_either_way_says_nothing_twice_and_leaves_nothing_out(
    post: PostOffice,
) -> None:
    async with World(post.db) as world:
        await world.book(THURSDAY_15H, actor=Actor.PROFESSIONAL)
    heard = []
    for moment in (THURSDAY_15H - DAY - MINUTE, THURSDAY_15H - 2 * HOUR - MINUTE):
        post.clock.moment = moment
        assert await sent_now(post) == []
        for hours in (1, -1, 1, -1, 1):
            post.clock.jump(hours=hours)
            heard += await sent_now(post)
    assert heard == ["[reminder_24h]", "[reminder_2h]"]


async def test_t22_what_a_sender_held_that_died_in_the_evening_is_sent_in_the_morning(post: PostOffice) -> None:
    """The night is no second try: it was given up in the morning as if it had gone out and nobody had told of it."""
    async with World(post.db, hours=ALWAYS, slot_interval_minutes=1) as world:
        await world.book(utc("2026-11-26 20:59"), actor=Actor.PROFESSIONAL)
    post.clock.moment = utc("2026-11-25 20:59")
    async with post.db.begin() as session:
        row = (await session.scalars(select(Outbound).where(Outbound.kind == "reminder_24h"))).one()
        row.status, row.attempts, row.lease_until = OutboundStatus.SENDING, 1, post.clock.now()
    await sent_now(post)  # what was owed for the booking
    for minutes in (1, 2):
        post.clock.jump(minutes=minutes)
        assert await sent_now(post) == []
    post.clock.moment = utc("2026-11-26 08:00")
    assert await sent_now(post) == ["[reminder_24h]"]


@pytest.mark.parametrize(
    ("zone", "wall", "said"),
    [
        ("America/Santiago", "2026-04-05 10:00", "10h"),  # the night before was an hour longer
        ("America/Santiago", "2026-09-06 10:00", "10h"),  # and this one an hour shorter
        ("Europe/Lisbon", "2026-03-29 09:30", "9h30"),
        ("Europe/Lisbon", "2026-10-25 00:30", "0h30"),
        ("America/Sao_Paulo", "2028-02-29 15:00", "15h"),
        ("America/Sao_Paulo", "2028-03-01 09:00", "9h"),  # the day before is the 29th
        ("America/Sao_Paulo", "2026-12-01 00:00", "0h"),
        ("America/Sao_Paulo", "2026-11-30 23:59", "23h59"),
        ("America/Noronha", "2027-01-01 00:00", "0h"),
    ],
)
async def test_t23_the_hour_on_the_wall_is_told_whatever_the_day_is_like(
    db: Database, zone: str, wall: str, said: str
) -> None:
    start, local = utc(wall, zone), datetime.fromisoformat(wall)
    async with World(db, timezone=zone, hours=ALWAYS, slot_interval_minutes=1, horizon_days=3650) as world:
        await world.book(start, actor=Actor.PROFESSIONAL, now=start - 4 * DAY)
        planned = {row.kind: row for row in await world.owed() if row.appointment_start_at}
        assert sorted(planned) == ["reminder_24h", "reminder_2h"]
        assert f"{local:%d/%m}" in planned["reminder_24h"].payload["when"]
        for kind, before in (("reminder_24h", 24 * HOUR), ("reminder_2h", 2 * HOUR)):
            row = planned[kind]
            assert said in row.payload["hour" if kind == "reminder_2h" else "when"]
            assert not quiet(row.due_at, zone)
            # Elapsed hours before the start, or the evening before the night that falls into.
            assert row.due_at == start - before or timedelta() < (start - before) - row.due_at < 12 * HOUR
        # Every minute of the worker around three mornings: one agenda, on the appointment's own local day.
        told = []
        for days in (-1, 0, 1):
            eight = datetime.combine(local.date() + timedelta(days=days), datetime.min.time(), ZoneInfo(zone))
            for minute in (479, 480, 481, 540, 719, 720):
                now = (eight.replace(hour=minute // 60, minute=minute % 60)).astimezone(UTC)
                if await owe_due_digests(db, now):
                    told.append((days, minute))
        assert told == [(0, 480)]


async def test_who_comes_back_within_reach_is_reminded(post: PostOffice) -> None:
    """Nobody could be told of the confirmation, and the professional heard of that, once; then the client writes."""
    async with World(post.db) as world:
        assert world.client.contact_id is not None

        async def reach(unreachable_at: datetime | None) -> None:
            async with post.db.begin() as session:
                (await session.get_one(Contact, world.client.contact_id)).unreachable_at = unreachable_at

        await reach(NOW - DAY)
        await world.book(THURSDAY_15H, actor=Actor.PROFESSIONAL)
    assert [note.kind for note in await world.notifications()] == ["client_unreachable"]
    post.clock.moment = THURSDAY_15H - DAY + MINUTE
    assert await sent_now(post) == []
    await reach(None)
    post.clock.moment = THURSDAY_15H - 2 * HOUR + MINUTE
    assert await sent_now(post) == ["[reminder_2h]"]
    assert len(await world.notifications()) == 1
    skipped = [row for row in await world.owed() if row.status is OutboundStatus.SKIPPED]
    assert [(row.kind, row.error_code) for row in skipped] == [("reminder_24h", "unreachable")]


async def test_who_went_out_of_reach_after_the_confirmation_is_tried_all_the_same(post: PostOffice) -> None:
    """Nobody told this professional: the failure does, and what arrives says that they are there again."""
    async with World(post.db) as world:
        await world.book(THURSDAY_15H, actor=Actor.PROFESSIONAL)
        async with post.db.begin() as session:
            (await session.get_one(Contact, world.client.contact_id)).unreachable_at = NOW + MINUTE
    post.clock.moment = THURSDAY_15H - DAY + MINUTE
    assert await sent_now(post) == ["[reminder_24h]"]


async def test_t21_a_reminder_is_written_once_and_none_is_left_after_a_cancel(db: Database) -> None:
    async with World(db) as world:
        row = await world.book(THURSDAY_15H, actor=Actor.PROFESSIONAL)
        await plan_again(db, world, row.id)
        assert await waiting(db) == ["reminder_24h", "reminder_2h"]
        await world.act(row, Action.CANCEL)
        assert await waiting(db) == []


async def test_t21_without_its_key_a_reminder_is_written_twice(postgres_url: str) -> None:
    """What the key is for: taken down, the proof above would fail."""
    db = Database(postgres_url)
    async with World(db) as world:
        row = await world.book(THURSDAY_15H, actor=Actor.PROFESSIONAL)
        async with db.begin() as session:
            await session.execute(text("ALTER TABLE outbound DROP CONSTRAINT uq_outbound_dedup_key"))
        await plan_again(db, world, row.id)
    found = await waiting(db)
    await db.close()
    assert found == ["reminder_24h", "reminder_24h", "reminder_2h", "reminder_2h"]


async def plan_again(db: Database, world: World, appointment_id: object) -> None:
    """Plan the reminders of an appointment once more, as two processes that confirm it at once would."""
    async with db.begin() as session:
        row = await session.get_one(Appointment, appointment_id)
        who = await load_parties(session, world.owner.id, world.client.id)
        await reminders.plan(session, row, who, now=NOW)


async def waiting(db: Database) -> list[str]:
    async with db.begin() as session:
        kinds = await session.scalars(
            select(Outbound.kind)
            .where(Outbound.status == OutboundStatus.QUEUED, Outbound.appointment_start_at.is_not(None))
            .order_by(Outbound.kind)
        )
        return list(kinds)
