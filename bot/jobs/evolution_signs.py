"""Signs of life of an instance, as far as our own rows tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Conversation, Inbound, Outbound
from ..models.enums import Channel, InboundKind, OutboundStatus
from ..quiet import quiet
from ..whatsapp.rows import status_id

# Nobody may have written for that long without anything being wrong; a test costs a message to ourselves.
QUIET = timedelta(hours=3)
# WhatsApp acknowledges within seconds; what an hour ago was not is another story.
UNHEARD_AFTER, UNHEARD_UNTIL = timedelta(minutes=2), timedelta(hours=1)
# An instance that ever told what became of messages is expected to go on telling.
USED_TO_TELL = timedelta(days=7)
# Only by day: at night nobody writes, and nobody waits.
_ZONE = "America/Sao_Paulo"
_MOST = 20
_BY_WHATSAPP = ("sent", "delivered", "read", "played")


@dataclass(frozen=True, slots=True)
class Signs:
    """`doubt`: something should have been heard and was not; `proof`: what was tried last came through."""

    doubt: bool
    proof: bool


async def read(session: AsyncSession, instance: str, remembered: Mapping[str, Any], *, now: datetime) -> Signs:
    """Look for signs of life of an instance; `remembered` tells of its last canary."""
    lately = await session.scalar(_of(instance, Inbound.id).where(Inbound.received_at > now - QUIET).limit(1))
    silent = lately is None and not quiet(now, _ZONE)
    doubt = silent or await _unheard_of(session, instance, now)
    return Signs(doubt, await _came_back(session, instance, remembered, now))


async def _came_back(session: AsyncSession, instance: str, remembered: Mapping[str, Any], now: datetime) -> bool:
    """The canary was acknowledged, or somebody's message came in since: the way is open."""
    told = remembered.get("canary_at")
    since = datetime.fromisoformat(told) if told else now
    canary = str(remembered.get("canary") or "")
    acknowledged = Inbound.external_id.in_([status_id(canary, state, None) for state in _BY_WHATSAPP])
    spoken = (Inbound.kind == InboundKind.MESSAGE) & (Inbound.received_at > since)
    found = _of(instance, Inbound.id).where(or_(acknowledged, spoken) if canary else spoken).limit(1)
    return await session.scalar(found) is not None


async def _unheard_of(session: AsyncSession, instance: str, now: datetime) -> bool:
    """Something left a while ago of which WhatsApp said nothing, though it used to."""
    sent = await session.scalars(
        select(Outbound.provider_id)
        .join(Conversation, Conversation.id == Outbound.conversation_id)
        .where(
            Conversation.channel == Channel.EVOLUTION,
            Conversation.account == instance,
            Outbound.status == OutboundStatus.SENT,
            Outbound.sent_at.between(now - UNHEARD_UNTIL, now - UNHEARD_AFTER),
        )
        .order_by(Outbound.sent_at.desc())
        .limit(_MOST)
    )
    ids = [each for each in sent if each]
    if not ids:
        return False
    heard = await session.scalar(
        _of(instance, func.count()).where(Inbound.external_id.in_([status_id(each, "sent", None) for each in ids]))
    )
    if heard:
        return False
    used_to = _of(instance, Inbound.id).where(
        Inbound.kind == InboundKind.STATUS,
        Inbound.received_at > now - USED_TO_TELL,
        Inbound.event["status"].as_string().in_(_BY_WHATSAPP),
    )
    return await session.scalar(used_to.limit(1)) is not None


def _of(instance: str, what: Any) -> Any:
    return select(what).where(Inbound.channel == Channel.EVOLUTION, Inbound.account == instance)
