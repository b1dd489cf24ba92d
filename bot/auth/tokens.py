"""Our own access tokens: short-lived JWTs with the claims that Supabase's carry, so that one reader serves both."""

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib import import_module
from typing import Any, Final
from uuid import UUID

from ..errors import Unauthenticated

# Short, because an access token cannot be taken back; the refresh token behind it can.
LIFETIME: Final = timedelta(minutes=15)
AUDIENCE: Final = "authenticated"
LEEWAY: Final = 10  # seconds that two honest clocks may differ
_ALGORITHM: Final = "HS256"
# A token of ours is a few hundred bytes; nothing longer is worth an HMAC.
LONGEST: Final = 4096


def jose() -> Any:
    """Return the module that signs and verifies, read now if nobody needed it before."""
    return import_module(".jose", __package__)


@dataclass(frozen=True, slots=True)
class Claims:
    """Who a token says it speaks for, and until when."""

    issuer: str
    subject: str
    expires_at: int
    # The session of ours that the token belongs to; outside providers keep theirs to themselves.
    session: str = ""
    # What an outside provider calls the person.
    name: str = ""


class Tokens:
    """Issue and read tokens signed with the installation's own secret."""

    def __init__(self, secret: str, issuer: str) -> None:
        self._secret = secret
        self.issuer = issuer

    @cached_property
    def _key(self) -> Any:
        return jose().secret(self._secret)

    def issue(self, user_id: UUID, session_id: UUID, now: datetime) -> str:
        """Return a token that proves `user_id` for `LIFETIME`, as long as the session lives."""
        at = int(now.timestamp())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "iat": at,
            "exp": at + int(LIFETIME.total_seconds()),
            "role": AUDIENCE,
            "session_id": str(session_id),
        }
        return str(jose().signed(claims, self._key, _ALGORITHM))

    def read(self, token: str, now: datetime) -> Claims:
        """Return what a token of ours says, or raise `Unauthenticated`."""
        return read_claims(token, self._key, [_ALGORITHM], self.issuer, now)


def read_claims(token: str, key: Any, algorithms: list[str], issuer: str, now: datetime) -> Claims:
    """Verify a token with `key`, only by `algorithms`, and check audience, time and (unless it is empty) issuer."""
    if len(token) > LONGEST:
        raise Unauthenticated
    rules = {
        "now": int(now.timestamp()),
        "leeway": LEEWAY,
        "iss": {"essential": True, **({"value": issuer} if issuer else {})},
        "aud": {"essential": True, "value": AUDIENCE},
        "sub": {"essential": True},
        "exp": {"essential": True},
        "iat": {"essential": True},
    }
    try:
        claims = jose().verified(token, key, algorithms, rules)
        return Claims(
            issuer=str(claims["iss"]),
            subject=str(claims["sub"]),
            expires_at=int(claims["exp"]),
            session=str(claims.get("session_id") or ""),
            name=_name(claims.get("user_metadata")),
        )
    except (jose().JoseError, ValueError, TypeError, KeyError) as error:
        raise Unauthenticated from error


def _name(about: object) -> str:
    found = about.get("full_name") or about.get("name") if isinstance(about, dict) else ""
    # Whatever an outside form took: a database refuses some of it.
    return "".join(sign for sign in str(found or "") if sign.isprintable())[:120]


def peek(token: str) -> tuple[str, str]:
    """Return the algorithm and the issuer that a token claims to have, believing neither."""
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3:
        raise Unauthenticated
    try:
        header, claims = (json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
        return str(header.get("alg")), str(claims.get("iss"))
    except (ValueError, AttributeError, RecursionError) as error:
        raise Unauthenticated from error
