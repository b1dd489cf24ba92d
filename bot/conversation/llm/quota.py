"""What a plan allows of the models: turns a month, and voice notes. The rules answer whatever is used up."""

import logging
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ... import phrases
from ...billing.plans import PLANS, Terms
from ...billing.usage import Counted, count
from ...clock import Clock
from ...db import Database
from ...models import Conversation, Notification, Professional, User
from ...models.enums import Channel, Plan
from ...notify import outbox
from ...notify.render import chat
from ...whatsapp.outgoing import Text
from ..brain import Answer, Brain, BrainFailed, Heard

log = logging.getLogger(__name__)

# WhatsApp takes free text for a day after the person's last word; a little less, for it may wait to be sent.
_WINDOW = timedelta(hours=23)


class Metered:
    """A brain whose turns are counted against the professional's plan."""

    def __init__(self, brain: Brain, db: Database, clock: Clock) -> None:
        self._brain, self._db, self._clock = brain, db, clock

    async def answer(self, heard: Heard) -> Answer:
        """Answer with the brain, or raise `BrainFailed` where the month's turns are used up.

        A turn that the brain could not answer is not counted.
        """
        whose = heard.asker.professional_id
        if whose is None:
            return await self._brain.answer(heard)
        now = self._clock.now()
        async with self._db.begin() as session:
            left = await take_turn(session, whose, now=now)
        if not left:
            raise BrainFailed("the plan's turns are used up")
        try:
            return await self._brain.answer(heard)
        except BaseException:
            async with self._db.begin() as session:
                await give_back(session, whose, now=now)
            raise


async def take_turn(session: AsyncSession, professional_id: UUID, *, now: datetime) -> bool:
    """Count one turn; False where none is left, which the professional is told once a month."""
    row = await session.get_one(Professional, professional_id)
    limit, month = PLANS[row.plan].model_turns_a_month, _month(row, now)
    if await count(session, row.id, Counted.MODEL_TURNS, month=month, limit=limit):
        return True
    if await count(session, row.id, Counted.TOLD_OF_TURNS, month=month, limit=1):
        await _tell(session, row, now)
    return False


async def give_back(session: AsyncSession, professional_id: UUID, *, now: datetime) -> None:
    """Uncount a turn that came to nothing."""
    row = await session.get_one(Professional, professional_id)
    await count(session, row.id, Counted.MODEL_TURNS, month=_month(row, now), limit=None, by=-1)


def _month(row: Professional, now: datetime) -> date:
    return now.astimezone(ZoneInfo(row.timezone)).date().replace(day=1)


async def _tell(session: AsyncSession, row: Professional, now: datetime) -> None:
    """Tell the owner that the rules answer until the month ends, and which plan has more turns."""
    more = _plan_with_more(row.plan)
    words = chat(
        "model_turns_used",
        limit=_thousands(PLANS[row.plan].model_turns_a_month),
        plan=more[0].value.capitalize() if more else "",
        price=phrases.money(more[1].price_cents) if more else "",
        more=_thousands(more[1].model_turns_a_month) if more else "",
    )
    session.add(Notification(user_id=row.user_id, kind="model_turns_used", title="Plano", body=words, created_at=now))
    theirs = await session.scalar(
        select(Conversation)
        .join(User, User.contact_id == Conversation.contact_id)
        .where(
            User.id == row.user_id, Conversation.channel != Channel.APP, Conversation.last_inbound_at > now - _WINDOW
        )
        .order_by(Conversation.last_inbound_at.desc())
        .limit(1)
    )
    if theirs is not None:
        await outbox.say(session, Text(words), theirs, now=now)


def _plan_with_more(plan: Plan) -> tuple[Plan, Terms] | None:
    """Return the next plan that has more turns, or None for those who have the most."""
    limit = PLANS[plan].model_turns_a_month
    return next(((each, terms) for each, terms in PLANS.items() if terms.model_turns_a_month > limit), None)


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", ".")
