"""Sessions: a refresh token that turns over with each use, and ends the session when an old one comes back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Session
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
    token = new_secret()
    row = Session(
        user_id=user_id, token_hash=hashed(f"refresh:{token}"), rotated_at=now, expires_at=now + LIFE, created_at=now
    )
    session.add(row)
    await session.flush()
    return Opened(row.id, user_id, token)


async def renew(session: AsyncSession, hashed: Hasher, token: str, *, now: datetime) -> Opened | None:
    """Turn a refresh token over; None ends it, and a token that was turned over long ago ends the whole session.

    The caller must let the transaction commit also then.
    """
    shown = hashed(f"refresh:{token}")
    row = await session.scalar(
        select(Session).where(or_(Session.token_hash == shown, Session.previous_hash == shown)).with_for_update()
    )
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    if row.token_hash != shown and row.rotated_at <= now - GRACE:
        row.revoked_at = now
        return None
    fresh = new_secret()
    if row.token_hash == shown:
        row.previous_hash, row.rotated_at = shown, now
    row.token_hash, row.expires_at = hashed(f"refresh:{fresh}"), now + LIFE
    return Opened(row.id, row.user_id, fresh)


async def revoke(session: AsyncSession, session_id: UUID, *, now: datetime) -> None:
    """End one session."""
    await session.execute(
        update(Session).where(Session.id == session_id, Session.revoked_at.is_(None)).values(revoked_at=now)
    )


async def revoke_all(session: AsyncSession, user_id: UUID, *, now: datetime) -> None:
    """End every session of a user."""
    await session.execute(
        update(Session).where(Session.user_id == user_id, Session.revoked_at.is_(None)).values(revoked_at=now)
    )
