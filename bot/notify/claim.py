"""Take from the outbox what may leave now: checked, worded and leased, in one transaction."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, exists, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ..models import Appointment, Contact, ContactIdentity, Conversation, Inbound, Outbound, Professional
from ..models.enums import Channel, IdentityKind, InboundKind, OutboundStatus, Status, Transport
from ..quiet import after_quiet, quiet
from ..whatsapp import window
from ..whatsapp.faults import Action, Fault
from ..whatsapp.outgoing import Outgoing
from ..whatsapp.transport import Address, Line
from . import messages, numbers
from .delivery import AGAIN, STATUS_WAIT, doubt, give_up, skip, spoken
from .messages import LoginCode
from .outbox import CHAT
from .render import as_template

log = logging.getLogger(__name__)

# Longer than a send can take (an upload and a POST, 20 s in all), so that only the dead lose their lease.
LEASE = timedelta(seconds=30)
# While a number that was shut is tried with one message, the others wait this long.
TRYING = timedelta(seconds=15)
# Somebody who said PARAR still gets what they ask for.
_ASKED_FOR = frozenset({CHAT, LoginCode.name})
_ACTIVE = frozenset({Status.PENDING_CONFIRMATION, Status.CONFIRMED})
# Spelled out instead of bound, so that both databases see that the partial index fits.
_OWED = text("outbound.status IN ('queued', 'sending', 'uncertain')")
_Ids = dict[tuple[UUID, IdentityKind], str]
_CLAIM_LOCK = 0x6F64_7973  # "odys"; one claim at a time


@dataclass(frozen=True, slots=True)
class Job:
    """One message on its way out."""

    id: UUID
    attempt: int
    account: str
    to: Address
    outgoing: Outgoing
    # The first message from a number that was shut: if it goes through, the number is open again.
    trying: bool = False


@dataclass(slots=True)
class Claim:
    """What a claim found: messages to send, and how many rows it dealt with in all."""

    jobs: list[Job] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Owed:
    row: Outbound
    contact: Contact | None
    conversation: Conversation | None
    appointment: Appointment | None
    line: Line
    zone: str

    @property
    def account(self) -> str:
        return self.line[1]


async def claim(
    session: AsyncSession, *, now: datetime, account: str, limit: int, channel: Channel = Channel.CLOUD
) -> Claim:
    """Lease up to `limit` messages, at most one a person; `account` of `channel` is for those that name none."""
    if session.get_bind().dialect.name != "sqlite":
        # Claims are short and come one after the other: two at once could each take a message of one person.
        await session.execute(text(f"SELECT pg_advisory_xact_lock({_CLAIM_LOCK})"))
    await _take_from_the_dead(session, now)
    owed = await _due(session, now, (channel, account), limit)
    if not owed:
        return Claim()
    shut = await numbers.stopped(session, {each.account for each in owed})
    addresses = await _ids(session, owed)
    result = Claim(count=len(owed))
    trying: set[str] = set()
    for each in owed:
        if (stop := shut.get(each.account)) and (stop.until > now or each.account in trying):
            each.row.due_at = max(stop.until, now + TRYING)
            continue
        if job := _job(each, addresses, now):
            result.jobs.append(replace(job, trying=each.account in shut))
            trying.add(each.account)
    return result


async def _take_from_the_dead(session: AsyncSession, now: datetime) -> None:
    """A lease that ran out belongs to a sender that died in mid-send: its message may have gone out."""
    lapsed = await session.scalars(
        select(Outbound)
        .where(_OWED, Outbound.status == OutboundStatus.SENDING, Outbound.lease_until < now)
        .with_for_update(skip_locked=True)
    )
    for row in lapsed:
        # From now, not from the claim: a clock that was put forward must not take it from a sender that lives.
        doubt(row, Fault("sender_died", Action.AWAIT_STATUS), now + STATUS_WAIT)
    await session.flush()


async def _due(session: AsyncSession, now: datetime, default: Line, limit: int) -> Sequence[_Owed]:
    """Return what is due, most urgent first; nobody's second message overtakes or accompanies their first."""
    other = aliased(Outbound, name="other")
    rank = (other.priority, other.created_at, other.id)
    own_rank = (Outbound.priority, Outbound.created_at, Outbound.id)
    # A message in backoff keeps its place; one for tomorrow does not hold up today's.
    waits_before = and_(
        other.status == OutboundStatus.QUEUED,
        or_(other.due_at <= now, other.attempts > 0),
        tuple_(*rank) < tuple_(*own_rank),
    )
    somebody_first = exists().where(
        text("other.status IN ('queued', 'sending')"),
        other.transport == Transport.WHATSAPP,
        other.contact_id == Outbound.contact_id,
        other.id != Outbound.id,
        or_(other.status == OutboundStatus.SENDING, waits_before),
    )
    # What a telephone already said comes first: no doubt is resolved by sending again while a status waits here.
    unheard = exists().where(text("inbound.status = 'new'"), Inbound.lane == "", Inbound.kind == InboundKind.STATUS)
    statement = (
        select(Outbound)
        .where(
            _OWED,
            Outbound.transport == Transport.WHATSAPP,
            Outbound.status.in_([OutboundStatus.QUEUED, OutboundStatus.UNCERTAIN]),
            Outbound.due_at <= now,
            or_(Outbound.status == OutboundStatus.QUEUED, ~unheard),
            ~somebody_first,
        )
        .order_by(Outbound.priority, Outbound.due_at, Outbound.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.scalars(statement)).all()
    return await _with_context(session, rows, default)


async def _with_context(session: AsyncSession, rows: Sequence[Outbound], default: Line) -> list[_Owed]:
    """Read again, in this transaction, everything that decides whether and how a row is sent."""
    people = {row.contact_id for row in rows if row.contact_id}
    contacts = {each.id: each for each in await session.scalars(select(Contact).where(Contact.id.in_(people)))}
    booked = {row.appointment_id for row in rows if row.appointment_id}
    appointments = {
        each.id: each for each in await session.scalars(select(Appointment).where(Appointment.id.in_(booked)))
    }
    owners = {row.professional_id for row in rows if row.professional_id}
    columns = (Professional.id, Professional.channel, Professional.account, Professional.timezone)
    agendas = {row.id: row for row in await session.execute(select(*columns).where(Professional.id.in_(owners)))}
    talks = (await session.scalars(select(Conversation).where(Conversation.contact_id.in_(people)))).all()
    by_id = {talk.id: talk for talk in talks}
    by_line = {(talk.contact_id, (talk.channel, talk.account)): talk for talk in talks}
    found = []
    for row in rows:
        talk = by_id.get(row.conversation_id) if row.conversation_id else None
        agenda = agendas.get(row.professional_id) if row.professional_id else None
        line = (talk.channel, talk.account) if talk else default
        if talk is None and agenda and agenda.account:
            line = (agenda.channel, agenda.account)
        contact = contacts.get(row.contact_id) if row.contact_id else None
        if talk is None and contact is not None:
            talk = by_line.get((contact.id, line))
        appointment = appointments.get(row.appointment_id) if row.appointment_id else None
        found.append(_Owed(row, contact, talk, appointment, line, agenda.timezone if agenda else ""))
    return found


async def _ids(session: AsyncSession, owed: Sequence[_Owed]) -> _Ids:
    """Return the ids that channels gave to people whose phone they do not tell."""
    unknown = [each.contact.id for each in owed if each.contact and not each.contact.phone]
    if not unknown:
        return {}
    rows = await session.execute(
        select(ContactIdentity.contact_id, ContactIdentity.kind, ContactIdentity.value)
        .where(
            ContactIdentity.contact_id.in_(unknown),
            ContactIdentity.kind.in_([IdentityKind.BSUID, IdentityKind.LID]),
        )
        .order_by(ContactIdentity.created_at)
    )
    return {(row.contact_id, row.kind): row.value for row in rows}


def _job(owed: _Owed, ids: _Ids, now: datetime) -> Job | None:
    """Return the message to send and lease its row; or settle the row, when there is nothing to send."""
    row = owed.row
    if why := _useless(owed, now):
        skip(row, why)
        return None
    if _sleeping(owed, now):
        return None
    to = _address(owed, ids)
    if not to.reachable:
        give_up(row, Fault("no_address", Action.DROP))
        return None
    if owed.conversation:
        row.conversation_id = owed.conversation.id
    heard_at = owed.conversation.last_inbound_at if owed.conversation else None
    open_now = window.is_open(heard_at, now, to.channel)
    if row.kind == CHAT and not open_now:
        give_up(row, Fault("window_closed", Action.DROP))
        return None
    try:
        outgoing = spoken(row) if open_now else as_template(messages.from_json(row.kind, row.payload))
    except Exception as error:  # one row that cannot be worded must not stop the others
        log.exception("a message could not be worded", extra={"outbound": str(row.id), "kind": row.kind})
        give_up(row, Fault("wording", Action.BUG, type(error).__name__))
        return None
    if row.status is OutboundStatus.UNCERTAIN:
        row.error_code = AGAIN
    row.status, row.lease_until, row.provider_id = OutboundStatus.SENDING, now + LEASE, None
    row.attempts += 1
    return Job(row.id, row.attempts, owed.account, to, outgoing)


def _address(owed: _Owed, ids: _Ids) -> Address:
    contact, channel = owed.contact, owed.line[0]
    if contact is None:
        return Address(channel=channel)
    bsuid, lid = ids.get((contact.id, IdentityKind.BSUID)), ids.get((contact.id, IdentityKind.LID))
    return Address(contact.phone, bsuid, lid, channel)


def _sleeping(owed: _Owed, now: datetime) -> bool:
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


def _useless(owed: _Owed, now: datetime) -> str:
    """Return why a message should not be sent any more, or nothing."""
    row, appointment = owed.row, owed.appointment
    if row.expires_at is not None and row.expires_at <= now:
        return "expired"
    if row.appointment_start_at is not None and (
        appointment is None or appointment.status not in _ACTIVE or appointment.start_at != row.appointment_start_at
    ):
        return "appointment_changed"
    if owed.contact is not None and owed.contact.opted_out_at is not None and row.kind not in _ASKED_FOR:
        return "opted_out"
    return ""
