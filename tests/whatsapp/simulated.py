"""A business beside a simulator: it checks every signature, keeps what it hears and answers by the real client."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.clock import Clock
from bot.models.enums import Role
from bot.settings import Settings
from bot.whatsapp.cloud import CloudApi
from bot.whatsapp.events import Message, Status
from bot.whatsapp.outgoing import Outgoing
from bot.whatsapp.payloads import parse
from bot.whatsapp.signature import verify
from bot.whatsapp.simulator import Person, Simulator
from bot.whatsapp.transport import Address

from ..servers import free_port

NUMBER, ACCOUNT, SECRET = "200000000000001", "100000000000001", "app-secret-de-teste"
RAFAEL = Person("5511988880001", "Rafael Barbosa", Role.PROFESSIONAL)
JULIA = Person("5511977770002", "Júlia Santos")
PATIENCE = 30  # seconds for something to happen on loopback; only a failure waits that long


@dataclass
class Business:
    """What came in by webhook, and the client that answers."""

    cloud: CloudApi
    settings: Settings
    session: aiohttp.ClientSession
    messages: list[Message] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    # Answers for the next webhooks instead of 200.
    refusals: list[int] = field(default_factory=list)
    on_message: Callable[[Message], Awaitable[None]] | None = None

    async def hook(self, request: web.Request) -> web.Response:
        """Take a webhook whose signature is right; 401 for any other."""
        raw = await request.read()
        if not verify(raw, request.headers.get("X-Hub-Signature-256"), [SECRET]):
            return web.Response(status=401)
        if self.refusals:
            return web.Response(status=self.refusals.pop(0))
        self.raw.append(raw)
        for event in parse(json.loads(raw)).events:
            if isinstance(event, Message):
                self.messages.append(event)
                if self.on_message:
                    await self.on_message(event)
            elif isinstance(event, Status):
                self.statuses.append(event)
        return web.Response()

    async def send(self, to: Person | str, message: Outgoing, opaque: str = "row-1", **more: Any) -> str:
        """Send by the real client and return Meta's id."""
        digits = to if isinstance(to, str) else to.phone
        accepted = await self.cloud.send(NUMBER, Address(phone=digits), message, opaque=opaque, **more)
        return accepted.provider_id

    def told(self, message_id: str) -> list[str]:
        """Return the statuses of one message, in order."""
        return [status.status for status in self.statuses if status.message_id == message_id]


@dataclass
class World:
    """A business, the simulator beside it, and the addresses of both."""

    business: Business
    simulator: Simulator
    url: str
    graph: str

    async def event(self, kind: str, after: str) -> Mapping[str, Any]:
        """Return the first event of that type after event `after`."""
        async with asyncio.timeout(PATIENCE):
            async for _, event in self.simulator.events(after):
                if event["type"] == kind:
                    return event
        raise AssertionError("the stream of events ended")

    @property
    def here(self) -> str:
        """The id of the latest event."""
        return f"{self.simulator.run}.{self.simulator.feed.last}"

    def screen(self, person: Person | str) -> list[dict[str, Any]]:
        """Return what is on a phone, as a page gets it."""
        digits = person if isinstance(person, str) else person.phone
        phones = {phone["phone"]: phone["bubbles"] for phone in self.simulator.snapshot()["phones"]}
        bubbles: list[dict[str, Any]] = phones[digits]
        return bubbles


Extend = Callable[[web.Application, Simulator], None]


@asynccontextmanager
async def world(
    clock: Clock, templates: Sequence[Mapping[str, Any]] = (), extend: Extend | None = None
) -> AsyncIterator[World]:
    """Run a business and a simulator; `extend` may add routes to the business's server."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    simulator = Simulator(
        webhook_url=f"{url}/webhooks/whatsapp",
        app_secret=SECRET,
        phone_number_id=NUMBER,
        business_account_id=ACCOUNT,
        clock=clock,
        people=[RAFAEL, JULIA],
        templates=templates,
        delays=(0.01, 0.02),
    )
    async with aiohttp.ClientSession() as session, TestServer(simulator.app()) as graph:
        address = str(graph.make_url("/v26.0"))
        settings = Settings(
            whatsapp_api_url=address, whatsapp_token=SecretStr("a-token"), whatsapp_business_account_id=ACCOUNT
        )
        business = Business(CloudApi(session, settings), settings, session)
        app = web.Application()
        app.router.add_post("/webhooks/whatsapp", business.hook)
        if extend:
            extend(app, simulator)
        async with TestServer(app, port=port):
            yield World(business, simulator, url, address)


async def until(happened: Callable[[], object]) -> None:
    """Return once `happened()` is true."""
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110 - what is awaited here announces nothing
            await asyncio.sleep(0.005)
