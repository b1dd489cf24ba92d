"""Who is calling: first the user behind the token, then the professional that the user is."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy import select

from bot.auth import Claims, Tokens
from bot.db import Database
from bot.errors import Unauthenticated
from bot.models import Professional, User

# What another process changed is seen after so many seconds at most; what this one changed, at once.
REMEMBERED = 5.0
# Enough for everybody who is active within those seconds; the least recently seen is forgotten first.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """A user who proved who they are."""

    user_id: UUID
    contact_id: UUID | None
    name: str


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
    owner: Owner | None
    until: float


class Gate:
    """Verify tokens and remember whom they belong to."""

    def __init__(self, db: Database, tokens: Tokens) -> None:
        self._db, self.tokens = db, tokens
        self._known: OrderedDict[UUID, _Known] = OrderedDict()

    async def get_user(self, request: web.Request, now: datetime) -> Caller:
        """Return who is calling, or raise `Unauthenticated`."""
        return (await self._look(self.tokens.read(bearer(request), now))).caller

    async def get_professional(self, caller: Caller) -> Owner | None:
        """Return the professional that the caller is, if they are one."""
        known = self._known.get(caller.user_id) or await self._load(caller.user_id)
        return known.owner

    def forget(self, user_id: UUID) -> None:
        """Read this user again next time: their row, or their professional's, was changed."""
        self._known.pop(user_id, None)

    async def _look(self, claims: Claims) -> _Known:
        try:
            user_id = UUID(claims.subject)
        except ValueError:
            raise Unauthenticated from None
        known = self._known.get(user_id)
        if known is not None and known.until > time.monotonic():
            self._known.move_to_end(user_id)
            return known
        return await self._load(user_id)

    async def _load(self, user_id: UUID) -> _Known:
        query = select(User, Professional).outerjoin(Professional, Professional.user_id == User.id)
        async with self._db.begin() as session:
            found = (await session.execute(query.where(User.id == user_id))).one_or_none()
        if found is None:
            raise Unauthenticated
        user, row = found
        owner = Owner(row.id, row.user_id, row.slug, row.name, row.timezone) if row else None
        known = _Known(Caller(user.id, user.contact_id, user.name), owner, time.monotonic() + REMEMBERED)
        self._known[user_id] = known
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return known


def bearer(request: web.Request) -> str:
    """Return the token of `Authorization: Bearer …`, or raise `Unauthenticated`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token.strip()
