"""A crowd is written to at once by two senders, through a WhatsApp that counts how fast they are.

A small crowd: real seconds, but a person may be written to more often than Meta says, or it would take minutes. How
fast it goes depends on the machine and is measured by hand (`tests.notify.crowd`); what may not happen does not.
"""

import asyncio
import random

import aiohttp
from redis.asyncio import Redis

from bot.clock import SystemClock
from bot.db import Database
from bot.models.enums import Channel
from bot.notify.gate import Rate, RedisGate
from bot.notify.message import REMINDER
from bot.notify.pace import NUMBER, SteadyPace
from bot.notify.sender import send_due
from bot.whatsapp.cloud import CloudApi

from ..fakes.graph import ACCOUNT, graph
from ..fakes.graph_limits import Limits
from ..processes import until
from .crowd import ANSWER, Crowd
from .post_office import cloud_at

PERSON = Rate(0.25, burst=3)


async def test_two_senders_keep_to_the_limits_and_to_the_order(postgres_url: str, redis_url: str) -> None:
    db, limits, dice = Database(postgres_url), Limits(person=(0.25, 6)), random.Random(5)
    clock, people = SystemClock(), 40
    async with graph(limits=limits) as fake, aiohttp.ClientSession() as http, Redis.from_url(redis_url) as redis:
        await redis.flushdb()
        crowd = Crowd(db)
        await crowd.gather(people, clock.now())
        # Five for everybody; two people get so many that their own limit holds them back.
        reminders = [person for person in range(people) for _ in range(4)] + [0] * 8 + [1] * 8
        dice.shuffle(reminders)
        await crowd.owe([(person, REMINDER) for person in reminders], clock.now())
        sending = [asyncio.create_task(keep_sending(db, cloud_at(fake.url, http), redis, crowd)) for _ in range(2)]
        await until(lambda: len(fake.accepted) >= 20)
        answered = list(range(20, 30))
        await crowd.owe([(person, ANSWER) for person in answered], clock.now())
        await asyncio.gather(*sending)
    await db.close()
    assert limits.refused == []
    assert crowd.audit(fake.accepted) == []
    assert len(fake.accepted) == len(crowd.owed)
    # Answers overtake reminders: a hundred of those were waiting before them.
    places = [place for place, sent in enumerate(fake.accepted) if crowd.owed[sent.opaque].priority == ANSWER]
    assert len(places) == len(answered)
    behind = [sent for sent in fake.accepted[max(places) :] if crowd.owed[sent.opaque].priority == REMINDER]
    assert len(behind) > len(reminders) / 3


async def keep_sending(db: Database, cloud: CloudApi, redis: Redis, crowd: Crowd) -> None:
    """Do what a process does while bells ring."""
    pace = SteadyPace(RedisGate(redis), {Channel.CLOUD: (NUMBER, PERSON)})
    while await crowd.left():
        await send_due(db, cloud, SystemClock(), account=ACCOUNT, pace=pace)
        await asyncio.sleep(0.05)
