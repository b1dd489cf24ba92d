"""A Graph server on loopback: strict about Meta's limits, and as unreliable as it is told to be.

    async with graph() as fake:
        fake.next(Refuse(429, 130429), AcceptThenFail())    # for the next messages, in this order
        ...                                                 # point WHATSAPP_API_URL at fake.url
        assert fake.texts_to("5511988887777") == ["Oi!"]

What it accepted is in `accepted`, what it would not have taken in `violations`. With `webhook` set it posts
signed statuses back, as Meta does.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bot.whatsapp.signature import sign

from .graph_limits import Limits
from .graph_rules import broken_rule

Json = dict[str, Any]

ACCOUNT = "106540352242922"
TOKEN = "a-token"
SECRET = "app-secret-de-teste"


@dataclass(frozen=True)
class Refuse:
    """Answer with an error of Meta's."""

    status: int
    code: int
    details: str = "because the test says so"
    subcode: int | None = None
    transient: bool | None = None


@dataclass(frozen=True)
class Garbage:
    """Answer with something that is no JSON."""

    status: int
    text: str = "<html>Bad Gateway</html>"


@dataclass(frozen=True)
class Accept:
    """Take the message, `after` seconds."""

    after: float = 0


@dataclass(frozen=True)
class AcceptThenFail:
    """Take the message and answer 500: the sender cannot know."""

    status: int = 500


@dataclass(frozen=True)
class AcceptThenCut:
    """Take the message and cut the connection."""


@dataclass(frozen=True)
class Cut:
    """Cut the connection and take nothing."""


@dataclass(frozen=True)
class Nameless:
    """Take the message and say so without naming it."""


@dataclass(frozen=True)
class Misnamed:
    """Take the message and name another one."""

    id: str


Behaviour = Refuse | Garbage | Accept | AcceptThenFail | AcceptThenCut | Cut | Nameless | Misnamed


@dataclass
class Sent:
    """A message that was taken."""

    id: str
    account: str
    body: Json

    @property
    def to(self) -> str:
        return str(self.body.get("to", self.body.get("recipient", ""))).removeprefix("+")

    @property
    def opaque(self) -> str:
        return str(self.body.get("biz_opaque_callback_data", ""))

    @property
    def text(self) -> str:
        """What the person reads, as far as the request says it."""
        match self.body["type"]:
            case "text":
                return str(self.body["text"]["body"])
            case "interactive":
                return str(self.body["interactive"]["body"]["text"])
            case "template":
                return f"[{self.body['template']['name']}]"
            case kind:
                return f"[{kind}]"


@dataclass
class Graph:
    """The server's memory and its orders."""

    url: str = ""
    token: str = TOKEN
    secret: str = SECRET
    # Where statuses go, and which ones follow each accepted message by themselves.
    webhook: str = ""
    automatic: Sequence[str] = ()
    # How fast messages may come; without it, as fast as they like.
    limits: Limits | None = None
    # Nobody is answered before so many were here at once.
    crowd: int = 0
    accepted: list[Sent] = field(default_factory=list)
    read: list[Json] = field(default_factory=list)
    uploads: list[bytes] = field(default_factory=list)
    media: dict[str, bytes] = field(default_factory=dict)
    templates: dict[str, Json] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    attempts: int = 0
    flying: int = 0
    most_flying: int = 0
    most_flying_to_one: int = 0
    busy: asyncio.Event = field(default_factory=asyncio.Event)
    _crowded: asyncio.Event = field(default_factory=asyncio.Event)
    _script: list[Behaviour] = field(default_factory=list)
    _flying_to: dict[str, int] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def next(self, *behaviours: Behaviour) -> None:
        """Behave so for the next messages, one each; then take everything again."""
        self._script.extend(behaviours)

    def recover(self) -> None:
        """Forget the orders that no message has met yet."""
        self._script.clear()

    def texts_to(self, digits: str) -> list[str]:
        return [sent.text for sent in self.accepted if sent.to == digits]

    async def tell(self, sent: Sent, *statuses: str, code: int | None = None, at: int = 1_795_000_000) -> None:
        """Post statuses of a message to the webhook, signed, one delivery each."""
        for step, status in enumerate(statuses):
            body = status_body(sent, status, code=code, at=at + step)
            await deliver(self.webhook, body, self.secret)

    # -- handlers

    async def messages(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body.get("status") == "read":
            self.read.append(body)
            return web.json_response({"success": True})
        self.attempts += 1
        if refusal := self._refusal(request, body):
            return refusal
        to = str(body.get("to") or body.get("recipient"))
        self._count(to, 1)
        self.busy.set()
        try:
            await self._crowded.wait()
            return await self._behave(request, body)
        finally:
            self._count(to, -1)

    def _count(self, to: str, by: int) -> None:
        self.flying += by
        self._flying_to[to] = self._flying_to.get(to, 0) + by
        self.most_flying = max(self.most_flying, self.flying)
        if self.most_flying >= self.crowd:
            self._crowded.set()
        self.most_flying_to_one = max(self.most_flying_to_one, self._flying_to[to])

    def _refusal(self, request: web.Request, body: Json) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return error(401, 190, "Error validating access token", subcode=463)
        if rule := broken_rule(body):
            self.violations.append(rule)
            return error(400, 100, rule)
        to = str(body.get("to") or body.get("recipient"))
        if self.limits and (code := self.limits.broken(request.match_info["account"], to)):
            return error(429, code, "too many messages")
        return None

    async def _behave(self, request: web.Request, body: Json) -> web.StreamResponse:
        behaviour = self._script.pop(0) if self._script else Accept()
        match behaviour:
            case Refuse():
                return error(
                    behaviour.status, behaviour.code, behaviour.details, behaviour.subcode, behaviour.transient
                )
            case Garbage():
                return web.Response(status=behaviour.status, text=behaviour.text, content_type="text/html")
            case Cut():
                return cut(request)
            case Accept(after=after):
                await asyncio.sleep(after)
        sent = self._take(request.match_info["account"], body)
        match behaviour:
            case AcceptThenFail():
                return error(behaviour.status, 131000, "Something went wrong", None, True)
            case AcceptThenCut():
                return cut(request)
        answer: Json = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": body.get("to", ""), "wa_id": sent.to}],
            "messages": [{"id": sent.id, "message_status": "accepted"}],
        }
        match behaviour:
            case Nameless():
                del answer["messages"]
            case Misnamed(id=other):
                answer["messages"] = [{"id": other}]
        return web.json_response(answer)

    def _take(self, account: str, body: Json) -> Sent:
        sent = Sent(f"wamid.FAKE{len(self.accepted):06d}", account, body)
        self.accepted.append(sent)
        if self.webhook and self.automatic:
            task = asyncio.create_task(self.tell(sent, *self.automatic))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return sent

    async def upload(self, request: web.Request) -> web.Response:
        self.attempts += 1
        form = await request.post()
        file = form.get("file")
        if self._script and isinstance(behaviour := self._script[0], Refuse):
            self._script.pop(0)
            return error(behaviour.status, behaviour.code, behaviour.details)
        if form.get("messaging_product") != "whatsapp" or not isinstance(file, web.FileField):
            self.violations.append("upload")
            return error(400, 100, "upload")
        self.uploads.append(file.file.read())
        return web.json_response({"id": f"upload{len(self.uploads)}"})

    async def node(self, request: web.Request) -> web.Response:
        """A media id, or the phone number."""
        name = request.match_info["node"]
        if name in self.media:
            body = {"id": name, "url": f"{self.url.rsplit('/', 1)[0]}/media-file/{name}", "mime_type": "audio/ogg"}
            return web.json_response(body | {"file_size": len(self.media[name]), "messaging_product": "whatsapp"})
        if name == ACCOUNT:
            return web.json_response({"id": ACCOUNT, "status": "CONNECTED", "quality_rating": "GREEN"})
        return error(400, 100, f"Object with ID '{name}' does not exist", subcode=33)

    async def file(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return error(401, 190, "no token")
        return web.Response(body=self.media[request.match_info["node"]])

    async def list_templates(self, _request: web.Request) -> web.Response:
        return web.json_response({"data": list(self.templates.values()), "paging": {}})

    async def create_template(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not re.fullmatch(r"[a-z0-9_]{1,512}", body.get("name", "")):
            return error(400, 100, "name")
        self.templates[body["name"]] = body | {"id": str(len(self.templates) + 1), "status": "PENDING"}
        return web.json_response({"id": self.templates[body["name"]]["id"], "status": "PENDING"})

    async def settle(self) -> None:
        """Return when every automatic status was delivered."""
        while self._tasks:
            await asyncio.gather(*self._tasks)


def error(
    status: int, code: int, details: str, subcode: int | None = None, transient: bool | None = None
) -> web.Response:
    """Answer as Meta does when it says no."""
    body: Json = {"message": f"(#{code}) {details}", "type": "OAuthException", "code": code, "fbtrace_id": "Az"}
    body["error_data"] = {"messaging_product": "whatsapp", "details": details}
    if subcode is not None:
        body["error_subcode"] = subcode
    if transient is not None:
        body["is_transient"] = transient
    return web.json_response({"error": body}, status=status)


def cut(request: web.Request) -> web.StreamResponse:
    """Cut the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def status_body(sent: Sent, status: str, *, code: int | None = None, at: int = 1_795_000_000) -> Json:
    """Return the webhook body that tells a status of `sent`."""
    event: Json = {"id": sent.id, "status": status, "timestamp": str(at), "recipient_id": sent.to}
    event["biz_opaque_callback_data"] = sent.opaque
    if code is not None:
        event["errors"] = [{"code": code, "title": "t", "error_data": {"details": "d"}}]
    metadata = {"display_phone_number": "551140000000", "phone_number_id": sent.account}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [event]}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
    }


async def deliver(url: str, body: object, secret: str = SECRET) -> int:
    """Post a webhook as Meta does, signed over the escaped bytes; return the status of the answer."""
    raw = json.dumps(body).encode()
    headers = {"X-Hub-Signature-256": sign(raw, secret), "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session, session.post(url, data=raw, headers=headers) as answer:
        return answer.status


@asynccontextmanager
async def graph(fake: Graph | None = None, **settings: Any) -> AsyncIterator[Graph]:
    """Run a Graph server, `fake` if there is one already, and yield it."""
    fake = fake or Graph(**settings)
    app = web.Application(client_max_size=20 * 1024 * 1024)
    app.router.add_post("/v26.0/{account}/messages", fake.messages)
    app.router.add_post("/v26.0/{account}/media", fake.upload)
    app.router.add_get("/v26.0/{waba}/message_templates", fake.list_templates)
    app.router.add_post("/v26.0/{waba}/message_templates", fake.create_template)
    app.router.add_get("/v26.0/{node}", fake.node)
    app.router.add_get("/media-file/{node}", fake.file)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    fake.url = f"http://127.0.0.1:{port}/v26.0"
    try:
        yield fake
    finally:
        await fake.settle()
        await runner.cleanup()
