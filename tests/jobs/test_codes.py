"""A code that was sent is in nobody's table; one that has yet to leave is."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bot.accounts import login
from bot.accounts.codes import Hasher
from bot.db import Database
from bot.jobs.codes import forget_codes
from bot.models import Outbound
from bot.models.enums import OutboundStatus

from ..accounts.dump import found
from ..agenda.factories import NOW, a_contact

GOES = (OutboundStatus.QUEUED, OutboundStatus.SENDING, OutboundStatus.UNCERTAIN, OutboundStatus.FAILED)
WENT = (OutboundStatus.SENT, OutboundStatus.DELIVERED, OutboundStatus.READ, OutboundStatus.SKIPPED)


async def two_codes(db: Database) -> list[str]:
    hashed = Hasher.of("a-secret-of-the-tests")
    async with db.begin() as session:
        contact = await a_contact(session)
        await login.ask_by_phone(session, hashed, contact, now=NOW, new=True)
        await login.ask_by_email(session, hashed, "julia@example.com", now=NOW, new=True)
        await session.flush()
        return [row.payload["code"] for row in await session.scalars(select(Outbound))]


async def becomes(db: Database, status: OutboundStatus) -> None:
    async with db.begin() as session:
        for row in await session.scalars(select(Outbound)):
            row.status = status


@pytest.mark.parametrize("status", OutboundStatus)
async def test_a_code_is_forgotten_when_it_left(db: Database, status: OutboundStatus) -> None:
    codes = await two_codes(db)
    await becomes(db, status)
    assert status in {*GOES, *WENT}
    assert await forget_codes(db, now=NOW) == (2 if status in WENT else 0)
    assert bool(await found(db, *codes)) is (status in GOES)
    # Nobody can enter with it any more: it may go, whatever became of the message.
    await forget_codes(db, now=NOW + login.LIFE + timedelta(seconds=1))
    assert await found(db, *codes) == []
    async with db.begin() as session:
        assert len((await session.scalars(select(Outbound))).all()) == 2
    assert await forget_codes(db, now=NOW + timedelta(hours=1)) == 0


async def test_they_are_found_without_looking_at_other_messages(db: Database) -> None:
    async with db.begin() as session:
        if not db.sqlite:
            await session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if db.sqlite else "EXPLAIN "
        asked = "SELECT id FROM outbound WHERE kind = 'login_code' AND created_at > '2026-11-21'"
        plan = " ".join(str(row) for row in (await session.execute(text(explain + asked))).all())
    assert "ix_outbound_login_codes" in plan
