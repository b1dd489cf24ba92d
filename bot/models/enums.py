"""The closed sets of words that the tables, the API and the log agree on."""

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """Where an appointment stands."""

    PENDING_CONFIRMATION = "pending_confirmation"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    NO_SHOW = "no_show"


STANDING: Final = (Status.PENDING_CONFIRMATION, Status.CONFIRMED)
"""What is asked for or agreed: it can still be moved, cancelled, or written down as what came of it."""


class Payment(StrEnum):
    """Where the money of an appointment stands."""

    UNPAID = "unpaid"
    AUTHORIZED = "authorized"
    PAID = "paid"
    REFUNDED = "refunded"


class Action(StrEnum):
    """What can happen to an appointment; the first six are moves of the life cycle."""

    CONFIRM = "confirm"
    REJECT = "reject"
    CANCEL = "cancel"
    COMPLETE = "complete"
    NO_SHOW = "no_show"
    PAID = "paid"
    BOOK = "book"
    RESCHEDULE = "reschedule"
    ATTEND = "attend"


class Actor(StrEnum):
    """Who made it happen."""

    PROFESSIONAL = "professional"
    CLIENT = "client"
    SYSTEM = "system"


class Role(StrEnum):
    """Which side of an agenda a person is speaking from."""

    PROFESSIONAL = "professional"
    CLIENT = "client"


class Channel(StrEnum):
    """A way in: Meta's Cloud API, an Evolution instance, or our own page."""

    CLOUD = "cloud"
    EVOLUTION = "evolution"
    APP = "app"


class Transport(StrEnum):
    """A way out."""

    WHATSAPP = "whatsapp"
    EMAIL = "email"
    # Read from the database by whoever asked: written is delivered.
    APP = "app"


class IdentityKind(StrEnum):
    """The kinds of address a person is known by."""

    PHONE = "phone"
    BSUID = "bsuid"
    LID = "lid"
    USERNAME = "username"


class Plan(StrEnum):
    FREE = "free"
    BASIC = "basic"
    PRO = "pro"
    PREMIUM = "premium"


class LatePolicy(StrEnum):
    """What a client may do after the cancellation deadline."""

    ALLOW = "allow"
    WARN = "warn"
    REFUSE = "refuse"


class ExceptionKind(StrEnum):
    """How one date differs from the week."""

    CLOSED = "closed"
    HOURS = "hours"
    EXTRA = "extra"
    BLOCKED = "blocked"
    OPEN = "open"


class Frequency(StrEnum):
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"


class Source(StrEnum):
    """The door an appointment came through."""

    CHAT = "chat"
    API = "api"
    PROFESSIONAL = "professional"
    SERIES = "series"
    WAITLIST = "waitlist"


class WaitlistStatus(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Author(StrEnum):
    """Who wrote a line of a conversation."""

    CLIENT = "client"
    PROFESSIONAL = "professional"
    BOT = "bot"


class PendingStatus(StrEnum):
    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    REPLACED = "replaced"


class InboundKind(StrEnum):
    MESSAGE = "message"
    STATUS = "status"
    ECHO = "echo"
    NOTICE = "notice"


class InboundStatus(StrEnum):
    NEW = "new"
    DONE = "done"
    DEAD = "dead"


class OutboundStatus(StrEnum):
    """From owed to read; `uncertain` waits for a status that tells whether Meta took it."""

    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SKIPPED = "skipped"


ARRIVED: Final = (OutboundStatus.DELIVERED, OutboundStatus.READ)
WENT_OUT: Final = (OutboundStatus.SENT, *ARRIVED)
SETTLED: Final = (*WENT_OUT, OutboundStatus.SKIPPED)
STILL_OWED: Final = (OutboundStatus.QUEUED, OutboundStatus.SENDING, OutboundStatus.UNCERTAIN)
