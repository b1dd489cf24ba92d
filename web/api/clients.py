"""A professional's address book, and the notes that never leave it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.accounts import privacy
from bot.agenda import clients
from bot.agenda.clients import NameMissing, NotAPhone
from bot.agenda.documents import read_cpf
from bot.agenda.refusals import ClientUnknown
from bot.agenda.report import customer_cards
from bot.errors import Invalid
from bot.models import Client, ClientNote
from bot.text import plain

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..paging import BadCursor, Page, Paged, after_cursor, page
from ..schemas import Answer, Body, Email, Line, Prose, Query
from .lookups import own_client

Name = Annotated[Line, Field(max_length=120, examples=["Júlia Prado"])]
Phone = Annotated[Line, Field(max_length=30, examples=["11 98888-7777"])]


class NotACpf(Invalid):
    code = "not_a_cpf"
    sentence = "Esse CPF não existe. Confira os números."


class ClientView(Answer):
    id: UUID
    name: str
    phone: str | None = Field(examples=["551188887777"])
    email: str | None
    created_at: datetime


class ClientCard(ClientView):
    """One client with what they have done; money in centavos."""

    cpf: str | None
    visits: int
    no_shows: int
    last_visit: datetime | None
    next_appointment: datetime | None
    spent_cents: int
    # Only where `export=true` asked for it.
    export: dict[str, Any] | None = None


class Listing(Paged):
    # Words of the name, or digits of the phone.
    q: Annotated[Line, Field(max_length=80)] | None = None


class CardQuery(Query):
    export: bool = False


class NewClient(Body):
    name: Name
    phone: Phone = ""
    email: Email | None = None


class ClientChange(Body):
    name: Name | None = None
    email: Email | None = None
    cpf: Annotated[Line, Field(max_length=20)] | None = None


class NoteView(Answer):
    id: UUID
    text: str
    created_at: datetime


class NewNote(Body):
    text: Annotated[Prose, Field(min_length=1, max_length=4000)]


@endpoint("GET", "/api/clients", who=Who.PROFESSIONAL, refuses=(BadCursor,))
async def list_clients(call: Call, query: Listing) -> Page[ClientView]:
    """List the clients by name."""
    statement = select(Client).where(Client.professional_id == call.professional.professional_id)
    if query.q:
        named = Client.name_key.contains(plain(query.q), autoescape=True)
        numbered = any(sign.isdigit() for sign in query.q)
        statement = statement.where(or_(named, clients.phone_like(query.q)) if numbered else named)
    async with call.db.begin() as session:
        found = await session.scalars(after_cursor(statement, query, Client.name_key, Client.id, falling=False))
        rows = found.all()
    return page(rows, query, lambda row: (row.name_key, row.id), _view)


@endpoint("POST", "/api/clients", who=Who.PROFESSIONAL, status=201, refuses=(NameMissing, NotAPhone))
async def add_client(call: Call, body: NewClient) -> ClientView:
    """Enter a client; the one who already has this phone is returned instead."""
    async with call.db.begin() as session:
        row = await clients.add(session, call.professional.professional_id, **body.model_dump(), now=call.now)
        return _view(row)


@endpoint("GET", "/api/clients/{client_id}", who=Who.PROFESSIONAL, refuses=(ClientUnknown,))
async def show_client(call: Call, client_id: UUID, query: CardQuery) -> ClientCard:
    """Show a client and their history; with `export=true` everything this agenda keeps about them."""
    async with call.db.begin() as session:
        row = await own_client(session, call, client_id)
        kept = await privacy.export_client(session, row.id) if query.export else None
        return await _card(session, call, row, kept)


@endpoint("PATCH", "/api/clients/{client_id}", who=Who.PROFESSIONAL, refuses=(ClientUnknown, NameMissing, NotACpf))
async def change_client(call: Call, client_id: UUID, body: ClientChange) -> ClientCard:
    """Change what the address book says about a client."""
    async with call.db.begin() as session:
        row = await own_client(session, call, client_id)
        if body.name is not None:
            await clients.rename(session, row, body.name)
        if body.email is not None:
            row.email = body.email.lower()
        if body.cpf is not None:
            row.cpf = read_cpf(body.cpf)
            if row.cpf is None and body.cpf:
                raise NotACpf
        await session.flush()
        return await _card(session, call, row, None)


@endpoint("DELETE", "/api/clients/{client_id}", who=Who.PROFESSIONAL, refuses=(ClientUnknown,))
async def erase_client(call: Call, client_id: UUID) -> None:
    """Erase a client from this agenda; what is left of their appointments names nobody."""
    async with call.db.begin() as session:
        row = await own_client(session, call, client_id)
        await privacy.erase_client(session, row.id, now=call.now)


@endpoint("GET", "/api/clients/{client_id}/notes", who=Who.PROFESSIONAL, refuses=(ClientUnknown, BadCursor))
async def list_notes(call: Call, client_id: UUID, query: Paged) -> Page[NoteView]:
    """List what the professional wrote about a client, the newest first."""
    async with call.db.begin() as session:
        row = await own_client(session, call, client_id)
        mine = select(ClientNote).where(
            ClientNote.client_id == row.id, ClientNote.professional_id == call.professional.professional_id
        )
        found = await session.scalars(after_cursor(mine, query, ClientNote.created_at, ClientNote.id, falling=True))
        notes = found.all()
    return page(notes, query, lambda note: (note.created_at, note.id), _note)


@endpoint("POST", "/api/clients/{client_id}/notes", who=Who.PROFESSIONAL, status=201, refuses=(ClientUnknown,))
async def add_note(call: Call, client_id: UUID, body: NewNote) -> NoteView:
    """Write a note about a client; nobody else ever sees it, the assistant's model included."""
    async with call.db.begin() as session:
        row = await own_client(session, call, client_id)
        note = ClientNote(professional_id=row.professional_id, client_id=row.id, text=body.text, created_at=call.now)
        session.add(note)
        await session.flush()
        return _note(note)


def _view(row: Client) -> ClientView:
    return ClientView(id=row.id, name=row.name, phone=row.phone_key, email=row.email, created_at=row.created_at)


async def _card(session: AsyncSession, call: Call, row: Client, kept: dict[str, Any] | None) -> ClientCard:
    (card,) = await customer_cards(session, [row], now=call.now)
    return ClientCard(
        **_view(row).model_dump(),
        cpf=row.cpf,
        visits=card.visits,
        no_shows=card.no_shows,
        last_visit=card.last,
        next_appointment=card.next,
        spent_cents=card.spent_cents,
        export=kept,
    )


def _note(row: ClientNote) -> NoteView:
    return NoteView(id=row.id, text=row.text, created_at=row.created_at)


ENDPOINTS: tuple[Endpoint, ...] = (
    list_clients,
    add_client,
    show_client,
    change_client,
    erase_client,
    list_notes,
    add_note,
)
