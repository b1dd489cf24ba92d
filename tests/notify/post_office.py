"""What the tests of sending share: people to write to, things owed to them, and a Graph that takes them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
from pydantic import SecretStr
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.db import Database
from bot.models import Contact, Conversation, Inbound, Notification, Outbound, Professional, ServiceHealth, User
from bot.models import Message as Line
from bot.models.enums import Channel, OutboundStatus
from bot.notify import outbox
from bot.notify.message import Message
from bot.notify.messages import BookingConfirmed
from bot.notify.sender import send_due
from bot.notify.settle import settle
from bot.settings import Settings
from bot.whatsapp.cloud import CloudApi, connector
from bot.whatsapp.outgoing import Outgoing, Text
from bot.whatsapp.payloads import parse
from bot.whatsapp.rows import rows_of, store

from ..conftest import StillClock
from ..fakes.graph import ACCOUNT, TOKEN, Graph, Sent, status_body

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def confirmed() -> BookingConfirmed:
    return BookingConfirmed(
        client="Ana",
        professional="Bia",
        service="Corte",
        when="quinta, 26/11, às 15h",
        address="Rua A, 1",
        appointment_id="0199c0de-0000-7000-8000-00000000000a",
    )


@dataclass
class PostOffice:
    """A database, a clock, a Graph, and the sender between them."""

    db: Database
    clock: StillClock
    graph: Graph
    cloud: CloudApi
    web: aiohttp.ClientSession

    async def person(self, phone: str | None = "5511988887777", *, wrote_ago: float | None = 1, **more: Any) -> UUID:
        """Add somebody who wrote `wrote_ago` hours ago, or never; return their contact id."""
        async with self.db.begin() as session:
            contact = Contact(name="Ana", phone=phone, created_at=self.clock.now(), **more)
            session.add(contact)
            await session.flush()
            if wrote_ago is not None:
                last = self.clock.now() - timedelta(hours=wrote_ago)
                talk = Conversation(channel=Channel.CLOUD, account=ACCOUNT, contact_id=contact.id, last_inbound_at=last)
                talk.created_at = last
                session.add(talk)
            return contact.id

    async def talk(self, contact_id: UUID) -> Conversation:
        async with self.db.begin() as session:
            return (await session.scalars(select(Conversation).where(Conversation.contact_id == contact_id))).one()

    async def say(self, contact_id: UUID, *texts: str, outgoing: Outgoing | None = None) -> None:
        """Owe answers in this person's conversation."""
        talk = await self.talk(contact_id)
        async with self.db.begin() as session:
            for text in texts:
                await outbox.say(session, Text(text), talk, now=self.clock.now())
            if outgoing is not None:
                await outbox.say(session, outgoing, talk, now=self.clock.now())

    async def owe(self, contact_id: UUID, message: Message | None = None, **more: Any) -> None:
        """Owe one of the 19 messages to a person."""
        values = {"professional_id": None, "now": self.clock.now()} | more
        async with self.db.begin() as session:
            await outbox.owe(session, message or confirmed(), contact_id=contact_id, **values)

    async def send(self, **more: Any) -> int:
        return await send_due(self.db, self.cloud, self.clock, account=ACCOUNT, **more)

    async def rows(self) -> list[Outbound]:
        async with self.db.begin() as session:
            return list(await session.scalars(select(Outbound).order_by(Outbound.created_at, Outbound.id)))

    async def row(self) -> Outbound:
        (row,) = await self.rows()
        return row

    async def lines(self) -> list[str]:
        """Return the conversation log."""
        async with self.db.begin() as session:
            return list(await session.scalars(select(Line.text).order_by(Line.created_at, Line.id)))

    async def change(self, **values: Any) -> None:
        """Change every outbound row, as a crash or an earlier try would have left it."""
        async with self.db.begin() as session:
            for row in await session.scalars(select(Outbound)):
                for name, value in values.items():
                    setattr(row, name, value)

    async def told(self, sent: Sent, *statuses: str | tuple[str, int], settle_each: bool = True) -> None:
        """Let statuses of a message come in, in this order, each settled before the next unless told otherwise."""
        for status in statuses:
            name, code = status if isinstance(status, tuple) else (status, None)
            body = status_body(sent, name, code=code, at=int(self.clock.now().timestamp()))
            rows = rows_of(parse(json.loads(json.dumps(body))), now=self.clock.now())
            async with self.db.begin() as session:
                await store(session, rows)
            if settle_each:
                await settle(self.db, self.clock)
        await settle(self.db, self.clock)

    async def forget(self) -> None:
        """Empty both queues, and forget whatever was learned about numbers and people."""
        async with self.db.begin() as session:
            for table in (Inbound, Outbound, ServiceHealth, Line, Notification):
                await session.execute(delete(table))
            await session.execute(update(Contact).values(unreachable_at=None, marketing_stopped_at=None))
            await session.execute(update(Conversation).values(last_inbound_at=self.clock.now()))

    async def notifications(self) -> list[tuple[str, str]]:
        """Return what professionals were told inside the application."""
        async with self.db.begin() as session:
            rows = await session.scalars(select(Notification).order_by(Notification.created_at, Notification.id))
            return [(row.title, row.body) for row in rows]

    async def waiting_statuses(self) -> int:
        async with self.db.begin() as session:
            return len((await session.scalars(select(Inbound).where(Inbound.status == "new"))).all())


async def agenda_of(session: AsyncSession, account: str | None = None, slug: str = "bia") -> UUID:
    """Add Bia, who has an agenda, and perhaps a number of her own; return her professional's id."""
    user = User(name="Bia", created_at=NOON)
    session.add(user)
    await session.flush()
    professional = Professional(user_id=user.id, slug=slug, name="Bia", account=account, created_at=NOON)
    session.add(professional)
    await session.flush()
    return professional.id


def owed(phone: str, row: Outbound) -> Sent:
    """Return a message as Meta would have it, had it taken this row without our hearing of it."""
    return Sent("wamid.UNHEARD", ACCOUNT, {"to": f"+{phone}", "type": "text", "biz_opaque_callback_data": str(row.id)})


def statuses(rows: list[Outbound]) -> list[OutboundStatus]:
    return [row.status for row in rows]


def within(row: Outbound, start: datetime, low: float, high: float) -> bool:
    """Tell whether a row is due between `low` and `high` seconds after `start`."""
    return low <= (row.due_at - start).total_seconds() <= high


def cloud_at(url: str, session: aiohttp.ClientSession) -> CloudApi:
    return CloudApi(session, Settings(_env_file=None, whatsapp_api_url=url, whatsapp_token=SecretStr(TOKEN)))


@asynccontextmanager
async def open_office(db: Database, clock: StillClock, graph: Graph) -> AsyncIterator[PostOffice]:
    async with aiohttp.ClientSession(connector=connector()) as session:
        yield PostOffice(db, clock, graph, cloud_at(graph.url, session), session)
