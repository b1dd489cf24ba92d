"""Every job of the worker by name, as the benches and the tests of plans run them: on one database, at one moment."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import ClientSession
from pydantic import SecretStr
from sqlalchemy import delete, update

from bot.billing import events as billing
from bot.conversation import inbox
from bot.db import Database
from bot.jobs import depth, digest, holds, holidays, reminders, retention, series, waitlist, watchdog
from bot.models import Outbound, ServiceHealth
from bot.models.enums import OutboundStatus
from bot.notify.email.post import send_due_letters
from bot.notify.sender import send_due
from bot.notify.settle import settle
from bot.settings import Settings
from bot.whatsapp.cloud import CloudApi

from ..fakes.graph import ACCOUNT

Job = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Still:
    """A clock that stands where the town stands."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


class NoMail:
    """A mail server that nobody needs."""

    async def send(self, letter: object) -> None:
        raise AssertionError("no letter is due")


async def let_everything_leave(db: Database, now: datetime) -> None:
    """Settle what the jobs owed when they ran for the first time."""
    async with db.begin() as session:
        await session.execute(
            update(Outbound)
            .where(Outbound.status == OutboundStatus.QUEUED, Outbound.due_at <= now)
            .values(status=OutboundStatus.READ, sent_at=now - timedelta(hours=2))
        )


def jobs(db: Database, now: datetime, http: ClientSession) -> Mapping[str, Job]:
    """Name the jobs with nothing due at `now`; those of the worker that only ask others are not among them."""
    settings = Settings(_env_file=None, whatsapp_phone_number_id=ACCOUNT, whatsapp_token=SecretStr("t"))
    cloud, clock = CloudApi(http, settings), Still(now)

    async def lanes() -> None:
        async with db.begin() as session:
            await inbox.due_lanes(session, now=now)

    async def depths() -> None:
        depth.forget()
        await depth.measure(db, now=now)

    def check(one: Callable[..., Awaitable[Any]]) -> Job:
        async def run() -> None:
            async with db.begin() as session:
                await one(session, settings, now)

        return run

    async def looked_before() -> None:
        """What came since the last look is counted: here, ten minutes' worth."""
        async with db.begin() as session:
            await session.execute(delete(ServiceHealth))
        await watchdog.run(db, settings, now=now - timedelta(minutes=10), light=True)

    return {
        "watchdog: last time": looked_before,
        "sweep: lanes": lanes,
        "sweep: statuses": lambda: settle(db, clock),
        "sweep: messages": lambda: send_due(db, cloud, clock, account=ACCOUNT),
        "sweep: letters": lambda: send_due_letters(db, NoMail(), clock, sender="a@example.com"),
        "minute: reminders": lambda: reminders.tidy_reminders(db, now=now),
        "minute: holds": lambda: holds.expire_pending(db, now=now),
        "minute: waitlist": lambda: waitlist.offer_openings(db, now=now),
        "minute: holidays": lambda: holidays.ask_about_holidays(db, now=now),
        "minute: agendas": lambda: digest.owe_due_digests(db, now=now),
        "8h30: agendas": lambda: digest.owe_due_digests(db, now=now.replace(hour=11, minute=30)),
        "minute: plans": lambda: billing.lapse(db, now=now),
        "metrics": depths,
        **{f"watchdog: {one.__name__}": check(one) for one in watchdog.CHECKS},
        "watchdog: news": lambda: watchdog.news(db, settings),
        "night: series": lambda: series.extend_series(db, now=now),
        "night: retention": lambda: retention.let_go(db, settings, now=now),
    }
