"""The Graph API as far as Odys uses it, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .media import Blob
from .refusal import GraphRefusal, missing, unknown

if TYPE_CHECKING:
    from .network import Simulator

VERSION = r"/{version:v\d+\.\d+}"
UPLOAD_BYTES = 20 << 20
_SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(simulator: Simulator) -> web.Application:
    """Return the server that speaks for `simulator`."""
    graph = _Graph(simulator)
    number, account = simulator.business.phone_number_id, simulator.business.account_id
    app = web.Application(middlewares=[_refusals], client_max_size=UPLOAD_BYTES)
    app.add_routes(
        [
            web.post(f"{VERSION}/{number}/messages", graph.messages),
            web.post(f"{VERSION}/{number}/media", graph.upload),
            web.get(f"{VERSION}/{account}/message_templates", graph.templates),
            web.post(f"{VERSION}/{account}/message_templates", graph.create_template),
            web.get(f"{VERSION}/{account}/subscribed_apps", graph.subscriptions),
            web.post(f"{VERSION}/{account}/subscribed_apps", graph.subscribe),
            web.get(f"{VERSION}/{account}/phone_numbers", graph.numbers),
            web.get(f"{VERSION}/debug_token", graph.token),
            web.get(f"{VERSION}/{{node:\\d+}}", graph.node),
            web.post(f"{VERSION}/{{node:\\d+}}", graph.change),
            web.get("/media/{media:\\d+}", graph.download),
        ]
    )
    return app


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask for a token and say no as Meta does."""
    try:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token.strip():
            raise GraphRefusal(190, "Invalid OAuth access token", status=401)
        return await handler(request)
    except GraphRefusal as refusal:
        return web.json_response(refusal.to_json(), status=refusal.status)
    except web.HTTPNotFound:
        nowhere = unknown(f"Unsupported request: {request.method} {request.path}")
        return web.json_response(nowhere.to_json(), status=404)


class _Graph:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def messages(self, request: web.Request) -> web.Response:
        """Send a message, or mark one as read and show the typing indicator."""
        body = await _json(request)
        if body.get("status") == "read":
            message_id = body.get("message_id")
            if not isinstance(message_id, str):
                raise missing("message_id")
            self._simulator.acknowledge(message_id, typing="typing_indicator" in body)
            return web.json_response({"success": True})
        return web.json_response(self._simulator.accept(body))

    async def upload(self, request: web.Request) -> web.Response:
        """Keep a file that a later message names."""
        form = await request.post()
        file = form.get("file")
        if not isinstance(file, web.FileField):
            raise missing("file")
        mime = form.get("type") or file.content_type
        return web.json_response({"id": self._simulator.media.put(Blob(file.file.read(), str(mime)))})

    async def download(self, request: web.Request) -> web.Response:
        """Give the bytes of a file."""
        blob = self._simulator.media.get(request.match_info["media"])
        if blob is None:
            raise web.HTTPNotFound
        return web.Response(body=blob.data, headers={"Content-Type": blob.mime})

    async def templates(self, request: web.Request) -> web.Response:
        return web.json_response({"data": self._simulator.catalogue.listing(request.query.get("name", ""))})

    async def create_template(self, request: web.Request) -> web.Response:
        made = self._simulator.catalogue.add(await _json(request))
        return web.json_response({name: made[name] for name in ("id", "status", "category")})

    async def subscriptions(self, _: web.Request) -> web.Response:
        return web.json_response({"data": [{"whatsapp_business_api_data": {"id": "1", "name": "Odys"}}]})

    async def subscribe(self, _: web.Request) -> web.Response:
        return web.json_response({"success": True})

    async def numbers(self, request: web.Request) -> web.Response:
        return web.json_response({"data": [_chosen(self._number(), request)]})

    async def token(self, _: web.Request) -> web.Response:
        """Say that the token is good, and for ever."""
        data = {"app_id": "1", "type": "SYSTEM_USER", "application": "Odys", "is_valid": True, "scopes": _SCOPES}
        return web.json_response({"data": data | {"expires_at": 0, "data_access_expires_at": 0}})

    async def node(self, request: web.Request) -> web.Response:
        """Describe the number, the account or a file, whichever has that id."""
        node, business = request.match_info["node"], self._simulator.business
        if node == business.phone_number_id:
            return web.json_response(_chosen(self._number(), request))
        if node == business.account_id:
            return web.json_response(_chosen(self._account(), request))
        blob = self._simulator.media.get(node)
        if blob is None:
            raise unknown(f"Object with ID '{node}' does not exist")
        about = {"mime_type": blob.mime, "sha256": blob.sha256, "file_size": len(blob.data), "id": node}
        url = str(request.url.origin() / "media" / node)
        return web.json_response({"url": url, "messaging_product": "whatsapp", **about})

    async def change(self, request: web.Request) -> web.Response:
        """Change the settings of the number, or a template."""
        node = request.match_info["node"]
        if node != self._simulator.business.phone_number_id and not self._simulator.catalogue.edit(
            node, await _json(request)
        ):
            raise unknown(f"Object with ID '{node}' does not exist")
        return web.json_response({"success": True})

    def _number(self) -> dict[str, Any]:
        business = self._simulator.business
        return {
            "id": business.phone_number_id,
            "display_phone_number": f"+{business.display_phone}",
            "verified_name": business.name,
            "name_status": "APPROVED",
            "quality_rating": "GREEN",
            "status": "CONNECTED",
            "code_verification_status": "VERIFIED",
            "account_mode": "LIVE",
            "platform_type": "CLOUD_API",
            "is_on_biz_app": False,
            "throughput": {"level": "STANDARD"},
            "whatsapp_business_manager_messaging_limit": "TIER_2K",
            "webhook_configuration": {"application": self._simulator.webhook_url},
            "health_status": self._health("PHONE_NUMBER", business.phone_number_id),
        }

    def _account(self) -> dict[str, Any]:
        business = self._simulator.business
        return {
            "id": business.account_id,
            "name": business.name,
            "account_review_status": "APPROVED",
            "health_status": self._health("WABA", business.account_id),
        }

    def _health(self, kind: str, number: str) -> dict[str, Any]:
        entity = {"entity_type": kind, "id": number, "can_send_message": "AVAILABLE"}
        return {"can_send_message": "AVAILABLE", "entities": [entity]}


def _chosen(node: dict[str, Any], request: web.Request) -> dict[str, Any]:
    """Return the fields of a node that were asked for; the id comes always, as with Meta."""
    wanted = {name for name in request.query.get("fields", "").split(",") if name}
    return {name: value for name, value in node.items() if not wanted or name in wanted or name == "id"}


async def _json(request: web.Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        raise unknown("the body is not JSON") from None
    if not isinstance(body, dict):
        raise unknown("the body is not an object")
    return body
