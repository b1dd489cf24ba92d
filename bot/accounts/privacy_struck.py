"""Strike a person out of what others keep: the owner's talk with the assistant, notices, notes, the raw queues."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import (
    Client,
    ClientNote,
    Conversation,
    Inbound,
    Message,
    Notification,
    Outbound,
    PendingAction,
    Professional,
    ServiceHealth,
    User,
)
from ..phrases import first_name
from .privacy_traces import Traces

# Rows read at once, and rows searched by one statement: no statement takes long, however much is kept.
PAGE: Final = 500
STRIDE: Final = 20_000


async def strike_out_of(
    session: AsyncSession, professional_id: UUID, traces: Traces, *, besides: Sequence[UUID] = ()
) -> None:
    """Strike a person out of everything that an agenda keeps in words, `besides` messages that are owed to them.

    The first name too, in what the owner alone reads, unless the agenda has somebody else by it.
    """
    agenda = await session.get_one(Professional, professional_id)
    owner_contact = select(User.contact_id).where(User.id == agenda.user_id)
    talks = select(Conversation.id).where(Conversation.contact_id.in_(owner_contact))
    others = (await session.scalars(select(Client.name).where(Client.professional_id == professional_id))).all()
    everywhere = traces.without_names([agenda.name, *others])
    familiar = everywhere.with_first_names().without_names(
        {first_name(name) for name in (agenda.name, *others)} | {agenda.name, *others}
    )
    theirs: Sequence[tuple[Any, tuple[str, ...], ColumnElement[bool]]] = (
        (Message, ("text",), Message.conversation_id.in_(talks)),
        (PendingAction, ("arguments", "question"), PendingAction.conversation_id.in_(talks)),
        (Inbound, ("event", "error"), Inbound.conversation_id.in_(talks)),
        (Conversation, ("state",), Conversation.id.in_(talks)),
        (Outbound, ("payload", "error"), Outbound.contact_id.in_(owner_contact)),
        (Notification, ("title", "body"), Notification.user_id == agenda.user_id),
    )
    for table, columns, where in theirs:
        await _strike(session, table, columns, where, familiar)
    shared: Sequence[tuple[Any, tuple[str, ...], ColumnElement[bool]]] = (
        (Message, ("text",), Message.professional_id == professional_id),
        (Outbound, ("payload", "error"), (Outbound.professional_id == professional_id) & Outbound.id.not_in(besides)),
        (ClientNote, ("text",), ClientNote.professional_id == professional_id),
    )
    for table, columns, where in shared:
        await _strike(session, table, columns, where, everywhere)


async def strike_out_of_health(session: AsyncSession, traces: Traces) -> None:
    """Strike a professional out of the operator's book."""
    await _strike(session, ServiceHealth, ("details",), ServiceHealth.id.is_not(None), traces)


async def delete_raw(session: AsyncSession, traces: Traces) -> None:
    """Delete the events that are in nobody's conversation and name the person: statuses, news, dead letters."""
    if not traces.needles:
        return
    event = cast(Inbound.event, Text)
    named = [column.contains(needle, autoescape=True) for needle in traces.needles for column in (event, Inbound.error)]
    last: UUID | None = None
    while True:
        stride = select(Inbound.id).where(Inbound.conversation_id.is_(None), *_after(Inbound, last))
        ids = (await session.scalars(stride.order_by(Inbound.id).limit(STRIDE))).all()
        if not ids:
            return
        within = (Inbound.conversation_id.is_(None), Inbound.id >= ids[0], Inbound.id <= ids[-1])
        found = await session.execute(select(Inbound.id, Inbound.event, Inbound.error).where(*within, or_(*named)))
        theirs = [row.id for row in found if traces.within(row.event) or traces.within(row.error)]
        await session.execute(delete(Inbound).where(Inbound.id.in_(theirs)))
        last = ids[-1]


async def _strike(
    session: AsyncSession, table: Any, columns: Sequence[str], where: ColumnElement[bool], traces: Traces
) -> None:
    last: UUID | None = None
    while True:
        page = select(table.id, *(getattr(table, name) for name in columns)).where(where, *_after(table, last))
        rows = (await session.execute(page.order_by(table.id).limit(PAGE))).all()
        for row in rows:
            changed = {
                name: struck for name in columns if (struck := traces.struck(getattr(row, name))) != getattr(row, name)
            }
            if changed:
                await session.execute(update(table).where(table.id == row.id).values(**changed))
        if len(rows) < PAGE:
            return
        last = rows[-1].id


def _after(table: Any, last: UUID | None) -> list[ColumnElement[bool]]:
    return [] if last is None else [table.id > last]
