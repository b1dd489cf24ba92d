"""The tables, one file per subject.

They are read when the first of them is asked for, all at once: the enums beside them are needed everywhere, and the
ORM takes half a second that `odys --help` and the assistant's own code have no use for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .account import BillingEvent, LoginCode, Notification, ServiceHealth, Session, Usage
    from .agenda import (
        Appointment,
        AppointmentEvent,
        Availability,
        AvailabilityException,
        RecurringSchedule,
        Review,
        Service,
        WaitlistEntry,
    )
    from .base import Base, new_id
    from .conversation import Conversation, Message, ModelCall, PendingAction
    from .people import Client, ClientNote, Consent, Contact, ContactIdentity, Follow, Professional, User
    from .queues import Inbound, Outbound

__all__ = [
    "Appointment",
    "AppointmentEvent",
    "Availability",
    "AvailabilityException",
    "Base",
    "BillingEvent",
    "Client",
    "ClientNote",
    "Consent",
    "Contact",
    "ContactIdentity",
    "Conversation",
    "Follow",
    "Inbound",
    "LoginCode",
    "Message",
    "ModelCall",
    "Notification",
    "Outbound",
    "PendingAction",
    "Professional",
    "RecurringSchedule",
    "Review",
    "Service",
    "ServiceHealth",
    "Session",
    "Usage",
    "User",
    "WaitlistEntry",
    "new_id",
]

_SUBJECTS = ("base", "account", "agenda", "conversation", "people", "queues")


def __getattr__(name: str) -> Any:
    """Load every table at the first use of any, for a table knows its neighbours only once all are there."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for subject in _SUBJECTS:
        module = import_module(f".{subject}", __name__)
        globals().update({each: getattr(module, each) for each in __all__ if hasattr(module, each)})
    return globals()[name]
