"""Senders that are killed in mid-send: nothing is lost, and nothing is sent twice that a status tells of in time.

The suite plays a short one (`test_two_senders`). The long one is run by hand:

    uv run python -m tests.notify.killed_sender --messages 1000 --kills 30
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Outbound
from bot.models.enums import OutboundStatus
from bot.notify.message import REMINDER
from bot.whatsapp.payloads import parse
from bot.whatsapp.rows import rows_of, store

from .. import servers
from ..conftest import create_database
from ..fakes.graph import ACCOUNT, TOKEN, Accept, Graph, Sent, graph, status_body
from ..jobs.storm_stage import Crew
from ..jobs.storm_worker import FileClock
from .crowd import Crowd

# A lease lasts 30 s and a doubt 60: in three such steps what a dead sender held is in somebody's hands again.
TICK = timedelta(seconds=40)
# Meta tells within seconds; here a kill comes before, or a status of one that died could never be held back.
STATUS_AFTER = 0.4
ARRIVED = (OutboundStatus.SENT, OutboundStatus.DELIVERED, OutboundStatus.READ)


@dataclass
class Post:
    """Carry statuses of what was taken, as Meta does; some get lost on the way."""

    db: Database
    fake: Graph
    clock: FileClock
    withheld: set[str] = field(default_factory=set)
    seen: list[float] = field(default_factory=list)
    carried: int = 0

    async def run(self) -> None:
        while True:
            await asyncio.sleep(0.03)
            self.seen += [time.monotonic()] * (len(self.fake.accepted) - len(self.seen))
            ripe = [moment for moment in self.seen[self.carried :] if moment < time.monotonic() - STATUS_AFTER]
            for sent in self.fake.accepted[self.carried : self.carried + len(ripe)]:
                if sent.id not in self.withheld:
                    await self._tell(sent)
                self.carried += 1

    def untold(self) -> list[Sent]:
        return self.fake.accepted[self.carried :]

    async def _tell(self, sent: Sent) -> None:
        now = self.clock.now()
        body = status_body(sent, "delivered", at=int(now.timestamp()))
        async with self.db.begin() as session:
            await store(session, rows_of(parse(json.loads(json.dumps(body))), now=now))


@dataclass
class Fall:
    """How it went."""

    kills: int = 0
    # Messages that were taken, and nobody had written it down yet when the sender died.
    in_flight: int = 0
    twice: int = 0
    lost: int = 0
    failed: int = 0
    withheld: int = 0


async def fall(
    url: str,
    folder: Path,
    *,
    messages: int,
    kills: int,
    seed: int = 7,
    withhold: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Fall:
    """Send to a crowd while senders are killed; with `withhold`, the status of one message a kill never comes."""
    clock, db, dice, found = FileClock(folder / "clock"), Database(url), random.Random(seed), Fall()
    clock.set(timedelta())
    async with graph() as fake:
        fake.next(*(Accept(dice.uniform(0.005, 0.1)) for _ in range(2 * messages)))
        crowd, now = Crowd(db), datetime.now(UTC)
        await crowd.gather(messages // 4, now)
        await crowd.owe([(place % (messages // 4), REMINDER) for place in range(messages)], now)
        environment = {"DATABASE_URL": url, "WHATSAPP_API_URL": fake.url}
        environment |= {"WHATSAPP_TOKEN": TOKEN, "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT}
        post = Post(db, fake, clock)
        crew = await Crew.gather(folder, folder / "clock", 2, environment)
        carrying = asyncio.create_task(post.run())
        try:
            await crew.hire(2)
            for number in range(kills):
                part = (number + dice.random()) / kills * messages
                await until_taken(fake, part, clock)
                await strike(db, crew, post, found, dice, withhold=withhold)
                say(f"{len(fake.accepted)} taken, {found.kills} killed, {found.in_flight} in flight")
            await calm(db, fake, clock)
        finally:
            carrying.cancel()
            with suppress(asyncio.CancelledError):
                await carrying
            await crew.kill(crew.working[:])
            await crew.dismiss()
        await audit(db, fake, found)
    await db.close()
    return found


async def until_taken(fake: Graph, count: float, clock: FileClock) -> None:
    """Return when so many were taken; when nothing moves, time passes for what waits for a lease or a doubt."""
    known, since = len(fake.accepted), time.monotonic()
    while len(fake.accepted) < count:
        await asyncio.sleep(0.005)
        if len(fake.accepted) != known:
            known, since = len(fake.accepted), time.monotonic()
        elif time.monotonic() - since > 1:
            clock.jump(TICK)
            since = time.monotonic()


async def strike(db: Database, crew: Crew, post: Post, found: Fall, dice: random.Random, *, withhold: bool) -> None:
    """Kill one sender, with what it has in flight, and start another."""
    await crew.kill([dice.choice(crew.working)])
    found.kills += 1
    await asyncio.sleep(0.2)  # the other one has written down what came back
    async with db.begin() as session:
        held = await session.scalars(select(Outbound.id).where(Outbound.status == OutboundStatus.SENDING))
        open_ids = {str(identifier) for identifier in held}
    unwritten = [sent for sent in post.untold() if sent.opaque in open_ids]
    found.in_flight += len(unwritten)
    if withhold and unwritten:
        post.withheld.add(dice.choice(unwritten).id)
        found.withheld += 1
    await crew.hire(1)


async def calm(db: Database, fake: Graph, clock: FileClock) -> None:
    """Return when nothing is left to send."""
    known, since, jumps = -1, time.monotonic(), 0
    while True:
        async with db.begin() as session:
            owed = (OutboundStatus.QUEUED, OutboundStatus.SENDING, OutboundStatus.UNCERTAIN)
            left = len((await session.scalars(select(Outbound.id).where(Outbound.status.in_(owed)))).all())
        if not left:
            return
        if left != known or fake.flying:
            known, since = left, time.monotonic()
        elif time.monotonic() - since > 1:
            clock.jump(TICK)
            since, jumps = time.monotonic(), jumps + 1
            assert jumps < 60, f"{left} are left"
        await asyncio.sleep(0.05)


async def audit(db: Database, fake: Graph, found: Fall) -> None:
    taken = Counter(sent.opaque for sent in fake.accepted)
    async with db.begin() as session:
        rows = (await session.scalars(select(Outbound))).all()
    found.twice = sum(count - 1 for count in taken.values())
    found.failed = sum(row.status is OutboundStatus.FAILED for row in rows)
    found.lost = sum(row.status not in ARRIVED and not taken[str(row.id)] for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    for withhold in (False, True):
        with (
            tempfile.TemporaryDirectory() as one,
            tempfile.TemporaryDirectory() as other,
            servers.postgres(Path(one)) as server,
        ):
            url = create_database(server, "fall")
            migrate(url)
            found = asyncio.run(
                fall(url, Path(other), **vars(options), withhold=withhold, say=lambda line: print(line, end="\r"))
            )
        print(f"\n{'a status lost at each kill' if withhold else 'every status in time'}: {found}")


if __name__ == "__main__":
    main()
