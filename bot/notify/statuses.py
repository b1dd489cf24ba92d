"""What a provider told of messages, applied to their rows: many in few statements, odd ones with care.

Nearly every status says that a message went on from where it stood: those are reckoned here and written together.
Whatever is told before the answer to the POST is known, of another try, or of a failure goes through `delivery`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, cast
from uuid import UUID

from sqlalchemy import Table, Uuid, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Instant, Swift
from ..models import Contact, Inbound, Outbound
from ..models.base import choice
from ..models.enums import ARRIVED, WENT_OUT, InboundStatus, OutboundStatus
from ..whatsapp.faults import of_code
from ..whatsapp.rows import status_id
from ..whatsapp.tolerant import our_id
from . import delivery, echoes
from .these import IDS, NAMES, EachOf, these
from .told import Told

# Where a message stands, lowest first: failed outranks sent, and what was delivered did not fail.
NO_MESSAGE = "no such message"
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


@dataclass(slots=True)
class Standing:
    """Where a message stands, as far as this transaction knows."""

    id: UUID
    provider_id: str | None
    status: OutboundStatus
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    contact_id: UUID | None
    unreachable_at: datetime | None
    moved: bool = False
    # The row itself is at work: it knows better.
    row: Outbound | None = None

    def goes_on(self, told: OutboundStatus | None, provider_id: str) -> bool:
        """Tell whether a status only says that the message went on from where it stands."""
        return (
            self.row is None
            and told in WENT_OUT
            and self.status in WENT_OUT
            and self.sent_at is not None
            and self.provider_id == provider_id
        )

    def arrives(self, told: OutboundStatus, at: datetime) -> None:
        self.moved = True
        self.sent_at = min(self.sent_at or at, at)
        _arrived(self, told, at)


_KNOWN = Swift(
    select(
        *(Outbound.id, Outbound.provider_id, Outbound.status, Outbound.sent_at, Outbound.delivered_at),
        *(Outbound.read_at, Outbound.contact_id, Contact.unreachable_at),
    )
    .outerjoin(Contact, Contact.id == Outbound.contact_id)
    .where(or_(these(Outbound.provider_id, NAMES), these(Outbound.id, IDS)))
    # In one order everywhere, so that nobody waits for somebody who waits for them.
    .order_by(Outbound.id)
    .with_for_update(of=Outbound)
)
_table = cast(Table, Outbound.__table__)
_MOVED = EachOf(
    "UPDATE outbound SET status = new.to_status, sent_at = new.sent, delivered_at = new.delivered, read_at = new.seen"
    " FROM {new} WHERE outbound.id = new.row",
    update(_table)
    .where(_table.c.id == bindparam("row"))
    .values(
        status=bindparam("to_status"),
        sent_at=bindparam("sent"),
        delivered_at=bindparam("delivered"),
        read_at=bindparam("seen"),
    ),
    row=Uuid(),
    to_status=choice(OutboundStatus),
    sent=Instant(),
    delivered=Instant(),
    seen=Instant(),
)


class Statuses:
    """The statuses of one transaction, and the messages that they speak of."""

    def __init__(self, session: AsyncSession, messages: Sequence[Standing]) -> None:
        self._session = session
        self._messages = messages
        self._by_name = {one.provider_id: one for one in messages if one.provider_id}
        self._by_id = {str(one.id): one for one in messages}
        # People who got a message just now; most of them were never out of reach.
        self._reached: set[UUID | None] = set()
        self._somebody_was_gone = any(one.unreachable_at for one in messages)

    @classmethod
    async def of(cls, session: AsyncSession, rows: Sequence[Told]) -> Self:
        """Find and lock the messages that these statuses speak of."""
        if not rows:
            return cls(session, [])
        names = list({str(row.event.get("id")) for row in rows})
        ids = list({ours for row in rows if (ours := our_id(row.event.get("opaque")))})
        found = await _KNOWN.all(session, {"names": names, "ids": ids})
        return cls(session, [Standing(*one) for one in found])

    async def apply(self, row: Told, now: datetime) -> str:
        """Apply one status; return why it changed nothing, or nothing."""
        told, provider_id = _STATUSES.get(str(row.event.get("status"))), str(row.event.get("id"))
        # Our own id first: an answer may have named another message.
        if told is None:
            return "no meaning for us"
        message = self._by_id.get(str(row.event.get("opaque"))) or self._by_name.get(provider_id)
        if message is None:
            echo = await echoes.told_of(self._session, row)
            return NO_MESSAGE if echo is None else await self._odd(row, told, echo, now)
        if not message.goes_on(told, provider_id):
            message.row = message.row or await self._row(message)
            return await self._odd(row, told, message.row, now)
        if told not in ARRIVED:
            return "known already"
        message.arrives(told, row.provider_at or now)
        self._reached.add(message.contact_id)
        return ""

    async def write(self) -> None:
        """Write down how far messages went."""
        await _MOVED.run(self._session, [_values(one) for one in self._messages if one.moved and one.row is None])
        if self._reached and self._somebody_was_gone:
            there = (Contact.id.in_(self._reached - {None}), Contact.unreachable_at.is_not(None))
            await self._session.execute(update(Contact).where(*there).values(unreachable_at=None))

    async def _row(self, message: Standing) -> Outbound:
        """Return the row of a message that is odd from here on, with what was reckoned so far."""
        row = await self._session.get_one(Outbound, message.id)
        if message.moved:
            row.status, row.sent_at = message.status, message.sent_at
            row.delivered_at, row.read_at = message.delivered_at, message.read_at
        return row

    async def _odd(self, row: Told, told: OutboundStatus, message: Outbound, now: datetime) -> str:
        provider_id, arrived = str(row.event.get("id")), told in ARRIVED
        if not arrived and not await _is_about_this_try(self._session, row, message, provider_id):
            return "of an earlier try"
        if _RANKS[told] <= _rank(message, provider_id) and not arrived:
            return "known already"
        if told is OutboundStatus.FAILED:
            errors = row.event.get("errors") or [{}]
            fault = of_code(str(errors[0].get("code") or "failed"), str(errors[0].get("details") or ""))
            message.provider_id = provider_id
            await delivery.failed(self._session, message, fault, row.account, now, refused=True)
            self._somebody_was_gone = True
            self._reached.discard(message.contact_id)
            return ""
        at = row.provider_at or now
        await delivery.sent(self._session, message, message.provider_id or provider_id, at)
        if arrived:
            _arrived(message, told, at)
            self._reached.add(message.contact_id)
        return ""


def _values(one: Standing) -> dict[str, Any]:
    return {
        "row": one.id,
        "to_status": one.status,
        "sent": one.sent_at,
        "delivered": one.delivered_at,
        "seen": one.read_at,
    }


def _rank(message: Outbound, provider_id: str) -> int:
    """Return where a message stands as far as the provider has told; a row that waits again has failed once."""
    if message.provider_id != provider_id:
        return 0
    return _FAILED if message.status is OutboundStatus.QUEUED else _RANKS.get(message.status, 0)


async def _is_about_this_try(session: AsyncSession, row: Told, message: Outbound, provider_id: str) -> bool:
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


def _arrived(message: Outbound | Standing, told: OutboundStatus, at: datetime) -> None:
    if told is OutboundStatus.READ:
        message.read_at = min(message.read_at or at, at)
    else:
        message.delivered_at = min(message.delivered_at or at, at)
    if _RANKS[told] > _RANKS.get(message.status, 0):
        message.status = told
