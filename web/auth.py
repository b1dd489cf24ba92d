"""Who is calling: first the user behind the token, then the professional that the user is."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy import select

from bot.auth import Claims, Supabase, Tokens
from bot.auth.tokens import peek
from bot.db import Database, insert_new
from bot.errors import Unauthenticated
from bot.models import Professional, Session, User, new_id

# What another process changed is seen after so many seconds at most; what this one changed, at once.
REMEMBERED = 5.0
# Enough for everybody who is active within those seconds; the least recently seen is forgotten first.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """A user who proved who they are, and the session they did it in, when it is ours."""

    user_id: UUID
    session_id: UUID | None
    contact_id: UUID | None
    name: str
    owner: "Owner | None"


@dataclass(frozen=True, slots=True)
class Owner:
    """The professional that a caller is."""

    professional_id: UUID
    user_id: UUID
    slug: str
    name: str
    timezone: str


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    until: float


class Gate:
    """Verify tokens and remember whom they belong to."""

    def __init__(self, db: Database, tokens: Tokens, supabase: Supabase) -> None:
        self._db, self.tokens, self._supabase = db, tokens, supabase
        self._known: OrderedDict[Claims, _Known] = OrderedDict()

    async def get_user(self, request: web.Request, now: datetime) -> Caller:
        """Return who is calling, or raise `Unauthenticated`."""
        token = bearer(request)
        if not self._supabase.used or peek(token)[1] == self.tokens.issuer:
            claims = self.tokens.read(token, now)
        else:
            claims = await self._supabase.read(token, now)
        return (await self._look(claims, now)).caller

    async def get_professional(self, caller: Caller) -> Owner | None:
        """Return the professional that the caller is, if they are one."""
        return caller.owner

    def forget(self, user_id: UUID) -> None:
        """Read this user again next time: their row, their session or their professional's was changed."""
        for claims in [claims for claims, known in self._known.items() if known.caller.user_id == user_id]:
            del self._known[claims]

    async def _look(self, claims: Claims, now: datetime) -> _Known:
        known = self._known.get(claims)
        if known is not None and known.until > time.monotonic():
            self._known.move_to_end(claims)
            return known
        known = self._known[claims] = await self._load(claims, now)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return known

    async def _load(self, claims: Claims, now: datetime) -> _Known:
        ours = claims.issuer == self.tokens.issuer
        query = select(User, Professional).outerjoin(Professional, Professional.user_id == User.id)
        if ours:
            query = query.join(Session, Session.user_id == User.id).where(
                User.id == _id(claims.subject),
                Session.id == _id(claims.session),
                Session.revoked_at.is_(None),
                Session.expires_at > now,
            )
        else:
            query = query.where(User.subject == claims.subject)
        async with self._db.begin() as session:
            found = (await session.execute(query)).one_or_none()
            if found is None and not ours:
                await session.execute(insert_new(session, User, _newcomer(claims, now)))
                found = (await session.execute(query)).one_or_none()
        if found is None:
            raise Unauthenticated
        user, row = found
        owner = Owner(row.id, row.user_id, row.slug, row.name, row.timezone) if row else None
        caller = Caller(user.id, _id(claims.session) if ours else None, user.contact_id, user.name, owner)
        return _Known(caller, time.monotonic() + REMEMBERED)


def _newcomer(claims: Claims, now: datetime) -> dict[str, object]:
    """Describe somebody whom the outside issuer knows and we meet for the first time.

    By their id there alone: an e-mail address in a token may be unproved, and must open nobody else's account.
    """
    return {"id": new_id(), "subject": claims.subject[:64], "name": claims.name, "created_at": now}


def _id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise Unauthenticated from None


def bearer(request: web.Request) -> str:
    """Return the token of `Authorization: Bearer …`, or raise `Unauthenticated`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token.strip()
