"""Meta's webhook: verify the raw bytes, store, answer; nothing else happens here.

200 means that it is in the database. Meta sends anything else again, for seven days: so what will never be
readable is stored as a dead letter and answered 200, and only a fault of ours that may pass is answered 503.
"""

import hmac

from aiohttp import web
from multidict import CIMultiDict

from bot.settings import Settings
from bot.whatsapp.events import Batch
from bot.whatsapp.intake import Intake, NotStored
from bot.whatsapp.reading import read
from bot.whatsapp.signature import verify

from .bodies import READING, Reading, body_of
from .keys import INTAKE, SETTINGS
from .middleware import USUAL
from .strangers import Strangers
from .verbatim import Verbatim

PATH = "/webhooks/whatsapp"
LIMIT = 3 * 1024 * 1024  # what Meta may send at once
_strangers = Strangers("whatsapp")


class Webhook:
    """The webhook of one application, with all that a delivery needs at hand."""

    def __init__(self, settings: Settings, intake: Intake, headers: CIMultiDict[str]) -> None:
        self._token = settings.whatsapp_verify_token.get_secret_value()
        self._secrets = [secret.get_secret_value() for secret in settings.whatsapp_app_secret]
        self._intake = intake
        self._ok = Verbatim("OK", headers)

    async def handshake(self, request: web.Request) -> web.Response:
        """Answer Meta's question whether this address is ours: the challenge back, if the token is right."""
        asked, token = request.query, self._token
        right = hmac.compare_digest(asked.get("hub.verify_token", "").encode(errors="replace"), token.encode())
        if not (token and right and asked.get("hub.mode") == "subscribe"):
            raise web.HTTPForbidden(text="Sem permissão")
        return web.Response(text=asked.get("hub.challenge", ""))

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Store a delivery and answer 200; 401 unsigned, 408 too slow, 413 too large, 503 come again."""
        raw = await body_of(request, LIMIT)
        if not verify(raw, request.headers.get("X-Hub-Signature-256"), self._secrets):
            _strangers.note(bytes=len(raw))
            raise web.HTTPUnauthorized(text="Assinatura inválida")
        await store(self._intake, read(raw))
        return self._ok.to(request)


async def store(intake: Intake, batch: Batch) -> None:
    """Return when a delivery is committed; raise 503 when that cannot be now."""
    try:
        await intake.put(batch)
    except NotStored as error:  # noted where it failed, once for all who waited
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}) from error


def add_routes(app: web.Application) -> None:
    """Serve Meta's webhook from `app`, which must hold `SETTINGS`, `INTAKE` and the usual headers."""
    webhook = Webhook(app[SETTINGS], app[INTAKE], app[USUAL])
    app[READING] = Reading()
    app.router.add_get(PATH, webhook.handshake, allow_head=False)
    app.router.add_post(PATH, webhook.receive)
