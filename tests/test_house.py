"""The demonstration's clock: time that is jumped over is no time in which Meta kept silent."""

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from bot.commands.house import free_port, house
from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Inbound, Outbound
from bot.models.enums import InboundKind
from bot.seed import CLIENTS
from bot.serving import serve

from .whatsapp.simulated import until

MINUTE = timedelta(minutes=1)


async def test_what_was_just_sent_has_its_status_before_the_clock_jumps(tmp_path: Path) -> None:
    url, port = f"sqlite+aiosqlite:///{tmp_path / 'house.sqlite3'}", free_port()
    await asyncio.to_thread(migrate, url)
    async with house(url, port) as here, serve(here.app, "127.0.0.1", port):
        phone, began = CLIENTS[0].phone, here.simulator.clock.now()
        await here.simulator.say(phone, "oi")
        await until(lambda: not here.simulator.screen(phone)[-1].mine)
        assert here.simulator.screen(phone)[-1].status == "accepted"
        await here.jump(timedelta(hours=1))
        db = Database(url)
        async with db.begin() as session:
            sent = await session.scalar(select(func.max(Outbound.sent_at)).where(Outbound.sent_at < began + MINUTE))
            told = await session.scalars(select(Inbound.provider_at).where(Inbound.kind == InboundKind.STATUS))
            moments = [moment for moment in told if moment]
        await db.close()
    assert sent
    assert min(moments) - sent < MINUTE
