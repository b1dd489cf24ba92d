"""The secret of whoever runs the clock, asked of a request."""

from aiohttp import web

from bot.cron_secret import holds
from bot.errors import Unauthenticated
from bot.settings import Settings


def check_cron_secret(request: web.Request, settings: Settings) -> None:
    """Raise `Unauthenticated`, without telling why, unless one of the two headers holds the secret."""
    if not holds(request.headers, settings.cron_secret):
        raise Unauthenticated
