"""Six digits and long secrets: made at random, kept only as hashes that nobody can turn round."""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

DIGITS = 6


@dataclass(frozen=True, slots=True)
class Hasher:
    """Hash what proves something; the key is the installation's, so a stolen table cannot be tried out elsewhere."""

    key: bytes

    @classmethod
    def of(cls, secret_key: str) -> "Hasher":
        # A key of its own: what is signed with the same secret elsewhere says nothing about these hashes.
        return cls(hmac.digest(secret_key.encode(), b"odys login codes", "sha256"))

    def __call__(self, value: str) -> str:
        return hmac.new(self.key, value.encode(errors="replace"), sha256).hexdigest()


def new_code() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def new_secret() -> str:
    """Return 256 bits for a browser to hold."""
    return secrets.token_urlsafe(32)
