"""`/agenda/{key}.ics`: a professional's agenda for their own calendar, by a link that only they have."""

import asyncio
import re
from datetime import timedelta

from aiohttp import web
from sqlalchemy import select

from bot.agenda.lifecycle import BLOCKING
from bot.models import Appointment, Client, Professional
from bot.models.enums import Status

from .keys import CLOCK, COUNTER, DATABASE
from .limits import Limit, admit

# A calendar shows what was, too; a year of past would only make every fetch heavy.
PAST = timedelta(days=60)
MOST = 2000
_KEY = re.compile(r"[A-Za-z0-9_-]{32,48}", re.ASCII)


async def show(request: web.Request) -> web.Response:
    """Answer with the agenda, or 404 to a key that is none: nothing tells a wrong key from an old one."""
    from bot.notify.email import calendar  # noqa: PLC0415 - only whoever asks for a feed pays for the library

    key, now = request.match_info["key"], request.app[CLOCK].now()
    if not _KEY.fullmatch(key):
        raise web.HTTPNotFound
    await admit(request.app[COUNTER], Limit.FEED, key)
    async with request.app[DATABASE].begin() as session:
        owner = await session.scalar(select(Professional).where(Professional.calendar_key == key))
        if owner is None:
            raise web.HTTPNotFound
        rows = (
            await session.execute(
                select(Appointment, Client.name)
                .join(Client, Client.id == Appointment.client_id)
                .where(
                    Appointment.professional_id == owner.id,
                    Appointment.start_at > now - PAST,
                    Appointment.status.in_(BLOCKING),
                )
                .order_by(Appointment.start_at)
                .limit(MOST)
            )
        ).all()
    entries = [
        calendar.Entry(
            id=row.id,
            sequence=row.sequence,
            start_at=row.start_at,
            end_at=row.end_at,
            summary=f"{name}: {row.service_name}",
            location=owner.address,
            confirmed=row.status is not Status.PENDING_CONFIRMATION,
        )
        for row, name in rows
    ]
    # Half a second for a full agenda: beside the loop, where nobody else waits for it.
    body = await asyncio.to_thread(calendar.feed, f"Odys: {owner.name}", entries, now=now)
    headers = {"Content-Type": "text/calendar; charset=utf-8", "Cache-Control": "private, max-age=300"}
    return web.Response(body=body, headers=headers)


def add_routes(app: web.Application) -> None:
    app.router.add_get("/agenda/{key}.ics", show)
