"""The professional's assistant on a page: one message in, what it says comes back."""

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation import in_app
from bot.models import Contact, User
from bot.whatsapp.outgoing import Choices, Outgoing, plain

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..limits import Limit
from ..schemas import Answer, Body, Line, Prose

# How often the turn is asked after: half of it is the delay that a page feels.
LOOK = 0.1


class ChatMessage(Body):
    """What was typed, or the id of an option that was tapped."""

    text: Annotated[Prose, Field(max_length=4096, examples=["quem tenho hoje?"])] = ""
    option: Annotated[Line, Field(max_length=256)] | None = None
    # Of the caller's choosing: the same one is asked once, however often it is sent.
    idempotency_key: Annotated[Line, Field(min_length=8, max_length=100)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "ChatMessage":
        if not self.text and not self.option:
            raise ValueError("text or option")
        return self


class OptionView(Answer):
    id: str
    title: str
    description: str = ""


class Reply(Answer):
    text: str
    options: list[OptionView] = Field(default_factory=list)


class Replies(Answer):
    replies: list[Reply]
    # The turn takes longer than a request may: its answer will stand among the messages.
    thinking: bool = False


@endpoint("POST", "/api/ai/chat", who=Who.PROFESSIONAL, limit=Limit.CHAT, refuses=(in_app.KeyOfAnother,))
async def chat(call: Call, body: ChatMessage) -> Replies:
    """Talk to the assistant, as on WhatsApp: it reads at once and asks before it writes."""
    async with call.db.begin() as session:
        contact_id = await _contact(session, call)
        asked = await in_app.ask(
            session,
            contact_id,
            text=body.text,
            option=body.option,
            key=body.idempotency_key,
            now=call.clock.now(),
        )
    await call.bell.ring("turn", asked.lane, key=asked.lane)
    said = await _answered(call, asked.inbound_id)
    return Replies(replies=[_shown(each) for each in said or ()], thinking=said is None)


async def _answered(call: Call, inbound_id: UUID) -> Sequence[Outgoing] | None:
    waited = 0.0
    while waited < call.settings.chat_wait_seconds:
        async with call.db.begin() as session:
            said = await in_app.replies(session, inbound_id)
        if said is not None:
            return said
        await asyncio.sleep(LOOK)
        waited += LOOK
    return None


async def _contact(session: AsyncSession, call: Call) -> UUID:
    """Return the caller as a person to talk to; a login by e-mail alone becomes one here."""
    if call.user.contact_id is not None:
        return call.user.contact_id
    user = await session.get_one(User, call.user.user_id, with_for_update=True)
    if user.contact_id is None:
        contact = Contact(name=user.name, email=user.email, created_at=call.now)
        session.add(contact)
        await session.flush()
        user.contact_id = contact.id
        call.gate.forget(user.id)
    return user.contact_id


def _shown(said: Outgoing) -> Reply:
    if isinstance(said, Choices):
        options = [OptionView(id=each.id, title=each.title, description=each.description) for each in said.options]
        return Reply(text=said.body, options=options)
    return Reply(text=plain(said))


ENDPOINTS: tuple[Endpoint, ...] = (chat,)
