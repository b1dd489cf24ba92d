"""A small server that takes what Sentry's SDK sends: envelopes, of which it keeps the events."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Sentry:
    """What arrived; `raw` is every byte of it."""

    dsn: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    raw: str = ""

    def event(self, message: str) -> dict[str, Any] | None:
        """Return the event of a log line, if it came."""
        return next((event for event in self.events if event["logentry"]["message"] == message), None)


@asynccontextmanager
async def sentry() -> AsyncIterator[Sentry]:
    fake = Sentry()

    async def envelope(request: web.Request) -> web.Response:
        assert request.headers["X-Sentry-Auth"].startswith("Sentry ")
        body = (await request.read()).decode()
        fake.raw += body
        lines = body.splitlines()[1:]
        for head, item in zip(lines[::2], lines[1::2], strict=True):
            if json.loads(head)["type"] == "event":
                fake.events.append(json.loads(item))
        return web.json_response({"id": "0" * 32})

    app = web.Application()
    app.router.add_post("/api/7/envelope/", envelope)
    async with TestServer(app) as server:
        fake.dsn = f"http://chave-publica@127.0.0.1:{server.port}/7"
        yield fake
