"""Ask each professional about the next holiday: closed, or a day like any other?

The question is free text, which Meta lets through for 24 hours after a person wrote. So it is asked inside that
window alone: whoever writes in the two weeks before a holiday is asked that day, some minutes after their last word
so that it interrupts nothing, by day, once for each holiday, and about one holiday a day. Who does not write is not
asked, and their agenda stays as it is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, exists, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ..agenda.holiday_question import ASKED, question, standing_lines
from ..agenda.holidays import Holiday, between
from ..agenda.hours import local_date
from ..agenda.workweek import usual_week
from ..db import Database, skip_locked
from ..models import (
    AvailabilityException,
    Contact,
    Conversation,
    Outbound,
    PendingAction,
    Professional,
    User,
)
from ..notify import outbox
from ..notify.these import IDS, these
from ..quiet import quiet
from ..whatsapp import window

AHEAD: Final = timedelta(days=14)
# A conversation that rests for so long is not interrupted.
PAUSE: Final = timedelta(minutes=10)
# Between two questions about holidays to one person.
APART: Final = timedelta(hours=20)
# Questions in one transaction; and people who are looked at for them, most of whom were asked already.
BATCH: Final = 50
PAGE: Final = 500
# Spelled out, so that both databases see that the partial indexes fit.
_OF_A_PROFESSIONAL = text("conversations.mode = 'professional'")
_ABOUT_A_HOLIDAY = text(f"outbound.dedup_key LIKE '{ASKED}%'")

_Due = tuple[Professional, Conversation]


async def ask_about_holidays(db: Database, now: datetime) -> int:
    """Ask who can be asked now about the first holiday they have not been asked about; count the questions."""
    today = now.date()
    # A day more on either side: it is not the same date everywhere in Brazil.
    coming = await between(today, today + AHEAD + timedelta(days=2))
    asked, last = 0, None
    while coming:
        async with db.begin() as session:
            wrote = await _who_wrote(session, now, last)
        for holiday in coming:
            asked += await _ask_those(db, holiday, now, wrote)
        if len(wrote) < PAGE:
            break
        last = wrote[-1]
    return asked


async def _ask_those(db: Database, holiday: Holiday, now: datetime, wrote: Sequence[UUID]) -> int:
    """Ask those who can be asked now about a holiday, a batch in a transaction; count the questions."""
    asked = 0
    while wrote:
        async with db.begin() as session:
            due = await _due(session, holiday, now, wrote)
            for professional, conversation in due:
                asked += await _ask(session, professional, conversation, holiday, now)
        if len(due) < BATCH:
            break
        wrote = [each for each in wrote if each > due[-1][1].id]
    return asked


def _lately(now: datetime) -> tuple[ColumnElement[bool] | TextClause, ...]:
    return (
        _OF_A_PROFESSIONAL,
        Conversation.last_inbound_at > now - window.LENGTH,
        Conversation.last_inbound_at <= now - PAUSE,
    )


async def _who_wrote(session: AsyncSession, now: datetime, last: UUID | None) -> Sequence[UUID]:
    """Read a page of the conversations of professionals who wrote lately, behind the conversation `last`.

    A statement of its own: joined with everybody, some plan or other looks through all conversations for these few.
    """
    statement = select(Conversation.id).where(*_lately(now), *([Conversation.id > last] if last else []))
    return (await session.scalars(statement.order_by(Conversation.id).limit(PAGE))).all()


async def _due(session: AsyncSession, holiday: Holiday, now: datetime, wrote: Sequence[UUID]) -> Sequence[_Due]:
    """Read the first of those who wrote and can be asked, and keep turns from them until the question is written."""
    decided = exists().where(
        AvailabilityException.professional_id == Professional.id, AvailabilityException.date == holiday.day
    )
    told = exists().where(
        Outbound.contact_id == Conversation.contact_id,
        _ABOUT_A_HOLIDAY,
        (Outbound.dedup_key.endswith(f":{holiday.day.isoformat()}") | (Outbound.created_at > now - APART)),
    )
    busy = exists().where(
        PendingAction.conversation_id == Conversation.id,
        text("pending_actions.status = 'open'"),
        PendingAction.expires_at > now,
    )
    rows = await session.execute(
        select(Professional, Conversation)
        .join(User, User.id == Professional.user_id)
        .join(Conversation, Conversation.contact_id == User.contact_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(
            these(Conversation.id, IDS),
            *_lately(now),
            Contact.opted_out_at.is_(None),
            Contact.unreachable_at.is_(None),
            ~decided,
            ~told,
            ~busy,
            # Whoever is being answered is asked in another minute: the turn has the state in its hands.
            or_(Conversation.turn_lease_until.is_(None), Conversation.turn_lease_until < now),
        )
        .order_by(Conversation.id)
        .limit(BATCH)
        # Until the question is written nobody takes the conversation, and what is read of it stays true.
        .with_for_update(of=Conversation, **skip_locked(session)),
        {"ids": wrote},
    )
    return [(professional, conversation) for professional, conversation in rows]


async def _ask(
    session: AsyncSession, professional: Professional, conversation: Conversation, holiday: Holiday, now: datetime
) -> int:
    zone = professional.timezone
    today = local_date(zone, now)
    near = today < holiday.day <= today + AHEAD
    reachable = window.is_open(conversation.last_inbound_at, now, conversation.channel)
    if not near or not reachable or quiet(now, zone) or not await _works(session, professional, holiday):
        return 0
    words = question(holiday.day, holiday.name, await standing_lines(session, professional, holiday.day), today)
    key = f"{ASKED}{professional.id}:{holiday.day.isoformat()}"
    await outbox.say(session, words, conversation, now=now, dedup_key=key)
    # What is typed next, a number or a plain yes, answers this question.
    conversation.state = {**conversation.state, "menu": [option.id for option in words.options]}
    return 1


async def _works(session: AsyncSession, professional: Professional, holiday: Holiday) -> bool:
    """Say whether the weekday of a holiday is a working day at all."""
    week = await usual_week(session, professional.id)
    return any(window.weekday == holiday.day.weekday() for window in week)
