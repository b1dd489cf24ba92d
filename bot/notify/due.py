"""What may leave now, in which order, with everything that decides whether and how."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Integer,
    Select,
    String,
    bindparam,
    case,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Swift
from ..models import Appointment, Contact, ContactIdentity, Conversation, Inbound, Outbound, Professional
from ..models.base import choice
from ..models.enums import Channel, IdentityKind, InboundKind, OutboundStatus, Status
from ..whatsapp import window
from ..whatsapp.transport import Address, Line
from .fair import NEARLY, fair, somebody_first
from .these import IDS, these

Ids = dict[tuple[UUID, IdentityKind], str]


@dataclass(frozen=True, slots=True)
class Owed:
    """A row and all that it depends on, as they are now."""

    id: UUID
    kind: str
    payload: Mapping[str, Any]
    status: OutboundStatus
    attempts: int
    error_code: str
    due_at: datetime
    created_at: datetime
    expires_at: datetime | None
    contact_id: UUID | None
    conversation_id: UUID | None
    professional_id: UUID | None
    # The start that a reminder speaks of; and of its appointment, as it is now.
    reminds_of: datetime | None
    start_at: datetime | None
    standing: Status | None
    phone: str | None
    opted_out_at: datetime | None
    marketing_stopped_at: datetime | None
    unreachable_at: datetime | None
    # The conversation it belongs to, or else the one in which this person hears of this professional.
    talk_id: UUID | None
    heard_at: datetime | None
    channel: Channel
    account: str
    zone: str | None

    @property
    def line(self) -> Line:
        return self.channel, self.account

    def address(self, ids: Ids) -> Address:
        """Return where the person is reached on this line."""
        if self.contact_id is None:
            return Address(channel=self.channel)
        bsuid, lid = ids.get((self.contact_id, IdentityKind.BSUID)), ids.get((self.contact_id, IdentityKind.LID))
        return Address(self.phone, bsuid, lid, self.channel)


async def due(session: AsyncSession, now: datetime, default: Line, limit: int, without: Collection[str]) -> list[Owed]:
    """Return what is due, answers first and each professional in turn, but nothing from the numbers `without`.

    Nobody's second message overtakes or accompanies their first.
    """
    given = {"now": now, "nearly": now + NEARLY, "channel": default[0], "account": default[1], "limit": limit}
    sqlite = session.get_bind().dialect.name == "sqlite"
    if without:
        statement = _due(sqlite=sqlite, some_are_full=True)
        rows = [Owed(*row) for row in await session.execute(statement, given | {"without": sorted(without)})]
    else:
        rows = [Owed(*row) for row in await _due_of_any(sqlite=sqlite).all(session, given)]
    return await _with_their_talks(session, rows, now)


@dataclass(frozen=True, slots=True)
class _Talk:
    """A conversation that somebody has, on whichever number."""

    id: UUID
    channel: Channel
    account: str
    professional_id: UUID | None
    heard_at: datetime | None

    def about(self, professional_id: UUID, now: datetime) -> bool:
        """Tell whether Meta lets through what is said here of this professional."""
        mine = self.professional_id == professional_id and self.channel is Channel.CLOUD
        return mine and window.is_open(self.heard_at, now)


async def _with_their_talks(session: AsyncSession, rows: list[Owed], now: datetime) -> list[Owed]:
    """Find the conversations that messages of their own accord belong to."""
    lost = [row.contact_id for row in rows if row.talk_id is None and row.contact_id is not None]
    if not lost:
        return rows
    talks: dict[UUID, list[_Talk]] = {person: [] for person in lost}
    for person, *talk in await _TALKS.all(session, {"ids": lost}):
        talks[person].append(_Talk(*talk))
    return [row if row.talk_id else _in_their_talk(row, talks.get(row.contact_id or row.id, ()), now) for row in rows]


def _in_their_talk(row: Owed, talks: Iterable[_Talk], now: datetime) -> Owed:
    """Say it in the conversation that the person has on that line.

    Where that one is shut, and they are talking to this professional on another number, it is an answer there; else
    it would be a template, from a number that they may never have written to.
    """
    here = next((talk for talk in talks if (talk.channel, talk.account) == row.line), None)
    if row.professional_id is not None and not (here and window.is_open(here.heard_at, now, here.channel)):
        theirs = [talk for talk in talks if talk.about(row.professional_id, now)]
        here = max(theirs, key=lambda talk: talk.heard_at or now, default=here)
    if here is None:
        return row
    return replace(row, talk_id=here.id, heard_at=here.heard_at, channel=here.channel, account=here.account)


_TALKS = Swift(
    select(
        *(Conversation.contact_id, Conversation.id, Conversation.channel, Conversation.account),
        *(Conversation.professional_id, Conversation.last_inbound_at),
    ).where(these(Conversation.contact_id, IDS))
)


@cache
def _due_of_any(*, sqlite: bool) -> Swift:
    """Put the question together once: it is asked many times a second."""
    return Swift(_due(sqlite=sqlite, some_are_full=False))


@cache
def _due(*, sqlite: bool, some_are_full: bool) -> Select[Any]:
    first = fair(sqlite=sqlite, some_are_full=some_are_full)
    # Whatever is said of a row here, nothing but its id may look like a way to find it: with no statistics to go by,
    # Postgres would read all that is due for each.
    unchanged = (Outbound.status == first.c.status, Outbound.due_at == first.c.due_at)
    return (
        select(
            *(Outbound.id, Outbound.kind, Outbound.payload, Outbound.status, Outbound.attempts, Outbound.error_code),
            *(Outbound.due_at, Outbound.created_at, Outbound.expires_at),
            *(Outbound.contact_id, Outbound.conversation_id, Outbound.professional_id),
            *(Outbound.appointment_start_at, Appointment.start_at, Appointment.status.label("standing")),
            *(Contact.phone, Contact.opted_out_at, Contact.marketing_stopped_at, Contact.unreachable_at),
            *(Conversation.id, Conversation.last_inbound_at),
            *(*_line(), Professional.timezone),
        )
        .select_from(first)
        .join(Outbound, Outbound.id == first.c.id)
        .outerjoin(Contact, Contact.id == Outbound.contact_id)
        .outerjoin(Appointment, Appointment.id == Outbound.appointment_id)
        .outerjoin(Professional, Professional.id == Outbound.professional_id)
        .outerjoin(Conversation, Conversation.id == Outbound.conversation_id)
        # A status may settle it while this waits for its lock.
        .where(*unchanged, ~somebody_first(first))
        .order_by(first.c.priority, first.c.turn, first.c.due_at, first.c.id)
        .limit(bindparam("limit", type_=Integer()))
        .with_for_update(of=Outbound, skip_locked=True)
    )


def _line() -> tuple[Any, Any]:
    """Say which number a message leaves from: its conversation's, its professional's, or the default."""
    given = bindparam("channel", type_=choice(Channel)), bindparam("account", type_=String())
    theirs = func.coalesce(Professional.account, "") != ""
    channel, account = (
        case((Conversation.id.is_not(None), of_own), (theirs, of_theirs), else_=default)
        for of_own, of_theirs, default in zip(
            (Conversation.channel, Conversation.account),
            (Professional.channel, Professional.account),
            given,
            strict=True,
        )
    )
    return channel, account


async def ids_of_people(session: AsyncSession, owed: Collection[Owed]) -> Ids:
    """Return the ids that channels gave to people whose phone they do not tell."""
    unknown = [each.contact_id for each in owed if each.contact_id and not each.phone]
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
