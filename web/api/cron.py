"""The clock from outside: for installations whose platform rings instead of a worker's own cron."""

from bot.jobs import minute, watchdog
from bot.jobs.findings import State

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..schemas import Answer


class Reminded(Answer):
    """How many rows each job touched; nothing due is nothing touched, however often the clock rings."""

    reminders: int
    expired_questions: int
    waitlist_offers: int
    holiday_questions: int
    daily_agendas: int


class Watched(Answer):
    checks: int
    bad: list[str]


async def remind(call: Call) -> Reminded:
    """Do what the minute makes due: late reminders, questions that ran out or about holidays, offers, daily agendas."""
    done = await minute.do_due(call.db, now=call.now)
    await call.bell.ring("send", key="now")
    return Reminded.model_validate(done, from_attributes=True)


async def watch(call: Call) -> Watched:
    """Look after WhatsApp: everything, Meta's side included; alerts go out once per change."""
    found = await watchdog.run(call.db, call.settings, now=call.now)
    return Watched(checks=len(found), bad=[each.check for each in found if each.state is State.BAD])


# GET for platforms whose clock can do nothing else; each job may run any number of times.
ENDPOINTS: tuple[Endpoint, ...] = tuple(
    endpoint(method, path, who=Who.CRON)(job)
    for path, job in (("/api/cron/reminders", remind), ("/api/cron/whatsapp-watchdog", watch))
    for method in ("GET", "POST")
)
