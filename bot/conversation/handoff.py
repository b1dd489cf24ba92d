"""A person takes over: the professional is told and the bot is silent until released."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Conversation
from ..notify import outbox
from ..notify.render import chat
from ..whatsapp.outgoing import Outgoing, Text
from . import buttons
from .brain import Answer
from .scene import Scene
from .silence import SILENCE, tell_owner


async def call_person(session: AsyncSession, here: Scene) -> Outgoing:
    """Tell the professional that a client wants a person, and fall silent."""
    if here.professional is None or here.is_professional:
        return Text(chat("nobody_to_call"))
    conversation = await session.get_one(Conversation, here.conversation.id)
    conversation.silent_until = here.now + SILENCE
    words = chat("person_called_notice", client=here.asker.name or "Um cliente")
    await tell_owner(session, conversation, here.professional, "person_called", words, here.now)
    hours = SILENCE // timedelta(hours=1)
    return Text(chat("person_called", professional=here.professional.name, hours=hours))


async def release(session: AsyncSession, here: Scene, tap: buttons.Tap) -> Answer:
    """Let the bot speak again in a client's conversation; only the professional it belongs to may say so."""
    if here.own is None:
        return Answer(say=Text(chat("foreign_button")))
    found = await session.scalar(
        select(Conversation).where(Conversation.id == tap.id, Conversation.professional_id == here.own.id)
    )
    if found is None:
        return Answer(say=Text(chat("foreign_button")))
    if found.silent_until is not None and found.silent_until > here.now:  # tapped again, or long over: nobody is back
        found.silent_until = None
        await outbox.say(session, Text(chat("bot_back")), found, now=here.now)
    return Answer(say=Text(chat("released")))


def silent(here: Scene) -> bool:
    """Tell whether a person has taken over this conversation."""
    until = here.conversation.silent_until
    return until is not None and until > here.now and not here.is_professional
