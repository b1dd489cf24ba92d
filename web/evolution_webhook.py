"""Evolution's webhook: prove who calls, store, answer; nothing else happens here.

Nothing is signed there, so a secret of ours travels in a header. Evolution asks again for a while unless it hears
200 or one of 400, 401, 403, 404 and 422: a fault of ours that may pass must be none of these.
"""

import hmac
import re

from aiohttp import web

from bot.whatsapp.evolution.payloads import parse, unreadable
from bot.whatsapp.tolerant import decode

from .bodies import body_of
from .keys import INTAKE, SETTINGS
from .strangers import Strangers
from .webhooks import store

PATH = "/webhooks/evolution/{instance}"
# Media may come inside, as base64: 16 MB of voice note are 22.
LIMIT = 24 * 1024 * 1024
_strangers = Strangers("evolution")
_INSTANCE = re.compile(r"[^/\x00-\x1f]{1,64}")


async def receive(request: web.Request) -> web.Response:
    """Store a delivery and answer 200; 401 without the token, 408 too slow, 413 too large, 503 come again."""
    if not _authentic(request):
        _strangers.note()
        raise web.HTTPUnauthorized(text="Token inválido")
    instance = request.match_info["instance"]
    if not _INSTANCE.fullmatch(instance):
        raise web.HTTPNotFound
    raw = await body_of(request, LIMIT, known=True)
    try:
        batch = parse(decode(raw), instance)
    except ValueError:
        batch = unreadable(raw, instance)
    if batch.events:
        await store(request.app[INTAKE], batch)
    return web.Response(text="OK")


def _authentic(request: web.Request) -> bool:
    """Compare the token, which comes as a Bearer header, or in the address where no header can be set."""
    token = request.app[SETTINGS].evolution_webhook_token.get_secret_value()
    header = request.headers.get("Authorization", "")
    scheme, _, shown = header.partition(" ")
    given = shown.strip() if scheme.lower() == "bearer" else request.query.get("token", "")
    right = hmac.compare_digest(given.encode(errors="replace"), token.encode())
    return bool(token) and right


def add_routes(app: web.Application) -> None:
    """Serve Evolution's webhook from `app`; with "byEvents" it appends the name of the event to the address."""
    app.router.add_post(PATH, receive)
    app.router.add_post(PATH + "/{event}", receive)
