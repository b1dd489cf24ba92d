"""An installation on trial: real processes on a ground that gives way, a Meta outside, and a clock that jumps."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import aiohttp
import asyncpg

from bot.db import Database

from ..fakes.graph import ACCOUNT, SECRET, TOKEN, Sent, graph
from ..fakes.groq import KEY
from ..jobs.storm_worker import FileClock
from .city import City, Person
from .crew import Crew
from .evidence import Blow, Evidence, Taken, read
from .ground import Postgres, RedisServer
from .meta import MoodyGraph, Post, Telegraph
from .model import MoodyModel

# A lease lasts 30 s and a doubt 60: in three such steps whatever a dead process held is in somebody's hands again.
TICK = timedelta(seconds=40)
TICKS = 30
SECRET_KEY = "k" * 32
# Seconds in which nothing moved, before time is helped along; and between two looks.
STILL, LOOK = 1.2, 0.2

_OWED = """
SELECT (SELECT count(*) FROM inbound WHERE status = 'new')
     , (SELECT count(*) FROM outbound WHERE transport = 'whatsapp' AND status IN ('queued', 'sending', 'uncertain')
         AND (status = 'sending' OR due_at <= $1 OR attempts > 0))
     , (SELECT count(*) FROM outbound WHERE status NOT IN ('queued', 'sending', 'uncertain'))
"""


# Of what is on its way, only what has been there for long: its sender died.
_DOUBTFUL = """
SELECT count(*) FROM outbound WHERE status = 'uncertain' OR status = 'sending' AND lease_until < $1
"""


@dataclass
class Trial:
    """Everything together."""

    dice: random.Random
    clock: FileClock
    postgres: Postgres
    redis: RedisServer
    crew: Crew
    graph: MoodyGraph
    post: Post
    telegraph: Telegraph
    city: City
    model: MoodyModel
    blows: list[Blow] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    said: int = 0
    # What is the matter just now, and how often what was.
    now: str = ""
    struck: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(blow.killed for blow in self.blows)

    def progress(self) -> str:
        """Say in a line how it goes."""
        return (
            f"{time.monotonic() - self.began:5.0f} s  {self.said} said, {self.post.waiting} to deliver, "
            f"{len(self.graph.accepted)} sent, {self.kills} killed  {self.now}"
        )

    async def open(self, webs: int = 1, workers: int = 2, senders: int = 0) -> None:
        """Start whoever is missing; they may take a moment until they work."""
        for role, count in (("web", webs), ("worker", workers), ("sender", senders)):
            for place in range(len(self.crew.of(role)), count):
                ports = self.post.ports if role == "web" else []
                member = await self.crew.hire(role, ports[place] if place < len(ports) else 0)
                if role == "web" and member.port not in ports:
                    ports.append(member.port)

    def speak(self, *people: Person) -> None:
        """Let people send a message each, all in one delivery."""
        now = self.clock.now()
        for person in people:
            person.waits_since = time.monotonic()
        events = [self.city.message(person, now) for person in people]
        known = [{"profile": {"name": one.name}, "wa_id": one.phone} for one in people]
        self.post.send({"contacts": known, "messages": events}, [event["id"] for event in events])
        self.said += len(events)

    async def talk(self, messages: int, rate: float) -> None:
        """Let the city send so many messages, at most `rate` a second.

        Most people write when they were answered; some write on without waiting, some deliveries carry several.
        """
        began, first = time.monotonic(), self.said
        while self.said < first + messages:
            free = self.city.free(time.monotonic())
            if self.dice.random() < 0.05:
                person = self.dice.choice(list(self.city.people.values()))
                for _ in range(self.dice.randint(2, 3)):
                    self.speak(person)
            elif free:
                self.speak(*self.dice.sample(free, min(len(free), self.dice.choice((1, 1, 1, 2, 4)))))
            await asyncio.sleep(max(0.01, began + (self.said - first) / rate - time.monotonic()))

    async def owed(self) -> tuple[int, int, int]:
        """Count what came in and waits, what is to go out now, and what is over and done."""
        connection = await asyncpg.connect(self.postgres.url)
        try:
            row = await connection.fetchrow(_OWED, self.clock.now() + TICK)
        finally:
            await connection.close()
        return tuple(row)

    async def calm(self, say: Callable[[str], None] = lambda _: None) -> None:
        """Return when everything is delivered, answered, sent and told of; help time along when nothing moves."""
        ticks, seen, changed, strain = 0, None, time.monotonic(), 1.0
        while ticks <= TICKS:
            self.telegraph.flush()
            looked = time.monotonic()
            inbound, outbound, over = await self.owed()
            now = (inbound, outbound, over, self.post.waiting, self.graph.flying)
            idle = not (inbound or outbound or self.post.waiting or self.graph.flying)
            if idle and now == seen:
                return
            still = strain * (STILL if outbound else 4 * STILL)
            if now != seen:
                seen, changed = now, time.monotonic()
            elif time.monotonic() - changed > still and not self.post.waiting:
                self.clock.jump(TICK)
                ticks, changed = ticks + 1, time.monotonic()
            say(f"calming: {inbound} in, {outbound} out, {self.post.waiting} to deliver")
            await asyncio.sleep(LOOK)
            # A machine that is slow to let us look is as slow to let the others work.
            strain = max(1.0, (time.monotonic() - looked) / (2 * LOOK), strain * 0.9)
        self.complaints.append(f"after {ticks} steps of {TICK} still owed: {seen}")

    async def doubtful(self) -> int:
        """Count the messages of which nobody knows whether they went out."""
        connection = await asyncpg.connect(self.postgres.url)
        try:
            found: int = await connection.fetchval(_DOUBTFUL, self.clock.now() + timedelta(seconds=10))
        finally:
            await connection.close()
        return found

    async def evidence(self) -> Evidence:
        """Collect what an auditor may look at."""
        connection = await asyncpg.connect(self.postgres.url)
        try:
            rows = await read(connection)
        finally:
            await connection.close()
        taken = [
            Taken(sent.opaque, sent.id, sent.to, at)
            for sent, at in zip(self.graph.accepted, self.graph.taken_at, strict=True)
        ]
        return Evidence(
            now=self.clock.now(),
            posted=set(self.post.posted),
            acknowledged=self.post.acknowledged.copy(),
            taken=taken,
            told=dict(self.telegraph.told),
            mishaps={opaque: mishap.value for opaque, mishap in self.graph.mishaps.items()},
            blows=list(self.blows),
            rows=rows,
            complaints=[*self.complaints, *self.graph.violations, *self.model.server.problems],
        )


def _environment(postgres: Postgres, redis: RedisServer, graph_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": postgres.url,
        "REDIS_URL": redis.url,
        "LOG_LEVEL": "WARNING",
        "ODYS_ENV": "production",
        "SECRET_KEY": SECRET_KEY,
        "CRON_SECRET": "cron-de-teste",
        "TRUSTED_PROXIES": "127.0.0.0/8",
        "WHATSAPP_API_URL": graph_url,
        "WHATSAPP_TOKEN": TOKEN,
        "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT,
        "WHATSAPP_APP_SECRET": SECRET,
        "WHATSAPP_VERIFY_TOKEN": "verificar",
        "BURST_WAIT_SECONDS": "0.3",
        "BURST_LIMIT_SECONDS": "1",
    }


@asynccontextmanager
async def trial(folder: Path, *, seed: int, professionals: int) -> AsyncIterator[Trial]:
    """Yield a city and an installation with nobody working yet; end everything afterwards."""
    dice = random.Random(seed)
    clock = FileClock(folder / "clock")
    clock.set(timedelta())
    for name in ("postgres", "redis", "crew"):
        (folder / name).mkdir()
    async with AsyncExitStack() as stack:
        postgres, redis = Postgres(folder / "postgres"), RedisServer(folder / "redis")
        stack.push_async_callback(postgres.close)
        stack.push_async_callback(redis.close)
        await asyncio.gather(postgres.found(), redis.start())
        city = City(random.Random(dice.random()))
        db = Database(postgres.url)
        await city.settle(db, professionals, clock.now())
        await db.close()
        fake = MoodyGraph(dice=random.Random(dice.random()))
        await stack.enter_async_context(graph(fake))
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        model = MoodyModel(random.Random(dice.random()))
        await model.server.start()
        stack.push_async_callback(model.server.stop)
        environment = _environment(postgres, redis, fake.url)
        environment |= {"GROQ_API_KEY": KEY, "GROQ_BASE_URL": model.server.url}
        crew = await Crew.gather(folder / "crew", folder / "clock", environment)
        stack.push_async_callback(crew.dismiss)
        post = Post(http, random.Random(dice.random()))
        stack.push_async_callback(post.close)
        telegraph = Telegraph(post, random.Random(dice.random()), lambda: clock.now().timestamp())
        whole = Trial(dice, clock, postgres, redis, crew, fake, post, telegraph, city, model)
        fake.on_taken = whole_hears(whole)
        telling = asyncio.create_task(telegraph.run())
        stack.push_async_callback(telegraph.close, telling)
        yield whole


def whole_hears(whole: Trial) -> Callable[[Sent], None]:
    """Let phones show what Graph took, and Meta tell of it."""

    def hear(sent: Sent) -> None:
        whole.city.see(sent)
        whole.telegraph.hear(sent)

    return hear
