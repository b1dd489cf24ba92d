"""The tables, one file per subject."""

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
from .people import Client, ClientNote, Contact, ContactIdentity, Follow, Professional, User
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
