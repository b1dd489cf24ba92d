"""Sending over Evolution: what became of each row, when answers are lost and echoes overtake them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy import select

from bot.conversation.asides import read_echo
from bot.db import Database
from bot.models import Contact, ContactIdentity, Conversation, Inbound, Message, Outbound, ServiceHealth
from bot.models.enums import Author, Channel, IdentityKind, InboundKind, OutboundStatus, Role
from bot.notify import outbox
from bot.notify.sender import send_due
from bot.notify.settle import settle
from bot.queue import SilentBell
from bot.settings import Settings
from bot.whatsapp.evolution.client import EvolutionApi
from bot.whatsapp.outgoing import Choices, Option, Outgoing, Text
from bot.whatsapp.transport import default_line
from web.app import create

from ..conftest import StillClock
from ..fakes import evolution as fakes
from ..fakes.evolution import INSTANCE, KEY, TOKEN, Evolution, envelope, evolution, upsert

JULIA, LID = "5511988887777", "103800000000284@lid"


@dataclass
class Line:
    """One instance, one person, everything between them."""

    db: Database
    clock: StillClock
    fake: Evolution
    settings: Settings
    conversation: Conversation

    async def owe(self, *messages: Outgoing) -> None:
        async with self.db.begin() as session:
            for message in messages:
                await outbox.say(session, message, self.conversation, now=self.clock.now())

    async def send(self) -> None:
        channel, account = default_line(self.settings)
        async with aiohttp.ClientSession() as http:
            api = EvolutionApi(http, self.settings)
            await send_due(self.db, api, self.clock, account=account, channel=channel)
        await self.fake.settle()
        await settle(self.db, self.clock)

    async def rows(self) -> Sequence[Outbound]:
        async with self.db.begin() as session:
            return (await session.scalars(select(Outbound).order_by(Outbound.created_at, Outbound.id))).all()

    async def states(self) -> list[str]:
        return [row.status for row in await self.rows()]

    async def tell(self, body: object) -> None:
        assert await fakes.deliver(self.fake.webhook, body) == 200


@pytest.fixture(params=["2.3.7", "2.4.0"])
async def line(request: pytest.FixtureRequest, db: Database, clock: StillClock) -> AsyncIterator[Line]:
    async with evolution(version=request.param) as fake:
        settings = Settings(
            _env_file=None,
            evolution_api_url=fake.url,
            evolution_api_key=SecretStr(KEY),
            evolution_instance=INSTANCE,
            evolution_webhook_token=SecretStr(TOKEN),
        )
        async with TestServer(create(settings, db, SilentBell(), clock)) as server:
            fake.webhook = str(server.make_url(f"/webhooks/evolution/{INSTANCE}"))
            yield Line(db, clock, fake, settings, await somebody(db, clock, JULIA))
            assert fake.violations == []


async def somebody(db: Database, clock: StillClock, phone: str | None, lid: str = "") -> Conversation:
    """Enter a person who wrote long ago: there is no window on this channel."""
    now = clock.now()
    async with db.begin() as session:
        contact = Contact(name="Júlia", phone=phone, created_at=now)
        session.add(contact)
        await session.flush()
        kind, value = (IdentityKind.LID, lid) if lid else (IdentityKind.PHONE, "551188887777")
        session.add(
            ContactIdentity(contact_id=contact.id, channel=Channel.EVOLUTION, kind=kind, value=value, created_at=now)
        )
        conversation = Conversation(
            channel=Channel.EVOLUTION,
            account=INSTANCE,
            contact_id=contact.id,
            mode=Role.CLIENT,
            state={},
            created_at=now,
        )
        session.add(conversation)
        return conversation


async def test_a_message_leaves_and_is_followed_to_its_reader(line: Line) -> None:
    line.fake.automatic = ("send.message", "SERVER_ACK", "DELIVERY_ACK", "READ")
    await line.owe(Choices("Qual?", (Option("a", "9h"), Option("b", "10h"))))
    await line.send()
    assert line.fake.texts_to(JULIA) == ["Qual?\n\n1. 9h\n2. 10h"]
    (row,) = await line.rows()
    assert (row.status, row.provider_id, row.attempts) == (OutboundStatus.READ, line.fake.taken[0].id, 1)
    assert row.delivered_at is not None


async def test_a_person_known_by_a_lid_alone_is_answered_there(line: Line) -> None:
    line.conversation = await somebody(line.db, line.clock, None, LID)
    await line.owe(Text("oi"))
    await line.send()
    assert line.fake.texts_to(LID) == ["oi"]


@pytest.mark.parametrize("lost", [fakes.TakeThenCut(), fakes.TakeThenFail()], ids=repr)
async def test_an_answer_that_was_lost_is_made_good_by_the_echo(line: Line, lost: fakes.Behaviour) -> None:
    line.fake.automatic = ("send.message",)
    line.fake.next(lost)
    await line.owe(Text("Sua hora é às 15h."))
    await line.send()
    assert await line.states() == [OutboundStatus.SENT]
    line.clock.jump(minutes=3)
    await line.send()
    assert len(line.fake.taken) == 1


async def test_without_an_echo_it_leaves_once_more_and_on_a_modern_server_still_once(line: Line) -> None:
    line.fake.next(fakes.TakeThenCut())
    await line.owe(Text("Sua hora é às 15h."))
    await line.send()
    assert await line.states() == [OutboundStatus.UNCERTAIN]
    line.clock.jump(minutes=2)
    await line.send()
    assert await line.states() == [OutboundStatus.SENT]
    # 2.4 knows the message again by the name that we gave it; 2.3.7 cannot.
    assert len(line.fake.taken) == (1 if line.fake.modern else 2)


async def test_a_name_of_ours_settles_by_itself_what_whatsapp_took(line: Line) -> None:
    line.fake.automatic = ("DELIVERY_ACK",)
    line.fake.next(fakes.TakeThenCut())
    await line.owe(Text("oi"))
    await line.send()
    # Older servers name the message themselves, and without the echo nobody knows which one it was.
    assert await line.states() == [OutboundStatus.DELIVERED if line.fake.modern else OutboundStatus.UNCERTAIN]


async def test_a_closed_connection_holds_everything_and_an_open_one_lets_it_go(line: Line) -> None:
    line.fake.states[INSTANCE] = "close"
    await line.owe(Text("um"), Text("dois"))
    await line.send()
    (first, second) = await line.rows()
    assert (first.status, first.error_code, first.attempts) == (OutboundStatus.QUEUED, "disconnected", 0)
    assert second.status is OutboundStatus.QUEUED
    attempts = line.fake.attempts
    line.clock.jump(seconds=30)
    await line.send()
    assert line.fake.attempts == attempts
    line.fake.states[INSTANCE] = "open"
    await line.tell(envelope("connection.update", {"instance": INSTANCE, "state": "open", "statusReason": 200}))
    await settle(line.db, line.clock)
    await line.send()
    assert line.fake.texts_to(JULIA) == ["um", "dois"]


async def test_a_licence_that_is_asked_for_is_named(line: Line) -> None:
    line.fake.licensed = False
    await line.owe(Text("oi"))
    await line.send()
    async with line.db.begin() as session:
        row = (await session.scalars(select(ServiceHealth).where(ServiceHealth.check == f"sending:{INSTANCE}"))).one()
        assert (row.state, row.details["code"]) == ("stopped", "licence_required")
    assert await line.states() == [OutboundStatus.QUEUED]


async def test_somebody_who_is_not_on_whatsapp(line: Line) -> None:
    line.fake.next(fakes.Nonexistent())
    await line.owe(Text("oi"))
    await line.send()
    async with line.db.begin() as session:
        contact = (await session.scalars(select(Contact))).one()
        assert contact.unreachable_at is not None
    assert await line.states() == [OutboundStatus.FAILED]


async def test_what_whatsapp_refused_is_shown(line: Line) -> None:
    line.fake.automatic = ("send.message", "ERROR")
    await line.owe(Text("oi"))
    await line.send()
    (row,) = await line.rows()
    assert (row.status, row.error_code) == (OutboundStatus.FAILED, "evolution_error")


async def test_what_we_sent_ourselves_is_nobody_typing(line: Line) -> None:
    await line.owe(Text("Sua hora é às 15h."))
    await line.send()
    ours = line.fake.taken[0]
    body = upsert({"conversation": ours.text}, id=ours.id, phone=JULIA, fromMe=True)
    await line.tell(body)
    await line.tell(upsert({"conversation": "eu respondo"}, id="3A77", phone=JULIA, fromMe=True))
    await read_echoes(line)
    async with line.db.begin() as session:
        conversation = (await session.scalars(select(Conversation))).one()
        typed = await session.scalars(select(Message.text).where(Message.author == Author.PROFESSIONAL))
        assert list(typed) == ["eu respondo"]
        echoes = await session.scalars(select(Inbound.error).where(Inbound.kind == InboundKind.ECHO))
        assert sorted(echoes) == ["", "our own"]
        assert conversation.silent_until is not None


async def read_echoes(line: Line) -> None:
    """Run the turns of everybody who has something waiting, echoes included."""
    async with line.db.begin() as session:
        rows = await session.scalars(select(Inbound).where(Inbound.kind == InboundKind.ECHO).order_by(Inbound.id))
        for row in rows:
            await read_echo(session, row, now=line.clock.now())
