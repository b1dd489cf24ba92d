"""What Meta was seen to send, file by file, and what must come of each; statuses in whichever order they come."""

import itertools
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select

from bot.conversation import inbox
from bot.db import Database
from bot.models import Contact, ContactIdentity, Conversation, Inbound, Outbound
from bot.models.enums import Channel, InboundStatus, OutboundStatus, Transport
from bot.notify.settle import settle

from ..conftest import StillClock
from ..payloads import SHARED, own
from ..payloads.recorded import RECORDED
from ..processes import until
from .hook import Hook, served

LIMIT, LEASE = timedelta(seconds=4), timedelta(seconds=12)


@pytest.fixture
async def hook(db: Database, clock: StillClock) -> AsyncIterator[Hook]:
    async with served(db, clock) as ready:
        yield ready


async def read_everything(db: Database, now: datetime) -> None:
    """Take every turn that is due, answer none, and settle the rest."""
    async with db.begin() as session:
        lanes = await inbox.due_lanes(session, now=now)
    for lane in lanes:
        held: inbox.Held | None = None
        while True:
            async with db.begin() as session:
                if held is not None:
                    await inbox.finish(session, held, now=now)
                held = await inbox.take(session, lane, now=now, burst_limit=LIMIT, lease=LEASE)
            if held is None:
                break
    await settle(db, StillClock(now))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared cases are not beside this checkout")
async def test_each_recorded_delivery_yields_what_the_table_says_once_only(hook: Hook, clock: StillClock) -> None:
    files = sorted(SHARED.glob("*.json"))
    assert {file.stem for file in files} == set(RECORDED)
    for file in files:
        told = re.findall(r'"(?:time|timestamp)": "?(\d+)', file.read_text())
        clock.moment = datetime.fromtimestamp(min(map(int, told), default=1_795_000_000), UTC)
        before = await yielded(hook, file.read_bytes(), clock)
        assert before == Counter(RECORDED[file.stem]), file.name
        assert await yielded(hook, file.read_bytes(), clock) == before, file.name
        async with hook.db.begin() as session:
            await session.execute(delete(Inbound))
            await session.execute(delete(Contact))


async def yielded(hook: Hook, raw: bytes, clock: StillClock) -> Counter[str]:
    """Post a delivery, let it be read, and count the rows of each kind and the addresses that are known."""
    assert await hook.post(raw) == 200
    rows = await hook.rows()

    async def nothing_waits() -> bool:
        await read_everything(hook.db, clock.now() + timedelta(seconds=5))
        return all(row.status is not InboundStatus.NEW for row in await hook.rows())

    # What a database under strain lets go of in the middle is for the next sweep: so here, too, another one comes.
    await until(nothing_waits)
    counts = Counter("dead" if row.status is InboundStatus.DEAD else row.kind.value for row in rows)
    async with hook.db.begin() as session:
        known = await session.scalar(select(func.count()).select_from(ContactIdentity))
    return counts + Counter(identities=known or 0)


# -- statuses


def told(*statuses: str) -> dict[str, Any]:
    """Return a delivery with these statuses of one message, in this order."""
    body: dict[str, Any] = json.loads(json.dumps(own("status_all").body))
    value = body["entry"][0]["changes"][0]["value"]
    shape = value["statuses"][0]
    value["statuses"] = [shape | {"status": status} for status in statuses]
    return body


async def sent_message(db: Database, clock: StillClock) -> None:
    async with db.begin() as session:
        contact = Contact(name="Ana", phone="5511988887777", created_at=clock.now())
        session.add(contact)
        await session.flush()
        talk = Conversation(
            channel=Channel.CLOUD, account="106540352242922", contact_id=contact.id, created_at=clock.now()
        )
        session.add(talk)
        await session.flush()
        session.add(
            Outbound(
                transport=Transport.WHATSAPP,
                conversation_id=talk.id,
                contact_id=contact.id,
                kind="chat",
                payload={"kind": "text", "body": "Oi!"},
                status=OutboundStatus.SENDING,
                attempts=1,
                provider_id=None,
                due_at=clock.now(),
                created_at=clock.now(),
                id=UUID("0199c0de-0000-7000-8000-000000000001"),
            )
        )


@pytest.mark.parametrize("end", [OutboundStatus.READ, OutboundStatus.FAILED])
async def test_statuses_in_any_order_end_the_same(hook: Hook, clock: StillClock, end: OutboundStatus) -> None:
    states = ("sent", "delivered", "read") if end is OutboundStatus.READ else ("sent", "failed")
    for order in itertools.permutations(states):
        for parts in ([order], [[each] for each in order]):  # in one delivery, and each alone
            await sent_message(hook.db, clock)
            for part in parts:
                assert await hook.tell(told(*part)) == 200
                assert await hook.tell(told(*part)) == 200
                await settle(hook.db, clock)
            async with hook.db.begin() as session:
                row = (await session.scalars(select(Outbound))).one()
                assert row.status is end, (order, parts)
                await session.execute(delete(Outbound))
                await session.execute(delete(Contact))
                await session.execute(delete(Inbound))
