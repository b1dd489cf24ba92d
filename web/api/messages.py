"""What a professional and a client say to each other: the page and WhatsApp in one thread."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda.refusals import ClientUnknown, ProfessionalUnknown
from bot.conversation.silence import SILENCE
from bot.errors import Conflict, Forbidden, Invalid
from bot.models import Client, Conversation, Message, Notification, Professional
from bot.models.enums import Author, Channel
from bot.notify import outbox
from bot.whatsapp import window
from bot.whatsapp.outgoing import TEXT_LIMIT, Text

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..paging import BadCursor, Page, Paged, after_cursor, page
from ..schemas import Answer, Body, Prose
from .lookups import Slug, own_client, professional_named


class NobodyNamed(Invalid):
    code = "nobody_named"
    sentence = "Diga com quem: um cliente seu (client_id) ou um profissional (professional)."


class NeverWrote(Conflict):
    code = "never_wrote"
    sentence = "Essa pessoa ainda não escreveu para você por aqui: não há conversa para continuar."


class NotTheirClient(Forbidden):
    code = "not_their_client"
    sentence = "Você ainda não é cliente desse profissional."


class WindowShut(Conflict):
    """Meta carries free text for 24 hours after a person wrote, and no longer."""

    code = "window_shut"
    sentence = (
        "Faz mais de 24 horas que essa pessoa escreveu, e o WhatsApp não deixa mandar mensagem livre depois disso."
    )


class MessageView(Answer):
    id: UUID
    author: Author
    text: str
    created_at: datetime


class Thread(Paged):
    """With whom: a client of the caller's agenda, or a professional whose client the caller is."""

    client_id: UUID | None = None
    professional: Slug | None = None


class NewMessage(Body):
    client_id: UUID | None = None
    professional: Slug | None = None
    text: Annotated[Prose, StringConstraints(min_length=1, max_length=TEXT_LIMIT)] = Field(examples=["Já estou aqui!"])


@endpoint("GET", "/api/messages", who=Who.USER, refuses=(NobodyNamed, ClientUnknown, ProfessionalUnknown, BadCursor))
async def list_messages(call: Call, query: Thread) -> Page[MessageView]:
    """List a thread, the newest first; what the bot said is in it."""
    async with call.db.begin() as session:
        thread = await _thread(session, call, query.client_id, query.professional)
        statement = (
            select(Message).join(Conversation, Conversation.id == Message.conversation_id).where(thread.condition)
        )
        found = await session.scalars(after_cursor(statement, query, Message.created_at, Message.id, falling=True))
        rows = found.all()
    return page(rows, query, lambda row: (row.created_at, row.id), _view)


@endpoint(
    "POST",
    "/api/messages",
    who=Who.USER,
    status=201,
    refuses=(NobodyNamed, ClientUnknown, ProfessionalUnknown, NotTheirClient, NeverWrote, WindowShut),
)
async def say(call: Call, body: NewMessage) -> MessageView:
    """Write to the other side: a client gets it on WhatsApp, a professional as a notification and in the thread."""
    async with call.db.begin() as session:
        thread = await _thread(session, call, body.client_id, body.professional)
        talk = await session.scalar(thread.talks.order_by(Conversation.last_inbound_at.desc().nulls_last()).limit(1))
        if talk is None:
            raise NeverWrote
        if thread.own:
            shown = await _to_client(session, call, talk, thread.professional_id, body.text)
        else:
            shown = await _to_professional(session, call, talk, thread.professional_id, body.text)
    await call.bell.ring("send", key="now")
    return shown


class _Thread:
    """One client and one professional, and whose side the caller is on."""

    def __init__(self, contact_id: UUID | None, professional_id: UUID, *, own: bool) -> None:
        self.professional_id, self.own = professional_id, own
        self.condition: ColumnElement[bool] = and_(
            Conversation.contact_id == contact_id, Message.professional_id == professional_id
        )
        self.talks = select(Conversation).where(
            Conversation.contact_id == contact_id, Conversation.channel != Channel.APP
        )


async def _thread(session: AsyncSession, call: Call, client_id: UUID | None, slug: str | None) -> _Thread:
    if (client_id is None) is (slug is None):
        raise NobodyNamed
    if client_id is not None:
        client = await own_client(session, call, client_id)
        return _Thread(client.contact_id, client.professional_id, own=True)
    professional = await professional_named(session, str(slug))
    return _Thread(call.user.contact_id, professional.id, own=False)


async def _to_client(
    session: AsyncSession, call: Call, talk: Conversation, professional_id: UUID, text: str
) -> MessageView:
    """Owe the words on WhatsApp; the bot steps back, as when a person types there by hand."""
    if talk.professional_id not in (None, professional_id):
        # On a shared number they are talking with somebody else now; that is nobody's to know.
        raise NeverWrote
    if talk.professional_id is None and not await _wrote_to(session, talk, professional_id):
        # Anybody's number can be entered in an address book: that alone carries no words to them.
        raise NeverWrote
    if not window.is_open(talk.last_inbound_at, call.now, talk.channel):
        raise WindowShut
    talk.professional_id = professional_id
    talk.silent_until = max(call.now + SILENCE, talk.silent_until or call.now)
    await session.flush()
    owed = await outbox.say(session, Text(text), talk, now=call.now, author=Author.PROFESSIONAL)
    return MessageView(id=owed, author=Author.PROFESSIONAL, text=text, created_at=call.now)


async def _wrote_to(session: AsyncSession, talk: Conversation, professional_id: UUID) -> bool:
    """Tell whether a client ever said something to this professional in a conversation."""
    theirs = (Message.conversation_id == talk.id, Message.professional_id == professional_id)
    return bool(await session.scalar(select(exists().where(*theirs, Message.author == Author.CLIENT))))


async def _to_professional(
    session: AsyncSession, call: Call, talk: Conversation, professional_id: UUID, text: str
) -> MessageView:
    mine = (Client.professional_id == professional_id, Client.contact_id == talk.contact_id)
    if not await session.scalar(select(exists().where(*mine))):
        raise NotTheirClient
    row = Message(
        conversation_id=talk.id,
        professional_id=professional_id,
        author=Author.CLIENT,
        text=text,
        created_at=call.now,
    )
    session.add(row)
    owner = (await session.scalars(select(Professional.user_id).where(Professional.id == professional_id))).one()
    session.add(
        Notification(
            user_id=owner,
            kind="message",
            title=f"Mensagem de {call.user.name}"[:160],
            body=text[:500],
            created_at=call.now,
        )
    )
    await session.flush()
    return _view(row)


def _view(row: Message) -> MessageView:
    return MessageView(id=row.id, author=row.author, text=row.text, created_at=row.created_at)


ENDPOINTS: tuple[Endpoint, ...] = (list_messages, say)
