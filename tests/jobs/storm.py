"""The storm itself: four workers that are killed, a clock that jumps, an outage, a WhatsApp that stumbles.

The workers are real processes on a real database; Graph and the intake that its statuses come back to run here. The
clock stands still for nobody: it goes on by itself and is moved from one stop of the timetable to the next as soon as
everything due has been dealt with.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy import ColumnElement, and_, false, func, or_, select

from bot.db import Database
from bot.models import Inbound, Outbound, Professional
from bot.models.enums import InboundStatus, OutboundStatus
from bot.queue import SilentBell
from bot.settings import Settings
from web.app import create

from ..fakes.graph import (
    ACCOUNT,
    SECRET,
    TOKEN,
    AcceptThenCut,
    AcceptThenFail,
    Behaviour,
    Cut,
    Graph,
    Refuse,
    graph,
)
from .storm_stage import Courier, Crew, Diary
from .storm_town import BOOKED, DAYS, ZONES, Town
from .storm_worker import FileClock

# A lease lasts 30 s and a doubt 60: in three such steps whatever a dead worker held is in somebody's hands again.
TICK = timedelta(seconds=40)
LOOK = 0.05
# Seconds in which nothing moved. A worker that lives may hold a message for 0.8 s before its turn to leave comes:
# only what is held for much longer is a dead one's.
STILL = 2.5
TICKS = 20  # 13 minutes: the last stop of an evening is a quarter of an hour before the quiet hours
# Minutes of UTC. By day at most 90 minutes apart, or reminders of two hours before would be too late; in the
# evenings once for each of the zones, a quarter of an hour before its quiet hours; once in the night.
STOPS = (405, 645, 675, *range(735, 1276, 90), 1365, 1425, 1485, 1545)
OUTAGE = timedelta(hours=6)
OWED = (OutboundStatus.QUEUED, OutboundStatus.SENDING, OutboundStatus.UNCERTAIN)
HICCUPS: tuple[Behaviour, ...] = (Refuse(429, 130429), AcceptThenFail(), AcceptThenCut(), Cut())


@dataclass
class Plan:
    """How bad the weather is."""

    appointments: int = 600
    workers: int = 4
    kills: int = 5
    changes: float = 0.2  # this part of the appointments is cancelled or moved meanwhile
    stops: int = 26  # of the timetable: until the outage is over and the morning after it has passed
    seed: int = 7


@dataclass
class Storm:
    """Everything together, and what the audit needs to know about how it went."""

    plan: Plan
    db: Database
    clock: FileClock
    fake: Graph
    diary: Diary
    courier: Courier
    crew: Crew
    town: Town
    dice: random.Random
    # When everything due had been dealt with, the outage, the jump forwards; by the storm's clock.
    calms: list[datetime] = field(default_factory=list)
    outage: tuple[datetime, datetime] = (BOOKED, BOOKED)
    # Messages taken from workers that were dead before they could write it down.
    untold: int = 0
    kills: int = 0
    # How many times longer a look takes than on an idle machine.
    _strain: float = 1.0
    say: Callable[[str], None] = lambda _: None

    async def rage(self) -> None:
        """Live through the timetable."""
        stops = list(timetable())[: self.plan.stops]
        first, second = stops.index(_at(0, 1095)), stops.index(_at(1, 1185))
        lost = stops[second] + OUTAGE
        others = [n for n, moment in enumerate(stops) if n != first and not stops[second] <= moment <= lost]
        stormy = set(self.dice.sample(others, self.plan.kills))
        await self.crew.hire(self.plan.workers)
        share = round(self.plan.appointments * self.plan.changes / len(others))
        for number, moment in enumerate(stops):
            if moment <= self.outage[1]:
                continue
            self.clock.jump_to(moment)
            # One mishap a message: after a second doubt it is shown to a person, as it should be, and this storm
            # wants none of those. So no hiccup outlives its stop, and none comes when the clock leaps: a doubt
            # needs a minute to be resolved, and the leap would take that minute away.
            self.fake.recover()
            if number != first and self.dice.random() < 0.3:
                self.fake.next(*self.dice.sample(HICCUPS, 2))
            if number == first:
                await self._jump_in_flight()
            elif number == second:
                await self._lose_everybody(moment)
            else:
                changing = asyncio.create_task(self._change_minds(share))
                if number in stormy:
                    await self._kill_in_flight(self.dice.randint(1, max(1, self.plan.workers - 1)))
                await changing
            await self.calm()
            if number == first + 1:
                await self._jump_back()
            self.say(f"{self.clock.now():%d/%m %H:%M} UTC: {len(self.diary)} taken, {self.kills} killed")

    async def _change_minds(self, count: int) -> None:
        """Cancel and move some appointments while the workers are at it."""
        for _ in range(count):
            now = self.clock.now()
            if candidates := self.town.changeable(now):
                change = self.dice.choice((self.town.cancel, self.town.move))
                await change(self.dice.choice(candidates), now, self.dice)

    async def _kill_in_flight(self, count: int) -> None:
        """Kill workers when some more messages are on their way, and start others."""
        await self._some_are_taken()
        await self._kill(self.dice.sample(self.crew.working, count))
        await self.crew.hire(count)

    async def _kill(self, victims: Sequence[int]) -> None:
        self.fake.recover()  # what the victims hold has met its mishap
        await self._second_tries_are_over()
        await self.crew.kill(victims)
        self.kills += len(victims)
        taken = {sent.opaque for sent in self.diary}
        await asyncio.sleep(0.1)  # whoever lives has written down what came back
        async with self.db.begin() as session:
            held = await session.scalars(select(Outbound.id).where(Outbound.status == OutboundStatus.SENDING))
            self.untold += len(taken & {str(identifier) for identifier in held})

    async def _second_tries_are_over(self) -> None:
        """Wait for the messages that somebody died over before: put off until the morning, they may leave just now."""
        soon = self.clock.now() + TICK
        second = and_(Outbound.status == OutboundStatus.SENDING, Outbound.attempts > 1)
        next_one = and_(Outbound.attempts > 0, Outbound.due_at <= soon, Outbound.status != OutboundStatus.SENDING)
        for _ in range(100):
            async with self.db.begin() as session:
                which = select(func.count()).where(Outbound.status.in_(OWED), or_(second, next_one))
                if not await session.scalar(which):
                    return
            await asyncio.sleep(LOOK)

    async def _lose_everybody(self, moment: datetime) -> None:
        """Kill every worker in mid-work; six hours later they are started again."""
        await self._some_are_taken()
        await self._kill(self.crew.working[:])
        self.clock.jump(OUTAGE)
        self.outage = (moment, self.clock.now())
        await self.crew.hire(self.plan.workers)

    async def _jump_in_flight(self) -> None:
        """Put the clock an hour forward while messages are on their way."""
        await self._some_are_taken()
        self.clock.jump(timedelta(hours=1))

    async def _jump_back(self) -> None:
        """Put the clock an hour back, and forward again: nothing may be said twice."""
        for hours in (-1, 1):
            self.clock.jump(timedelta(hours=hours))
            await asyncio.sleep(0.5)
            await self.calm()

    async def _some_are_taken(self) -> None:
        """Wait until a random part of what is due now has been taken."""
        due, _, _ = await self._waiting()
        await self.diary.grows(self.dice.randint(1, max(1, due // 2)))

    async def calm(self) -> None:
        """Return when everything due has been dealt with; time passes for what waits for a lease or a doubt."""
        ticks, waiting, changed = 0, (0, 0, 0), time.monotonic()
        while True:
            began = time.monotonic()
            assert not self.crew.dead_by_themselves(), self.crew.logs()
            now = await self._waiting()
            if now == (0, 0, 0) and self.courier.idle:
                self.calms.append(self.clock.now())
                return
            if now != waiting or self.fake.flying or not self.courier.idle:
                waiting, changed = now, time.monotonic()
            # Nothing moves any more: what is left was a dead worker's, or waits behind that, or for another try.
            ready, held, _ = now
            if time.monotonic() - changed > (STILL if held else 1 if ready else 0.25) * self._strain:
                self.clock.jump(TICK)
                ticks, changed = ticks + 1, time.monotonic()
                assert ticks <= TICKS, f"{now} rows are left: {self.crew.logs()}"
            await asyncio.sleep(LOOK)
            # A machine that is slow to let us look is as slow to let the workers work: a lease must not run out on
            # one that lives only because its turn has not come.
            self._strain = max(1.0, (time.monotonic() - began) / LOOK, self._strain * 0.9)

    async def _waiting(self) -> tuple[int, int, int]:
        """Count what can be done at once, what somebody holds, and what waits for the clock.

        A morning that no worker has looked at is to be done: its agendas may be owed at any moment.
        """
        owed, is_ = Outbound.status, OutboundStatus
        news = select(func.count()).select_from(Inbound).where(Inbound.status == InboundStatus.NEW)
        mornings = select(func.count()).select_from(Professional)
        async with self.db.begin() as session:
            ready = await session.scalar(news) or 0
            ready += await session.scalar(mornings.where(or_(*_begun(self.clock.now())))) or 0
            # The clock behind the mornings and the wait for the database: what was owed meanwhile is due by now.
            now = self.clock.now()
            at_once = and_(owed == is_.QUEUED, Outbound.due_at <= now)
            again = and_(owed == is_.QUEUED, Outbound.attempts > 0, Outbound.due_at > now)
            later = and_(or_(again, owed == is_.UNCERTAIN), Outbound.due_at <= now + TICKS * TICK)
            held = owed == is_.SENDING
            counts = (func.count().filter(at_once), func.count().filter(held), func.count().filter(later))
            due, taken, waiting = (await session.execute(select(*counts).select_from(Outbound))).one()
            return ready + due, taken, waiting


def _begun(now: datetime) -> Iterable[ColumnElement[bool]]:
    """Say of whom it is morning without anybody having looked at their day."""
    yield false()
    for zone in ZONES:
        wall = now.astimezone(ZoneInfo(zone))
        if 8 <= wall.hour < 12:
            looked_at = func.coalesce(Professional.agenda_on >= wall.date(), false())
            yield and_(Professional.timezone == zone, ~looked_at)


def _at(day: int, minute: int) -> datetime:
    midnight = BOOKED.replace(hour=0, minute=0)
    return midnight + timedelta(days=day, minutes=minute)


def timetable() -> Iterable[datetime]:
    """Name the moments the clock is moved to, from the day of the bookings to the night after the last day."""
    for day in range(len(DAYS) + 1):
        for minute in STOPS:
            if _at(day, minute) > BOOKED:
                yield _at(day, minute)


@asynccontextmanager
async def storm(
    url: str, folder: Path, plan: Plan, say: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Storm]:
    """Yield a town that is booked full and a storm that has not begun; end whatever still runs afterwards."""
    clock = FileClock(folder / "clock")
    clock.jump_to(BOOKED)
    diary, db = Diary(clock), Database(url)
    async with graph(accepted=diary) as fake, aiohttp.ClientSession() as http:
        settings = Settings(
            _env_file=None,
            whatsapp_app_secret=[SecretStr(SECRET)],
            whatsapp_verify_token=SecretStr("verificar"),
        )
        async with TestServer(create(settings, db, SilentBell(), clock)) as server:
            town = Town(db)
            await town.fill(plan.appointments)
            crew = await Crew.gather(folder, folder / "clock", plan.workers, _environment(url, fake.url))
            courier = Courier(http, diary, str(server.make_url("/webhooks/whatsapp")), clock)
            carrying = asyncio.create_task(courier.run())
            try:
                yield Storm(plan, db, clock, fake, diary, courier, crew, town, random.Random(plan.seed), say=say)
            finally:
                carrying.cancel()
                await asyncio.gather(carrying, return_exceptions=True)
                await crew.dismiss()
    await db.close()


def _environment(database_url: str, api_url: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "DATABASE_URL": database_url,
        "WHATSAPP_API_URL": api_url,
        "WHATSAPP_TOKEN": TOKEN,
        "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT,
    }
