"""What every minute makes due, whoever rings: the worker's own clock, or that of a platform."""

from dataclasses import dataclass
from datetime import datetime

from ..db import Database
from . import codes, digest, holds, holidays, reminders, waitlist


@dataclass(frozen=True, slots=True)
class Done:
    """How many rows each job touched; nothing due is nothing touched, however often the clock rings."""

    reminders: int
    expired_questions: int
    waitlist_offers: int
    holiday_questions: int
    daily_agendas: int


async def do_due(db: Database, *, now: datetime) -> Done:
    """Do it: late reminders, questions that ran out, offers, questions about holidays, daily agendas."""
    done = Done(
        reminders=await reminders.tidy_reminders(db, now=now),
        expired_questions=await holds.expire_pending(db, now=now),
        waitlist_offers=await waitlist.offer_openings(db, now=now),
        holiday_questions=await holidays.ask_about_holidays(db, now=now),
        daily_agendas=await digest.owe_due_digests(db, now=now),
    )
    await codes.forget_codes(db, now=now)
    return done
