"""A crowd is written to at once, through a WhatsApp that counts: 5,000 messages to 500 people by two senders.

The suite plays a small crowd. The large one takes as long as Meta's limits ask for, and is run by hand:

    uv run python -m tests.notify.crowd --messages 5000 --people 500
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, insert, select

from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Contact, Conversation, Outbound, new_id
from bot.models.enums import Channel, OutboundStatus, Transport
from bot.notify.message import REMINDER
from bot.notify.outbox import CHAT

from .. import servers
from ..conftest import create_database
from ..fakes.graph import ACCOUNT, TOKEN, Graph, Sent, graph
from ..fakes.graph_limits import Limits
from ..processes import until
from . import sender_process

ANSWER = 0


@dataclass(frozen=True)
class Written:
    """One message that was owed: to whom, how urgent, and its place among all."""

    person: int
    priority: int
    place: int


@dataclass
class Crowd:
    """The people, and everything that was ever owed to them, by the id of its row."""

    db: Database
    people: list[UUID] = field(default_factory=list)
    talks: list[UUID] = field(default_factory=list)
    owed: dict[str, Written] = field(default_factory=dict)
    owed_at: dict[str, float] = field(default_factory=dict)

    async def gather(self, people: int, now: datetime, *, first: int = 0) -> None:
        """Add so many people, whose phones count from `first`."""
        self.people, self.talks = [new_id() for _ in range(people)], [new_id() for _ in range(people)]
        contacts = [
            {"id": who, "name": f"Ana {n}", "phone": phone(n), "created_at": now}
            for n, who in enumerate(self.people, first)
        ]
        talks = [
            {"id": talk, "channel": Channel.CLOUD, "account": ACCOUNT, "contact_id": who, "last_inbound_at": now}
            | {"created_at": now, "mode": "client", "state": {}}
            for talk, who in zip(self.talks, self.people, strict=True)
        ]
        async with self.db.begin() as session:
            await session.execute(insert(Contact), contacts)
            await session.execute(insert(Conversation), talks)

    async def owe(self, messages: Sequence[tuple[int, int]], now: datetime) -> None:
        """Owe messages, each to a person with a priority, in this order."""
        rows = []
        for person, priority in messages:
            identifier, place = new_id(), len(self.owed)
            self.owed[str(identifier)] = Written(person, priority, place)
            self.owed_at[str(identifier)] = time.monotonic()
            rows.append(
                {
                    "id": identifier,
                    "transport": Transport.WHATSAPP,
                    "conversation_id": self.talks[person],
                    "contact_id": self.people[person],
                    "kind": CHAT,
                    "payload": {"kind": "text", "body": str(place)},
                    "priority": priority,
                    "status": OutboundStatus.QUEUED,
                    "due_at": now,
                    "created_at": now,
                }
            )
        async with self.db.begin() as session:
            await session.execute(insert(Outbound), rows)

    async def left(self) -> int:
        async with self.db.begin() as session:
            waiting = select(func.count()).select_from(Outbound).where(Outbound.status != OutboundStatus.SENT)
            return await session.scalar(waiting) or 0

    def audit(self, taken: Sequence[Sent]) -> list[str]:
        """Return what is wrong with the order in which messages were taken, or with how often."""
        ids = [sent.opaque for sent in taken]
        wrong = [] if len(set(ids)) == len(ids) else [f"{len(ids) - len(set(ids))} were taken twice"]
        heard: dict[tuple[int, int], list[int]] = defaultdict(list)
        for identifier in ids:
            one = self.owed[identifier]
            heard[one.person, one.priority].append(one.place)
        wrong += [f"out of order: {key} {places}" for key, places in heard.items() if places != sorted(places)]
        return wrong


def phone(number: int) -> str:
    return f"55119{80_000_000 + number}"


def crowded(messages: int, people: int, dice: random.Random) -> list[tuple[int, int]]:
    """Draw whom the messages go to: most to everybody alike, a tenth to a few who get more than a burst allows."""
    eager = max(1, people // 50)
    return [(dice.randrange(eager) if place % 10 == 0 else place % people, REMINDER) for place in range(messages)]


# -- by hand


async def answer_meanwhile(crowd: Crowd, answers: int, dice: random.Random) -> None:
    """Owe answers while the queue is long, a few at a time."""
    people = len(crowd.people)
    while answers > 0:
        some = min(answers, 5)
        await crowd.owe([(dice.randrange(people // 2, people), ANSWER) for _ in range(some)], datetime.now(UTC))
        answers -= some
        await asyncio.sleep(0.25)


async def by_hand(options: argparse.Namespace, database: str, redis: str) -> None:
    db, dice, limits = Database(database), random.Random(7), Limits()
    async with graph(limits=limits) as fake:
        crowd, now = Crowd(db), datetime.now(UTC)
        await crowd.gather(options.people, now)
        await crowd.owe(crowded(options.messages - options.answers, options.people, dice), now)
        environment = {
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "WHATSAPP_API_URL": fake.url,
            "WHATSAPP_TOKEN": TOKEN,
            "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT,
        }
        workers = [await sender_process.start(environment) for _ in range(options.workers)]
        try:
            await until(lambda: fake.accepted, 60)  # they have started
            answering = asyncio.create_task(answer_meanwhile(crowd, options.answers, dice))
            while await crowd.left() or not answering.done():
                print(f"{len(fake.accepted)} taken, {len(limits.refused)} refused", end="\r", flush=True)
                await asyncio.sleep(1)
        finally:
            for worker in workers:
                worker.kill()
                await worker.wait()
        report(crowd, fake, limits)
    await db.close()


def report(crowd: Crowd, fake: Graph, limits: Limits) -> None:
    times = limits.taken
    # The tail is those who get more than a burst: their own limit, not the number's.
    last = max(n for n, moment in enumerate(times) if moment - times[max(0, n - 40)] < 1)
    rate = last / (times[last] - times[0])
    crowdest = max(sum(1 for other in times[n : n + 120] if other < moment + 1) for n, moment in enumerate(times))
    print(f"{len(times)} taken in {times[-1] - times[0]:.1f} s; {dict.fromkeys(limits.refused) or 'none'} refused")
    print(f"{rate:.1f}/s while the number was the limit: {rate / 80:.1%} of 80/s; at most {crowdest} in any second")
    waits: dict[int, list[float]] = defaultdict(list)
    for sent, moment in zip(fake.accepted, times, strict=True):
        waits[crowd.owed[sent.opaque].priority].append(moment - crowd.owed_at[sent.opaque])
    for priority, seconds in sorted(waits.items()):
        name = "answers" if priority == ANSWER else "reminders"
        worst = statistics.quantiles(seconds, n=20)[-1]
        print(f"{len(seconds)} {name}: waited {statistics.median(seconds):.2f} s (median), {worst:.2f} s (95 %)")
    print("wrong:", crowd.audit(fake.accepted) or "nothing")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--answers", type=int, default=500)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="odys-crowd-") as one,
        tempfile.TemporaryDirectory(prefix="odys-crowd-") as other,
        servers.postgres(Path(one)) as server,
        servers.redis(Path(other)) as redis,
    ):
        database = create_database(server, "crowd")
        migrate(database)
        asyncio.run(by_hand(options, database, redis))


if __name__ == "__main__":
    main()
