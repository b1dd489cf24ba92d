"""Accounts and their upkeep: notifications, login codes, billing events, health."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, some


class Notification(Base):
    """Something a user is told inside the application."""

    __tablename__ = "notifications"
    __table_args__ = (Index("ix_notifications_user_id_created_at", "user_id", "created_at"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(160))
    body: Mapped[str] = mapped_column(Text, default="")
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"), index=True)
    read_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class LoginCode(Base):
    """A six-digit code on its way to becoming a session; only its hash is kept."""

    __tablename__ = "login_codes"

    code_hash: Mapped[str] = mapped_column(String(64), index=True)
    # Shown on the page and typed into WhatsApp, instead of the other way round.
    reverse: Mapped[bool] = mapped_column(default=False)
    # What a new account will be called.
    name: Mapped[str] = mapped_column(String(120), default="")
    # Hash of the secret the asking browser holds: only that browser gets the token.
    browser_hash: Mapped[str] = mapped_column(String(64), default="", index=True)
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    phone_key: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    attempts: Mapped[int] = mapped_column(default=0)
    granted_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]


class Session(Base):
    """A login that is alive: the refresh token turns over with each use, and only its hash is kept."""

    __tablename__ = "sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # The token before this one: whoever shows it again has stolen it, or lost an answer; the session ends.
    previous_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    rotated_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Usage(Base):
    """How much of a plan a professional has used in one month of theirs; counted by the database, so exact."""

    __tablename__ = "usage"
    __table_args__ = (UniqueConstraint("professional_id", "month", "what"),)

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"))
    # The first day of the month in the professional's zone.
    month: Mapped[date]
    what: Mapped[str] = mapped_column(String(24))
    count: Mapped[int] = mapped_column(default=0)


class BillingEvent(Base):
    """One Stripe event, stored once and applied by fetching the current object."""

    __tablename__ = "billing_events"
    __table_args__ = (
        UniqueConstraint("event_id"),
        some("ix_billing_events_waiting", "attempts", "received_at", where="handled_at IS NULL"),
    )

    event_id: Mapped[str] = mapped_column(String(80))
    type: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


class ServiceHealth(Base):
    """How one thing the watchdog looks at is, or was: the row without an end is the present, the others are history."""

    __tablename__ = "service_health"
    __table_args__ = (
        Index(
            "ix_service_health_check_open",
            "check",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index("ix_service_health_check_since", "check", "since"),
    )

    check: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(24))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    since: Mapped[datetime]
    checked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
