"""The scene of a turn: who speaks, about which agenda, what was said before, what waits for a yes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agenda import clients
from ..agenda.parties import PROFESSIONALS, table
from ..db import Swift, listed
from ..models import Client, Contact, Conversation, Inbound, Message, PendingAction, Professional, User
from ..models.base import unattached
from ..models.enums import Author, PendingStatus, Role
from .brain import Asker, Line
from .inbox import Held
from .quoting import Quoted, just_told, meant, quoted
from .reading.numbering import option_typed
from .reading.yesno import read_yes_no

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
    # Whether a question is open, even if none of these words could answer it.
    asked: bool = False
    # What a voice note was understood to say; shown back, so that a mishearing is noticed.
    transcript: str = ""
    # The message of ours that is being answered, by quoting it or as the last that was told.
    quoted: Quoted | None = None
    # What else of ours a bare yes may answer.
    told: Sequence[Quoted] = ()

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

    def shown_at(self, appointment_id: UUID) -> datetime | None:
        """Say when the message about an appointment was written that is being answered, if it is one about it."""
        said = self.quoted
        return said.at if said is not None and said.appointment_id == appointment_id else None

    @property
    def is_professional(self) -> bool:
        return self.asker.role is Role.PROFESSIONAL


def _around() -> Any:
    """Select everything around a conversation in one row: a turn has it all, or nothing of it."""
    talks, users, clients, asked = map(table, (Conversation, User, Client, PendingAction))
    own, chosen = PROFESSIONALS.alias("own"), PROFESSIONALS.alias("chosen")
    here = bindparam("conversation", type_=talks.c.id.type)
    messages = table(Message)
    said = (
        select(messages.c.author, messages.c.text)
        .where(messages.c.conversation_id == here)
        .order_by(messages.c.created_at.desc(), messages.c.id.desc())
        .limit(literal_column(str(HISTORY)))
        .subquery()
    )
    waiting = asked.alias("waiting")
    question = (
        select(waiting.c.id)
        .where(waiting.c.conversation_id == here, waiting.c.status == literal_column(f"'{PendingStatus.OPEN.value}'"))
        .order_by(waiting.c.created_at.desc())
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    mine = and_(clients.c.professional_id == chosen.c.id, clients.c.contact_id == talks.c.contact_id)
    return (
        select(*own.c, *chosen.c, *clients.c, *asked.c, select(listed(said.c.author, said.c.text)).scalar_subquery())
        .select_from(talks)
        .outerjoin(users, users.c.contact_id == talks.c.contact_id)
        .outerjoin(own, own.c.user_id == users.c.id)
        .outerjoin(chosen, chosen.c.id == talks.c.professional_id)
        .outerjoin(clients, mine)
        .outerjoin(asked, asked.c.id == question)
        .where(talks.c.id == here)
    )


_AROUND: Final = Swift(_around())
_PARTS: Final = (Professional, Professional, Client, PendingAction)


def _parts(row: Sequence[Any]) -> Iterator[Any]:
    at = 0
    for model in _PARTS:
        width = len(table(model).c)
        yield unattached(model, row[at : at + width])
        at += width
    yield row[at]


async def load(session: AsyncSession, held: Held, *, now: datetime, text: str | None = None) -> Scene:
    """Gather the scene of a turn; `text` replaces what was typed, for a voice note that was transcribed."""
    conversation, contact = held.conversation, held.contact
    found = await _AROUND.first(session, {"conversation": conversation.id})
    own, chosen, known, open_question, lines = _parts(found) if found else (None, None, None, None, None)
    as_professional = own is not None and conversation.mode is Role.PROFESSIONAL
    professional, client = (own, None) if as_professional else (chosen, known)
    if client is not None and client.unproved:
        client = await clients.came_forward(session, client.id, contact.name)
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
    told: Sequence[Quoted] = ()
    if answered is None and not held.forwarded and held.payload is None:
        told = await just_told(session, conversation, words, now, pending)
    if len(told) == 1 and (pending is None or read_yes_no(words, pending.tool) is None):
        answered = told[0]
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
        asked=open_question is not None,
        history=[Line(Author(author), said) for author, said in reversed(lines or ())],
        transcript=text or "",
        quoted=answered,
        told=told,
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
