"""The signature of a webhook: the only proof that it comes from Meta."""

import hmac
from collections.abc import Iterable


def sign(raw: bytes, secret: str) -> str:
    """Return the header value that Meta sends for `raw`."""
    return "sha256=" + hmac.digest(secret.encode(), raw, "sha256").hex()


def verify(raw: bytes, header: str | None, secrets: Iterable[str]) -> bool:
    """Tell whether `header` signs exactly these bytes with one of `secrets` (several, for rotation).

    The bytes are compared as they came: Meta escapes non-ASCII, so JSON written anew has another signature.
    """
    if not header:
        return False
    given = header.encode(errors="replace")  # compare_digest raises on a str that is not ASCII
    # All are tried: the time taken tells nothing about which one matched.
    matches = [hmac.compare_digest(sign(raw, secret).encode(), given) for secret in secrets if secret]
    return any(matches)
