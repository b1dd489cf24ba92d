"""Take from the outbox what may leave now: checked, worded and leased, in one transaction."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import BigInteger, Table, Uuid, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Swift
from ..models import Outbound
from ..models.enums import STANDING, Author, Channel, OutboundStatus, Transport
from ..models.queues import OWED
from ..quiet import after_quiet, quiet
from ..whatsapp import window
from ..whatsapp.faults import Action, Fault
from ..whatsapp.outgoing import Outgoing, plain
from ..whatsapp.transport import Address
from . import messages, numbers
from .delivery import AGAIN, DIED, STATUS_WAIT, TRIES, author_of, doubt, give_up, skip, spoken
from .due import Ids, Owed, due, heard_of_others, ids_of_people
from .messages import LoginCode, ReviewRequest
from .outbox import CHAT
from .render import as_template
from .these import IDS, EachOf, these

log = logging.getLogger(__name__)

# Longer than a send can take (its turn, an upload and a POST: 21 s in all), so that only the dead lose their lease.
LEASE = timedelta(seconds=30)
# Somebody who said PARAR still gets what they ask for.
_ASKED_FOR = frozenset({CHAT, LoginCode.name})
# Nobody's own appointment depends on these: WhatsApp's "stop" to offers holds them back too.
_OFFERS = frozenset({ReviewRequest.name})
_CLAIM_LOCK = 0x6F64_7973  # "odys"; one claim at a time


@dataclass(frozen=True, slots=True)
class Job:
    """One message on its way out."""

    id: UUID
    attempt: int
    account: str
    to: Address
    outgoing: Outgoing
    contact_id: UUID | None
    # What the conversation will show.
    said: str
    author: Author
    # The conversation it is written into from now on, where the row did not know of any.
    talk_id: UUID | None = None


@dataclass(slots=True)
class Claim:
    """What a claim found: messages to send, and how many rows it dealt with in all."""

    jobs: list[Job] = field(default_factory=list)
    count: int = 0


async def claim(
    session: AsyncSession,
    *,
    now: datetime,
    account: str,
    limit: int,
    channel: Channel = Channel.CLOUD,
    without: Collection[str] = (),
) -> Claim:
    """Lease up to `limit` messages, at most one a person; `account` of `channel` is for those that name none.

    Nothing is taken that would leave from one of the numbers `without`.
    """
    if session.get_bind().dialect.name != "sqlite":
        # Claims are short and come one after the other: two at once could each take a message of one person.
        await _ONE_AT_A_TIME.all(session, {"lock": _CLAIM_LOCK})
    await _take_from_the_dead(session, now)
    stops = await numbers.stopped(session, now)
    shut = {number for number, until in stops.items() if until > now}
    owed = await due(session, now, (channel, account), limit, shut | set(without))
    ids = await ids_of_people(session, owed)
    result = Claim()
    trying: set[str] = set()
    for each in owed:
        if each.account in trying:
            continue
        result.count += 1
        if job := await _job(session, each, ids, now):
            result.jobs.append(job)
            if each.account in stops:
                trying.add(each.account)
                await numbers.hold(session, each.account, each.id, now + LEASE, now)
    await _lease(session, result.jobs, now)
    return result


_table = cast(Table, Outbound.__table__)
_ONE_AT_A_TIME = Swift(select(func.pg_advisory_xact_lock(bindparam("lock", type_=BigInteger))))
_LEASED = Swift(
    update(_table)
    .where(these(_table.c.id, IDS))
    .values(
        status=OutboundStatus.SENDING,
        lease_until=bindparam("until"),
        provider_id=None,
        attempts=_table.c.attempts + 1,
    )
)
_IN_TALK = EachOf(
    "UPDATE outbound SET conversation_id = new.talk FROM {new} WHERE outbound.id = new.row",
    update(_table).where(_table.c.id == bindparam("row")).values(conversation_id=bindparam("talk")),
    row=Uuid(),
    talk=Uuid(),
)


async def _lease(session: AsyncSession, jobs: Sequence[Job], now: datetime) -> None:
    """Say that these rows are on their way; nobody else takes them before the lease is over."""
    if not jobs:
        return
    await _LEASED.all(session, {"ids": [job.id for job in jobs], "until": now + LEASE})
    await _IN_TALK.run(session, [{"row": job.id, "talk": job.talk_id} for job in jobs if job.talk_id is not None])


async def put_back(session: AsyncSession, jobs: Sequence[tuple[Job, datetime | None]]) -> None:
    """Return leased messages that never left. With a moment, their person gets nothing before it, in the same order."""
    until = {job.id: (job, moment) for job, moment in jobs}
    rows = await session.scalars(select(Outbound).where(Outbound.id.in_(until)).order_by(Outbound.id).with_for_update())
    waiting = []
    for row in rows:
        job, moment = until[row.id]
        if row.status is not OutboundStatus.SENDING or row.attempts != job.attempt:
            continue
        row.status, row.lease_until, row.attempts = OutboundStatus.QUEUED, None, row.attempts - 1
        if moment is not None and job.contact_id is not None:
            row.due_at = max(row.due_at, moment)
            waiting.append({"person": job.contact_id, "moment": moment})
    await session.flush()
    if waiting:
        await (await session.connection()).execute(_AFTER, waiting)


# A crowd of messages to one person is not looked at again and again while they wait for their turn.
_waiting_too = (
    select(Outbound.id)
    .where(
        OWED,
        Outbound.contact_id.is_not(None),
        Outbound.contact_id == bindparam("person"),
        Outbound.transport == Transport.WHATSAPP,
        Outbound.status == OutboundStatus.QUEUED,
        Outbound.due_at < bindparam("moment"),
    )
    .with_for_update(skip_locked=True)
)
_AFTER = update(_table).where(_table.c.id.in_(_waiting_too)).values(due_at=bindparam("moment"))


# The status alone, so that the index of leases fits: it has as many rows as there are messages in flight.
_LAPSED = Swift(
    select(Outbound.id)
    .where(text("outbound.status = 'sending'"), Outbound.lease_until < bindparam("now"))
    .with_for_update(skip_locked=True)
)


async def _take_from_the_dead(session: AsyncSession, now: datetime) -> None:
    """A lease that ran out belongs to a sender that died in mid-send: its message may have gone out."""
    for (identifier,) in await _LAPSED.all(session, {"now": now}):
        # From now, not from the claim: a clock that was put forward must not take it from a sender that lives.
        doubt(await session.get_one(Outbound, identifier), Fault(DIED, Action.AWAIT_STATUS), now)
    # What follows asks the database.
    await session.flush()


async def _job(session: AsyncSession, owed: Owed, ids: Ids, now: datetime) -> Job | None:
    """Return the message to send, whose row is to be leased; or settle the row, when there is nothing to send."""
    if why := _useless(owed, now):
        skip(await _row(session, owed), why)
        return None
    # The night first: what is put off until the morning has not been tried once more.
    if await _sleeping(session, owed, now):
        return None
    if owed.status is OutboundStatus.UNCERTAIN and not await _once_more(session, owed, now):
        return None
    to = owed.address(ids)
    if not to.reachable:
        await give_up(session, await _row(session, owed), Fault("no_address", Action.DROP), now)
        return None
    open_now = window.is_open(owed.heard_at, now, to.channel)
    if owed.kind == CHAT and not open_now:
        await give_up(session, await _row(session, owed), Fault("window_closed", Action.DROP), now)
        return None
    try:
        said = spoken(owed)
        outgoing = said if open_now else as_template(messages.from_json(owed.kind, owed.payload))
    except Exception as error:  # one row that cannot be worded must not stop the others
        log.exception("a message could not be worded", extra={"outbound": str(owed.id), "kind": owed.kind})
        await give_up(session, await _row(session, owed), Fault("wording", Action.BUG, type(error).__name__), now)
        return None
    return Job(
        id=owed.id,
        attempt=owed.attempts + 1,
        account=owed.account,
        to=to,
        outgoing=outgoing,
        contact_id=owed.contact_id,
        said=plain(said),
        author=author_of(owed),
        talk_id=None if owed.talk_id == owed.conversation_id else owed.talk_id,
    )


async def _row(session: AsyncSession, owed: Owed) -> Outbound:
    """Return the row itself, which is locked already: few are changed one by one."""
    return await session.get_one(Outbound, owed.id)


async def _once_more(session: AsyncSession, owed: Owed, now: datetime) -> bool:
    """Tell whether a message that nobody told of may go out again; what it may not is given up, where people see it."""
    began = owed.due_at - STATUS_WAIT
    if owed.error_code == DIED and owed.attempts < TRIES and await heard_of_others(session, owed.line, began):
        return True  # others are told of and this one is not: it died with its sender
    row = await _row(session, owed)
    if row.error_code != AGAIN:
        row.error_code = AGAIN
        return True
    await give_up(session, row, Fault("unconfirmed", Action.AWAIT_STATUS, f"no answer twice: {row.error}"), now)
    return False


async def _sleeping(session: AsyncSession, owed: Owed, now: datetime) -> bool:
    """Put a reminder that is late off until the morning, or let go of one that cannot wait so long."""
    if owed.reminds_of is None or not owed.zone or not quiet(now, owed.zone):
        return False
    row, morning = await _row(session, owed), after_quiet(now, owed.zone)
    if row.expires_at is not None and row.expires_at <= morning:
        skip(row, "quiet_hours")
    else:
        row.due_at = morning
    return True


def _useless(owed: Owed, now: datetime) -> str:
    """Return why a message should not be sent any more, or nothing."""
    if owed.expires_at is not None and owed.expires_at <= now:
        return "expired"
    if owed.reminds_of is not None and (owed.standing not in STANDING or owed.start_at != owed.reminds_of):
        return "appointment_changed"
    if owed.reminds_of is not None and owed.unreachable_at is not None and owed.unreachable_at <= owed.created_at:
        return "unreachable"  # ever since it was planned, of which the professional was told then
    if owed.opted_out_at is not None and owed.kind not in _ASKED_FOR:
        return "opted_out"
    if owed.marketing_stopped_at is not None and owed.kind in _OFFERS:
        return "marketing_stopped"
    return ""
