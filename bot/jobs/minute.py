"""What every minute makes due, whoever rings: the worker's own clock, or that of a platform."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

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
    """Do it: late reminders, questions that ran out, offers, questions about holidays, daily agendas.

    One that fails keeps no other from being done; then what went wrong is raised.
    """
    touched, failures = [], []
    for job in _JOBS:
        try:
            touched.append(await job(db, now=now))
        except Exception as error:
            failures.append(error)
    if failures:
        raise failures[0] if len(failures) == 1 else ExceptionGroup("in one minute", failures)
    return Done(*touched[: len(fields(Done))])


# In the order of `Done`; what nobody counts comes last.
_JOBS: Final = (
    reminders.tidy_reminders,
    holds.expire_pending,
    waitlist.offer_openings,
    holidays.ask_about_holidays,
    digest.owe_due_digests,
    codes.forget_codes,
)
