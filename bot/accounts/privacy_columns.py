"""Every column of every table, and what it is to a person: the one table that export, erasure and their tests follow.

A new column has to be entered here, or a test fails: nobody can forget to ask whom it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Columns:
    """One table: what says who somebody is or what they said, what never leaves, and all the rest."""

    personal: frozenset[str]
    secret: frozenset[str]
    # Times, states, figures and ids: they say something only beside a row that names somebody.
    plain: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.personal | self.secret | self.plain


def _columns(plain: str, personal: str = "", *, hidden: str = "") -> Columns:
    return Columns(frozenset(personal.split()), frozenset(hidden.split()), frozenset(["id", *plain.split()]))


COLUMNS: Final[Mapping[str, Columns]] = MappingProxyType(
    {
        "appointment_events": _columns("appointment_id action actor from_status to_status at", "details"),
        "appointments": _columns(
            "professional_id client_id service_id series_id service_name price_cents start_at end_at status payment"
            " paid_at attendance_confirmed_at source sequence created_at updated_at",
            # The key is of the caller's choosing: it may be anything.
            "note guest_name guest_email idempotency_key",
        ),
        "availability": _columns("professional_id weekday start_minute end_minute"),
        "availability_exceptions": _columns("professional_id date kind start_minute end_minute", "reason"),
        "billing_events": _columns("event_id type attempts received_at handled_at", "payload error"),
        "client_notes": _columns("professional_id client_id created_at", "text"),
        "clients": _columns("professional_id contact_id unproved created_at", "name name_key phone_key email cpf"),
        "consents": _columns("contact_id given said_at", "text"),
        "contact_identities": _columns("contact_id channel kind created_at", "value"),
        "contacts": _columns("opted_out_at marketing_stopped_at unreachable_at created_at", "name phone email"),
        "conversations": _columns(
            "channel account contact_id mode professional_id silent_until last_inbound_at turn_lease_until minute_from"
            " minute_count created_at",
            "state",
            hidden="turn_token",
        ),
        "follows": _columns("user_id professional_id created_at"),
        "inbound": _columns(
            "channel account kind conversation_id status attempts provider_at received_at due_at handled_at",
            # WhatsApp's ids of messages have the phone written into them.
            "external_id lane event error",
        ),
        "login_codes": _columns(
            "reverse contact_id user_id attempts granted_at used_at expires_at created_at",
            "name phone_key email",
            hidden="code_hash browser_hash",
        ),
        "messages": _columns("conversation_id professional_id author created_at", "text"),
        "model_calls": _columns(
            "conversation_id professional_id model outcome prompt_tokens cached_tokens completion_tokens milliseconds"
            " request_id at"
        ),
        "notifications": _columns("user_id kind appointment_id read_at created_at", "title body"),
        "outbound": _columns(
            "transport conversation_id contact_id professional_id appointment_id appointment_start_at kind dedup_key"
            " priority status attempts due_at expires_at lease_until error_code created_at sent_at delivered_at"
            " read_at",
            "payload provider_id error",
        ),
        "pending_actions": _columns(
            "conversation_id role tool status hold_professional_id hold_start_at hold_end_at hold_until expires_at"
            " decided_at created_at",
            "arguments question",
        ),
        "professionals": _columns(
            "user_id timezone slot_interval_minutes buffer_before_minutes buffer_after_minutes min_notice_minutes"
            " horizon_days max_per_day max_per_week cancel_deadline_hours late_policy plan plan_until past_due_since"
            " agenda_on stripe_readings channel created_at",
            "slug name profession address pix_key cpf council_number account stripe_customer_id stripe_subscription_id",
            hidden="calendar_key",
        ),
        "recurring_schedules": _columns(
            "professional_id client_id service_id frequency starts_on start_minute minutes price_cents count until"
            " booked_through ended_at created_at"
        ),
        "reviews": _columns("appointment_id professional_id client_id rating replied_at created_at", "comment reply"),
        # The operator's own book; a professional's name can be in it, and is struck out when they go.
        "service_health": _columns("check state since checked_at ended_at", "details"),
        "services": _columns("professional_id minutes price_cents active position created_at", "name"),
        "sessions": _columns("user_id rotated_at expires_at revoked_at created_at", hidden="token_hash previous_hash"),
        "usage": _columns("professional_id month what count"),
        "users": _columns("contact_id created_at", "name phone_key email subject"),
        "waitlist_entries": _columns(
            "professional_id client_id service_id day start_minute end_minute status offered_start_at offer_expires_at"
            " created_at"
        ),
    }
)
