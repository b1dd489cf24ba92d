"""Meta's management side on loopback: a number, a token, a subscription and templates, as well or ill as told.

async with management() as meta:
    meta.number["quality_rating"] = "RED"
    meta.fail("debug_token", 190, status=401)      # until told otherwise
    ...                                            # point WHATSAPP_API_URL at meta.url
"""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.notify.messages import MESSAGES
from bot.notify.meta import template_json

Json = dict[str, Any]

NUMBER, BUSINESS, APP, TOKEN = "106540352242922", "200000000000001", "300000000000001", "EAAGtoken-of-a-system-user"
# Meta takes an edit of these only.
_EDITABLE = {"APPROVED", "REJECTED", "PAUSED"}


def _fine() -> Json:
    return {
        "id": NUMBER,
        "display_phone_number": "+55 11 4000-0000",
        "verified_name": "Odys",
        "name_status": "APPROVED",
        "quality_rating": "GREEN",
        "status": "CONNECTED",
        "throughput": {"level": "STANDARD"},
        "webhook_configuration": {"application": "http://localhost:8080/webhooks/whatsapp"},
    }


def _valid() -> Json:
    scopes = ["whatsapp_business_management", "whatsapp_business_messaging"]
    return {"app_id": APP, "type": "SYSTEM_USER", "is_valid": True, "expires_at": 0, "scopes": scopes}


def listed(body: Json, number: int, status: str = "APPROVED") -> Json:
    """Return a template as Meta lists it: with words of its own where a code is sent."""
    body = json.loads(json.dumps(body))
    for part in body["components"]:
        if "add_security_recommendation" in part:
            part["text"] = "*{{1}}* é seu código de verificação. Para sua segurança, não o compartilhe."
        if "code_expiration_minutes" in part:
            part["text"] = f"Este código expira em {part['code_expiration_minutes']} minutos."
        for button in part.get("buttons", []):
            if button["type"] == "OTP":
                button |= {"type": "URL", "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"}
    return {
        **body,
        "parameter_format": str(body.get("parameter_format", "positional")).upper(),
        "id": str(900_000 + number),
        "status": status,
        "rejected_reason": "NONE",
        "quality_score": {"score": "GREEN"},
    }


@dataclass
class Meta:
    """What Meta knows; change it freely."""

    url: str = ""
    number: Json = field(default_factory=_fine)
    health: Json = field(default_factory=lambda: {"can_send_message": "AVAILABLE", "entities": []})
    token: Json = field(default_factory=_valid)
    apps: list[str] = field(default_factory=lambda: [APP])
    templates: list[Json] = field(default_factory=list)
    created: list[Json] = field(default_factory=list)
    updated: list[tuple[str, Json]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    page: int = 100
    _faults: dict[str, tuple[int, Json]] = field(default_factory=dict)

    def approve(self, names: Iterable[str] = MESSAGES) -> None:
        """Have these templates, approved."""
        self.templates = [listed(template_json(MESSAGES[name]), at) for at, name in enumerate(names)]

    def template(self, name: str) -> Json:
        return next(each for each in self.templates if each["name"] == name)

    def fail(self, path: str, code: int, *, status: int = 400, message: str = "because the test says so") -> None:
        """Answer every request whose path ends so with an error; 0 as the code gives an HTML page."""
        error: Json = {"message": f"(#{code}) {message}", "code": code, "fbtrace_id": "Az"}
        self._faults[path] = (status, {"error": error} if code else {})

    def mend(self) -> None:
        self._faults.clear()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/v26.0/")
        self.asked.append(f"{request.method} {path}")
        for end, (status, body) in self._faults.items():
            if path.endswith(end):
                if body:
                    return web.json_response(body, status=status)
                return web.Response(text="<html>Bad Gateway</html>", status=status, content_type="text/html")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _error(401, 190, "Error validating access token: session has expired")
        content = await request.json() if request.can_read_body else {}
        return self._route(request.method, path, dict(request.query), content)

    def _route(self, method: str, path: str, query: dict[str, str], content: Json) -> web.Response:
        match method, path.split("/"):
            case "GET", ["debug_token"] if query.get("input_token") == TOKEN:
                return web.json_response({"data": self.token})
            case "GET", [node] if node == NUMBER and query.get("fields") == "health_status":
                return web.json_response({"id": NUMBER, "health_status": self.health})
            case "GET", [node] if node == NUMBER:
                wanted = {"id", *query["fields"].split(",")}
                return web.json_response({name: value for name, value in self.number.items() if name in wanted})
            case "GET", [node, "subscribed_apps"] if node == BUSINESS:
                data = [{"whatsapp_business_api_data": {"id": app, "name": "Odys"}} for app in self.apps]
                return web.json_response({"data": data})
            case "POST", [node, "subscribed_apps"] if node == BUSINESS:
                self.apps.append(APP)
                return web.json_response({"success": True})
            case "GET", [node, "message_templates"] if node == BUSINESS:
                return self._listing(query)
            case "POST", [node, "message_templates"] if node == BUSINESS:
                return self._create(content)
            case "POST", [node]:
                return self._update(node, content)
        return _error(404, 100, f"Unsupported request: {method} {path}", subcode=33)

    def _listing(self, query: dict[str, str]) -> web.Response:
        start = int(query.get("after", "0"))
        end = start + min(self.page, int(query.get("limit", "25")))
        paging: Json = {"cursors": {"before": str(start), "after": str(end)}}
        if end < len(self.templates):
            paging["next"] = "http://127.0.0.1:1/a-place-nobody-should-go"
        return web.json_response({"data": self.templates[start:end], "paging": paging})

    def _create(self, body: Json) -> web.Response:
        if any((each["name"], each["language"]) == (body["name"], body["language"]) for each in self.templates):
            return _error(400, 100, "Content in This Language Already Exists", subcode=2388024)
        self.created.append(body)
        self.templates.append(listed(body, len(self.templates), "PENDING"))
        made = self.templates[-1]
        return web.json_response({name: made[name] for name in ("id", "status", "category")})

    def _update(self, node: str, body: Json) -> web.Response:
        found = next((each for each in self.templates if each["id"] == node), None)
        if found is None:
            return _error(404, 100, "Object does not exist", subcode=33)
        if found["status"] not in _EDITABLE or ("category" in body and found["status"] == "APPROVED"):
            return _error(400, 100, "Message template cannot be edited", subcode=2388045)
        self.updated.append((found["name"], body))
        found |= {name: value for name, value in listed(found | body, 0).items() if name != "id"} | {"id": node}
        found["status"] = "PENDING"
        return web.json_response({"success": True})


def _error(status: int, code: int, message: str, subcode: int | None = None) -> web.Response:
    error: Json = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Az"}
    if subcode is not None:
        error["error_subcode"] = subcode
    return web.json_response({"error": error}, status=status)


@asynccontextmanager
async def management(**known: Any) -> AsyncIterator[Meta]:
    """Run Meta's management side and yield it; all 19 templates are approved until told otherwise."""
    meta = Meta(**known)
    meta.approve()
    app = web.Application()
    app.router.add_route("*", "/v26.0/{rest:.*}", meta.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    meta.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v26.0"
    try:
        yield meta
    finally:
        await runner.cleanup()
