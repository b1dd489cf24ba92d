"""T11: what is owed is written with its cause or not at all, and whatever is written leaves.

Many kills, by hand: ODYS_KILLS=40 uv run pytest tests/notify/test_outbox.py
"""

import asyncio
import os
import sys
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from bot.agenda import booking
from bot.db import Database
from bot.models import Appointment, Outbound
from bot.models.enums import Action, OutboundStatus, Status

from ..agenda.factories import NOW, THURSDAY_15H, a_client
from ..agenda.world import World
from ..conftest import StillClock
from ..fakes.graph import ACCOUNT, TOKEN, Accept, graph
from ..processes import ROOT
from .post_office import PostOffice, open_office

KILLS = int(os.environ.get("ODYS_KILLS", "3"))
APPOINTMENTS = 12 * KILLS
KIND = "booking_confirmed"


class ChangedMindError(Exception):
    """Whatever may go wrong between a change and its commit."""


async def confirmations(db: Database) -> dict[UUID, OutboundStatus]:
    """Return where the message about each appointment's confirmation stands."""
    async with db.begin() as session:
        owed = select(Outbound.appointment_id, Outbound.status).where(Outbound.kind == KIND)
        rows = (await session.execute(owed)).all()
    assert len({row.appointment_id for row in rows}) == len(rows), "owed twice"
    return {row.appointment_id: row.status for row in rows}


async def test_t11_a_change_that_is_taken_back_owes_nothing(post: PostOffice) -> None:
    async with World(post.db) as world:
        row = await world.book()
        await post.send()
        before = len(post.graph.accepted)
        with pytest.raises(ChangedMindError):
            async with post.db.begin() as session:
                await booking.act(session, row.id, Action.CONFIRM, now=NOW, **world.as_owner())
                raise ChangedMindError
        assert await post.send() == 0
        assert (await confirmations(post.db), len(post.graph.accepted)) == ({}, before)
        await world.act(row, Action.CONFIRM)
        await post.send()
        assert await confirmations(post.db) == {row.id: OutboundStatus.SENT}


async def ask(db: Database, count: int) -> None:
    """Let some clients ask for so many appointments, which nobody has confirmed yet."""
    async with World(db) as world, db.begin() as session:
        clients = [await a_client(session, world.owner, name=f"Ana {n}", number=90000000 + n) for n in range(8)]
        for number in range(count):
            start = THURSDAY_15H + timedelta(hours=number)
            row = Appointment(professional_id=world.owner.id, client_id=clients[number % 8].id, service_name="Corte")
            row.start_at, row.end_at, row.status = start, start + timedelta(minutes=30), Status.PENDING_CONFIRMATION
            row.created_at = row.updated_at = NOW
            session.add(row)


async def test_t11_desks_killed_at_any_moment_lose_no_message_and_send_none_without_its_cause(
    postgres_url: str,
) -> None:
    db, clock = Database(postgres_url), StillClock(NOW)
    await ask(db, APPOINTMENTS)
    async with graph() as fake, open_office(db, clock, fake) as post:
        fake.next(*[Accept(0.15)] * APPOINTMENTS)
        environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "DATABASE_URL": postgres_url}
        environment |= {"WHATSAPP_API_URL": fake.url, "WHATSAPP_TOKEN": TOKEN, "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT}
        command = (sys.executable, "-m", "tests.notify.killed_desk", "3", str(KILLS))
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
        )
        told, _ = await process.communicate()
        assert process.returncode == 0
        assert int(told) >= 1, "nobody was killed at work"
        for sent in list(fake.accepted):
            await post.told(sent, "delivered")
        for _ in range(6):  # leases run out, doubts are over
            await post.send()
            clock.jump(seconds=31)
        owed = await confirmations(db)
        async with db.begin() as session:
            sold = set(await session.scalars(select(Appointment.id).where(Appointment.status == Status.CONFIRMED)))
            causes = {str(row.id): row for row in await session.scalars(select(Outbound))}
    await db.close()
    assert len(sold) == APPOINTMENTS
    assert owed.keys() == sold
    assert set(owed.values()) <= {OutboundStatus.SENT, OutboundStatus.DELIVERED}
    taken = Counter(sent.opaque for sent in fake.accepted)
    # Nothing was taken that has no row, nothing twice, and each confirmation once.
    assert taken.keys() <= causes.keys()
    assert set(taken.values()) == {1}
    assert {causes[opaque].appointment_id for opaque in taken if causes[opaque].kind == KIND} == sold
