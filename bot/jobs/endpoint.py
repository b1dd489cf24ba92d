"""Our own address seen from outside: does it answer as Meta expects, and for how long will its certificate do so?"""

import asyncio
import secrets
import ssl
from datetime import UTC, datetime, timedelta

import aiohttp
from yarl import URL

from ..settings import Settings
from .findings import Finding, State, unset
from .reach import WEBHOOK

TIMEOUT = aiohttp.ClientTimeout(total=8, sock_connect=3)
# Certificates renew themselves a month before their end: with a week left, nobody is renewing this one.
EXPIRES_SOON = timedelta(days=7)


async def endpoint(http: aiohttp.ClientSession, settings: Settings, now: datetime) -> list[Finding]:
    """Ask PUBLIC_URL what Meta asks it; the token travels, so only where it is encrypted."""
    if not settings.cloud:
        return [unset("endpoint", "endpoint_unneeded")]
    if not settings.production:
        return [unset("endpoint", "endpoint_unset")]
    if not settings.public_url.startswith("https://"):
        return [Finding("endpoint", State.BAD, "endpoint_plain", {"address": settings.public_url})]
    return [await handshake(http, settings, now)]


async def handshake(http: aiohttp.ClientSession, settings: Settings, now: datetime) -> Finding:
    """Do Meta's handshake with ourselves through PUBLIC_URL."""
    challenge = secrets.token_hex(8)
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": settings.whatsapp_verify_token.get_secret_value(),
    }
    url = URL(settings.public_url.rstrip("/") + WEBHOOK).with_query(query)
    try:
        async with http.get(url, timeout=TIMEOUT, allow_redirects=False) as answer:
            body = (await answer.content.read(200)).decode(errors="replace")
        ends = await _certificate_end(url) if url.scheme == "https" else None
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        return Finding("endpoint", State.BAD, "endpoint_unreached", {"reason": type(error).__name__})
    if answer.status != 200 or body != challenge:
        return Finding("endpoint", State.BAD, "endpoint_wrong", {"status": answer.status, "path": WEBHOOK})
    if ends is not None and ends - now < EXPIRES_SOON:
        return Finding("endpoint", State.WARN, "endpoint_expires", {"days": max(0, (ends - now).days)})
    return Finding("endpoint", State.OK, "endpoint_fine")


async def _certificate_end(url: URL) -> datetime:
    """Return when the server's certificate ends, over a connection of its own: that of the answer is closed by now."""
    async with asyncio.timeout(TIMEOUT.total):
        context = ssl.create_default_context()
        _, writer = await asyncio.open_connection(url.host, url.port, ssl=context)
        certificate = writer.get_extra_info("peercert")
        writer.close()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
