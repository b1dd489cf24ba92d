"""The webhook on loopback, without the rest of the application, and a way to see what it stored."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import delete, select

from bot.db import Database
from bot.models import Inbound
from bot.settings import Settings
from bot.whatsapp.intake import Intake
from bot.whatsapp.signature import sign
from web.keys import INTAKE, SETTINGS
from web.middleware import guard, set_headers
from web.webhooks import add_routes

from ..conftest import StillClock

SECRET = "app-secret-de-teste"
NEXT_SECRET = "the next one"


class HeardBell:
    """A bell that remembers who was woken."""

    def __init__(self) -> None:
        self.rings: list[tuple[str, tuple[str, ...], float]] = []

    async def ring(self, job: str, *arguments: str, key: str, after: float = 0) -> None:
        assert key
        self.rings.append((job, arguments, after))


class Hook:
    """The endpoint, served on loopback."""

    def __init__(self, url: str, db: Database, intake: Intake, bell: HeardBell, session: aiohttp.ClientSession) -> None:
        self.url, self.db, self.intake, self.bell, self.session = url, db, intake, bell, session

    async def post(self, raw: bytes, signature: str | None = "", **headers: str) -> int:
        """Post raw bytes, signed unless told otherwise; return the status."""
        signature = sign(raw, SECRET) if signature == "" else signature
        headers |= {"X-Hub-Signature-256": signature} if signature is not None else {}
        async with self.session.post(self.url, data=io.BytesIO(raw), headers=headers) as answer:
            return answer.status

    async def tell(self, body: Any) -> int:
        return await self.post(json.dumps(body).encode())

    async def rows(self) -> list[Inbound]:
        async with self.db.begin() as session:
            return list(await session.scalars(select(Inbound).order_by(Inbound.id)))

    async def forget(self) -> None:
        async with self.db.begin() as session:
            await session.execute(delete(Inbound))


@asynccontextmanager
async def served(db: Database, clock: StillClock) -> AsyncIterator[Hook]:
    """Serve the endpoint over `db` until the block ends."""
    bell = HeardBell()
    intake = Intake(db, bell, clock, burst_wait=1.2)
    app = web.Application(middlewares=[guard])
    app[SETTINGS] = Settings(
        _env_file=None,
        whatsapp_app_secret=[SecretStr(NEXT_SECRET), SecretStr(SECRET)],
        whatsapp_verify_token=SecretStr("token-é"),
    )
    app[INTAKE] = intake
    set_headers(app, app[SETTINGS])
    add_routes(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield Hook(f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/whatsapp", db, intake, bell, session)
    await runner.cleanup()
    await intake.close()
