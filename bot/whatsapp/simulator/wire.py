"""Webhook bodies as Meta writes them, signed over their bytes."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from ..signature import sign
from .phones import Bubble, Person


@dataclass(frozen=True, slots=True)
class Business:
    """The number that Odys answers on, as webhooks name it."""

    account_id: str
    phone_number_id: str
    display_phone: str = "551130000000"
    name: str = "Odys"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message was not delivered."""

    code: int
    title: str
    details: str


# The customer-service window was closed: the sender should have used a template.
WINDOW_CLOSED = Failure(
    131047, "Re-engagement message", "More than 24 hours have passed since the recipient last replied."
)


def encode(body: Mapping[str, Any], secret: str) -> tuple[bytes, dict[str, str]]:
    """Return the bytes and headers of a webhook: Meta escapes non-ASCII and slashes, and signs what it sends."""
    raw = json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()
    return raw, {"Content-Type": "application/json", "X-Hub-Signature-256": sign(raw, secret)}


def message(
    business: Business, sender: Person, bubble: Bubble, content: Mapping[str, Any], context: str
) -> dict[str, Any]:
    """Return the webhook of one message; `content` is its type and the object of that name."""
    written: dict[str, Any] = {
        "from": sender.phone,
        "from_user_id": user_id(sender.phone),
        "id": bubble.id,
        "timestamp": _seconds(bubble.at),
        **content,
    }
    if context:
        written["context"] = {"from": business.display_phone, "id": context}
    contact = {"profile": {"name": sender.name or sender.phone}, "wa_id": sender.phone}
    return _envelope(business, {"contacts": [{**contact, "user_id": user_id(sender.phone)}], "messages": [written]})


def statuses(
    business: Business, bubbles: Iterable[Bubble], status: str, now: datetime, failure: Failure | None = None
) -> dict[str, Any]:
    """Return the webhook that tells the business what became of its messages."""
    return _envelope(business, {"statuses": [_status(bubble, status, now, failure) for bubble in bubbles]})


def user_id(phone: str) -> str:
    """Return the business-scoped id of a phone: the same one each time, as Meta's are."""
    return f"BR.{int(sha256(phone.encode()).hexdigest()[:13], 16)}"


def _status(bubble: Bubble, status: str, now: datetime, failure: Failure | None) -> dict[str, Any]:
    written: dict[str, Any] = {
        "id": bubble.id,
        "status": status,
        "timestamp": _seconds(now),
        "recipient_id": bubble.phone,
        "recipient_user_id": user_id(bubble.phone),
    }
    if bubble.tracker:
        written["biz_opaque_callback_data"] = bubble.tracker
    if failure:
        error = {"code": failure.code, "title": failure.title, "message": failure.title}
        written["errors"] = [{**error, "error_data": {"details": failure.details}}]
    else:
        written["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "type": "regular",
            "category": bubble.category,
        }
    return written


def _envelope(business: Business, value: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"display_phone_number": business.display_phone, "phone_number_id": business.phone_number_id}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": business.account_id, "changes": [change]}]}


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))
