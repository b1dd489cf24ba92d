"""The question about a holiday: what it says and offers, and what stands on that day."""

from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..models import Professional
from ..notify.render import chat
from ..whatsapp.outgoing import Choices, Option
from . import daysoff
from .hours import DAY, at_wall, zone_of

# The verbs of its buttons; the value is the date.
CLOSE: Final = "close"
WORK: Final = "work"
# What the key of every such question begins with, in the outbox.
ASKED: Final = "holiday:"
# Lines of appointments that fit the bubble.
TOLD: Final = 6


def question(day: date, name: str, lines: str, today: date) -> Choices:
    """Return the question about a holiday, with its two buttons."""
    words = chat("ask_holiday", day=phrases.day(day, today).capitalize(), name=name, lines=lines)
    return Choices(words, (Option(f"{CLOSE}:{day}", "Fechar a agenda"), Option(f"{WORK}:{day}", "Atender normalmente")))


async def standing_lines(session: AsyncSession, own: Professional, day: date) -> str:
    """List what stands on a date, one a line; nothing when it is free."""
    zone = own.timezone
    rows = await daysoff.standing(session, own.id, at_wall(zone, day, 0), at_wall(zone, day, DAY))
    lines = [
        f"• {phrases.hour(row.start_at.astimezone(zone_of(zone)))}: {client.name}, {row.service_name}"
        for row, client in rows
    ]
    return phrases.cut(lines, TOLD, "horário", "horários")
