"""The professional's assistant on a page: one message in, what it says comes back."""

import asyncio
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation import in_app
from bot.errors import Unavailable
from bot.models import Contact, User
from bot.whatsapp.outgoing import Choices, Outgoing, plain

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..limits import Limit
from ..schemas import Answer, Body, Line, Prose

# A turn may think for 28 s and is asked for this often: half of it is the delay that a page feels.
PATIENCE = 30.0
LOOK = 0.1


class StillThinking(Unavailable):
    """The turn takes longer than a request may: its answer will stand among the messages."""

    code = "still_thinking"
    sentence = "Ainda estou pensando. A resposta aparece aqui na conversa em instantes."


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


@endpoint("POST", "/api/ai/chat", who=Who.PROFESSIONAL, limit=Limit.CHAT, refuses=(StillThinking,))
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
    return Replies(replies=[_shown(each) for each in await _answered(call, asked.inbound_id)])


async def _answered(call: Call, inbound_id: UUID) -> list[Outgoing]:
    waited = 0.0
    while waited < PATIENCE:
        async with call.db.begin() as session:
            said = await in_app.replies(session, inbound_id)
        if said is not None:
            return list(said)
        await asyncio.sleep(LOOK)
        waited += LOOK
    raise StillThinking


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
