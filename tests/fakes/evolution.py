"""An Evolution server on loopback: strict about the shapes of 2.3.7, and as unreliable as the real one.

    async with evolution() as fake:                   # or evolution(version="2.4.0")
        fake.next(Closed(), TakeThenHang())           # for the next messages, in this order
        ...                                           # point EVOLUTION_API_URL at fake.url
        assert fake.texts_to("5511988887777") == ["Oi!"]

What it took is in `taken`, what it would not have understood in `violations`. With `webhook` set it tells what
happens to what it took, as Evolution does: the echo of the API first, then what WhatsApp says.
"""

import asyncio
import base64
import itertools
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

Json = dict[str, Any]

INSTANCE = "agenda-teste"
KEY = "B6D711FC-DE4D-4FD5-9365-44120E713976"
TOKEN = "hook-token-de-teste"
OWNER = "551130000000"
NOW = 1_795_266_000

_COMMON = {"number": str, "delay": int, "linkPreview": bool, "quoted": dict, "messageId": str}
_SHAPES: dict[str, dict[str, type]] = {
    "sendText": {**_COMMON, "text": str},
    "sendMedia": {**_COMMON, "mediatype": str, "mimetype": str, "media": str, "fileName": str, "caption": str},
}
_RECEIPT = {"id", "fromMe", "remoteJid"}
_NEEDED = {"sendText": ("number", "text"), "sendMedia": ("number", "mediatype", "media")}


@dataclass(frozen=True)
class Closed:
    """The socket to WhatsApp is gone: found out before sending (500) or in it (400)."""

    status: int = 500


@dataclass(frozen=True)
class Fail:
    """Fail with these words, as Evolution turns every exception into a 400."""

    words: str = "Error: Timed Out"
    status: int = 400


@dataclass(frozen=True)
class TakeThenFail:
    """Send the message and fail while writing it down: the caller cannot know."""

    words: str = "PrismaClientKnownRequestError: connection lost"


@dataclass(frozen=True)
class TakeThenCut:
    """Send the message and cut the connection."""


@dataclass(frozen=True)
class Hang:
    """Answer nothing, ever."""


@dataclass(frozen=True)
class Nonexistent:
    """Say that the number is not on WhatsApp."""


@dataclass(frozen=True)
class Garbage:
    """Answer what the proxy in front answers while Evolution restarts."""

    status: int = 502


@dataclass(frozen=True)
class ErrorAsSuccess:
    """Answer 200 with an error inside."""

    words: str = "Error: Connection Closed"


Behaviour = Closed | Fail | TakeThenFail | TakeThenCut | Hang | Nonexistent | Garbage | ErrorAsSuccess


@dataclass
class Taken:
    """A message that was sent on to WhatsApp."""

    id: str
    instance: str
    body: Json

    @property
    def to(self) -> str:
        return str(self.body["number"])

    @property
    def text(self) -> str:
        """What the person reads."""
        return str(self.body.get("text") or self.body.get("caption") or "[imagem]")

    @property
    def jid(self) -> str:
        return self.to if "@" in self.to else f"{self.to}@s.whatsapp.net"


@dataclass
class Evolution:
    """The server's memory and its orders."""

    version: str = "2.3.7"
    url: str = ""
    licensed: bool = True
    # The state of each instance; one that is not named does not exist.
    states: dict[str, str] = field(default_factory=lambda: {INSTANCE: "open"})
    # What a restart makes of an instance.
    after_restart: str = "open"
    webhook: str = ""
    automatic: Sequence[str] = ()
    taken: list[Taken] = field(default_factory=list)
    read: list[Json] = field(default_factory=list)
    presence: list[Json] = field(default_factory=list)
    media: dict[str, bytes] = field(default_factory=dict)
    hooks: dict[str, Json] = field(default_factory=dict)
    restarts: list[str] = field(default_factory=list)
    connects: list[str] = field(default_factory=list)
    attempts: int = 0
    violations: list[str] = field(default_factory=list)
    _script: list[Behaviour] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=itertools.count)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def modern(self) -> bool:
        return self.version >= "2.4"

    def next(self, *behaviours: Behaviour) -> None:
        """Behave so for the next messages, one each; then take everything again."""
        self._script.extend(behaviours)

    def texts_to(self, number: str) -> list[str]:
        return [taken.text for taken in self.taken if taken.to == number]

    # -- what it tells

    async def tell(self, event: str, data: object, instance: str = INSTANCE) -> int:
        """Post an event to the webhook with the token; return the status of the answer."""
        return await deliver(self.webhook, envelope(event, data, instance))

    async def follow(self, taken: Taken, *states: str) -> None:
        """Tell what became of a message: "send.message" is the API's echo, the others are WhatsApp's."""
        for state in states:
            if state == "send.message":
                await self.tell(state, sent_data(taken), taken.instance)
            else:
                await self.tell("messages.update", update_data(taken, state), taken.instance)

    async def settle(self) -> None:
        """Return when everything was told."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    # -- what it is asked

    def refusal(self, request: web.Request) -> web.Response | None:
        """Answer what stands in front of every endpoint: the licence, the key, the instance."""
        if not self.licensed:
            message = "License activation required. Please activate your license to use this service."
            return web.json_response({"code": "LICENSE_REQUIRED", "message": message}, status=503)
        if request.headers.get("apikey") != KEY:
            return error(401, "Unauthorized", "Unauthorized")
        name = request.match_info.get("instance")
        if name is not None and name not in self.states:
            return error(404, "Not Found", [f'The "{name}" instance does not exist'])
        return None

    async def send(self, request: web.Request) -> web.StreamResponse:
        self.attempts += 1
        if refused := self.refusal(request):
            return refused
        kind, body = request.match_info["kind"], await request.json()
        if rule := broken_rule(kind, body):
            self.violations.append(rule)
            return error(400, "Bad Request", [[rule]])
        behaviour = self._script.pop(0) if self._script else None
        if self.states[request.match_info["instance"]] != "open":
            behaviour = Closed()
        match behaviour:
            case None:
                return web.json_response(sent_data(self._take(request, body)), status=201)
            case TakeThenFail(words=words):
                self._take(request, body)
                return error(400, "Bad Request", [words])
            case TakeThenCut():
                self._take(request, body)
                return cut(request)
        return await self._fail(request, body, behaviour)

    async def _fail(self, request: web.Request, body: Json, behaviour: Behaviour) -> web.StreamResponse:
        match behaviour:
            case Closed(status=500):
                return error(500, "Internal Server Error", "Connection Closed")
            case Closed():
                return error(400, "Bad Request", ["Error: Connection Closed"])
            case Fail(words=words, status=status):
                return error(status, "Bad Request", [words])
            case Nonexistent():
                jid = body["number"] if "@" in body["number"] else f"{body['number']}@s.whatsapp.net"
                said = {"jid": jid, "exists": False, "number": body["number"]}
                return error(400, "Bad Request", [said])
            case Garbage(status=status):
                return web.Response(status=status, text="<html>Bad Gateway</html>", content_type="text/html")
            case ErrorAsSuccess(words=words):
                return web.json_response({"error": True, "message": words})
        await self._over.wait()
        return cut(request)

    def _take(self, request: web.Request, body: Json) -> Taken:
        # Only 2.4 lets the caller name the message; a name that was there already is the same message.
        given = body.get("messageId") if self.modern else None
        taken = Taken(given or f"3EB0FAKE{next(self._ids):014d}", request.match_info["instance"], body)
        if not any(each.id == taken.id for each in self.taken):
            self.taken.append(taken)
        if self.webhook and self.automatic:
            task = asyncio.create_task(self.follow(taken, *self.automatic))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return taken

    async def chat(self, request: web.Request) -> web.Response:
        if refused := self.refusal(request):
            return refused
        body = await request.json()
        match request.match_info["what"]:
            case "markMessageAsRead" if all(
                set(each) == {"id", "fromMe", "remoteJid"} for each in body["readMessages"]
            ):
                self.read += body["readMessages"]
                return web.json_response({"message": "Read messages", "read": "success"}, status=201)
            case "sendPresence" if {"number", "presence", "delay"} <= set(body) and not body.get("options"):
                self.presence.append(body)
                return web.json_response({"presence": body["presence"]}, status=201)
            case "getBase64FromMediaMessage":
                return self._media(body)
        self.violations.append(f"chat {request.match_info['what']} {sorted(body)}")
        return error(400, "Bad Request", [["chat"]])

    def _media(self, body: Json) -> web.Response:
        key = str(body["message"]["key"]["id"])
        if key not in self.media or not body["message"].get("message"):
            return error(400, "Bad Request", ["Message not found"])
        written = base64.b64encode(self.media[key]).decode()
        return web.json_response({"mediaType": "audioMessage", "mimetype": "audio/ogg", "base64": written}, status=201)

    async def instance(self, request: web.Request) -> web.Response:
        if refused := self.refusal(request):
            return refused
        name, what = request.match_info["instance"], request.match_info["what"]
        state = self.states[name]
        match what:
            case "connectionState":
                return web.json_response({"instance": {"instanceName": name, "state": state}})
            case "restart":
                if state == "close":
                    words = f'BadRequestException: The "{name}" instance is not connected'
                    return web.json_response({"error": True, "message": words})
                self.restarts.append(name)
                self.states[name] = self.after_restart
                return web.json_response({"instance": {"instanceName": name, "status": "connecting"}})
            case "connect":
                self.connects.append(name)
                if state == "open":
                    return web.json_response({"instance": {"instanceName": name, "state": "open"}})
                self.states[name] = "connecting"
                picture = "data:image/png;base64," + base64.b64encode(b"\x89PNG picture").decode()
                return web.json_response({"pairingCode": None, "code": "2@abc,def", "base64": picture, "count": 1})
        return error(404, "Not Found", [f"Cannot {request.method} {request.path}"])

    async def instances(self, request: web.Request) -> web.Response:
        if refused := self.refusal(request):
            return refused
        name = request.query.get("instanceName", "")
        if name not in self.states:
            return error(404, "Not Found", [f'The "{name}" instance does not exist'])
        about = {"name": name, "connectionStatus": self.states[name], "ownerJid": f"{OWNER}@s.whatsapp.net"}
        return web.json_response([about | {"token": "secret-of-the-instance"}])

    async def hook(self, request: web.Request) -> web.Response:
        if refused := self.refusal(request):
            return refused
        name = request.match_info["instance"]
        if request.method == "GET":
            return web.json_response(self.hooks.get(name))
        inside = (await request.json()).get("webhook")
        if not isinstance(inside, dict) or not {"enabled", "url", "events"} <= set(inside):
            self.violations.append("webhook/set")
            return error(400, "Bad Request", [['instance requires property "webhook"']])
        self.hooks[name] = inside
        return web.json_response(inside, status=201)

    def close(self) -> None:
        self._over.set()


def broken_rule(kind: str, body: object) -> str:
    """Return what is wrong with a request to send, or nothing."""
    if not isinstance(body, dict):
        return "instance is not of a type(s) object"
    for name in _NEEDED[kind]:
        if name not in body:
            return f'instance requires property "{name}"'
    for name, value in body.items():
        wanted = _SHAPES[kind].get(name)
        if wanted is None:
            return f"nobody reads {name!r}"
        if not isinstance(value, wanted):
            return f"instance.{name} is not of a type(s) {wanted.__name__}"
    if not re.fullmatch(r"[1-9]\d{2,14}|\d+@lid", body["number"]):
        return f"number {body['number']!r}"
    if kind == "sendText" and not body["text"].strip():
        return "Text is required"
    if kind == "sendMedia" and body["mediatype"] not in {"image", "document", "video", "audio"}:
        return "mediatype"
    return "" if set(body.get("quoted", {"key": 1})) == {"key"} else "quoted"


def error(status: int, name: str, message: object) -> web.Response:
    """Answer as Evolution does when it fails."""
    return web.json_response({"status": status, "error": name, "response": {"message": message}}, status=status)


def cut(request: web.Request) -> web.StreamResponse:
    """Cut the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


# -- payloads


def envelope(event: str, data: object, instance: str = INSTANCE) -> Json:
    """Return the body of a webhook; the server's key travels in it."""
    return {
        "event": event,
        "instance": instance,
        "data": data,
        "destination": "https://odys.exemplo.com.br/webhooks/evolution/" + instance,
        "date_time": "2026-11-21T10:00:00.000Z",
        "sender": f"{OWNER}@s.whatsapp.net",
        "server_url": "http://localhost:8080",
        "apikey": KEY,
    }


def upsert(message: Json, *, version: str = "2.3.7", at: int = NOW, name: str = "Cliente", **key: Any) -> Json:
    """Return a `messages.upsert` of one message; `key` needs `id`, and `phone` or `lid` or both."""
    phone, lid, identifier = key.pop("phone", ""), key.pop("lid", ""), key.pop("id")
    about: Json = {"remoteJid": f"{phone}@s.whatsapp.net" if phone else lid, "fromMe": False, "id": identifier}
    about |= {"participant": ""}
    if phone and lid:
        if version < "2.3.7":
            about |= {"remoteJid": lid, "remoteJidAlt": f"{phone}@s.whatsapp.net", "addressingMode": "lid"}
        elif version < "2.4":
            about |= {"remoteJidAlt": f"{phone}@s.whatsapp.net", "addressingMode": "lid"}
        else:
            about |= {"remoteJidAlt": lid, "addressingMode": "pn"}
    kind = next((node for node in message if node != "messageContextInfo"), None)
    data: Json = {
        "key": {**about, **key},
        "pushName": name,
        "status": "DELIVERY_ACK",
        "message": message,
        "contextInfo": None,
        "messageType": kind,
        "messageTimestamp": at,
        "instanceId": "00000000-0000-4000-8000-000000000001",
        "source": "android",
    }
    return envelope("messages.upsert", data)


def sent_data(taken: Taken) -> Json:
    """Return what the API says about a message it sent: its answer, and the echo to the webhook."""
    image = {"imageMessage": {"caption": taken.body.get("caption", ""), "mimetype": "image/jpeg"}}
    return {
        "key": {"remoteJid": taken.jid, "fromMe": True, "id": taken.id},
        "pushName": "Você",
        "status": "PENDING",
        "message": {"conversation": taken.text} if "text" in taken.body else image,
        "contextInfo": None,
        "messageType": "conversation" if "text" in taken.body else "imageMessage",
        "messageTimestamp": NOW,
        "instanceId": "00000000-0000-4000-8000-000000000001",
        "source": "unknown",
    }


def update_data(taken: Taken, state: str) -> Json:
    """Return a `messages.update` of a message of ours."""
    return {
        "keyId": taken.id,
        "remoteJid": taken.jid,
        "fromMe": True,
        "status": state,
        "instanceId": "00000000-0000-4000-8000-000000000001",
        "messageId": "cm0000000000000000000000",
    }


async def deliver(url: str, body: object, token: str = TOKEN) -> int:
    """Post a webhook as Evolution does, with the header that was set; return the status of the answer."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as answer:
        return answer.status


@asynccontextmanager
async def evolution(**settings: Any) -> AsyncIterator[Evolution]:
    """Run an Evolution server and yield it."""
    fake = Evolution(**settings)
    app = web.Application(client_max_size=20 * 2**20)
    app.router.add_post("/message/{kind:sendText|sendMedia}/{instance}", fake.send)
    app.router.add_post("/chat/{what}/{instance}", fake.chat)
    app.router.add_get("/instance/fetchInstances", fake.instances)
    app.router.add_get("/instance/{what:connectionState|connect}/{instance}", fake.instance)
    app.router.add_post("/instance/{what:restart}/{instance}", fake.instance)
    app.router.add_post("/webhook/set/{instance}", fake.hook)
    app.router.add_get("/webhook/find/{instance}", fake.hook)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await fake.settle()
        fake.close()
        await runner.cleanup()
