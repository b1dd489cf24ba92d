"""Conversations: who talks to Odys, what was said, what waits for a yes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, choice, some
from .enums import Author, Channel, PendingStatus, Role


class Conversation(Base):
    """One person on one of our numbers; a turn holds it through `turn_token` and a lease."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("channel", "account", "contact_id"),
        # Every minute asks which professionals wrote lately.
        some("ix_conversations_professionals", "last_inbound_at", where="mode = 'professional'"),
    )

    channel: Mapped[Channel] = mapped_column(choice(Channel))
    account: Mapped[str] = mapped_column(String(64))
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    # One phone can be a professional and somebody's client: the mode says which one is speaking.
    mode: Mapped[Role] = mapped_column(choice(Role), default=Role.CLIENT)
    # The professional that a client is talking to; unset while nobody was chosen.
    professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professionals.id", ondelete="SET NULL"))
    # What the dialogue has gathered so far: offered times, menu options, half-filled requests.
    state: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # A person took over: the bot is silent until this moment, or until released.
    silent_until: Mapped[datetime | None]
    # Provider time of the person's last message: the 24-hour window counts from here.
    last_inbound_at: Mapped[datetime | None]
    turn_token: Mapped[UUID | None]
    turn_lease_until: Mapped[datetime | None]
    # How many messages were taken in the minute that began then: what is over the rate waits.
    minute_from: Mapped[datetime | None]
    minute_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class Message(Base):
    """One line of a conversation as the people in it saw it."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_conversation_id_created_at", "conversation_id", "created_at"),
        Index("ix_messages_professional_id_created_at", "professional_id", "created_at"),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"))
    author: Mapped[Author] = mapped_column(choice(Author))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class PendingAction(Base):
    """A write that was proposed and waits for a person's yes, bound to its exact arguments."""

    __tablename__ = "pending_actions"
    __table_args__ = (
        Index("ix_pending_actions_conversation_id_status", "conversation_id", "status"),
        Index("ix_pending_actions_hold_professional_id_hold_until", "hold_professional_id", "hold_until"),
        some("ix_pending_actions_open", "expires_at", where="status = 'open'"),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(choice(Role))
    tool: Mapped[str] = mapped_column(String(64))
    arguments: Mapped[dict[str, Any]]
    # What was asked, word for word, to repeat it when the answer is unclear.
    question: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[PendingStatus] = mapped_column(choice(PendingStatus), default=PendingStatus.OPEN)
    # The time kept for the person while they decide; other clients do not see it as free.
    hold_professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"))
    hold_start_at: Mapped[datetime | None]
    hold_end_at: Mapped[datetime | None]
    hold_until: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ModelCall(Base):
    """One request to a language model: what it cost and how it ended; never what was said."""

    __tablename__ = "model_calls"
    __table_args__ = (Index("ix_model_calls_professional_id_at", "professional_id", "at"),)

    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"))
    professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"))
    model: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(40))
    prompt_tokens: Mapped[int] = mapped_column(default=0)
    cached_tokens: Mapped[int] = mapped_column(default=0)
    completion_tokens: Mapped[int] = mapped_column(default=0)
    milliseconds: Mapped[int] = mapped_column(default=0)
    request_id: Mapped[str] = mapped_column(String(80), default="")
    at: Mapped[datetime]
