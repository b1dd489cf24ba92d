"""Let go of what has been kept long enough: every night, in small transactions, so that nobody waits for them.

Ids rise with time, so the oldest rows come first along the primary key: a table is read from its beginning until
rows are young, a page at a time, and no index beside the primary key is needed.

A raw message may go wholly: within the eight days in which a provider delivers again its key is kept, and after them
its own timestamp gives a replay away.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts import privacy
from ..db import Database
from ..models import (
    BillingEvent,
    Client,
    Contact,
    Conversation,
    Inbound,
    LoginCode,
    Message,
    ModelCall,
    Notification,
    Outbound,
    PendingAction,
    ServiceHealth,
    Session,
    User,
)
from ..models.enums import SETTLED, STILL_OWED, InboundStatus, OutboundStatus, PendingStatus
from ..settings import Settings

log = logging.getLogger(__name__)

# Rows in one transaction: tens of milliseconds, also where each takes an index entry or five with it.
PAGE: Final = 500
# People erased in one night, each in a transaction of their own: the rest waits for the next night.
STRANGERS: Final = 500
# Everybody is looked at, so many in one statement: tens of milliseconds too, however many there are.
PEOPLE: Final = 5000
# What failed is looked at by a person, who may be on holiday.
FAILED_DAYS: Final = 90
# After its end, a login says only when somebody was here.
LOGIN_DAYS: Final = 30
_MONTH: Final = timedelta(days=30.44)


@dataclass(frozen=True, slots=True)
class Rule:
    """One table: rows older than `before` by `age` go, if `gone` says so too."""

    table: Any
    age: Any
    before: datetime
    gone: ColumnElement[bool]


def rules(settings: Settings, now: datetime) -> Sequence[Rule]:
    """List what is let go of, and when."""
    raw = now - timedelta(days=settings.retention_days)
    failed = now - timedelta(days=max(FAILED_DAYS, settings.retention_days))
    history = now - settings.history_months * _MONTH
    login = now - timedelta(days=LOGIN_DAYS)
    return (
        Rule(
            Inbound, Inbound.received_at, raw, _either(Inbound.status, InboundStatus.DONE, InboundStatus.DEAD, failed)
        ),
        Rule(Outbound, Outbound.created_at, raw, _sent(raw, failed)),
        Rule(PendingAction, PendingAction.created_at, raw, PendingAction.status != PendingStatus.OPEN),
        Rule(LoginCode, LoginCode.created_at, now - timedelta(days=1), LoginCode.expires_at < now),
        Rule(Session, Session.created_at, login, or_(Session.expires_at < login, Session.revoked_at < login)),
        Rule(BillingEvent, BillingEvent.received_at, failed, BillingEvent.handled_at.is_not(None)),
        Rule(
            Notification,
            Notification.created_at,
            raw,
            or_(Notification.read_at < raw, Notification.created_at < history),
        ),
        Rule(Message, Message.created_at, history, true()),
        Rule(ModelCall, ModelCall.at, history, true()),
        Rule(ServiceHealth, ServiceHealth.since, history, ServiceHealth.ended_at < history),
    )


async def let_go(db: Database, settings: Settings, *, now: datetime) -> dict[str, int]:
    """Delete what was kept long enough and erase whom nobody knows; return how many rows of each table went."""
    gone = {rule.table.__tablename__: await _apply(db, rule) for rule in rules(settings, now)}
    gone["contacts"] = await _erase_strangers(db, now - timedelta(days=settings.retention_days), now)
    await db.forget()
    log.info("let go of what was kept long enough", extra={"rows": {name: n for name, n in gone.items() if n}})
    return gone


async def _apply(db: Database, rule: Rule) -> int:
    """Walk along the ids from the oldest row to the first page that is young altogether."""
    count, last = 0, None
    while True:
        async with db.begin() as session:
            page = await _page(session, rule, last)
            old = [identifier for identifier, is_old, _ in page if is_old]
            ids = [identifier for identifier, is_old, gone in page if is_old and gone]
            if ids:
                await session.execute(delete(rule.table).where(rule.table.id.in_(ids)))
        count += len(ids)
        if len(page) < PAGE or not old:
            return count
        last = page[-1][0]


async def _page(session: AsyncSession, rule: Rule, last: UUID | None) -> Sequence[Any]:
    after = [] if last is None else [rule.table.id > last]
    found = select(rule.table.id, rule.age < rule.before, rule.gone).where(*after)
    return (await session.execute(found.order_by(rule.table.id).limit(PAGE))).all()


def _either(status: Any, done: Any, dead: Any, failed: datetime) -> ColumnElement[bool]:
    return or_(status == done, and_(status == dead, Inbound.received_at < failed))


def _sent(raw: datetime, failed: datetime) -> ColumnElement[bool]:
    """Say which messages are done with; a reminder is owed long before its day."""
    return or_(
        and_(Outbound.status.in_(SETTLED), Outbound.due_at < raw),
        and_(Outbound.status == OutboundStatus.FAILED, Outbound.due_at < failed),
    )


async def _erase_strangers(db: Database, before: datetime, now: datetime) -> int:
    """Erase whom no agenda and no login knows and who has been silent; who said PARAR stays known, to be left alone."""
    count, last = 0, UUID(int=0)
    while count < STRANGERS:
        async with db.begin() as session:
            ahead = select(Contact.id).where(Contact.id > last).order_by(Contact.id)
            end = await session.scalar(ahead.offset(PEOPLE - 1).limit(1))
            here = [Contact.id > last, *([] if end is None else [Contact.id <= end])]
            ids = (await session.scalars(_strangers(before).where(*here).limit(STRANGERS - count))).all()
        for contact_id in ids:
            async with db.begin() as session:
                if await session.scalar(_strangers(before).where(Contact.id == contact_id)):
                    await privacy.erase_contact(session, contact_id, now=now, raw=False)
        count += len(ids)
        if end is None:
            break
        last = end
    return count


def _strangers(before: datetime) -> Any:
    return select(Contact.id).where(
        Contact.created_at < before,
        Contact.opted_out_at.is_(None),
        ~exists().where(Client.contact_id == Contact.id),
        ~exists().where(User.contact_id == Contact.id),
        ~exists().where(Outbound.contact_id == Contact.id, Outbound.status.in_(STILL_OWED)),
        ~exists().where(Conversation.contact_id == Contact.id, Conversation.last_inbound_at >= before),
    )
