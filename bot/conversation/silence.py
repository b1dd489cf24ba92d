"""The bot steps back: silent in a conversation for a while, its owner told, with the button that gives it back."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Contact, Conversation, Notification, Outbound, Professional, User
from ..models.enums import Channel
from ..notify import outbox
from ..notify.message import NOTICE
from ..notify.render import chat
from ..whatsapp import window
from ..whatsapp.outgoing import Choices, Option
from . import buttons

# Silence ends by itself: a forgotten hand-off must not leave a client unanswered for days.
SILENCE = timedelta(hours=12)


async def typed_by_hand(
    session: AsyncSession, conversation: Conversation, client: Contact, *, at: datetime, now: datetime
) -> None:
    """Be silent where a person of ours types at `at`; the owner of the agenda is told once that the bot steps back."""
    until = at + SILENCE
    was_silent = conversation.silent_until is not None and conversation.silent_until > now
    if was_silent or until <= now:
        conversation.silent_until = max(until, conversation.silent_until or until)
        return
    conversation.silent_until = until
    if conversation.professional_id is not None:
        agenda = await session.get_one(Professional, conversation.professional_id)
        words = chat("typed_by_hand_notice", client=client.name or "um cliente", hours=SILENCE // timedelta(hours=1))
        await tell_owner(session, conversation, agenda, "typed_by_hand", words, now, besides=client.id)


async def tell_owner(
    session: AsyncSession,
    about: Conversation,
    agenda: Professional,
    kind: str,
    words: str,
    now: datetime,
    besides: UUID | None = None,
) -> None:
    """Tell the owner of an agenda about a client's conversation, with the button that gives it back to the bot.

    Where no free text may be sent to them, a letter is, if they have an address.
    """
    owner = (await session.scalars(select(User).where(User.id == agenda.user_id))).one()
    if owner.contact_id is not None and owner.contact_id == besides:
        return
    session.add(Notification(user_id=owner.id, kind=kind, title="Atendimento", body=words, created_at=now))
    theirs = await _conversation_of(session, owner.contact_id) if owner.contact_id else None
    if owner.email and not (theirs and window.is_open(theirs.last_inbound_at, now, theirs.channel)):
        session.add(_letter(owner.email, agenda.id, words, now))
    elif theirs is not None:
        button = Option(buttons.encode(buttons.RELEASE, about.id), "Devolver ao Odys")
        await outbox.say(session, Choices(words, (button,)), theirs, now=now)


def _letter(to: str, professional_id: UUID, words: str, now: datetime) -> Outbound:
    subject = words.replace("*", "").partition(". ")[0]
    text = words.replace("*", "**")
    ends = now + SILENCE  # by then the bot answers again
    return outbox.alert(to, subject, text, priority=NOTICE, now=now, expires_at=ends, professional_id=professional_id)


async def _conversation_of(session: AsyncSession, contact_id: object) -> Conversation | None:
    return await session.scalar(
        select(Conversation)
        .where(Conversation.contact_id == contact_id, Conversation.channel != Channel.APP)
        .order_by(Conversation.last_inbound_at.desc().nulls_last())
        .limit(1)
    )
