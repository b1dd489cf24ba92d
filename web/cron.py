"""The secret of whoever runs the clock: `x-cron-secret`, or `Authorization: Bearer`."""

import hmac

from aiohttp import web

from bot.errors import Unauthenticated
from bot.settings import Settings


def check_cron_secret(request: web.Request, settings: Settings) -> None:
    """Raise `Unauthenticated`, without telling why, unless one of the two headers holds the secret."""
    secret = settings.cron_secret.get_secret_value().encode()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = [request.headers.get("x-cron-secret", ""), token.strip() if scheme.lower() == "bearer" else ""]
    right = [hmac.compare_digest(value.encode(errors="surrogateescape"), secret) for value in given]
    if not secret or not any(right):
        raise Unauthenticated
