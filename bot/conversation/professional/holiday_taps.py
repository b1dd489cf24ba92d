"""The answer to "Quer fechar a agenda nesse dia?"; a plain yes or no right after it is read as a tap."""

from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from ... import phrases
from ...agenda import daysoff, holidays
from ...agenda.holiday_question import CLOSE, WORK, standing_lines
from ...agenda.hours import zone_of
from ...models import Professional
from ...notify.render import chat
from ...whatsapp.outgoing import Text
from ..brain import Answer
from ..buttons import Tap
from ..scene import Scene

VERBS = frozenset({CLOSE, WORK})


async def tapped(session: AsyncSession, here: Scene, tap: Tap) -> Answer:
    """Fechar a agenda or Atender normalmente: written at once, and changed as often as it is tapped."""
    if here.own is None:
        return Answer(say=Text(chat("foreign_button")))
    try:
        day = date.fromisoformat(tap.value)
    except ValueError:
        return Answer(say=Text(chat("foreign_button")))
    if day < here.now.astimezone(zone_of(here.own.timezone)).date():
        return Answer(say=Text(chat("old_button")))
    return await _decided(session, here, here.own, day, closing=tap.verb == CLOSE)


async def _decided(session: AsyncSession, here: Scene, own: Professional, day: date, *, closing: bool) -> Answer:
    known = await holidays.between(day, day + timedelta(days=1))
    name = known[0].name if known else "feriado"
    await daysoff.decide(session, own.id, day, closing=closing, reason=name)
    today = here.now.astimezone(zone_of(own.timezone)).date()
    words = {"day": phrases.day(day, today), "name": name}
    if closing:
        lines = await standing_lines(session, own, day)
        return Answer(say=Text(chat("holiday_closed", lines=lines, **words)))
    return Answer(say=Text(chat("holiday_worked", **words)))
