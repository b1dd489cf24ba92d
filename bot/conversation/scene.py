"""The scene of a turn: who speaks, about which agenda, what was said before, what waits for a yes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ..db import listed
from ..models import Client, Contact, Conversation, Inbound, Message, PendingAction, Professional, User
from ..models.enums import Author, PendingStatus, Role
from .brain import Asker, Line
from .inbox import Held
from .numbering import option_typed
from .quoting import Quoted, just_told, meant, quoted

# Enough for "não, às 16h" and "o segundo" to make sense, short enough to stay cheap in a prompt.
HISTORY = 12
DEFAULT_ZONE = "America/Sao_Paulo"


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a turn knows before it thinks; loaded in one transaction, read afterwards without any."""

    held: Held
    now: datetime
    asker: Asker
    text: str
    payload: str | None
    # The agenda of the person who speaks, whichever mode they are in.
    own: Professional | None
    # The agenda that is being talked about.
    professional: Professional | None
    pending: PendingAction | None
    history: Sequence[Line]
    # What a voice note was understood to say; shown back, so that a mishearing is noticed.
    transcript: str = ""
    # The message of ours that is being answered by quoting it.
    quoted: Quoted | None = None

    @property
    def conversation(self) -> Conversation:
        return self.held.conversation

    @property
    def contact(self) -> Contact:
        return self.held.contact

    @property
    def first(self) -> Inbound:
        return self.held.rows[0]

    @property
    def state(self) -> dict[str, Any]:
        return dict(self.conversation.state)

    @property
    def is_professional(self) -> bool:
        return self.asker.role is Role.PROFESSIONAL


def _around() -> Any:
    """Select everything around a conversation in one row: a turn has it all, or nothing of it."""
    own, chosen = aliased(Professional), aliased(Professional)
    here = Conversation.id == bindparam("conversation")
    said = (
        select(Message.author, Message.text)
        .where(Message.conversation_id == bindparam("conversation"))
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(HISTORY)
        .subquery()
    )
    question = (
        select(PendingAction.id)
        .where(PendingAction.conversation_id == bindparam("conversation"), PendingAction.status == PendingStatus.OPEN)
        .order_by(PendingAction.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    mine = and_(Client.professional_id == chosen.id, Client.contact_id == Conversation.contact_id)
    return (
        select(own, chosen, Client, PendingAction, select(listed(said.c.author, said.c.text)).scalar_subquery())
        .select_from(Conversation)
        .outerjoin(User, User.contact_id == Conversation.contact_id)
        .outerjoin(own, own.user_id == User.id)
        .outerjoin(chosen, chosen.id == Conversation.professional_id)
        .outerjoin(Client, mine)
        .outerjoin(PendingAction, PendingAction.id == question)
        .where(here)
    )


_AROUND: Final = _around()


async def load(session: AsyncSession, held: Held, *, now: datetime, text: str | None = None) -> Scene:
    """Gather the scene of a turn; `text` replaces what was typed, for a voice note that was transcribed."""
    conversation, contact = held.conversation, held.contact
    found = (await session.execute(_AROUND, {"conversation": conversation.id})).first()
    own, chosen, known, open_question, lines = found or (None, None, None, None, None)
    as_professional = own is not None and conversation.mode is Role.PROFESSIONAL
    professional, client = (own, None) if as_professional else (chosen, known)
    asker = Asker(
        role=Role.PROFESSIONAL if as_professional else Role.CLIENT,
        conversation_id=conversation.id,
        contact_id=contact.id,
        professional_id=professional.id if professional else None,
        client_id=client.id if client else None,
        name=(own.name if as_professional and own else client.name if client else contact.name),
        now=now,
        zone=ZoneInfo(professional.timezone if professional else DEFAULT_ZONE),
    )
    words = held.text if text is None else text
    # What somebody passes on is another person's words: it can be asked about, but it agrees to nothing.
    pending = None if held.forwarded else open_question
    answered = None if held.forwarded else await quoted(session, held)
    if answered is None and pending is None and not held.forwarded:
        answered = await just_told(session, conversation, words, now)
    payload = held.payload or (meant(words, answered, pending) if answered else None)
    if payload is None and not held.forwarded:
        payload = await option_typed(session, conversation, words, held.reply_to)
    return Scene(
        held=held,
        now=now,
        asker=asker,
        text=words,
        payload=payload,
        own=own,
        professional=professional,
        pending=pending,
        history=[Line(Author(author), said) for author, said in reversed(lines or ())],
        transcript=text or "",
        quoted=answered,
    )


async def turned_to(session: AsyncSession, here: Scene, professional_id: UUID | None) -> Scene:
    """Return the scene as it is with a client who has just turned to another professional."""
    professional = await session.get(Professional, professional_id) if professional_id else None
    if professional is None:
        return here
    client = await session.scalar(
        select(Client).where(Client.professional_id == professional.id, Client.contact_id == here.contact.id)
    )
    asker = replace(
        here.asker,
        role=Role.CLIENT,
        professional_id=professional.id,
        client_id=client.id if client else None,
        name=client.name if client else here.contact.name,
        zone=ZoneInfo(professional.timezone),
    )
    return replace(here, asker=asker, professional=professional, pending=None, payload=None)
