"""A desk that confirms appointments and is killed at it: `python -m tests.notify.killed_desk SEED KILLS`.

This process reads the code once and forks one desk after the other; each confirms what is pending, in an order of its
own, sends what it owes, now and then thinks better of it before the commit, and is killed after a moment. It prints
how many desks were killed at work.
"""

import asyncio
import os
import random
import signal
import sys
import time
from datetime import timedelta
from uuid import UUID

import aiohttp
from sqlalchemy import select

from bot.agenda import booking
from bot.clock import ShiftedClock
from bot.db import Database
from bot.models import Appointment
from bot.models.enums import Action, Actor, Status
from bot.notify.sender import send_due
from bot.settings import Settings
from bot.whatsapp.cloud import CloudApi

from ..agenda.factories import NOW


class SecondThoughtsError(Exception):
    """Raised between the change and its commit."""


async def pending(db: Database) -> list[UUID]:
    async with db.begin() as session:
        waiting = select(Appointment.id).where(Appointment.status == Status.PENDING_CONFIRMATION)
        return list(await session.scalars(waiting))


async def desk(seed: int) -> None:
    """Confirm and send until nothing is pending."""
    settings, dice, clock = Settings(_env_file=None), random.Random(seed), ShiftedClock(timedelta())
    clock.jump_to(NOW)
    db = Database(settings.database_url)
    async with aiohttp.ClientSession() as http:
        cloud = CloudApi(http, settings)
        while waiting := await pending(db):
            dice.shuffle(waiting)
            for identifier in waiting[:5]:
                await confirm(db, identifier, fails=dice.random() < 0.3)
            await send_due(db, cloud, clock, account=settings.whatsapp_phone_number_id)
    await db.close()


async def confirm(db: Database, identifier: UUID, *, fails: bool) -> None:
    try:
        async with db.begin() as session:
            row = await session.get_one(Appointment, identifier)
            owner = row.professional_id
            await booking.act(
                session, identifier, Action.CONFIRM, actor=Actor.PROFESSIONAL, now=NOW, professional_id=owner
            )
            if fails:
                raise SecondThoughtsError
    except SecondThoughtsError:
        return


def work(seed: int) -> int:
    """Fork a desk; return its process id."""
    pid = os.fork()
    if pid == 0:
        asyncio.run(desk(seed))
        os._exit(0)
    return pid


def main() -> None:
    seed, kills = int(sys.argv[1]), int(sys.argv[2])
    dice, killed = random.Random(seed), 0
    for number in range(kills):
        pid = work(seed + number)
        time.sleep(dice.uniform(0.15, 0.6))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        killed += os.WIFSIGNALED(status)
    os.waitpid(work(seed + kills), 0)
    print(killed)


if __name__ == "__main__":
    main()
