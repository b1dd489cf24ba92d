"""Stripe's webhook: verify the raw bytes, store the event once, answer; what it means is found out afterwards."""

import logging
from typing import Any

from aiohttp import web

from bot.billing.events import keep
from bot.billing.signature import verify
from bot.whatsapp.tolerant import decode

from .bodies import body_of
from .keys import BELL, CLOCK, DATABASE, SETTINGS
from .strangers import Strangers

log = logging.getLogger(__name__)

PATH = "/webhooks/stripe"
LIMIT = 1024 * 1024  # an event is some kilobytes
_strangers = Strangers("stripe")


async def receive(request: web.Request) -> web.Response:
    """Answer 200 when the event is committed; 400 unsigned or unreadable, 404 without a secret, 503 come again."""
    secrets = [secret.get_secret_value() for secret in request.app[SETTINGS].stripe_webhook_secret]
    if not any(secrets):  # an empty secret signs whatever anybody sends
        raise web.HTTPNotFound
    raw, now = await body_of(request, LIMIT), request.app[CLOCK].now()
    if not verify(raw, request.headers.get("Stripe-Signature"), secrets, now):
        _strangers.note(bytes=len(raw))
        raise web.HTTPBadRequest(text="invalid signature")
    event = _event(raw)
    try:
        async with request.app[DATABASE].begin() as session:
            new = await keep(session, event, now)
    except Exception as error:
        log.exception("an event could not be stored", extra={"reason": type(error).__name__})
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}) from error
    if new:
        await request.app[BELL].ring("bill", key="now")
    return web.Response(text="OK")


def _event(raw: bytes) -> dict[str, Any]:
    try:
        event = decode(raw)
    except ValueError:
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("id"), str):
        raise web.HTTPBadRequest(text="not an event")
    return event


def add_routes(app: web.Application) -> None:
    app.router.add_post(PATH, receive)
