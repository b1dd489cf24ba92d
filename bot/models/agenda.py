"""The agenda: services, hours, appointments, series, waitlist, reviews."""

import datetime as dt
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, choice, some
from .enums import (
    Action,
    Actor,
    ExceptionKind,
    Frequency,
    Payment,
    Source,
    Status,
    WaitlistStatus,
)

OCCUPIES = "status IN ('pending_confirmation', 'confirmed', 'completed')"


class Service(Base):
    """What a professional offers: a name, a length in minutes, a price in centavos."""

    __tablename__ = "services"

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    minutes: Mapped[int]
    price_cents: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class Availability(Base):
    """A weekly working window in local wall time; 0 is Monday, 1440 is midnight at the end of the day."""

    __tablename__ = "availability"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("start_minute >= 0 AND start_minute < end_minute AND end_minute <= 1440", name="window"),
    )

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"), index=True)
    weekday: Mapped[int]
    start_minute: Mapped[int]
    end_minute: Mapped[int]


class AvailabilityException(Base):
    """One local date that differs from the week: closed, other hours, extra hours, a blocked part, a kept holiday."""

    __tablename__ = "availability_exceptions"
    __table_args__ = (Index("ix_availability_exceptions_professional_id_date", "professional_id", "date"),)

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"))
    date: Mapped[dt.date]
    kind: Mapped[ExceptionKind] = mapped_column(choice(ExceptionKind))
    start_minute: Mapped[int | None]
    end_minute: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(120), default="")


class RecurringSchedule(Base):
    """A series: the same local hour every week, two weeks or month."""

    __tablename__ = "recurring_schedules"
    __table_args__ = (
        # Every night the series without an end are asked for those that are not booked far enough.
        some(
            "ix_recurring_schedules_endless",
            "booked_through",
            where="ended_at IS NULL AND count IS NULL AND until IS NULL",
        ),
    )

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"), index=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("services.id", ondelete="SET NULL"))
    frequency: Mapped[Frequency] = mapped_column(choice(Frequency))
    starts_on: Mapped[dt.date]
    start_minute: Mapped[int]
    minutes: Mapped[int]
    price_cents: Mapped[int] = mapped_column(default=0)
    count: Mapped[int | None]
    until: Mapped[dt.date | None]
    # Occurrences up to this local date exist as rows; a job extends it.
    booked_through: Mapped[dt.date | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Appointment(Base):
    """Time that was promised to a client."""

    __tablename__ = "appointments"
    __table_args__ = (
        CheckConstraint("start_at < end_at", name="length"),
        # The last wall. SQLite has the same one as triggers, written in the first migration.
        ExcludeConstraint(
            ("professional_id", "="),
            (text("tstzrange(start_at, end_at)"), "&&"),
            where=text(OCCUPIES),
            using="gist",
            name="no_overlap",
        ).ddl_if(dialect="postgresql"),
        UniqueConstraint("professional_id", "idempotency_key"),
        Index("ix_appointments_professional_id_start_at", "professional_id", "start_at"),
        Index("ix_appointments_client_id_start_at", "client_id", "start_at"),
        Index("ix_appointments_created_at", "created_at"),
    )

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("services.id", ondelete="SET NULL"))
    series_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("recurring_schedules.id", ondelete="SET NULL"), index=True
    )
    # Copied, so that a renamed or dearer service does not rewrite what was agreed.
    service_name: Mapped[str] = mapped_column(String(80))
    price_cents: Mapped[int] = mapped_column(default=0)
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    status: Mapped[Status] = mapped_column(choice(Status), default=Status.PENDING_CONFIRMATION)
    payment: Mapped[Payment] = mapped_column(choice(Payment), default=Payment.UNPAID)
    paid_at: Mapped[datetime | None]
    attendance_confirmed_at: Mapped[datetime | None]
    source: Mapped[Source] = mapped_column(choice(Source), default=Source.CHAT)
    note: Mapped[str] = mapped_column(String(500), default="")
    # Typed at the public door beside a number that proves nothing: good for the letters of this appointment alone.
    guest_name: Mapped[str | None] = mapped_column(String(120))
    guest_email: Mapped[str | None] = mapped_column(String(254))
    idempotency_key: Mapped[str | None] = mapped_column(String(120))
    # Rises with every change of time or status: the SEQUENCE of the calendar file.
    sequence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AppointmentEvent(Base):
    """Who moved an appointment, from what to what, when."""

    __tablename__ = "appointment_events"

    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"), index=True)
    action: Mapped[Action] = mapped_column(choice(Action))
    actor: Mapped[Actor] = mapped_column(choice(Actor))
    from_status: Mapped[Status | None] = mapped_column(choice(Status))
    to_status: Mapped[Status] = mapped_column(choice(Status))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]


class WaitlistEntry(Base):
    """A client who wants a time that is not free yet."""

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        Index("ix_waitlist_entries_professional_id_status", "professional_id", "status"),
        some("ix_waitlist_entries_open", "professional_id", where="status IN ('waiting', 'offered')"),
    )

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    day: Mapped[dt.date | None]
    # Local wall window of the wish, in minutes; the whole day when unset.
    start_minute: Mapped[int | None]
    end_minute: Mapped[int | None]
    status: Mapped[WaitlistStatus] = mapped_column(choice(WaitlistStatus), default=WaitlistStatus.WAITING)
    offered_start_at: Mapped[datetime | None]
    offer_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Review(Base):
    """What a client thought of a completed appointment; one each."""

    __tablename__ = "reviews"

    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"), unique=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"), index=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    rating: Mapped[int]
    comment: Mapped[str] = mapped_column(Text, default="")
    reply: Mapped[str | None] = mapped_column(Text)
    replied_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
