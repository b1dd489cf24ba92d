"""People: who logs in, who owns an agenda, who books, and the addresses they are known by."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, choice, some
from .enums import Channel, IdentityKind, LatePolicy, Plan


class Contact(Base):
    """A person on the other end of a messaging channel, whatever addresses they come by."""

    __tablename__ = "contacts"

    name: Mapped[str] = mapped_column(String(120), default="")
    # Digits as WhatsApp delivered them (12 or 13 for Brazil): the address to send to.
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    opted_out_at: Mapped[datetime | None]
    # Told to WhatsApp, not to us: no offers, but everything about their own appointments.
    marketing_stopped_at: Mapped[datetime | None]
    unreachable_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Consent(Base):
    """What a person said about being written to, word for word, and when: PARAR, or VOLTAR."""

    __tablename__ = "consents"

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    # True is "write to me", false is "stop".
    given: Mapped[bool]
    text: Mapped[str] = mapped_column(String(200))
    said_at: Mapped[datetime]


class ContactIdentity(Base):
    """One address of a contact; a phone is stored by its canonical key, so both ninth-digit forms are one."""

    __tablename__ = "contact_identities"
    __table_args__ = (UniqueConstraint("channel", "kind", "value"),)

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    channel: Mapped[Channel] = mapped_column(choice(Channel))
    kind: Mapped[IdentityKind] = mapped_column(choice(IdentityKind))
    value: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime]


class User(Base):
    """A login, by phone or e-mail."""

    __tablename__ = "users"

    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    phone_key: Mapped[str | None] = mapped_column(String(20), unique=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    # The `sub` of an outside identity provider (Supabase), when the login comes from one.
    subject: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]


class Professional(Base):
    """The owner of an agenda; everything with a professional_id is theirs and goes when they go."""

    __tablename__ = "professionals"
    __table_args__ = (
        some("ix_professionals_past_due", "past_due_since", where="past_due_since IS NOT NULL"),
        # Which zones there are, and in each of them whose morning it is.
        Index("ix_professionals_timezone_agenda_on", "timezone", "agenda_on"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    profession: Mapped[str] = mapped_column(String(80), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    timezone: Mapped[str] = mapped_column(String(40), default="America/Sao_Paulo")
    pix_key: Mapped[str | None] = mapped_column(String(80))

    slot_interval_minutes: Mapped[int | None]
    buffer_before_minutes: Mapped[int] = mapped_column(default=0)
    buffer_after_minutes: Mapped[int] = mapped_column(default=0)
    min_notice_minutes: Mapped[int] = mapped_column(default=60)
    horizon_days: Mapped[int] = mapped_column(default=60)
    max_per_day: Mapped[int | None]
    max_per_week: Mapped[int | None]
    cancel_deadline_hours: Mapped[int] = mapped_column(default=0)
    late_policy: Mapped[LatePolicy] = mapped_column(choice(LatePolicy), default=LatePolicy.ALLOW)

    # The last local day that the job of the daily agenda looked at.
    agenda_on: Mapped[date | None]

    plan: Mapped[Plan] = mapped_column(choice(Plan), default=Plan.FREE)
    plan_until: Mapped[datetime | None]
    past_due_since: Mapped[datetime | None]
    stripe_customer_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    stripe_subscription_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    # How often the plan was set by what Stripe said: two who asked at once notice each other by it.
    stripe_readings: Mapped[int] = mapped_column(default=0)
    # A premium professional's own number: messages to it go straight to this agenda.
    channel: Mapped[Channel] = mapped_column(choice(Channel), default=Channel.CLOUD)
    account: Mapped[str | None] = mapped_column(String(64), unique=True)
    # What receipts for the tax office name the issuer by; digits alone, and the number in their council.
    cpf: Mapped[str | None] = mapped_column(String(11))
    council_number: Mapped[str] = mapped_column(String(15), default="")
    # The secret part of the address of the calendar feed; a new one makes the old address worthless.
    calendar_key: Mapped[str | None] = mapped_column(String(48), index=True, unique=True)
    created_at: Mapped[datetime]


class Client(Base):
    """A person in one professional's address book; the name is the one the professional uses."""

    __tablename__ = "clients"
    __table_args__ = (
        UniqueConstraint("professional_id", "phone_key"),
        Index("ix_clients_professional_id_contact_id", "professional_id", "contact_id"),
    )

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    # Lower case without accents, so that "julia" finds "Júlia" on both databases.
    name_key: Mapped[str] = mapped_column(String(120), default="")
    phone_key: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    cpf: Mapped[str | None] = mapped_column(String(11))
    # Entered at the public door: the name is what somebody typed beside this number, until its owner writes to us or
    # the professional says another.
    unproved: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class ClientNote(Base):
    """What a professional wrote about a client; it never leaves its owner."""

    __tablename__ = "client_notes"

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class Follow(Base):
    """A user keeps a professional at hand."""

    __tablename__ = "follows"
    __table_args__ = (UniqueConstraint("user_id", "professional_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professionals.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
