"""Statuses settle what was sent; news about numbers and templates is written to the log.

A status finds its message by the provider's id, or by our own id, which travels with the message and comes
back: so it also settles a message whose answer never reached us.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import Clock
from ..db import Database
from ..models import Contact, Inbound, Outbound
from ..models.enums import InboundKind, InboundStatus, OutboundStatus
from ..whatsapp.faults import of_code
from ..whatsapp.rows import status_id
from . import connection, delivery, echoes, preferences

log = logging.getLogger(__name__)

BATCH = 200
TRIES = 5
# Where a message stands, lowest first: failed outranks sent, and what was delivered did not fail.
_FAILED = 2
_RANKS = {
    OutboundStatus.SENT: 1,
    OutboundStatus.FAILED: _FAILED,
    OutboundStatus.DELIVERED: 3,
    OutboundStatus.READ: 4,
}
_STATUSES = {
    # Evolution's own word, before WhatsApp's: as good as the answer to the POST.
    "accepted": OutboundStatus.SENT,
    "sent": OutboundStatus.SENT,
    "failed": OutboundStatus.FAILED,
    "delivered": OutboundStatus.DELIVERED,
    "read": OutboundStatus.READ,
    "played": OutboundStatus.READ,
}
_NEW = text("inbound.status = 'new'")  # spelled out, so that the partial index fits


async def settle(db: Database, clock: Clock) -> int:
    """Apply every status and notice that waits; return how many there were."""
    count = 0
    while True:
        async with db.begin() as session:
            waiting = await session.scalars(_waiting(clock.now()).limit(BATCH).with_for_update(skip_locked=True))
            ids = [row.id for row in waiting]
        if not ids:
            return count
        count += len(ids)
        try:
            await _apply(db, ids, clock.now())
        except Exception:
            log.exception("a batch of statuses could not be settled; trying each alone")
            for identifier in ids:
                await _apply_alone(db, identifier, clock.now())


def _waiting(now: datetime) -> Any:
    return (
        select(Inbound)
        .where(_NEW, Inbound.lane == "", Inbound.kind != InboundKind.MESSAGE, Inbound.due_at <= now)
        .order_by(Inbound.received_at, Inbound.id)
    )


async def _apply_alone(db: Database, identifier: UUID, now: datetime) -> None:
    try:
        await _apply(db, [identifier], now)
    except Exception as error:
        log.exception("a status could not be settled", extra={"inbound": str(identifier)})
        async with db.begin() as session:
            row = await session.get(Inbound, identifier, with_for_update=True)
            if row is not None:
                row.attempts += 1
                row.status = InboundStatus.DEAD if row.attempts >= TRIES else InboundStatus.NEW
                row.error = f"{type(error).__name__}: {error}"[:2000]


async def _apply(db: Database, ids: Sequence[UUID], now: datetime) -> None:
    async with db.begin() as session:
        statement = _waiting(now).where(Inbound.id.in_(ids)).with_for_update(skip_locked=True)
        rows: Sequence[Inbound] = (await session.scalars(statement)).all()
        messages = await _messages(session, [row.event for row in rows if row.kind is InboundKind.STATUS])
        reached: set[UUID] = set()
        for row in rows:
            if row.kind is InboundKind.STATUS:
                message = messages.get(str(row.event.get("id"))) or messages.get(str(row.event.get("opaque")))
                message = message or await echoes.told_of(session, row)
                row.error = await _status(session, row, message, reached, now) if message else "no such message"
            else:
                log.warning("news from the provider", extra={"kind": row.kind.value, "news": row.event.get("field")})
                await connection.heard(session, row, now)
                await preferences.heard(session, row, now)
            row.status, row.handled_at = InboundStatus.DONE, now
        if reached:
            there = (Contact.id.in_(reached), Contact.unreachable_at.is_not(None))
            await session.execute(update(Contact).where(*there).values(unreachable_at=None))


async def _messages(session: AsyncSession, events: Sequence[Mapping[str, Any]]) -> dict[str, Outbound]:
    """Return the messages that statuses speak of, by provider id and by our own, locked in one order."""
    provider_ids = {str(event.get("id")) for event in events}
    own = {identifier for event in events if (identifier := _uuid(event.get("opaque")))}
    found = await session.scalars(
        select(Outbound)
        .where(or_(Outbound.provider_id.in_(provider_ids), Outbound.id.in_(own)))
        .order_by(Outbound.id)
        .with_for_update()
    )
    rows = found.all()
    return {str(row.id): row for row in rows} | {row.provider_id: row for row in rows if row.provider_id}


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


async def _status(session: AsyncSession, row: Inbound, message: Outbound, reached: set[UUID], now: datetime) -> str:
    """Apply one status, add to `reached` whom it proves to be there; return why it changed nothing, or nothing."""
    told = _STATUSES.get(str(row.event.get("status")))
    provider_id, at = str(row.event.get("id")), row.provider_at or now
    if told is None:
        return "no meaning for us"
    arrived = told in (OutboundStatus.DELIVERED, OutboundStatus.READ)
    if not arrived and not await _is_about_this_try(session, row, message, provider_id):
        return "of an earlier try"
    if _RANKS[told] <= _rank(message, provider_id) and not arrived:
        return "known already"
    if told is OutboundStatus.FAILED:
        errors = row.event.get("errors") or [{}]
        fault = of_code(str(errors[0].get("code") or "failed"), str(errors[0].get("details") or ""))
        message.provider_id = provider_id
        await delivery.failed(session, message, fault, row.account, now, refused=True)
        if message.contact_id is not None:
            reached.discard(message.contact_id)
        return ""
    await delivery.sent(session, message, message.provider_id or provider_id, at)
    if arrived:
        _arrived(message, told, at)
        if message.contact_id is not None:
            reached.add(message.contact_id)
    return ""


def _rank(message: Outbound, provider_id: str) -> int:
    """Return where a message stands as far as the provider has told; a row that waits again has failed once."""
    if message.provider_id != provider_id:
        return 0
    return _FAILED if message.status is OutboundStatus.QUEUED else _RANKS.get(message.status, 0)


async def _is_about_this_try(session: AsyncSession, row: Inbound, message: Outbound, provider_id: str) -> bool:
    """Tell whether "sent" or "failed" is about the try that counts: an earlier one's end changes nothing."""
    if message.provider_id == provider_id:
        return True
    if message.provider_id is not None:
        return False
    if row.event.get("status") == "failed":
        return True
    # The answer to the POST is not here yet; the id is that of this try unless it is known to have failed before.
    failed_before = select(Inbound.id).where(
        Inbound.channel == row.channel,
        Inbound.account == row.account,
        Inbound.external_id == status_id(provider_id, "failed", row.event.get("recipient")),
        Inbound.status == InboundStatus.DONE,
    )
    return await session.scalar(failed_before) is None


def _arrived(message: Outbound, told: OutboundStatus, at: datetime) -> None:
    if told is OutboundStatus.READ:
        message.read_at = min(message.read_at or at, at)
    else:
        message.delivered_at = min(message.delivered_at or at, at)
    if _RANKS[told] > _RANKS.get(message.status, 0):
        message.status = told
