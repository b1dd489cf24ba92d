"""What a user is told inside the application: a list, a count, and a stream that is alive."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.models import Notification

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..keys import CLOSING
from ..paging import BadCursor, Page, Paged, after_cursor, page
from ..schemas import Answer, Body

# A reader who looks away for two seconds misses nothing; the table is asked by index.
LOOK = 2.0
# Below the idle limits of proxies.
HEARTBEAT = 15.0
# A stream outlives neither its token nor a deploy by much: the page opens another one.
LONGEST = 600.0


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
    """Stream new notifications as server-sent events, for ten minutes at most."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(call.request)
    closing = call.request.app[CLOSING]
    after, waited, began = call.now, 0.0, asyncio.get_running_loop().time()
    try:
        while asyncio.get_running_loop().time() - began < LONGEST:
            for row in await _since(call, after):
                after, waited = row.created_at, 0.0
                await response.write(f"id: {row.id}\ndata: {_view(row).model_dump_json()}\n\n".encode())
            if waited >= HEARTBEAT:
                waited = 0.0
                await response.write(b": alive\n\n")
            with suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), LOOK)
                return response  # the server is going down
            waited += LOOK
    except ConnectionResetError:
        pass  # the page was closed
    return response


async def _since(call: Call, after: datetime) -> list[Notification]:
    mine = (Notification.user_id == call.user.user_id, Notification.created_at > after)
    async with call.db.begin() as session:
        rows = await session.scalars(select(Notification).where(*mine).order_by(Notification.created_at).limit(100))
        return list(rows)


async def _unread(session: AsyncSession, call: Call) -> int:
    mine = (Notification.user_id == call.user.user_id, Notification.read_at.is_(None))
    return await session.scalar(select(func.count()).select_from(Notification).where(*mine)) or 0


def _view(row: Notification) -> NotificationView:
    return NotificationView.model_validate(row, from_attributes=True)


ENDPOINTS: tuple[Endpoint, ...] = (list_notifications, mark_read, stream)
