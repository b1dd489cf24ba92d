"""`/metrics`: the numbers of this process and of the queues, for Prometheus."""

from aiohttp import web

from bot.cron_secret import may_read
from bot.jobs.page import shown
from bot.metrics import answered

from .keys import CLOCK, DATABASE, SETTINGS

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


async def show(request: web.Request) -> web.Response:
    """Show the metrics to whoever holds CRON_SECRET; to anybody where none is set."""
    if not may_read(request.headers, request.app[SETTINGS].cron_secret):
        raise web.HTTPUnauthorized(text="Não autenticado", headers={"WWW-Authenticate": "Bearer"})
    return await shown(request.app[DATABASE], request.app[CLOCK])


def note(request: web.Request, status: int, seconds: float) -> None:
    """Count an answer by its route's pattern; what a stranger makes up is one word."""
    resource = request.match_info.route.resource
    method = request.method if request.method in _METHODS else "other"
    answered(method, resource.canonical if resource else "unknown", status, seconds)
