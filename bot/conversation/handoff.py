"""A person takes over: the professional is told and the bot is silent until released."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Conversation, Notification, User
from ..notify import outbox
from ..notify.render import chat
from ..whatsapp.outgoing import Choices, Option, Outgoing, Text
from . import buttons
from .brain import Answer
from .scene import Scene

# Silence ends by itself: a forgotten hand-off must not leave a client unanswered for days.
SILENCE = timedelta(hours=12)


async def call_person(session: AsyncSession, here: Scene) -> Outgoing:
    """Tell the professional that a client wants a person, and fall silent."""
    if here.professional is None or here.is_professional:
        return Text(chat("nobody_to_call"))
    conversation = await session.get_one(Conversation, here.conversation.id)
    conversation.silent_until = here.now + SILENCE
    owner = (await session.scalars(select(User).where(User.id == here.professional.user_id))).one()
    words = chat("person_called_notice", client=here.asker.name or "Um cliente")
    session.add(
        Notification(user_id=owner.id, kind="person_called", title="Atendimento", body=words, created_at=here.now)
    )
    if owner.contact_id and (theirs := await _conversation_of(session, owner.contact_id)):
        release = Option(buttons.encode(buttons.RELEASE, conversation.id), "Devolver ao Odys")
        await outbox.say(session, Choices(words, (release,)), theirs, now=here.now)
    return Text(chat("person_called", professional=here.professional.name))


async def release(session: AsyncSession, here: Scene, tap: buttons.Tap) -> Answer:
    """Let the bot speak again in a client's conversation; only the professional it belongs to may say so."""
    found = await session.scalar(
        select(Conversation).where(
            Conversation.id == tap.id, Conversation.professional_id == (here.own.id if here.own else None)
        )
    )
    if found is None:
        return Answer(say=Text(chat("foreign_button")))
    found.silent_until = None
    await outbox.say(session, Text(chat("bot_back")), found, now=here.now)
    return Answer(say=Text(chat("released")))


async def _conversation_of(session: AsyncSession, contact_id: object) -> Conversation | None:
    return await session.scalar(
        select(Conversation)
        .where(Conversation.contact_id == contact_id)
        .order_by(Conversation.last_inbound_at.desc().nulls_last())
        .limit(1)
    )


def silent(here: Scene) -> bool:
    """Tell whether a person has taken over this conversation."""
    until = here.conversation.silent_until
    return until is not None and until > here.now and not here.is_professional
