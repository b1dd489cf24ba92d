"""The answer to "Quer fechar a agenda nesse dia?": a tap, or a plain yes or no right after it."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..agenda import daysoff, holidays
from ..agenda.holiday_question import ASKED, CLOSE, WORK, standing_lines
from ..agenda.hours import zone_of
from ..models import Outbound, Professional
from ..notify.render import chat
from ..whatsapp.outgoing import Text
from .brain import Answer
from .buttons import Tap, decode
from .scene import Scene
from .yesno import read_yes_no

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


async def said(session: AsyncSession, here: Scene) -> Answer | None:
    """Sim or Não while the question is the last thing that was asked."""
    menu = here.state.get("menu") or []
    tap = decode(str(menu[0])) if menu else None
    if tap is None or tap.verb != CLOSE or here.payload or here.pending is not None:
        return None
    decision = read_yes_no(here.text)
    if decision is None or not await _asked_last(session, here):
        return None
    return await tapped(session, here, Tap(CLOSE if decision else WORK, tap.value))


async def _asked_last(session: AsyncSession, here: Scene) -> bool:
    """Tell whether nothing was said since: a request that came after the question may be what "sim" is about."""
    key = await session.scalar(
        select(Outbound.dedup_key)
        .where(Outbound.conversation_id == here.conversation.id, Outbound.sent_at.is_not(None))
        .order_by(Outbound.sent_at.desc(), Outbound.id.desc())
        .limit(1)
    )
    return str(key).startswith(ASKED)


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
