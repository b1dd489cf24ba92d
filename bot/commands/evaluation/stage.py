"""A stage: everything between the phones of a scenario, in one process, with a clock that moves when told.

What a person does leaves as a signed webhook to the real web application; the worker's own jobs answer; what a phone
shows came over HTTP from the Cloud API client to a local Graph server.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib import import_module
from time import perf_counter
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from ...conversation import inbox
from ...conversation.brain import Answer, Asker, Brain, Heard, Toolbox, Toolkit, ToolResult
from ...db import Database
from ...notify.messages import MESSAGES
from ...notify.meta import template_json
from ...queue import SilentBell
from ...serving import serve
from ...settings import Settings
from ...whatsapp.outgoing import Outgoing
from ...whatsapp.simulator import Simulator
from ...whatsapp.simulator.phones import Bubble, Tap
from ..house import free_port
from .cast import ACCOUNT, PEOPLE

SECRET: Final = "a-secret-of-the-stage"  # noqa: S105 - between two servers of one process
# Statuses tell a dialogue nothing, and three webhooks a bubble would be most of the time.
NEVER: Final = (86_400.0, 86_400.0)
# A reminder is of use for hours: on the way to a later moment each is sent when it is due.
STRIDE: Final = timedelta(hours=2)
# The rest of a burst has come by then.
PAUSE: Final = timedelta(seconds=2)


class StillClock:
    """A clock that moves only when told."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@dataclass(frozen=True, slots=True)
class Groq:
    """The service that a model is asked at: its key, its address and the models."""

    key: str
    url: str
    model: str
    fallback: str = ""


class NobodyOffered(Exception):
    """An option that should be tapped was not there."""


@dataclass
class Recorder:
    """The real tools, and a note of who used which."""

    toolkit: Toolkit
    used: Counter[str] = field(default_factory=Counter)

    def for_asker(self, asker: Asker, state: Mapping[str, Any], **known: Any) -> Toolbox:
        return _Noted(self.toolkit.for_asker(asker, state, **known), self.used)

    async def perform(
        self, session: AsyncSession, asker: Asker, tool: str, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        return await self.toolkit.perform(session, asker, tool, arguments, key=key)


@dataclass(frozen=True, slots=True)
class _Noted:
    toolbox: Toolbox
    used: Counter[str]

    def schemas(self) -> Sequence[Mapping[str, Any]]:
        return self.toolbox.schemas()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        self.used[name] += 1
        return await self.toolbox.call(name, arguments)


@dataclass
class Thinkers:
    """The models of the installation, and a count of the turns that the rules had to answer for all of them."""

    brains: Any
    rescued: int = 0

    async def for_turn(self, *asked: Any) -> Sequence[Brain]:
        models = await self.brains.for_turn(*asked)
        return (*models[:-1], *(_Last(model, self) for model in models[-1:]))


@dataclass(frozen=True, slots=True)
class _Last:
    """The last model that is asked: whatever it raises, the rules are next."""

    model: Brain
    thinkers: Thinkers

    async def answer(self, heard: Heard) -> Answer:
        try:
            return await self.model.answer(heard)
        except BaseException:
            self.thinkers.rescued += 1
            raise


@dataclass
class Stage:
    """Both ends of the conversations, and what lies between them."""

    db: Database
    clock: StillClock
    simulator: Simulator
    # worker.Services: the composition root is not ours to import.
    services: Any
    jobs: Any
    tools: Recorder
    thinkers: Thinkers
    # Seconds that each turn took.
    turns: list[float] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    async def say(self, phone: str, text: str) -> None:
        await self.simulator.say(phone, text)

    async def tap(self, phone: str, title: str) -> None:
        """Tap the option of this title, or one that contains it, in the last message that has it."""
        for bubble in self._heard(phone, newest_first=True):
            exact = [tap for tap in bubble.options if tap.title == title]
            if found := exact or [tap for tap in bubble.options if title in tap.title]:
                return await self._tap(bubble, found[0])
        raise NobodyOffered(f"nobody offered {title!r}; last: {self.offered(phone)}")

    async def pick(self, phone: str, place: int) -> None:
        """Tap the option that stands at a place of the last list."""
        for bubble in self._heard(phone, newest_first=True):
            if len(bubble.options) >= place:
                return await self._tap(bubble, bubble.options[place - 1])
        raise NobodyOffered(f"nobody offered {place} options")

    async def _tap(self, bubble: Bubble, tap: Tap) -> None:
        await self.simulator.tap(bubble.phone, tap.id, tap.title, bubble.taps, bubble.id, tap.description)

    async def settle(self) -> None:
        """Let the rest of a burst come, then run everything that is due; several lanes at the same time."""
        self.clock.moment += PAUSE
        while True:
            async with self.db.begin() as session:
                lanes = await inbox.due_lanes(session, now=self.clock.now())
            if not sum(await asyncio.gather(*(self._turn(lane) for lane in lanes))):
                break
        await self.services.send_due()

    async def _turn(self, lane: str) -> int:
        begun = perf_counter()
        count: int = await self.services.turns.run(lane)
        if count:
            self.turns.append((perf_counter() - begun) / count)
        return count

    async def until(self, moment: datetime) -> None:
        """Let time pass, and do what comes due on the way."""
        while self.clock.moment < moment:
            self.clock.moment = min(moment, self.clock.moment + STRIDE)
            await self.jobs.remind({"services": self.services})
        await self.settle()

    def heard(self, phone: str) -> list[str]:
        """Return what a phone showed since the last look, a text a bubble."""
        new = [bubble for bubble in self._heard(phone) if bubble.id not in self._seen]
        self._seen |= {bubble.id for bubble in new}
        return [bubble.text or f"[{bubble.kind}]" for bubble in new]

    def offered(self, phone: str) -> list[str]:
        """Return the titles that can be tapped in the last message with options."""
        for bubble in self._heard(phone, newest_first=True):
            if bubble.options:
                return [tap.title for tap in bubble.options]
        return []

    def _heard(self, phone: str, *, newest_first: bool = False) -> list[Bubble]:
        found = [bubble for bubble in self.simulator.screen(phone) if not bubble.mine]
        return found[::-1] if newest_first else found


def settings(graph_port: int, groq: Groq | None) -> Settings:
    """Return settings of the stage's own, whatever the environment says."""
    return Settings(
        _env_file=None,
        odys_env="development",
        redis_url="",
        whatsapp_api_url=f"http://127.0.0.1:{graph_port}/v26.0",
        whatsapp_token=SecretStr("a-token-of-the-stage"),
        whatsapp_phone_number_id=ACCOUNT,
        whatsapp_app_secret=[SecretStr(SECRET)],
        groq_api_key=SecretStr(groq.key if groq else ""),
        groq_base_url=groq.url if groq else "http://127.0.0.1:9",
        groq_model=groq.model if groq else "",
        groq_fallback_model=groq.fallback if groq else "",
    )


@asynccontextmanager
async def stage(db: Database, clock: StillClock, groq: Groq | None = None) -> AsyncIterator[Stage]:
    """Put everything together on a database that has its agenda."""
    jobs = import_module("worker")
    async with AsyncExitStack() as stack:
        graph_port = free_port()
        chosen = settings(graph_port, groq)
        app = import_module("web.app").create(chosen, db, SilentBell(), clock)
        port = await stack.enter_async_context(serve(app, "127.0.0.1", 0))
        simulator = Simulator(
            webhook_url=f"http://127.0.0.1:{port}/webhooks/whatsapp",
            app_secret=SECRET,
            phone_number_id=ACCOUNT,
            clock=clock,
            people=list(PEOPLE.values()),
            templates=[template_json(message) for message in MESSAGES.values()],
            delays=NEVER,
        )
        await stack.enter_async_context(serve(simulator.app(), "127.0.0.1", graph_port))
        services = await stack.enter_async_context(jobs.services(chosen, clock, db))
        yield put_together(db, clock, simulator, services, jobs)


def put_together(db: Database, clock: StillClock, phones: Any, services: Any, jobs: Any) -> Stage:
    """Return the stage of these phones (a simulator, or what does the same), with a note of all that is done."""
    recorder, thinkers = Recorder(services.turns.toolkit), Thinkers(services.turns.brains)
    turns = replace(services.turns, toolkit=recorder, brains=thinkers)
    return Stage(db, clock, phones, replace(services, turns=turns), jobs, recorder, thinkers)
