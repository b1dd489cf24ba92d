"""What may leave now, in which order, with everything that decides whether and how."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, String, and_, bindparam, exists, func, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ..models import Appointment, Contact, ContactIdentity, Conversation, Inbound, Outbound, Professional
from ..models.enums import IdentityKind, InboundKind, OutboundStatus, Transport
from ..whatsapp.transport import Address, Line

# Spelled out instead of bound, so that both databases see that the partial indexes fit.
OWED = text("outbound.status IN ('queued', 'sending', 'uncertain')")
# Turns are shared out among professionals within this many of the most urgent messages: a quarter of a minute's work.
SIGHT = 1000
# Messages that were told to come back at the same moment by two clocks keep their order.
NEARLY = timedelta(seconds=2)

_Near = Select[UUID, int, UUID | None, datetime]
Ids = dict[tuple[UUID, IdentityKind], str]


@dataclass(frozen=True, slots=True)
class Owed:
    """A row and all that it depends on, as they are now."""

    row: Outbound
    contact: Contact | None
    conversation: Conversation | None
    appointment: Appointment | None
    line: Line
    zone: str

    @property
    def account(self) -> str:
        return self.line[1]

    def address(self, ids: Ids) -> Address:
        """Return where the person is reached on this line."""
        contact, channel = self.contact, self.line[0]
        if contact is None:
            return Address(channel=channel)
        bsuid, lid = ids.get((contact.id, IdentityKind.BSUID)), ids.get((contact.id, IdentityKind.LID))
        return Address(contact.phone, bsuid, lid, channel)


async def due(session: AsyncSession, now: datetime, default: Line, limit: int, without: Collection[str]) -> list[Owed]:
    """Return what is due, answers first and each professional in turn, but nothing from the numbers `without`.

    Nobody's second message overtakes or accompanies their first.
    """
    values = {"now": now, "nearly": now + NEARLY, "default": default[1], "limit": limit}
    if without:
        values["without"] = sorted(without)
    rows = await session.scalars(_due(some_are_full=bool(without)), values)
    return await _with_context(session, rows.all(), default)


@cache
def _due(*, some_are_full: bool) -> Select[Outbound]:
    """Put the question together once: it is asked many times a second."""
    near = _near(some_are_full=some_are_full).subquery("near")
    turn = func.row_number().over(
        partition_by=(near.c.priority, near.c.professional_id), order_by=(near.c.due_at, near.c.id)
    )
    fair = select(near.c.id, turn.label("turn")).subquery("fair")
    return (
        select(Outbound)
        .join(fair, fair.c.id == Outbound.id)
        .order_by(Outbound.priority, fair.c.turn, Outbound.due_at, Outbound.id)
        .limit(bindparam("limit", type_=Integer()))
        .with_for_update(of=Outbound, skip_locked=True)
    )


def _near(*, some_are_full: bool) -> _Near:
    # What a telephone already said comes first: no doubt is resolved by sending again while a status waits here.
    unheard = exists().where(text("inbound.status = 'new'"), Inbound.lane == "", Inbound.kind == InboundKind.STATUS)
    statement = (
        select(Outbound.id, Outbound.priority, Outbound.professional_id, Outbound.due_at)
        .where(
            OWED,
            Outbound.transport == Transport.WHATSAPP,
            Outbound.status.in_([OutboundStatus.QUEUED, OutboundStatus.UNCERTAIN]),
            Outbound.due_at <= bindparam("now"),
            or_(Outbound.status == OutboundStatus.QUEUED, ~unheard),
            ~_somebody_first(),
        )
        .order_by(Outbound.priority, Outbound.due_at, Outbound.id)
        .limit(SIGHT)
    )
    if some_are_full:
        account = func.coalesce(Conversation.account, Professional.account, bindparam("default", type_=String()))
        statement = (
            statement.outerjoin(Conversation, Conversation.id == Outbound.conversation_id)
            .outerjoin(Professional, Professional.id == Outbound.professional_id)
            .where(account.not_in(bindparam("without", expanding=True)))
        )
    return statement


def _somebody_first() -> Any:
    """Tell whether another message of the same person is on its way, or goes before this one."""
    other = aliased(Outbound, name="other")
    rank = (other.priority, other.created_at, other.id)
    own_rank = (Outbound.priority, Outbound.created_at, Outbound.id)
    # A message in backoff keeps its place; one for tomorrow does not hold up today's.
    waits_before = and_(
        other.status == OutboundStatus.QUEUED,
        or_(other.due_at <= bindparam("nearly"), other.attempts > 0),
        tuple_(*rank) < tuple_(*own_rank),
    )
    return exists().where(
        text("other.status IN ('queued', 'sending', 'uncertain')"),
        other.transport == Transport.WHATSAPP,
        other.contact_id == Outbound.contact_id,
        other.id != Outbound.id,
        or_(other.status == OutboundStatus.SENDING, waits_before),
    )


async def _with_context(session: AsyncSession, rows: Sequence[Outbound], default: Line) -> list[Owed]:
    """Read again, in this transaction, everything that decides whether and how a row is sent."""
    if not rows:
        return []
    people = {row.contact_id for row in rows if row.contact_id}
    contacts = {each.id: each for each in await session.scalars(select(Contact).where(Contact.id.in_(people)))}
    booked = {row.appointment_id for row in rows if row.appointment_id}
    appointments: dict[UUID, Appointment] = {}
    if booked:
        found = await session.scalars(select(Appointment).where(Appointment.id.in_(booked)))
        appointments = {each.id: each for each in found}
    owners = {row.professional_id for row in rows if row.professional_id}
    columns = (Professional.id, Professional.channel, Professional.account, Professional.timezone)
    agendas = {row.id: row for row in await session.execute(select(*columns).where(Professional.id.in_(owners)))}
    talks = (await session.scalars(select(Conversation).where(Conversation.contact_id.in_(people)))).all()
    by_id = {talk.id: talk for talk in talks}
    by_line = {(talk.contact_id, (talk.channel, talk.account)): talk for talk in talks}
    owed = []
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
        owed.append(Owed(row, contact, talk, appointment, line, agenda.timezone if agenda else ""))
    return owed


async def ids_of_people(session: AsyncSession, owed: Sequence[Owed]) -> Ids:
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


async def heard_of_others(session: AsyncSession, line: Line, since: datetime) -> bool:
    """Tell whether statuses of this number came in since then: what they do not tell of did not happen."""
    statement = select(Inbound.id).where(
        Inbound.received_at > since,
        Inbound.kind == InboundKind.STATUS,
        Inbound.channel == line[0],
        Inbound.account == line[1],
    )
    return await session.scalar(statement.limit(1)) is not None
