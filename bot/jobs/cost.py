"""What the month has cost so far: Meta gives each number 1,000 service messages a month and then charges."""

from datetime import datetime

from sqlalchemy import distinct, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Appointment, Conversation, Inbound, Outbound, Professional
from ..models.enums import Channel, InboundKind, OutboundStatus, Source, Transport
from ..settings import Settings
from .findings import Finding, State
from .flow import accounts

FREE = 1000
# Early enough to add a payment method before the messages stop.
NEAR = 800

_WENT_OUT = (OutboundStatus.SENT, OutboundStatus.DELIVERED, OutboundStatus.READ)
_ARRIVED = ("delivered", "read")


async def cost(session: AsyncSession, settings: Settings, now: datetime) -> list[Finding]:
    """Compare each number's use with what is free. Meta's months are taken to be those of UTC."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    sent = await _sent(session, settings.whatsapp_phone_number_id, month)
    priced = await _priced(session, month)
    bookings = await session.scalar(
        select(func.count()).where(Appointment.created_at >= month, Appointment.source == Source.CHAT)
    )
    per_booking = str(round(sum(sent.values()) / bookings)) if bookings else "–"
    # Numbers that sent nothing count too: on the first of the month they are back at zero.
    ours = sorted({*await accounts(session, settings), *sent})
    return [_finding(account, priced.get(account) or sent.get(account, 0), per_booking) for account in ours]


def _finding(account: str, used: int, per_booking: str) -> Finding:
    details: dict[str, str | int] = {"used": used, "per_booking": per_booking}
    check = f"cost:{account}"
    if used >= FREE:
        return Finding(check, State.WARN, "cost_over", details, mark="100%")
    if used >= NEAR:
        return Finding(check, State.WARN, "cost_near", details, mark="80%")
    return Finding(check, State.OK, "cost_free", details)


async def _sent(session: AsyncSession, default: str, month: datetime) -> dict[str, int]:
    """Count what left from each number: an upper bound, for templates outside the window have a price of their own."""
    number = func.coalesce(Conversation.account, Professional.account, default).label("number")
    rows = await session.execute(
        select(number, func.count())
        .select_from(Outbound)
        .outerjoin(Conversation, Conversation.id == Outbound.conversation_id)
        .outerjoin(
            Professional,
            (Professional.id == Outbound.professional_id) & (Professional.channel == Channel.CLOUD),
        )
        .where(
            Outbound.transport == Transport.WHATSAPP,
            Outbound.status.in_(_WENT_OUT),
            Outbound.sent_at >= month,
            or_(Conversation.channel.is_(None), Conversation.channel == Channel.CLOUD),
        )
        .group_by("number")
    )
    return {name: count for name, count in rows if name}


async def _priced(session: AsyncSession, month: datetime) -> dict[str, int]:
    """Count the messages that Meta's own statuses price as "service", by number."""
    rows = await session.execute(
        select(Inbound.account, func.count(distinct(Inbound.event["id"].as_string())))
        .where(
            Inbound.received_at >= month,
            Inbound.channel == Channel.CLOUD,
            Inbound.kind == InboundKind.STATUS,
            Inbound.event["category"].as_string() == "service",
            Inbound.event["status"].as_string().in_(_ARRIVED),
        )
        .group_by(Inbound.account)
    )
    return dict(rows.all())
