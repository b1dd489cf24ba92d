"""The two queues that are the record: what came in and what is owed. Redis only rings the bell."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, choice, some
from .enums import Channel, InboundKind, InboundStatus, OutboundStatus, Transport

_NEW, _DEAD = "status = 'new'", "status = 'dead'"
_OWED = "status IN ('queued', 'sending', 'uncertain')"
_TROUBLED = "status IN ('uncertain', 'failed')"
# The same for queries: spelled out instead of bound, so that both databases see that the partial indexes fit.
NEW, DEAD = text(f"inbound.{_NEW}"), text(f"inbound.{_DEAD}")
OWED, TROUBLED = text(f"outbound.{_OWED}"), text(f"outbound.{_TROUBLED}")


class Inbound(Base):
    """One event a provider told us, stored before it was answered 200."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("channel", "account", "external_id"),
        # The sweep and the turn look only at rows that are not finished: the index stays small.
        some("ix_inbound_waiting", "lane", "due_at", where=_NEW),
        # Counted whenever somebody looks at the metrics: there are few.
        some("ix_inbound_dead", "received_at", where=_DEAD),
        Index("ix_inbound_received_at", "received_at"),
        # Known only when a row was handled: what comes in writes one index less.
        some("ix_inbound_conversation_id", "conversation_id", where="conversation_id IS NOT NULL"),
        # What Meta says by itself about accounts and templates; the watchdog looks whether there is news.
        some("ix_inbound_notices", "received_at", where="kind = 'notice'"),
    )

    channel: Mapped[Channel] = mapped_column(choice(Channel))
    # The number (or Evolution instance) of ours that it came to.
    account: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(256))
    kind: Mapped[InboundKind] = mapped_column(choice(InboundKind))
    # Rows of one lane are one person's and are handled in order; statuses and notices have the lane "".
    lane: Mapped[str] = mapped_column(String(240), default="")
    event: Mapped[dict[str, Any]]
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"))
    status: Mapped[InboundStatus] = mapped_column(choice(InboundStatus), default=InboundStatus.NEW)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    # Provider time when it has one; a message that waits for the rest of a burst is due later than received.
    provider_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


class Outbound(Base):
    """One message that is owed: written with the change that caused it, sent once, settled by its status."""

    __tablename__ = "outbound"
    __table_args__ = (
        UniqueConstraint("dedup_key"),
        some("ix_outbound_owed", "priority", "due_at", where=_OWED),
        # Each claim asks of every row whether its person has another one on its way. Nobody is to read all of it for
        # a list of what is owed, as the database might while it is short.
        some("ix_outbound_owed_contact_id", "contact_id", where=f"{_OWED} AND contact_id IS NOT NULL"),
        # Whose sender died: as many rows as there are messages in flight.
        some("ix_outbound_leased", "lease_until", where="status = 'sending'"),
        # What is to be forgotten as soon as it left.
        some("ix_outbound_login_codes", "created_at", where="kind = 'login_code'"),
        # What the watchdog and the metrics ask about.
        some("ix_outbound_troubled", "due_at", where=_TROUBLED),
        # Sent, and nothing heard of since: most are for a moment, those that stay so worry the watchdog.
        some("ix_outbound_unheard", "sent_at", where="status = 'sent'"),
        # What a day, or what is new of a month, has come to.
        Index("ix_outbound_sent_at", "sent_at"),
        # Who was asked about a holiday.
        some("ix_outbound_holidays", "contact_id", where="dedup_key LIKE 'holiday:%'"),
        Index("ix_outbound_provider_id", "provider_id"),
        Index("ix_outbound_appointment_id", "appointment_id"),
        Index("ix_outbound_conversation_id_created_at", "conversation_id", "created_at"),
    )

    transport: Mapped[Transport] = mapped_column(choice(Transport))
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"))
    # Of a reminder: the start it speaks of. It is sent only while the appointment still starts then.
    appointment_start_at: Mapped[datetime | None]
    # One of the 19 templates with its values, or "chat" with a message ready to send.
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]]
    dedup_key: Mapped[str | None] = mapped_column(String(200))
    # Lower goes first: answers before receipts, receipts before reminders.
    priority: Mapped[int] = mapped_column(default=5)
    status: Mapped[OutboundStatus] = mapped_column(choice(OutboundStatus), default=OutboundStatus.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    # After this moment it is no use to anybody: marked skipped instead of sent.
    expires_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(String(256))
    error_code: Mapped[str] = mapped_column(String(24), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
