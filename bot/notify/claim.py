"""Take from the outbox what may leave now: checked, worded and leased, in one transaction."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Outbound
from ..models.enums import Author, Channel, OutboundStatus, Status, Transport
from ..quiet import after_quiet, quiet
from ..whatsapp import window
from ..whatsapp.faults import Action, Fault
from ..whatsapp.outgoing import Outgoing, plain
from ..whatsapp.transport import Address
from . import messages, numbers
from .delivery import AGAIN, DIED, STATUS_WAIT, TRIES, author_of, doubt, give_up, skip, spoken
from .due import OWED, Ids, Owed, due, heard_of_others, ids_of_people
from .messages import LoginCode, ReviewRequest
from .outbox import CHAT
from .render import as_template

log = logging.getLogger(__name__)

# Longer than a send can take (its turn, an upload and a POST: 21 s in all), so that only the dead lose their lease.
LEASE = timedelta(seconds=30)
# Somebody who said PARAR still gets what they ask for.
_ASKED_FOR = frozenset({CHAT, LoginCode.name})
# Nobody's own appointment depends on these: WhatsApp's "stop" to offers holds them back too.
_OFFERS = frozenset({ReviewRequest.name})
_ACTIVE = frozenset({Status.PENDING_CONFIRMATION, Status.CONFIRMED})
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
    # The first message from a number that was shut: if it goes through, the number is open again.
    trying: bool = False


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
        await session.execute(text(f"SELECT pg_advisory_xact_lock({_CLAIM_LOCK})"))
    await _take_from_the_dead(session, now)
    stops = await numbers.stopped(session)
    shut = {number for number, stop in stops.items() if stop.until > now}
    owed = await due(session, now, (channel, account), limit, shut | set(without))
    ids = await ids_of_people(session, owed)
    result = Claim()
    trying: set[str] = set()
    for each in owed:
        if each.account in trying:
            continue
        result.count += 1
        tries = each.account in stops
        if job := await _job(session, each, ids, now, tries=tries):
            result.jobs.append(job)
            if tries:
                trying.add(each.account)
                await numbers.hold(session, each.account, now + LEASE, now)
    if result.jobs:
        await session.flush()
        leased = _table.c.id.in_([job.id for job in result.jobs])
        await (await session.connection()).execute(_LEASED.where(leased), {"until": now + LEASE})
    return result


_table = cast(Table, Outbound.__table__)
_LEASED = update(_table).values(
    status=OutboundStatus.SENDING,
    lease_until=bindparam("until"),
    provider_id=None,
    attempts=_table.c.attempts + 1,
)


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
        Outbound.contact_id == bindparam("person"),
        Outbound.transport == Transport.WHATSAPP,
        Outbound.status == OutboundStatus.QUEUED,
        Outbound.due_at < bindparam("moment"),
    )
    .with_for_update(skip_locked=True)
)
_AFTER = update(_table).where(_table.c.id.in_(_waiting_too)).values(due_at=bindparam("moment"))


async def _take_from_the_dead(session: AsyncSession, now: datetime) -> None:
    """A lease that ran out belongs to a sender that died in mid-send: its message may have gone out."""
    lapsed = await session.scalars(
        select(Outbound)
        .where(OWED, Outbound.status == OutboundStatus.SENDING, Outbound.lease_until < now)
        .with_for_update(skip_locked=True)
    )
    rows: Sequence[Outbound] = lapsed.all()
    for row in rows:
        # From now, not from the claim: a clock that was put forward must not take it from a sender that lives.
        doubt(row, Fault(DIED, Action.AWAIT_STATUS), now)
    if rows:
        await session.flush()


async def _job(session: AsyncSession, owed: Owed, ids: Ids, now: datetime, *, tries: bool) -> Job | None:
    """Return the message to send, whose row is to be leased; or settle the row, when there is nothing to send."""
    row = owed.row
    if why := _useless(owed, now):
        skip(row, why)
        return None
    if row.status is OutboundStatus.UNCERTAIN and not await _once_more(session, owed, now):
        return None
    if _sleeping(owed, now):
        return None
    to = owed.address(ids)
    if not to.reachable:
        await give_up(session, row, Fault("no_address", Action.DROP), now)
        return None
    if owed.conversation:
        row.conversation_id = owed.conversation.id
    heard_at = owed.conversation.last_inbound_at if owed.conversation else None
    open_now = window.is_open(heard_at, now, to.channel)
    if row.kind == CHAT and not open_now:
        await give_up(session, row, Fault("window_closed", Action.DROP), now)
        return None
    try:
        said = spoken(row)
        outgoing = said if open_now else as_template(messages.from_json(row.kind, row.payload))
    except Exception as error:  # one row that cannot be worded must not stop the others
        log.exception("a message could not be worded", extra={"outbound": str(row.id), "kind": row.kind})
        await give_up(session, row, Fault("wording", Action.BUG, type(error).__name__), now)
        return None
    return Job(row.id, row.attempts + 1, owed.account, to, outgoing, row.contact_id, plain(said), author_of(row), tries)


async def _once_more(session: AsyncSession, owed: Owed, now: datetime) -> bool:
    """Tell whether a message that nobody told of may go out again; what it may not is given up, where people see it."""
    row, began = owed.row, owed.row.due_at - STATUS_WAIT
    if row.error_code == DIED and row.attempts < TRIES and await heard_of_others(session, owed.line, began):
        return True  # others are told of and this one is not: it died with its sender
    if row.error_code != AGAIN:
        row.error_code = AGAIN
        return True
    await give_up(session, row, Fault("unconfirmed", Action.AWAIT_STATUS, f"no answer twice: {row.error}"), now)
    return False


def _sleeping(owed: Owed, now: datetime) -> bool:
    """Put a reminder that is late off until the morning, or let go of one that cannot wait so long."""
    row = owed.row
    if row.appointment_start_at is None or not owed.zone or not quiet(now, owed.zone):
        return False
    morning = after_quiet(now, owed.zone)
    if row.expires_at is not None and row.expires_at <= morning:
        skip(row, "quiet_hours")
    else:
        row.due_at = morning
    return True


def _useless(owed: Owed, now: datetime) -> str:
    """Return why a message should not be sent any more, or nothing."""
    row, appointment, contact = owed.row, owed.appointment, owed.contact
    if row.expires_at is not None and row.expires_at <= now:
        return "expired"
    if row.appointment_start_at is not None and (
        appointment is None or appointment.status not in _ACTIVE or appointment.start_at != row.appointment_start_at
    ):
        return "appointment_changed"
    if contact is not None and contact.opted_out_at is not None and row.kind not in _ASKED_FOR:
        return "opted_out"
    if contact is not None and contact.marketing_stopped_at is not None and row.kind in _OFFERS:
        return "marketing_stopped"
    return ""
