"""The minute's work: several jobs, none of which waits for another's good health."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.db import Database
from bot.jobs.minute import do_due
from bot.models.enums import OutboundStatus

from ..accounts.dump import found
from ..agenda.factories import NOW
from .test_codes import becomes, two_codes


async def test_a_job_that_fails_keeps_no_other_from_its_work(db: Database) -> None:
    codes = await two_codes(db)
    await becomes(db, OutboundStatus.SENT)
    async with db.begin() as session:
        await session.execute(text("ALTER TABLE waitlist_entries RENAME TO mislaid"))
    try:
        with pytest.raises(SQLAlchemyError, match="waitlist_entries"):
            await do_due(db, now=NOW)
    finally:
        async with db.begin() as session:
            await session.execute(text("ALTER TABLE mislaid RENAME TO waitlist_entries"))
    assert await found(db, *codes) == []
