"""Webhook bodies of people who write now."""

import itertools
import time
from typing import Any

from ..fakes.graph import ACCOUNT

_numbers = itertools.count(1)


def delivery(*messages: tuple[str, str]) -> dict[str, Any]:
    """Return one webhook body with a text from each phone."""
    events = [
        {
            "from": phone,
            "id": f"wamid.BOX{next(_numbers):05}",
            "timestamp": str(int(time.time())),
            "type": "text",
            "text": {"body": text},
        }
        for phone, text in messages
    ]
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "551140000000", "phone_number_id": ACCOUNT},
        "contacts": [{"profile": {"name": "Alguém"}, "wa_id": phone} for phone, _ in messages],
        "messages": events,
    }
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
    }
