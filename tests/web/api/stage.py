"""The API on a real server and a real database, and the people who call it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from bot.accounts.codes import Hasher
from bot.accounts.sessions import open_session
from bot.auth import Tokens
from bot.db import Database
from bot.models import Client, Professional, Service, User
from bot.queue import SilentBell
from bot.ratelimit import Counter
from bot.settings import Settings
from web.app import create
from web.keys import PULSE

from ...agenda.factories import NOW, a_client, a_professional, a_service, an_account
from ...conftest import StillClock

SECRET_KEY = "a-secret-of-the-tests-that-is-long-enough"
CRON_SECRET = "a-cron-secret-of-the-tests"


class Freely:
    """Counts nothing: for tests that are about something else."""

    async def hit(self, key: str, seconds: int) -> tuple[int, float]:
        return 1, float(seconds)


@dataclass
class Api:
    """One professional with a service and a client who has a login, and a stranger's agenda beside them."""

    http: TestClient[Any, Any]
    db: Database
    clock: StillClock
    settings: Settings
    owner: Professional
    service: Service
    client: Client
    client_user: User
    tokens: Tokens
    as_owner: dict[str, str] = field(default_factory=dict)
    as_client: dict[str, str] = field(default_factory=dict)

    async def token(self, user_id: Any) -> dict[str, str]:
        """Open a session for a user, and return its header."""
        now = self.clock.now()
        async with self.db.begin() as session:
            opened = await open_session(session, Hasher.of(SECRET_KEY), user_id, now=now)
        return {"Authorization": f"Bearer {self.tokens.issue(user_id, opened.session_id, now)}"}

    @property
    def cron(self) -> str:
        return CRON_SECRET

    async def call(self, method: str, path: str, who: dict[str, str] | None = None, **given: Any) -> ClientResponse:
        return await self.http.request(method, path, headers=who or {}, **given)

    async def json(self, method: str, path: str, who: dict[str, str] | None = None, **given: Any) -> tuple[int, Any]:
        async with await self.call(method, path, who, **given) as answer:
            return answer.status, await answer.json() if answer.content_length else None


def settings(**fields: Any) -> Settings:
    return Settings(
        _env_file=None,
        secret_key=SecretStr(SECRET_KEY),
        cron_secret=SecretStr(CRON_SECRET),
        whatsapp_app_secret=[SecretStr("app-secret")],
        whatsapp_verify_token=SecretStr("verificar"),
        **fields,
    )


@asynccontextmanager
async def api(db: Database, *, counter: Counter | None = None, **fields: Any) -> AsyncIterator[Api]:
    """Yield the API with its people; time stands still a minute after they came."""
    clock, chosen = StillClock(NOW + timedelta(minutes=1)), settings(**fields)
    async with db.begin() as session:
        owner = await a_professional(session)
        service = await a_service(session, owner)
        client = await a_client(session, owner)
        user = await an_account(session, client)
    app = create(chosen, db, SilentBell(), clock, counter=counter or Freely())
    app[PULSE].look = 0.1  # nobody here looks away for two seconds
    async with TestClient(TestServer(app)) as http:
        tokens = Tokens(SECRET_KEY, chosen.public_url)
        stage = Api(http, db, clock, chosen, owner, service, client, user, tokens)
        stage.as_owner = await stage.token(owner.user_id)
        stage.as_client = await stage.token(user.id)
        yield stage
