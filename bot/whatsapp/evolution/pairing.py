"""Who may see the QR code of an instance: whoever holds a link of ours, for a day. It opens the account."""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote

from ...settings import Settings

PATH = "/conectar"
# Long enough for somebody who reads their mail in the evening.
LIFE = timedelta(days=1)


def link(settings: Settings, instance: str, now: datetime) -> str:
    """Return the address of the page that shows the QR code of `instance`, good for a day."""
    ends = int((now + LIFE).timestamp())
    address = f"{settings.public_url.rstrip('/')}{PATH}/{quote(instance, safe='')}"
    return f"{address}?k={ends}.{_proof(settings, instance, ends)}"


def admits(settings: Settings, instance: str, key: str, now: datetime) -> bool:
    """Tell whether the `key` of a link is one of ours for this instance, and still good."""
    ends, _, proof = key.partition(".")
    if not (ends.isascii() and ends.isdigit() and len(ends) <= 12):
        return False
    right = hmac.compare_digest(proof.encode(errors="replace"), _proof(settings, instance, int(ends)).encode())
    return right and now < datetime.fromtimestamp(int(ends), UTC)


def _proof(settings: Settings, instance: str, ends: int) -> str:
    said = f"evolution-pairing\n{instance}\n{ends}"
    return hmac.new(settings.secret_key.get_secret_value().encode(), said.encode(), sha256).hexdigest()
