"""The web application, put together: what it needs comes in, nothing is looked up from inside."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from sqlalchemy import text

from bot.clock import Clock
from bot.db import Database
from bot.queue import Bell
from bot.settings import Settings
from bot.whatsapp.intake import Intake

from . import webhooks
from .keys import DATABASE, INTAKE, SETTINGS

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a fault of ours with a generic 500; the details go to the log only."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("a request failed", extra={"method": request.method, "route": _route(request)})
        return web.json_response(
            {"error": {"code": "internal", "message": "Algo deu errado. Tente de novo em instantes."}}, status=500
        )


def _route(request: web.Request) -> str:
    """Return the route's pattern: a path may carry somebody's phone or a token."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


async def _headers(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


async def healthz(_request: web.Request) -> web.Response:
    """Say that the process runs."""
    return web.json_response({"ok": True})


async def readyz(request: web.Request) -> web.Response:
    """Say that the database answers."""
    try:
        async with request.app[DATABASE].begin() as session:
            await session.execute(text("SELECT 1"))
    except Exception as error:
        log.warning("not ready", extra={"reason": type(error).__name__})
        return web.json_response({"ok": False, "database": False}, status=503)
    return web.json_response({"ok": True, "database": True})


def create(settings: Settings, db: Database, bell: Bell, clock: Clock) -> web.Application:
    """Return the application; whoever runs it closes `db` and the bell."""
    app = web.Application(middlewares=[guard])
    app[SETTINGS], app[DATABASE] = settings, db
    intake = Intake(db, bell, clock, burst_wait=settings.burst_wait_seconds)
    app[INTAKE] = intake
    app.on_response_prepare.append(_headers)

    async def close_intake(_app: web.Application) -> None:
        await intake.close()

    app.on_cleanup.append(close_intake)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    webhooks.add_routes(app)
    return app
