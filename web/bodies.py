"""Bodies as they arrive: how large, how slow and how many at once, before anybody knows who sends them."""

import asyncio
from dataclasses import dataclass
from typing import Final

from aiohttp import web

PATIENCE: Final = 20.0  # seconds for a body to arrive
# Bytes of bodies that are on their way, in one process: two of Meta's largest. What comes in one piece, as nearly
# all do, is not counted, so that somebody who sends slowly and much keeps nobody else out.
ROOM: Final = 6 * 1024 * 1024


@dataclass(slots=True)
class Reading:
    """What this process holds of bodies that have not arrived whole."""

    patience: float = PATIENCE
    room: int = ROOM
    held: int = 0


READING = web.AppKey("reading", Reading)


async def body_of(request: web.Request, limit: int, *, known: bool = False) -> bytes:
    """Read the raw body within its limits, whatever the application's own limit is.

    Raise 413 beyond `limit` bytes, 408 when it takes too long, 400 when it breaks off, and 503 when too many come at
    once and slowly, unless the sender is `known`.
    """
    if request.content.is_eof() and request.content.total_bytes <= limit:  # all here already: nothing to wait for
        return request.content.read_nowait()
    if (request.content_length or 0) > limit:
        raise web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=request.content_length or 0)
    reading = Reading(room=limit) if known else request.app.get(READING) or Reading()
    body, chunk = bytearray(), b""
    try:
        async with asyncio.timeout(reading.patience):
            async for chunk in request.content.iter_any():
                body += chunk
                reading.held += len(chunk)
                if len(body) > limit:
                    raise web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=len(body))
                if reading.held > reading.room:
                    raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"})
        return bytes(body)
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except (ConnectionError, web.RequestPayloadError) as error:
        raise web.HTTPBadRequest from error
    finally:
        reading.held -= len(body)
        # A refusal holds on to this frame for as long as its connection lives.
        body.clear()
        chunk = b""
