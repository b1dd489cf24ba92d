"""What the month has cost so far: Meta gives each number 1,000 service messages a month and then charges.

A month of a busy installation is millions of rows. So each look counts what came since the last one and adds it to
what that one wrote down in its row of `service_health`; a new month begins at nothing.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ..models import Appointment, Conversation, Inbound, Outbound, Professional, ServiceHealth
from ..models.enums import WENT_OUT, Channel, InboundKind, Source, Transport
from ..settings import Settings
from .accounts import accounts
from .findings import Finding, State

FREE = 1000
# Early enough to add a payment method before the messages stop.
NEAR = 800

_CHECK = "cost:"
# Counted in one statement; after an outage of ours there may be several to count.
_STEP = timedelta(days=1)


@dataclass(slots=True)
class _Month:
    """What was counted of a month until a moment, by number."""

    until: datetime
    sent: Counter[str] = field(default_factory=Counter)
    priced: Counter[str] = field(default_factory=Counter)
    bookings: int = 0

    @property
    def per_booking(self) -> str:
        return str(round(self.sent.total() / self.bookings)) if self.bookings else "–"

    def finding(self, account: str) -> Finding:
        used = self.priced[account] or self.sent[account]
        details: dict[str, str | int] = {
            "used": used,
            "per_booking": self.per_booking,
            "sent": self.sent[account],
            "priced": self.priced[account],
            "bookings": self.bookings,
            "until": self.until.isoformat(),
        }
        if used >= FREE:
            return Finding(_CHECK + account, State.WARN, "cost_over", details, mark="100%")
        if used >= NEAR:
            return Finding(_CHECK + account, State.WARN, "cost_near", details, mark="80%")
        return Finding(_CHECK + account, State.OK, "cost_free", details)


async def cost(session: AsyncSession, settings: Settings, now: datetime) -> list[Finding]:
    """Compare each number's use with what is free. Meta's months are taken to be those of UTC."""
    month = await _counted_so_far(session, now)
    while month.until < now:
        await _count_on(session, month, settings.whatsapp_phone_number_id, min(month.until + _STEP, now))
    # Numbers that sent nothing count too: on the first of the month they are back at zero.
    ours = {*await accounts(session, settings, Channel.CLOUD), *month.sent} - {""}
    return [month.finding(account) for account in sorted(ours)]


async def _count_on(session: AsyncSession, month: _Month, default: str, until: datetime) -> None:
    """Add what came after the moment until which was counted."""
    questions = ((month.sent, _sent(default, month.until, until)), (month.priced, _priced(month.until, until)))
    for counts, question in questions:
        for account, count in await session.execute(question):
            counts[account] += count
    month.bookings += await session.scalar(_booked(month.until, until)) or 0
    month.until = until


async def _counted_so_far(session: AsyncSession, now: datetime) -> _Month:
    """Return what the last look wrote down, if that was this month; a clock put back counts anew."""
    began = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = await session.execute(
        select(ServiceHealth.check, ServiceHealth.details).where(
            ServiceHealth.check.startswith(_CHECK), ServiceHealth.ended_at.is_(None)
        )
    )
    found = {check.removeprefix(_CHECK): details for check, details in rows if details.get("until")}
    last = max((datetime.fromisoformat(details["until"]) for details in found.values()), default=began)
    if not began < last <= now:
        return _Month(began)
    month = _Month(last)
    for account, details in found.items():
        if datetime.fromisoformat(details["until"]) >= began:
            month.sent[account], month.priced[account] = details["sent"], details["priced"]
            month.bookings = max(month.bookings, details["bookings"])
    return month


def _booked(since: datetime, now: datetime) -> Select[int]:
    return (
        select(func.count())
        .select_from(Appointment)
        .where(Appointment.created_at > since, Appointment.created_at <= now, Appointment.source == Source.CHAT)
    )


def _sent(default: str, since: datetime, now: datetime) -> Select[str, int]:
    """Count what left from each number: an upper bound, for templates outside the window have a price of their own."""
    number = func.coalesce(Conversation.account, Professional.account, default).label("number")
    return (
        select(number, func.count())
        .select_from(Outbound)
        .outerjoin(Conversation, Conversation.id == Outbound.conversation_id)
        .outerjoin(
            Professional,
            (Professional.id == Outbound.professional_id) & (Professional.channel == Channel.CLOUD),
        )
        .where(
            Outbound.transport == Transport.WHATSAPP,
            Outbound.status.in_(WENT_OUT),
            Outbound.sent_at > since,
            Outbound.sent_at <= now,
            or_(Conversation.channel.is_(None), Conversation.channel == Channel.CLOUD),
        )
        .group_by("number")
    )


def _priced(since: datetime, now: datetime) -> Select[str, int]:
    """Count the messages that Meta's own statuses price as "service", by number.

    "Delivered" and "read" both tell, in either order or alone: whichever of the two was counted, the other is not.
    """
    other: Any = aliased(Inbound, name="other")
    read, key = Inbound.event["status"].as_string() == "read", Inbound.external_id
    told_by_the_other = exists().where(
        other.channel == Inbound.channel,
        other.account == Inbound.account,
        other.external_id
        == case((read, func.replace(key, ":read:", ":delivered:")), else_=func.replace(key, ":delivered:", ":read:")),
        other.received_at <= now,
        or_(read, other.received_at <= since),
    )
    return (
        select(Inbound.account, func.count())
        .where(
            Inbound.received_at > since,
            Inbound.received_at <= now,
            Inbound.channel == Channel.CLOUD,
            Inbound.kind == InboundKind.STATUS,
            Inbound.event["category"].as_string() == "service",
            Inbound.event["status"].as_string().in_(("delivered", "read")),
            ~told_by_the_other,
        )
        .group_by(Inbound.account)
    )
