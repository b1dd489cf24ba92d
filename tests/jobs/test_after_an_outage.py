"""After an outage or a jump of the clock: whichever job runs first, nothing is said twice or at night."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.db import Database
from bot.models import Outbound
from bot.models.enums import Actor, OutboundStatus
from bot.notify.claim import claim
from bot.notify.settle import settle
from bot.whatsapp.payloads import parse
from bot.whatsapp.rows import rows_of, store

from ..agenda.factories import THURSDAY_15H
from ..agenda.world import World
from ..conftest import StillClock
from ..fakes.graph import ACCOUNT, Accept, AcceptThenCut, Sent, graph, status_body
from ..notify.post_office import PostOffice, open_office, owed

ANA = "5511988887777"


@pytest.fixture
async def post(db: Database, clock: StillClock) -> AsyncIterator[PostOffice]:
    async with graph() as fake, open_office(db, clock, fake) as office:
        yield office


async def arrives(post: PostOffice, sent: Sent) -> None:
    """Take in that a message was delivered; nobody has looked at it yet."""
    body = json.loads(json.dumps(status_body(sent, "delivered", at=int(post.clock.now().timestamp()))))
    async with post.db.begin() as session:
        await store(session, rows_of(parse(body), now=post.clock.now()))


async def everything_runs(post: PostOffice) -> None:
    """Let a few minutes pass in which every job has its turn."""
    for _ in range(4):
        await settle(post.db, post.clock)
        await post.send()
        post.clock.jump(minutes=1)


async def test_a_clock_put_forward_takes_no_message_from_a_living_sender(post: PostOffice) -> None:
    await post.owe(await post.person(ANA))
    post.graph.next(Accept(after=0.3))
    sending = asyncio.create_task(post.send())
    await post.graph.busy.wait()
    post.clock.jump(hours=1)
    await post.send()
    await sending
    await everything_runs(post)
    assert ((await post.row()).status, post.graph.attempts) == (OutboundStatus.SENT, 1)


async def test_the_telephone_is_believed_before_a_dead_senders_message_goes_out_again(post: PostOffice) -> None:
    await post.owe(await post.person(ANA))
    async with post.db.begin() as session:
        assert (await claim(session, now=post.clock.now(), account=ACCOUNT, limit=1)).jobs
    await arrives(post, owed(ANA, await post.row()))
    post.clock.jump(hours=6)
    await post.send()  # no status has been settled when the first job after the outage runs
    await everything_runs(post)
    assert ((await post.row()).status, post.graph.attempts) == (OutboundStatus.DELIVERED, 0)


async def test_the_telephone_is_believed_before_a_doubtful_message_goes_out_again(post: PostOffice) -> None:
    await post.owe(await post.person(ANA))
    post.graph.next(AcceptThenCut())
    await post.send()
    assert (await post.row()).status is OutboundStatus.UNCERTAIN
    await arrives(post, post.graph.accepted[0])
    post.clock.jump(hours=6)
    await post.send()
    await everything_runs(post)
    assert ((await post.row()).status, post.graph.attempts) == (OutboundStatus.DELIVERED, 1)


async def test_the_telephone_is_believed_while_others_are_being_written_to(post: PostOffice) -> None:
    """The sender has been at work for a while when the doubt of one message is old enough and its status is here."""
    await post.owe(await post.person(ANA))
    post.graph.next(AcceptThenCut())
    await post.send()
    post.graph.busy.clear()
    await post.owe(await post.person("5511977776666"))
    post.graph.next(Accept(after=0.3))
    sending = asyncio.create_task(post.send())
    await post.graph.busy.wait()
    await arrives(post, post.graph.accepted[0])
    post.clock.jump(minutes=2)
    await sending
    await everything_runs(post)
    assert post.graph.attempts == 2


async def test_a_late_reminder_waits_for_the_morning_whoever_looks_first(post: PostOffice) -> None:
    """No upkeep has run when the sender finds it: reminders of 15h and 10h tomorrow, at 22h in São Paulo."""
    async with World(post.db) as world:
        for start in (THURSDAY_15H, THURSDAY_15H - timedelta(hours=5)):
            await world.book(start, actor=Actor.PROFESSIONAL, now=post.clock.now())
    await post.send()
    confirmed = post.graph.attempts
    post.clock.moment = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
    await post.send()
    assert post.graph.attempts == confirmed
    post.clock.jump(hours=10, minutes=1)  # 8h01
    await post.send()
    # At 15h there is time until the afternoon; for 10h only the second reminder is still of use.
    assert sorted(sent.text for sent in post.graph.accepted[confirmed:]) == ["[reminder_24h]", "[reminder_2h]"]
    async with post.db.begin() as session:
        skipped = await session.scalars(select(Outbound.kind).where(Outbound.status == OutboundStatus.SKIPPED))
        assert skipped.all() == ["reminder_24h"]
