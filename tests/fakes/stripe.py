"""A Stripe server on loopback: customers, subscriptions, checkout and portal pages, idempotency keys.

    async with stripe() as fake:
        fake.subscribe("cus_1", price="price_basic")     # as if somebody had paid on the page
        fake.deleted.add("cus_1")                        # as if the operator had deleted them in the dashboard
        fake.broken = 503                                # and from now on nothing answers
    fake.slow = asyncio.Event()                      # what it answers is true now, and comes when this is set

It takes the wire as the real one has it (form-encoded, a Bearer key, a pinned version) and refuses anything else.
"""

import asyncio
import copy
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Json = dict[str, Any]
KEY = "sk_test_1234567890"
VERSION = "2026-06-24.dahlia"


@dataclass
class Stripe:
    """The account's memory."""

    url: str = ""
    customers: dict[str, Json] = field(default_factory=dict)
    subscriptions: dict[str, Json] = field(default_factory=dict)
    sessions: list[Json] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    broken: int = 0
    faulty: int = 0  # keys that are answered by a fault, as often as they are asked
    slow: asyncio.Event | None = None
    # Set when something is being answered slowly.
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    _cursed: set[str] = field(default_factory=set)
    _kept: dict[str, tuple[Json, Json]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def subscribe(self, customer: str, price: str, status: str = "active", **fields: Any) -> Json:
        """Begin a subscription, as a paid checkout page does."""
        number = next(self._numbers)
        item = {"id": f"si_{number}", "price": {"id": price}, "current_period_end": 1_800_000_000}
        found = {
            "id": f"sub_{number}",
            "object": "subscription",
            "customer": customer,
            "status": status,
            "created": 1_790_000_000 + number,
            "items": {"object": "list", "data": [item]},
            "livemode": False,
            **fields,
        }
        self.subscriptions[found["id"]] = found
        return found

    async def create_customer(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        return self._once(request, form, lambda: self._customer(form))

    def _customer(self, form: Json) -> Json:
        made: Json = {"id": f"cus_{next(self._numbers)}", "object": "customer", "name": form.get("name")}
        made["metadata"] = {"professional_id": form.get("metadata[professional_id]")}
        self.customers[made["id"]] = made
        return made

    async def list_subscriptions(self, request: web.Request) -> web.Response:
        await self._form(request)
        customer = request.query.get("customer")
        data = copy.deepcopy([each for each in self.subscriptions.values() if each["customer"] == customer])
        await self._late()
        return web.json_response({"object": "list", "data": data, "has_more": False, "url": "/v1/subscriptions"})

    async def create_session(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        answer = self._once(request, form, lambda: self._session(form))
        await self._late()
        return answer

    def _session(self, form: Json) -> Json:
        self._known(form["customer"])
        number = next(self._numbers)
        made = {"id": f"cs_test_{number}", "object": "checkout.session", "url": f"https://checkout.test/{number}"}
        made |= {"mode": form["mode"], "customer": form["customer"], "price": form["line_items[0][price]"]}
        made["client_reference_id"] = form["client_reference_id"]
        self.sessions.append(made)
        return made

    async def create_portal(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        self._known(form["customer"])
        return web.json_response({"id": "bps_1", "url": f"https://portal.test/{form['customer']}"})

    def _known(self, customer: str) -> None:
        if customer in self.deleted:
            error = {"type": "invalid_request_error", "code": "resource_missing", "param": "customer"}
            error["message"] = f"No such customer: '{customer}'"
            raise web.HTTPBadRequest(text=json.dumps({"error": error}), content_type="application/json")

    async def _late(self) -> None:
        if self.slow is not None:
            self.asked.set()
            await self.slow.wait()

    async def _form(self, request: web.Request) -> Json:
        self.requests.append((request.method, request.path))
        if self.broken:
            raise web.HTTPServiceUnavailable(text='{"error": {"type": "api_error"}}', content_type="application/json")
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert request.headers["Stripe-Version"] == VERSION
        return dict(await request.post()) if request.method == "POST" else {}

    def _once(self, request: web.Request, form: Json, make: Any) -> web.Response:
        """Answer as before to the same key, and refuse it with other parameters."""
        key = request.headers["Idempotency-Key"]
        if self.faulty and key not in self._cursed:
            self.faulty -= 1
            self._cursed.add(key)
        if key in self._cursed:
            raise web.HTTPInternalServerError(text='{"error": {"type": "api_error"}}', content_type="application/json")
        if key in self._kept:
            before, answer = self._kept[key]
            assert before == form, "an idempotency key with other parameters"
            return web.json_response(answer)
        answer = make()
        self._kept[key] = (form, answer)
        return web.json_response(answer)


@asynccontextmanager
async def stripe() -> AsyncIterator[Stripe]:
    """Run the server until the block ends."""
    fake, app = Stripe(), web.Application()
    app.add_routes(
        [
            web.post("/v1/customers", fake.create_customer),
            web.get("/v1/subscriptions", fake.list_subscriptions),
            web.post("/v1/checkout/sessions", fake.create_session),
            web.post("/v1/billing_portal/sessions", fake.create_portal),
        ]
    )
    async with TestServer(app) as server:
        fake.url = str(server.make_url("")).rstrip("/")
        yield fake
