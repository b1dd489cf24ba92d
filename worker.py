"""Background work, put together: `arq worker.WorkerSettings`, or `embedded` inside another process.

Every job is "look what is due and do it", names rows by id and may run twice; the database is the record, so a
lost job is found again by the sweep.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any, ClassVar

import aiohttp
from arq.connections import ArqRedis, RedisSettings
from arq.cron import CronJob, cron
from arq.worker import Function, func

from bot import metrics, sentry
from bot.agenda.reminders import follow_plan
from bot.billing import events as billing
from bot.billing.gateway import Gateway
from bot.clock import Clock, SystemClock
from bot.conversation import inbox
from bot.conversation.brains import Available
from bot.conversation.desks import Desks
from bot.conversation.ears import ModelEars, PlannedEars
from bot.conversation.presence import Receipts
from bot.conversation.rules import RulesBrain
from bot.conversation.turn import Turns
from bot.db import Database
from bot.jobs import evolution, minute, page, retention, series, watchdog
from bot.jobs.steady import SteadyWorker, patient, stand_in
from bot.log import setup
from bot.notify.email.carrier import carrier
from bot.notify.email.post import Mail, send_due_letters
from bot.notify.pace import pace_of
from bot.notify.sender import Sender
from bot.notify.settle import settle as settle_statuses
from bot.queue import pack, unpack
from bot.serving import GRACE, serve
from bot.settings import Settings
from bot.trace import TRACE
from bot.whatsapp.channels import Channels
from bot.whatsapp.cloud import CloudApi, connector
from bot.whatsapp.evolution.client import EvolutionApi
from bot.whatsapp.transport import default_line
from tools.toolbox import Tools

Context = dict[str, Any]

# A turn may think for 28 s; a worker that dies leaves its job to the sweep, not to this.
JOB_TIMEOUT = 60
# Turns mostly wait for a model or the database: a hundred at once keep two cores busy.
MAX_JOBS = 100
# The hours below are Brasília's, wherever the server stands; it has had no daylight saving time since 2019.
BRASILIA = timezone(timedelta(hours=-3))


@dataclass(frozen=True, slots=True)
class Services:
    """What the jobs work with."""

    settings: Settings
    db: Database
    clock: Clock
    turns: Turns
    sender: Sender
    stripe: Gateway
    # None where letters are owed but nobody can carry them: production without a mail server.
    mail: Mail | None

    async def send_letters(self) -> None:
        """Send the letters that are owed and due."""
        if self.mail is not None:
            await send_due_letters(self.db, self.mail, self.clock, sender=self.settings.email_from)

    async def send_due(self) -> int:
        """Send what is owed and due, and return when that is done; jobs only wake the sender."""
        return await self.sender.run()

    async def answer(self, *lanes: str) -> None:
        """Answer what these people wrote, side by side, each answer sent as soon as it is there."""
        await _together(*(self._answer(lane) for lane in lanes))

    async def sweep(self) -> None:
        """Answer, settle and send whatever waits in the database; nothing waits for what is slow or broken."""
        metrics.SWEPT.set_to_current_time()
        async with self.db.begin() as session:
            lanes = await inbox.due_lanes(session, now=self.clock.now())
        await _together(self._settle_and_send(), self.answer(*lanes))

    async def _answer(self, lane: str) -> None:
        if await self.turns.run(lane):
            self.sender.wake()

    async def _settle_and_send(self) -> None:
        await settle_statuses(self.db, self.clock)
        self.sender.wake()
        await self.send_letters()


async def _together(*work: Awaitable[None]) -> None:
    """Do everything side by side, and only then raise what went wrong with any of it."""
    done = await asyncio.gather(*work, return_exceptions=True)
    failures = [each for each in done if isinstance(each, BaseException)]
    if failures:  # logged by the queue; the sweep finds what was left
        raise failures[0] if len(failures) == 1 else BaseExceptionGroup("side by side", failures)


@asynccontextmanager
async def services(
    settings: Settings, clock: Clock, db: Database | None = None, mail: Mail | None = None
) -> AsyncIterator[Services]:
    """Build what the jobs work with and close it afterwards; a `db` that is given stays open."""
    async with AsyncExitStack() as stack:
        if db is None:
            db = Database(settings.database_url)
            stack.push_async_callback(db.close)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector()))
        channels = Channels(CloudApi(http, settings), EvolutionApi(http, settings))
        brains = Available(settings, db, clock)
        stack.push_async_callback(brains.close)
        presence = Receipts(channels)
        stack.push_async_callback(presence.close)
        turns = Turns(
            db=db,
            clock=clock,
            settings=settings,
            toolkit=Tools(db),
            brains=brains,
            rules=RulesBrain(),
            desks=Desks.beside(db),
            ears=PlannedEars(ModelEars(channels, brains.groq, settings), db),
            presence=presence,
        )
        channel, account = default_line(settings)
        pace, close = pace_of(settings.redis_url, per_second=settings.whatsapp_messages_per_second)
        stack.push_async_callback(close)
        sender = Sender(db, channels, clock, account=account, channel=channel, pace=pace)
        stack.push_async_callback(sender.close)
        stripe = Gateway(settings)
        stack.push_async_callback(stripe.close)
        yield Services(settings, db, clock, turns, sender, stripe, mail or carrier(settings))


async def turn(ctx: Context, *lanes: str) -> None:
    """Answer what these people wrote."""
    all_of: Services = ctx["services"]
    await all_of.answer(*lanes)


async def send(ctx: Context) -> None:
    """Send what is owed and due."""
    all_of: Services = ctx["services"]
    all_of.sender.wake()
    await all_of.send_letters()


async def settle(ctx: Context) -> None:
    """Apply the statuses that came in."""
    all_of: Services = ctx["services"]
    await settle_statuses(all_of.db, all_of.clock)


async def sweep(ctx: Context) -> None:
    """Find what no bell told of: messages without an answer, statuses, messages owed."""
    all_of: Services = ctx["services"]
    await page.swept(ctx.get("redis"))
    await all_of.sweep()


async def remind(ctx: Context) -> None:
    """Do what the minute makes due, and let what it owes leave."""
    all_of: Services = ctx["services"]
    TRACE.note("job", "lembretes e agendas do dia")
    try:
        await minute.do_due(all_of.db, now=all_of.clock.now())
    finally:  # one that failed does not keep the others' messages
        all_of.sender.wake()


async def bill(ctx: Context) -> None:
    """Apply what Stripe told, and end the plans whose grace is over."""
    all_of: Services = ctx["services"]
    now = all_of.clock.now()
    if all_of.settings.sells_plans:
        await billing.apply_waiting(all_of.db, all_of.stripe, all_of.settings, now=now, follow=follow_plan)
    await billing.lapse(all_of.db, now=now)


async def reconcile(ctx: Context) -> None:
    """Ask Stripe about every customer, for what it never told."""
    all_of: Services = ctx["services"]
    if all_of.settings.sells_plans:
        now = all_of.clock.now()
        await billing.reconcile(all_of.db, all_of.stripe, all_of.settings, now=now, follow=follow_plan)


async def extend(ctx: Context) -> None:
    """Book further ahead what comes back every week or month."""
    all_of: Services = ctx["services"]
    await series.extend_series(all_of.db, now=all_of.clock.now())


async def tidy(ctx: Context) -> None:
    """Let go of what was kept long enough."""
    all_of: Services = ctx["services"]
    await retention.let_go(all_of.db, all_of.settings, now=all_of.clock.now())


async def watch(ctx: Context) -> None:
    """Look after WhatsApp itself: everything, Meta's side included."""
    all_of: Services = ctx["services"]
    await watchdog.run(all_of.db, all_of.settings, now=all_of.clock.now())


async def watch_lightly(ctx: Context) -> None:
    """Look at what the database alone can tell."""
    all_of: Services = ctx["services"]
    await watchdog.glance(all_of.db, all_of.settings, now=all_of.clock.now())


async def tend(ctx: Context) -> None:
    """Look after the Evolution instances, where there are any."""
    all_of: Services = ctx["services"]
    await evolution.tend(all_of.db, all_of.settings, now=all_of.clock.now())


FUNCTIONS: Sequence[Function] = [func(job, keep_result=0, max_tries=1) for job in (turn, send, settle, bill)]
CRON: Sequence[CronJob] = [
    cron(sweep, second=set(range(0, 60, 5)), keep_result=0, max_tries=1),
    # Every minute: professionals live in several zones, and 08:00 comes to each at another moment.
    cron(remind, second=0, keep_result=0, max_tries=1),
    cron(bill, second=20, keep_result=0, max_tries=1),
    # Before anybody is awake: an hour that does not fit is a notification in the morning.
    cron(extend, hour=4, minute=10, second=0, keep_result=0, max_tries=1),
    # Many short steps: a question a customer, and on the first night a year to go through.
    cron(reconcile, hour=3, minute=40, second=0, keep_result=0, max_tries=1, timeout=3600),
    cron(tidy, hour=2, minute=30, second=0, keep_result=0, max_tries=1, timeout=3600),
    cron(tend, second=20, keep_result=0, max_tries=1),
    cron(watch_lightly, second=30, keep_result=0, max_tries=1),
    cron(watch, hour=9, minute=0, second=0, keep_result=0, max_tries=1),
]


def _options() -> dict[str, Any]:
    return {
        "functions": FUNCTIONS,
        "cron_jobs": CRON,
        "max_jobs": MAX_JOBS,
        "job_timeout": JOB_TIMEOUT,
        "keep_result": 0,
        "job_completion_wait": GRACE,
        "timezone": BRASILIA,
        "job_serializer": pack,
        "job_deserializer": unpack,
    }


@asynccontextmanager
async def embedded(
    settings: Settings, clock: Clock, db: Database, redis: ArqRedis, mail: Mail | None = None
) -> AsyncIterator[Services]:
    """Run the worker inside this process, on this loop, until the block ends."""
    async with services(settings, clock, db, mail) as all_of:
        worker = SteadyWorker(
            redis_pool=redis,
            ctx={"services": all_of},
            poll_delay=0.05,  # nobody else polls an in-process queue: 1–2 % of a core while idle
            handle_signals=False,
            **_options(),
        )
        running = asyncio.create_task(worker.async_run())
        try:
            yield all_of
        finally:
            worker.allow_pick_jobs = False
            if worker.tasks:
                await asyncio.wait(worker.tasks.values(), timeout=GRACE / 2)
            await worker.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def startup(ctx: Context) -> None:
    """Open what the jobs need, once for the process; they go by `ctx["clock"]`, where there is one."""
    settings = Settings()
    setup(settings.log_level)
    settings.refuse_unsafe()
    sentry.start(settings, "worker")
    ctx["stack"] = stack = AsyncExitStack()
    clock = ctx.get("clock") or SystemClock()
    ctx["services"] = all_of = await stack.enter_async_context(services(settings, clock))
    await stack.enter_async_context(stand_in(settings.redis_url, all_of.sweep))
    if settings.metrics_port:
        shown = page.application(settings, all_of.db, all_of.clock, ctx["redis"])
        await stack.enter_async_context(serve(shown, "0.0.0.0", settings.metrics_port))  # noqa: S104 - for a scraper


async def shutdown(ctx: Context) -> None:
    """Close what `startup` opened."""
    if "stack" in ctx:  # else it did not come so far
        await ctx["stack"].aclose()


_REDIS = Settings().redis_url


class WorkerSettings:
    """What `arq worker.WorkerSettings` and `odys worker` run."""

    functions: ClassVar = FUNCTIONS
    cron_jobs: ClassVar = CRON
    on_startup: ClassVar[Callable[[Context], Awaitable[None]]] = startup
    on_shutdown: ClassVar[Callable[[Context], Awaitable[None]]] = shutdown
    redis_pool: ClassVar = patient(_REDIS)
    redis_settings: ClassVar = RedisSettings.from_dsn(_REDIS) if _REDIS else RedisSettings()  # of `arq --check`
    poll_delay: ClassVar = 0.05
    max_jobs: ClassVar = MAX_JOBS
    job_timeout: ClassVar = JOB_TIMEOUT
    keep_result: ClassVar = 0
    job_completion_wait: ClassVar = GRACE
    timezone: ClassVar = BRASILIA
    job_serializer: ClassVar = staticmethod(pack)
    job_deserializer: ClassVar = staticmethod(unpack)
