"""Sessions: a refresh token that turns over with each use, and ends the session when an old one comes back.

A token names its session, so that every token that the session ever had is known for its own. Its successor follows
from it: two tabs that renew at once, and a page that asks again for an answer that got lost, hold the same one.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Session, new_id
from .codes import Hasher, new_secret

# Somebody who opens the page once a month stays in.
LIFE: Final = timedelta(days=60)
# An answer that never arrived is asked for again within seconds; a thief comes later.
GRACE: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Opened:
    """A live session and the token that renews it next."""

    session_id: UUID
    user_id: UUID
    refresh_token: str


async def open_session(session: AsyncSession, hashed: Hasher, user_id: UUID, *, now: datetime) -> Opened:
    """Begin a session for a user."""
    row = Session(id=new_id(), user_id=user_id, rotated_at=now, expires_at=now + LIFE, created_at=now)
    token = f"{row.id.hex}.{new_secret()}"
    row.token_hash = hashed(f"refresh:{token}")
    session.add(row)
    await session.flush()
    return Opened(row.id, user_id, token)


async def renew(session: AsyncSession, hashed: Hasher, token: str, *, now: datetime) -> Opened | None:
    """Turn a refresh token over; None ends it, and a token that was turned over before ends the whole session.

    The caller must let the transaction commit also then.
    """
    named = _session_of(token)
    row = await session.get(Session, named, with_for_update=True) if named else None
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    shown = hashed(f"refresh:{token}")
    if hmac.compare_digest(row.token_hash, shown):
        row.previous_hash, row.rotated_at = shown, now
    elif row.previous_hash != shown or row.rotated_at <= now - GRACE:
        row.revoked_at = now
        return None
    fresh = f"{row.id.hex}.{hashed(f'after:{token}')}"
    row.token_hash, row.expires_at = hashed(f"refresh:{fresh}"), now + LIFE
    return Opened(row.id, row.user_id, fresh)


def _session_of(token: str) -> UUID | None:
    try:
        return UUID(hex=token.partition(".")[0])
    except ValueError:
        return None


async def revoke(session: AsyncSession, session_id: UUID, *, now: datetime) -> None:
    """End one session."""
    await session.execute(
        update(Session).where(Session.id == session_id, Session.revoked_at.is_(None)).values(revoked_at=now)
    )
