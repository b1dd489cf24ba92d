"""Signing and verifying, with the library that does it: read when the first token comes, not before.

With its cryptography it weighs nine megabytes, which a process that only takes webhooks never needs.
"""

from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

__all__ = ["JoseError", "KeySet", "secret", "signed", "verified"]


def secret(text: str) -> OctKey:
    """Return a shared secret as a key."""
    return OctKey.import_key(text)


def signed(claims: Mapping[str, Any], key: OctKey, algorithm: str) -> str:
    """Return a token."""
    return jwt.encode({"alg": algorithm, "typ": "JWT"}, dict(claims), key)


def verified(token: str, key: Any, algorithms: list[str], rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of a token that `key` signed by one of the algorithms and that keep the rules."""
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=algorithms).claims
    jwt.JWTClaimsRegistry(**rules).validate(claims)
    return claims
