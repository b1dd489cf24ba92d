"""How much waits in the two queues, measured when somebody looks at the metrics.

Each question is answered from a small partial index: a page that is read every few seconds must cost nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from weakref import WeakKeyDictionary

from prometheus_client import Gauge
from sqlalchemy import Select, func, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from .. import metrics
from ..db import Database
from ..models import Inbound, Outbound
from ..models.enums import InboundKind, OutboundStatus, Transport
from ..models.queues import DEAD, NEW, OWED, TROUBLED
from ..notify.outbox import PRIORITIES

# Several may read the page, and a reader may be impatient.
FRESH: Final = timedelta(seconds=5)
DAY: Final = timedelta(days=1)

_waiting = Gauge("odys_inbound_waiting", "Rows that came in and are not handled.", ["kind"], registry=metrics.REGISTRY)
_waiting_age = Gauge(
    "odys_inbound_oldest_seconds", "How long the oldest of them is due.", ["kind"], registry=metrics.REGISTRY
)
_dead = Gauge("odys_inbound_dead", "Dead letters: what came in and could not be handled.", registry=metrics.REGISTRY)
_owed = Gauge("odys_outbound_due", "Messages owed and due.", ["transport"], registry=metrics.REGISTRY)
_owed_age = Gauge(
    "odys_outbound_oldest_seconds", "How long the oldest of them is due.", ["transport"], registry=metrics.REGISTRY
)
_uncertain = Gauge(
    "odys_outbound_uncertain", "Messages that may have left; a status is awaited.", registry=metrics.REGISTRY
)
_failed = Gauge(
    "odys_outbound_failed_day",
    "Messages due within the last 24 hours that failed.",
    ["transport", "code"],
    registry=metrics.REGISTRY,
)

_measured: WeakKeyDictionary[Database, datetime] = WeakKeyDictionary()


async def measure(db: Database, *, now: datetime) -> None:
    """Set the gauges, unless that was done a moment ago."""
    if (before := _measured.get(db)) is not None and timedelta() <= now - before < FRESH:
        return
    async with db.begin() as session:
        waiting = (await session.execute(inbound_waiting(now))).all()
        owed = (await session.execute(outbound_due(now))).all() if await anything_due(session, now) else []
        troubled = (await session.execute(outbound_troubled(now))).all()
        dead = await session.scalar(dead_letters()) or 0
    _measured[db] = now
    _show(_waiting, _waiting_age, waiting, [kind.value for kind in InboundKind], now)
    _show(_owed, _owed_age, owed, [Transport.WHATSAPP.value, Transport.EMAIL.value], now)
    _dead.set(dead)
    _uncertain.set(sum(count for status, _, _, count in troubled if status is OutboundStatus.UNCERTAIN))
    _failed.clear()
    for status, transport, code, count in troubled:
        if status is OutboundStatus.FAILED:
            _failed.labels(transport.value, metrics.word(code)).inc(count)


def forget() -> None:
    """Show no number rather than an old one."""
    _measured.clear()
    for gauge in (_waiting, _waiting_age, _owed, _owed_age, _failed):
        gauge.clear()
    for gauge in (_dead, _uncertain):
        gauge.set(float("nan"))


def _show(count: Gauge, age: Gauge, rows: Iterable[Any], kinds: Iterable[str], now: datetime) -> None:
    """Set both gauges for every kind: one without rows is 0, not absent."""
    found = {kind.value: (number, oldest) for kind, number, oldest in rows}
    for kind in kinds:
        number, oldest = found.get(kind, (0, None))
        count.labels(kind).set(number)
        age.labels(kind).set(max(0.0, (now - oldest).total_seconds()) if oldest else 0)


def inbound_waiting(now: datetime) -> Select[InboundKind, int, datetime]:
    """Count what waits, by kind, with the oldest due time of each; a burst that still gathers is not due."""
    return (
        select(Inbound.kind, func.count(), func.min(Inbound.due_at))
        .where(NEW, Inbound.due_at <= now)
        .group_by(Inbound.kind)
    )


async def anything_due(session: AsyncSession, now: datetime) -> bool:
    """Say whether anything is owed and due: one step down the index for each priority.

    Asked before anything is counted: the databases think that most of what waits is due, as most of all rows are, and
    prepare to count a month of reminders where there is nothing.
    """
    steps = [
        select(Outbound.due_at)
        .where(OWED, Outbound.priority == literal_column(str(priority)), Outbound.due_at <= now)
        .order_by(Outbound.due_at)
        .limit(1)
        .subquery()
        for priority in PRIORITIES
    ]
    return await session.scalar(union_all(*(select(step) for step in steps)).limit(1)) is not None


def outbound_due(now: datetime) -> Select[Transport, int, datetime]:
    """Count what is owed and due, by transport, with the oldest due time of each."""
    return (
        select(Outbound.transport, func.count(), func.min(Outbound.due_at))
        # The outbox is indexed by priority first: naming them all lets both databases look only at what is due.
        .where(OWED, Outbound.priority.in_(PRIORITIES), Outbound.due_at <= now)
        .group_by(Outbound.transport)
    )


def outbound_troubled(now: datetime) -> Select[OutboundStatus, Transport, str, int]:
    """Count what is in doubt, and what failed within a day, by transport and code."""
    return (
        select(Outbound.status, Outbound.transport, Outbound.error_code, func.count())
        .where(TROUBLED, Outbound.due_at >= now - DAY)
        .group_by(Outbound.status, Outbound.transport, Outbound.error_code)
    )


def dead_letters() -> Select[int]:
    """Count what came in and could not be handled."""
    return select(func.count()).select_from(Inbound).where(DEAD)
