"""Tokens of an outside issuer: shared secret and published keys, rotation, outages, and everything forged."""

import asyncio
import hmac
import json
from base64 import urlsafe_b64encode as b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.db import Database
from bot.models import User

from .stage import Api, api

SECRET = "the-legacy-secret-of-the-project-32"
SUBJECT = "7b0a1c52-0000-4000-8000-000000000001"


@dataclass
class Issuer:
    """The provider's published keys."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    broken: bool = False

    async def publish(self, _request: web.Request) -> web.Response:
        self.asked += 1
        if self.broken:
            raise web.HTTPBadGateway
        return web.json_response({"keys": self.keys})

    @property
    def name(self) -> str:
        return self.url.removesuffix("/.well-known/jwks.json")


@asynccontextmanager
async def issuer() -> AsyncIterator[Issuer]:
    one, app = Issuer(), web.Application()
    app.router.add_get("/auth/v1/.well-known/jwks.json", one.publish)
    async with TestServer(app) as server:
        one.url = str(server.make_url("/auth/v1/.well-known/jwks.json"))
        yield one


def token(stage: Api, key: Any, alg: str, **claims: Any) -> dict[str, str]:
    at = int(stage.clock.now().timestamp())
    values = {"aud": "authenticated", "sub": SUBJECT, "iat": at, "exp": at + 60, "user_metadata": {"name": "Rui"}}
    header = {"alg": alg} | ({"kid": key.kid} if getattr(key, "kid", None) else {})
    signed = jwt.encode(header, values | claims, key, algorithms=[alg])
    return {"Authorization": f"Bearer {signed}"}


def confused(stage: Api, public: bytes, issuer: str) -> dict[str, str]:
    """Sign with HMAC and a public key as the secret; no library helps with that any more."""
    at = int(stage.clock.now().timestamp())
    claims = {"iss": issuer, "aud": "authenticated", "sub": SUBJECT, "iat": at, "exp": at + 60}
    parts = [b64encode(json.dumps(each).encode()).rstrip(b"=") for each in ({"alg": "HS256"}, claims)]
    signature = b64encode(hmac.digest(public, b".".join(parts), "sha256")).rstrip(b"=")
    return {"Authorization": f"Bearer {b'.'.join([*parts, signature]).decode()}"}


async def status(stage: Api, headers: dict[str, str]) -> int:
    return (await stage.json("GET", "/api/me", headers))[0]


async def test_a_shared_secret_lets_in_and_the_person_is_one_for_ever(db: Database) -> None:
    async with api(db, supabase_jwt_secret=SecretStr(SECRET)) as stage:
        good = token(stage, OctKey.import_key(SECRET), "HS256", iss="https://x.supabase.co/auth/v1")
        for _ in range(2):
            assert (await stage.json("GET", "/api/me", good))[1]["me"]["name"] == "Rui"
        async with db.begin() as session:
            assert await session.scalar(select(func.count()).where(User.subject == SUBJECT)) == 1
        odd = {"user_metadata": {"full_name": "Z\x00oé\n"}, "sub": "another"}
        named = token(stage, OctKey.import_key(SECRET), "HS256", iss="https://x.supabase.co/auth/v1", **odd)
        assert (await stage.json("GET", "/api/me", named))[1]["me"]["name"] == "Zoé"
        # Our own tokens still hold, and ours signed with their secret do not.
        assert await status(stage, stage.as_owner) == 200
        ours = stage.settings.public_url
        assert await status(stage, token(stage, OctKey.import_key(SECRET), "HS256", iss=ours)) == 401
        assert await status(stage, token(stage, OctKey.import_key("another-secret-" * 3), "HS256", iss="x")) == 401
        assert await status(stage, token(stage, OctKey.import_key(SECRET), "HS256", iss="x", aud="anon")) == 401


@pytest.mark.parametrize("kind", ["RS256", "ES256"])
async def test_published_keys_let_in_and_turn_over(db: Database, kind: str) -> None:
    make: Any = RSAKey.generate_key if kind == "RS256" else ECKey.generate_key
    size = 2048 if kind == "RS256" else "P-256"
    first, second = make(size, {"kid": "one"}), make(size, {"kid": "two"})
    async with issuer() as provider, api(db, supabase_jwks_url=provider.url) as stage:
        provider.keys = [first.as_dict(private=False)]
        assert await status(stage, token(stage, first, kind, iss=provider.name)) == 200
        # A key that is not there yet is asked for, but not with every guess.
        for _ in range(5):
            assert await status(stage, token(stage, second, kind, iss=provider.name)) == 401
        assert provider.asked <= 2
        # Signed with the published half as if it were a shared secret: the oldest trick.
        assert await status(stage, confused(stage, first.as_pem(private=False), provider.name)) == 401
        assert await status(stage, token(stage, first, kind, iss="https://elsewhere/auth/v1")) == 401
        # The last good keys stay while the provider is away.
        provider.broken = True
        assert await status(stage, token(stage, first, kind, iss=provider.name)) == 200


async def test_without_any_key_the_door_says_come_again(db: Database) -> None:
    key = RSAKey.generate_key(2048, {"kid": "one"})
    async with issuer() as provider, api(db, supabase_jwks_url=provider.url) as stage:
        provider.broken = True
        waiting = [status(stage, token(stage, key, "RS256", iss=provider.name)) for _ in range(10)]
        assert set(await asyncio.gather(*waiting)) == {503}
        # A provider that hangs would else keep each of them for as long as all before them together.
        assert provider.asked == 1


async def test_a_secret_among_the_published_keys_is_no_key(db: Database) -> None:
    key = OctKey.import_key(SECRET, {"kid": "one"})
    async with issuer() as provider, api(db, supabase_jwks_url=provider.url) as stage:
        provider.keys = [key.as_dict(private=True)]
        assert await status(stage, token(stage, key, "HS256", iss=provider.name)) == 401
