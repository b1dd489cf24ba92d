"""Tokens of an outside issuer, as Supabase's are: signed with a shared secret, or with keys that it publishes.

The set of keys is chosen by the algorithm before anything is verified, and a secret never stands among public keys:
otherwise a token "signed" with a public key would pass.
"""

import asyncio
import json
import logging
import time
from datetime import datetime
from typing import Any, Final

import aiohttp

from ..errors import Unauthenticated, Unavailable
from ..settings import Settings
from .tokens import LONGEST, Claims, jose, peek, read_claims

log = logging.getLogger(__name__)

_PUBLISHED: Final = "/.well-known/jwks.json"
_ASYMMETRIC: Final = ("RS256", "ES256")
# A key that was taken out of service is believed for this long at most; one that is new is asked for at once, but
# whoever invents key ids makes us ask only once in a while.
KEPT: Final = 600.0
ASK_AGAIN: Final = 60.0
# While there is no key at all everybody waits for one: those who come meanwhile are told at once to come again.
SULK: Final = 5.0
TIMEOUT: Final = aiohttp.ClientTimeout(total=5)
# Some keys are some kilobytes.
LARGEST: Final = 256 * 1024


class Supabase:
    """Verify the tokens of the issuer that the settings name; `None` keys mean that it is not used."""

    def __init__(self, settings: Settings, *, patience: aiohttp.ClientTimeout = TIMEOUT) -> None:
        self._patience = patience
        secret = settings.supabase_jwt_secret.get_secret_value()
        self._secret = jose().secret(secret) if secret else None
        self._url = settings.supabase_jwks_url
        self._issuer = self._url.removesuffix(_PUBLISHED) if self._url else ""
        self._keys: Any = None
        self._asked = self._failed = -KEPT
        self._asking = asyncio.Lock()

    @property
    def used(self) -> bool:
        return bool(self._secret or self._url)

    async def read(self, token: str, now: datetime) -> Claims:
        """Return what a token says, or raise `Unauthenticated`; `Unavailable` while no key could ever be had."""
        algorithm, _ = peek(token)
        if algorithm in _ASYMMETRIC and self._url:
            return await self._read_published(token, algorithm, now)
        if algorithm == "HS256" and self._secret is not None:
            return read_claims(token, self._secret, ["HS256"], self._issuer, now)
        raise Unauthenticated

    async def _read_published(self, token: str, algorithm: str, now: datetime) -> Claims:
        if self._keys is None or time.monotonic() - self._asked > KEPT:
            await self._ask()
        try:
            return self._verified(token, algorithm, now)
        except Unauthenticated:
            # Perhaps by a key that is new there.
            if time.monotonic() - self._asked < ASK_AGAIN or len(token) > LONGEST:
                raise
        await self._ask()
        return self._verified(token, algorithm, now)

    def _verified(self, token: str, algorithm: str, now: datetime) -> Claims:
        return read_claims(token, self._keys, [algorithm], self._issuer, now)

    async def _ask(self) -> None:
        """Fetch the keys; the last good ones stay when that fails."""
        async with self._asking:
            if self._keys is not None and time.monotonic() - self._asked < ASK_AGAIN:
                return
            if self._keys is None and time.monotonic() - self._failed < SULK:
                raise Unavailable
            try:
                found = await self._published()
                # Public keys only: a shared one that somebody published would verify anything.
                public = [key for key in found["keys"] if key.get("kty") in ("RSA", "EC")]
                self._keys = jose().KeySet.import_key_set({"keys": public})
                self._asked = time.monotonic()
            except (
                aiohttp.ClientError,
                TimeoutError,
                jose().JoseError,
                ValueError,
                KeyError,
                TypeError,
                AttributeError,
            ) as error:
                log.warning("the issuer's keys could not be read", extra={"reason": type(error).__name__})
                if self._keys is None:
                    self._failed = time.monotonic()
                    raise Unavailable from error
                self._asked = time.monotonic() - KEPT + ASK_AGAIN

    async def _published(self) -> Any:
        """Fetch the document; a redirect is not followed, for it would lead wherever somebody else likes."""
        async with (
            aiohttp.ClientSession(timeout=self._patience) as http,
            http.get(self._url, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise ValueError(f"http_{answer.status}")
            raw = await answer.content.read(LARGEST + 1)
            while len(raw) <= LARGEST and (more := await answer.content.read(LARGEST + 1 - len(raw))):
                raw += more
        if len(raw) > LARGEST:
            raise ValueError("too large")
        return json.loads(raw)
