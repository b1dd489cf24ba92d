"""The secret of whoever runs the clock or reads the metrics: `x-cron-secret`, or `Authorization: Bearer`."""

import hmac
from collections.abc import Mapping

from pydantic import SecretStr


def holds(headers: Mapping[str, str], secret: SecretStr) -> bool:
    """Tell, in a time that does not depend on what was tried, whether a request holds `secret`; an empty one opens
    nothing."""
    expected = secret.get_secret_value().encode()
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    given = [headers.get("x-cron-secret", ""), token.strip() if scheme.lower() == "bearer" else ""]
    right = [hmac.compare_digest(value.encode(errors="surrogateescape"), expected) for value in given]
    return bool(expected) and any(right)


def may_read(headers: Mapping[str, str], secret: SecretStr) -> bool:
    """Tell whether a request may read the metrics: without a secret, which production demands, anybody may."""
    return not secret.get_secret_value() or holds(headers, secret)
