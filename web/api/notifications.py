"""What a user is told inside the application: a list, a count, and a stream that is alive."""

import asyncio
import math
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import TooMany, Unauthenticated
from bot.models import Notification
from bot.whatsapp.tolerant import our_id

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..keys import CLOSING, PULSE, STREAMS
from ..middleware import add_headers
from ..paging import BadCursor, Page, Paged, after_cursor, page
from ..schemas import Answer, Body

# A row is as old as the request that wrote it: it may come behind a younger one, by as long as a request may take.
LATE = timedelta(seconds=15)
# A page that comes back later than this has its list to read.
AWAY = timedelta(hours=1)
# Of one user in one process: a page on every screen they have. Each asks the database every two seconds.
MOST_STREAMS = 5
_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


class NotificationView(Answer):
    id: UUID
    kind: str = Field(examples=["booking_request_received"])
    title: str = Field(examples=["Novo pedido de horário"])
    body: str
    appointment_id: UUID | None
    read_at: datetime | None
    created_at: datetime


class Listing(Paged):
    unread: bool = False


class NotificationPage(Page[NotificationView]):
    unread: int


class Seen(Body):
    """Which ones were read; all of them when none is named."""

    ids: Annotated[list[UUID], Field(max_length=100)] | None = None


class Unread(Answer):
    unread: int


@endpoint("GET", "/api/notifications", who=Who.USER, refuses=(BadCursor,))
async def list_notifications(call: Call, query: Listing) -> NotificationPage:
    """List the caller's notifications, the newest first, with the number of unread ones."""
    mine = select(Notification).where(Notification.user_id == call.user.user_id)
    if query.unread:
        mine = mine.where(Notification.read_at.is_(None))
    async with call.db.begin() as session:
        found = await session.scalars(after_cursor(mine, query, Notification.created_at, Notification.id, falling=True))
        rows, unread = found.all(), await _unread(session, call)
    shown = page(rows, query, lambda row: (row.created_at, row.id), _view)
    return NotificationPage(items=shown.items, next=shown.next, unread=unread)


@endpoint("PATCH", "/api/notifications", who=Who.USER)
async def mark_read(call: Call, body: Seen) -> Unread:
    """Mark notifications as read; those of others are not touched."""
    mine = [Notification.user_id == call.user.user_id, Notification.read_at.is_(None)]
    if body.ids is not None:
        mine.append(Notification.id.in_(body.ids))
    async with call.db.begin() as session:
        await session.execute(update(Notification).where(*mine).values(read_at=call.now))
        return Unread(unread=await _unread(session, call))


@endpoint("GET", "/api/notifications/stream", who=Who.USER, content_type="text/event-stream")
async def stream(call: Call) -> web.StreamResponse:
    """Stream new notifications as server-sent events, for ten minutes at most.

    A browser that comes back names the last one it heard (`Last-Event-ID`) and is told what came since; one or the
    other may then come twice, with the same id.
    """
    open_ones = call.request.app[STREAMS]
    if open_ones[call.user.user_id] >= MOST_STREAMS:
        raise TooMany(retry_after=math.ceil(call.request.app[PULSE].look))
    open_ones[call.user.user_id] += 1
    try:
        response = web.StreamResponse(headers=_HEADERS)
        add_headers(call.request, response)
        await response.prepare(call.request)
        # The page was closed, or its session ended, or it takes nothing any more: none of it is a failure.
        with suppress(ConnectionResetError, Unauthenticated, TimeoutError):
            async with asyncio.timeout(call.request.app[PULSE].longest * 1.1):
                await _tell(call, response)
        return response
    finally:
        open_ones[call.user.user_id] -= 1
        open_ones += Counter()  # forget whoever has none left


async def _tell(call: Call, response: web.StreamResponse) -> None:
    """Write what comes until the server goes down, the time is over, or the caller may hear no more."""
    closing, pulse, loop = call.request.app[CLOSING], call.request.app[PULSE], asyncio.get_running_loop()
    told = await _heard_before(call)
    begun = min([call.now, *(at - LATE for at in told.values())])
    waited, ends = 0.0, loop.time() + pulse.longest
    while loop.time() < ends:
        since = max([begun, *(at - LATE for at in told.values())])
        for row in await _after(call, since, told):
            waited, told[row.id] = 0.0, row.created_at
            await response.write(f"id: {row.id}\ndata: {_view(row).model_dump_json()}\n\n".encode())
        told = {key: at for key, at in told.items() if at > since}
        if waited >= pulse.heartbeat:
            waited = 0.0
            await call.gate.get_user(call.request, call.clock.now())
            await response.write(b": alive\n\n")
        with suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), pulse.look)
            return
        waited += pulse.look


async def _heard_before(call: Call) -> dict[UUID, datetime]:
    """Return the notification that a browser says it heard last, and when that was written."""
    last = our_id(call.request.headers.get("Last-Event-ID"))
    if last is None:
        return {}
    mine = (Notification.id == last, Notification.user_id == call.user.user_id)
    async with call.db.begin() as session:
        at = await session.scalar(
            select(Notification.created_at).where(*mine, Notification.created_at > call.now - AWAY)
        )
    return {last: at} if at else {}


async def _after(call: Call, since: datetime, told: Collection[UUID]) -> list[Notification]:
    """Read what came after a moment and was not told yet."""
    mine = (Notification.user_id == call.user.user_id, Notification.created_at > since)
    new = select(Notification).where(*mine, Notification.id.not_in(told)).order_by(Notification.created_at).limit(100)
    async with call.db.begin() as session:
        return list(await session.scalars(new))


async def _unread(session: AsyncSession, call: Call) -> int:
    mine = (Notification.user_id == call.user.user_id, Notification.read_at.is_(None))
    return await session.scalar(select(func.count()).select_from(Notification).where(*mine)) or 0


def _view(row: Notification) -> NotificationView:
    return NotificationView.model_validate(row, from_attributes=True)


ENDPOINTS: tuple[Endpoint, ...] = (list_notifications, mark_read, stream)
