"""The sender of a process belongs to no job: whoever rings waits for nothing, and takes nothing with them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.db import Database
from bot.models.enums import Channel, OutboundStatus
from bot.notify.pace import NoPace
from bot.notify.sender import Sender

from ..fakes.graph import ACCOUNT, Accept
from ..processes import until
from .post_office import PostOffice, statuses

ANA, RUI = "5511988887777", "5521977776666"


@pytest.fixture
async def sender(post: PostOffice) -> AsyncIterator[Sender]:
    one = Sender(post.db, post.cloud, post.clock, account=ACCOUNT, channel=Channel.CLOUD, pace=NoPace())
    yield one
    await one.close()


async def test_what_is_owed_while_others_are_sent_goes_too(post: PostOffice, sender: Sender) -> None:
    await post.say(await post.person(), "um")
    post.graph.next(Accept(0.5))
    sender.wake()
    await until(lambda: post.graph.flying == 1, 30)
    await post.say(await post.person(RUI), "dois")
    sender.wake()
    await until(lambda: len(post.graph.accepted) == 2, 30)
    await sender.run()
    assert statuses(await post.rows()) == [OutboundStatus.SENT, OutboundStatus.SENT]


async def test_a_round_that_had_its_fill_is_followed_by_another(post: PostOffice) -> None:
    for number in range(5):
        await post.say(await post.person(f"551198888000{number}"), "oi")
    one = Sender(post.db, post.cloud, post.clock, account=ACCOUNT, channel=Channel.CLOUD, pace=NoPace(), limit=2)
    assert await one.run() == 5
    assert statuses(await post.rows()) == [OutboundStatus.SENT] * 5
    await one.close()


async def test_a_job_that_runs_out_of_time_leaves_no_message_in_doubt(post: PostOffice, sender: Sender) -> None:
    await post.say(await post.person(), "um")
    post.graph.next(Accept(0.5))
    job = asyncio.create_task(sender.run())
    await until(lambda: post.graph.flying == 1, 30)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    await sender.run()
    assert (statuses(await post.rows()), len(post.graph.accepted)) == ([OutboundStatus.SENT], 1)


async def test_a_sender_that_is_closed_waits_for_the_answers_on_their_way(post: PostOffice, sender: Sender) -> None:
    await post.say(await post.person(), "um", "dois")
    post.graph.next(Accept(1.5))
    sender.wake()
    await until(lambda: post.graph.flying == 1, 30)
    await sender.close()
    assert statuses(await post.rows()) == [OutboundStatus.SENT, OutboundStatus.QUEUED]


class AwayOnce:
    """A database that is away the first time it is asked."""

    def __init__(self, db: Database) -> None:
        self._db, self._away = db, True

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        if self._away:
            self._away = False
            raise ConnectionRefusedError
        return self._db.begin()


async def test_after_a_round_that_failed_the_next_one_sends(post: PostOffice, caplog: pytest.LogCaptureFixture) -> None:
    await post.say(await post.person(), "um")
    db = cast(Database, AwayOnce(post.db))
    sender = Sender(db, post.cloud, post.clock, account=ACCOUNT, channel=Channel.CLOUD, pace=NoPace())
    sender.wake()
    await until(lambda: "what is due could not be sent" in caplog.text, 30)
    assert await sender.run() == 1
    assert len(post.graph.accepted) == 1
