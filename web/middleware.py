"""What every request goes through: an id, one shape of failure, safe headers, other origins by setting."""

import logging
import random
import time
from collections.abc import Awaitable, Callable

from aiohttp import web, web_response
from multidict import CIMultiDict

from bot.db import passing
from bot.errors import Refused, Unavailable
from bot.settings import Settings

from . import metrics
from .keys import REQUEST_ID, SETTINGS
from .refusals import GENERIC, error, of_http, of_refused

log = logging.getLogger(__name__)

# Our versions are nobody's business. Here and not with the other headers: what never becomes a request, the server
# itself answers.
SERVER = "odys"
vars(web_response)["SERVER_SOFTWARE"] = SERVER

# Noted where nobody waited for the answer; the number is nginx's.
HUNG_UP = 499

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    # An answer of the API shows nothing and loads nothing; pages bring a policy of their own.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
USUAL = web.AppKey("usual headers", CIMultiDict[str])
_YEAR = "max-age=31536000; includeSubDomains"
_ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "600",
}
# A browser hides every other header from a page of another origin.
_EXPOSED = "ETag, Location, Retry-After, X-Request-ID"


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals and faults into answers, and note each; the details of a fault go to the log only.

    Whoever sends an answer while it is made (a stream) calls `add_headers` first.
    """
    request[REQUEST_ID] = f"{random.getrandbits(64):016x}"
    began, status = time.perf_counter(), HUNG_UP
    try:
        try:
            answer = await handler(request)
        except Exception as failed:
            answer = _failed(request, failed)
        status = answer.status
        if not answer.prepared:
            add_headers(request, answer)
    except web.HTTPException as failed:
        status = failed.status
        add_headers(request, failed)
        raise
    finally:
        took = time.perf_counter() - began
        metrics.note(request, status, took)
    if request.path.startswith("/api/"):
        log.info("answered", extra={**_about(request), "status": status, "milliseconds": round(took * 1000, 1)})
    return answer


def _failed(request: web.Request, failed: Exception) -> web.StreamResponse:
    """Return the answer to a request that failed; what aiohttp says by itself is raised again outside of the API."""
    if isinstance(failed, Refused):
        return of_refused(failed)
    if isinstance(failed, web.HTTPException):
        if not request.path.startswith("/api/"):
            raise failed
        return _preflight(request) or of_http(failed)
    log.error("a request failed", exc_info=failed, extra=_about(request))
    return of_refused(Unavailable()) if passing(failed) else error(500, "internal", GENERIC)


def _about(request: web.Request) -> dict[str, str]:
    """Describe a request by its route's pattern: a path may carry somebody's phone or a token."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "unknown"
    return {"method": request.method, "route": route, "request": request[REQUEST_ID]}


def _preflight(request: web.Request) -> web.Response | None:
    """Answer a browser that asks whether a page of an allowed origin may call."""
    asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    return web.Response(status=204, headers=_ALLOWED) if asks and _allowed_origin(request) else None


def _allowed_origin(request: web.Request) -> str | None:
    origin = request.headers.get("Origin")
    return origin if origin and origin in request.app[SETTINGS].cors_origins else None


def set_headers(app: web.Application, settings: Settings) -> None:
    """Choose what every answer of `app` carries that has nothing else to say about it."""
    https = {"Strict-Transport-Security": _YEAR} if settings.public_url.startswith("https://") else {}
    app[USUAL] = CIMultiDict({**_HEADERS, **https})


def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add to an answer what keeps browsers careful, and the request's id."""
    headers = response.headers
    headers.merge(request.app[USUAL])  # those that it does not have
    headers["X-Request-ID"] = request[REQUEST_ID]
    if origin := _allowed_origin(request):
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = _EXPOSED
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        headers.setdefault("Vary", "Origin")
