"""`/simulador`: two phones on one page, for the demo. What people do there goes to Odys as real webhooks."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.feed import Behind
from bot.models.enums import Role
from bot.settings import templates_directory
from bot.whatsapp.outgoing import TEXT_LIMIT
from bot.whatsapp.simulator import Simulator, UnknownPhone

from .assets import add_assets, asset
from .letters import Letters, add_letters

Jump = Callable[[timedelta], Awaitable[None]]
Notes = Callable[[], AsyncIterator[Mapping[str, Any]]]

HEARTBEAT_SECONDS = 15  # below the idle limits of proxies
ZONE = "America/Sao_Paulo"  # of the clock on the page
LONGEST_JUMP = timedelta(days=31)
# Everything comes from this server, and nothing is written into the page itself.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
SUGGESTIONS: Mapping[Role, Sequence[str]] = {
    Role.PROFESSIONAL: (
        "quem tenho hoje?",
        "quanto faturei esse mês?",
        "marca a Júlia quinta às 15h",
        "a Júlia não veio",
    ),
    Role.CLIENT: (
        "oi, queria marcar um corte amanhã de manhã",
        "quais são meus horários?",
        "vou ter que desmarcar",
    ),
}


def add_simulator(
    app: web.Application,
    simulator: Simulator,
    *,
    jump: Jump,
    trace: Notes,
    letters: Letters,
    suggestions: Mapping[Role, Sequence[str]] = SUGGESTIONS,
) -> None:
    """Add the page and what it calls.

    `jump` moves the demo's clock, `trace` tells what happens behind it, `letters` are the e-mails nobody carries.
    """
    page = _Page(simulator, jump, trace, letters, suggestions)
    add_assets(app)
    add_letters(app, letters)
    app.add_routes(
        [
            web.get("/simulador", page.show),
            web.get("/simulador/eventos", page.events),
            web.get("/simulador/midia/{media:\\d+}", page.media),
            web.post("/simulador/enviar", page.say),
            web.post("/simulador/tocar", page.tap),
            web.post("/simulador/audio", page.voice),
            web.post("/simulador/lido", page.read),
            web.post("/simulador/numero", page.stranger),
            web.post("/simulador/avancar", page.forward),
        ]
    )
    app.on_shutdown.append(page.stop)


class _Page:
    def __init__(
        self,
        simulator: Simulator,
        jump: Jump,
        trace: Notes,
        letters: Letters,
        suggestions: Mapping[Role, Sequence[str]],
    ) -> None:
        self._simulator, self._jump, self._trace, self._letters = simulator, jump, trace, letters
        self._closing = asyncio.Event()
        self._jumping = asyncio.Lock()
        environment = Environment(
            loader=FileSystemLoader(templates_directory() / "pages"), autoescape=True, undefined=StrictUndefined
        )
        self._template = environment.get_template("simulador.html.j2")
        self._suggestions = {role.value: list(texts) for role, texts in suggestions.items()}

    async def show(self, _: web.Request) -> web.Response:
        """Answer with the page; what is on the phones comes as events."""
        html = self._template.render(
            asset=asset, zone=ZONE, suggestions=json.dumps(self._suggestions, ensure_ascii=False), limit=TEXT_LIMIT
        )
        headers = {
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Stream what changes: a snapshot or what was missed, then phones, clock and trace as they happen."""
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        after = request.headers.get("Last-Event-ID", "")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._phones(response, after))
                group.create_task(self._notes(response))
                group.create_task(self._mail(response))
                group.create_task(self._heartbeat(response))
        except* (_Over, Behind, ConnectionResetError):
            pass  # the page reconnects by itself, with the last id it saw
        return response

    async def stop(self, _: web.Application) -> None:
        """End the streams, or the server would wait for them."""
        self._closing.set()

    async def media(self, request: web.Request) -> web.Response:
        """Answer with a picture or a voice note that is on a phone."""
        blob = self._simulator.media.get(request.match_info["media"])
        if blob is None:
            raise web.HTTPNotFound
        kept = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=blob.data, headers={"Content-Type": blob.mime, **kept})

    async def say(self, request: web.Request) -> web.Response:
        body = await _body(request)
        text = _text(body, "text", TEXT_LIMIT)
        return await _done(self._simulator.say(_text(body, "phone"), text))

    async def tap(self, request: web.Request) -> web.Response:
        body = await _body(request)
        kind = _text(body, "kind")
        if kind not in ("button", "list", "template"):
            raise _refusal("kind")
        given = {"title": _text(body, "title"), "kind": kind, "context": _text(body, "context", least=0)}
        given["description"] = _text(body, "description", least=0)
        return await _done(self._simulator.tap(_text(body, "phone"), _text(body, "payload"), **given))

    async def voice(self, request: web.Request) -> web.Response:
        return await _done(self._simulator.voice(_text(await _body(request), "phone")))

    async def read(self, request: web.Request) -> web.Response:
        return await _done(self._simulator.read(_text(await _body(request), "phone")))

    async def stranger(self, request: web.Request) -> web.Response:
        """Add a phone that Odys has never heard of."""
        person = self._simulator.stranger(_text(await _body(request), "name", 60, least=0))
        return web.json_response({"person": person.to_json()})

    async def forward(self, request: web.Request) -> web.Response:
        """Move the demo's clock ahead by `{days}` or `{hours}`; one jump at a time."""
        body = await _body(request)
        units = {name: body.get(name, 0) for name in ("days", "hours")}
        if not all(isinstance(number, int) for number in units.values()):
            raise _refusal("days")
        by = timedelta(days=min(units["days"], 1000), hours=min(units["hours"], 1000))
        if not timedelta() < by <= LONGEST_JUMP:
            raise _refusal("days")
        async with self._jumping:
            await self._jump(by)
        now = self._simulator.clock.now().isoformat()
        self._simulator.announce("clock", now=now)
        return web.json_response({"now": now})

    async def _phones(self, response: web.StreamResponse, after: str) -> None:
        async for event_id, event in self._simulator.events(after):
            await _send(response, event, event_id)

    async def _notes(self, response: web.StreamResponse) -> None:
        async for note in self._trace():
            await _send(response, {"type": "trace", "run": self._simulator.run, "note": note})

    async def _mail(self, response: web.StreamResponse) -> None:
        async for letter in self._letters.follow():
            await _send(response, {"type": "letter", "run": self._simulator.run, "letter": letter})

    async def _heartbeat(self, response: web.StreamResponse) -> None:
        """Say that the line is alive, and what time it is in the demo."""
        while True:
            await _send(response, {"type": "clock", "now": self._simulator.clock.now().isoformat()})
            try:
                await asyncio.wait_for(self._closing.wait(), HEARTBEAT_SECONDS)
            except TimeoutError:
                continue
            raise _Over


class _Over(Exception):
    """The server is going down."""


async def _send(response: web.StreamResponse, event: Mapping[str, Any], event_id: str = "") -> None:
    data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    await response.write((f"id: {event_id}\n" if event_id else "").encode() + f"data: {data}\n\n".encode())


async def _done(doing: Awaitable[object]) -> web.Response:
    try:
        await doing
    except UnknownPhone:
        raise _refusal("phone") from None
    return web.json_response({"ok": True})


async def _body(request: web.Request) -> Mapping[str, Any]:
    """Return the JSON object that was sent; only JSON, so that no other site can post a form here."""
    if request.content_type != "application/json":
        raise _refusal("Content-Type")
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _refusal("body")
    return body


def _text(body: Mapping[str, Any], name: str, most: int = 256, least: int = 1) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or not least <= len(value.strip()) or len(value) > most:
        raise _refusal(name)
    return value


def _refusal(field: str) -> web.HTTPBadRequest:
    error = {"code": "invalid", "message": "Pedido inválido.", "fields": [field]}
    return web.HTTPBadRequest(text=json.dumps({"error": error}), content_type="application/json")
