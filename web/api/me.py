"""The caller: who they are, what they may change about themselves, what they take away, how they go."""

import secrets
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.accounts import privacy
from bot.agenda import booking, owners, reminders
from bot.agenda.hours import UnknownZone, zone_of
from bot.agenda.pix import PixKeyAmbiguous, PixKeyInvalid, read_key
from bot.errors import Conflict, Forbidden
from bot.models import Contact, Professional, User
from bot.models.enums import Plan

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..schemas import Answer, Body, Email, Line, Query

Short = Annotated[Line, Field(min_length=2, max_length=80)]


class SubscriptionAlive(Conflict):
    """Whoever is erased with a live subscription would go on paying, and nobody could say for what."""

    code = "subscription_alive"
    sentence = "Cancele primeiro a sua assinatura: sem a conta, a cobrança continuaria."


class EmailIsTheLogin(Conflict):
    """Who came without a phone is known by their address alone: another one would have to be proved first."""

    code = "email_is_the_login"
    sentence = "O seu e-mail é o seu acesso ao Odys. Para usar outro, entre com ele ou com o seu WhatsApp."


class AgendaSummary(Answer):
    id: UUID
    slug: str
    name: str
    profession: str
    address: str
    timezone: str
    pix_key: str | None
    plan: Plan
    plan_until: datetime | None
    # What follows PUBLIC_URL in the address of the calendar feed; null until one was asked for.
    calendar_path: str | None = Field(None, examples=["/agenda/0a1b…ics"])


class Me(Answer):
    id: UUID
    name: str
    phone: str | None = Field(examples=["5511977770000"])
    email: str | None
    professional: AgendaSummary | None


class MeQuery(Query):
    # Everything that is kept about the caller, for them to take away.
    export: bool = False


class MeChange(Body):
    """What is left out stays; the last five belong to the agenda."""

    name: Short | None = None
    email: Email | None = None
    agenda_name: Short | None = None
    profession: Annotated[Line, Field(max_length=80)] | None = None
    address: Annotated[Line, Field(max_length=200)] | None = None
    timezone: Annotated[Line, Field(max_length=40)] | None = None
    pix_key: Annotated[Line, Field(max_length=80)] | None = None
    # Make the address of the calendar feed anew: the old one stops at once.
    new_calendar_link: bool = False


class MeView(Answer):
    me: Me
    # Only where `export=true` asked for it.
    export: dict[str, Any] | None = None


@endpoint("GET", "/api/me", who=Who.USER)
async def show_me(call: Call, query: MeQuery) -> MeView:
    """Show the caller; with `export=true` also everything that is kept about them (LGPD, art. 18)."""
    async with call.db.begin() as session:
        kept = await privacy.export_user(session, call.user.user_id) if query.export else None
        return MeView(me=await _shown(session, call), export=kept)


@endpoint(
    "PATCH",
    "/api/me",
    who=Who.USER,
    refuses=(Forbidden, EmailIsTheLogin, owners.BadName, UnknownZone, PixKeyInvalid, PixKeyAmbiguous),
)
async def change_me(call: Call, body: MeChange) -> MeView:
    """Change the caller's name and e-mail, and what their agenda shows."""
    async with call.db.begin() as session:
        contact = await session.get(Contact, call.user.contact_id) if call.user.contact_id else None
        if body.name is not None:
            (await session.get_one(User, call.user.user_id)).name = body.name
        await _change_email(session, call, contact, body.email)
        await _change_agenda(session, call, body)
        await session.flush()
        call.gate.forget(call.user.user_id)
        return MeView(me=await _shown(session, call))


@endpoint("DELETE", "/api/me", who=Who.USER, refuses=(SubscriptionAlive,))
async def erase_me(call: Call) -> None:
    """Erase the caller: the agenda with everything in it, the login, and what others' agendas know of them."""
    async with call.db.begin() as session:
        if call.owner is not None:
            agenda = await session.get_one(Professional, call.owner.professional_id)
            if agenda.stripe_subscription_id is not None:
                raise SubscriptionAlive
        await privacy.erase_user(session, call.user.user_id, now=call.now)
    call.gate.forget(call.user.user_id)


async def _change_email(session: AsyncSession, call: Call, contact: Contact | None, email: str | None) -> None:
    """Keep an address for letters; it opens no login before a code has proved it."""
    if email is None:
        return
    if contact is not None:
        contact.email = email.lower()
    elif email.lower() != (await session.get_one(User, call.user.user_id)).email:
        raise EmailIsTheLogin


async def _change_agenda(session: AsyncSession, call: Call, body: MeChange) -> None:
    names = {"agenda_name": "name", "profession": "profession", "address": "address", "timezone": "timezone"}
    given = {field: getattr(body, asked) for asked, field in names.items() if getattr(body, asked) is not None}
    if "timezone" in given:
        zone_of(given["timezone"])
    if "name" in given:
        given["name"] = owners.checked_name(given["name"])
    if body.pix_key is not None:
        given["pix_key"] = read_key(body.pix_key).written if body.pix_key else None
    if body.new_calendar_link:
        given["calendar_key"] = secrets.token_urlsafe(24)
    if not given:
        return
    owner = call.professional.professional_id
    await booking.lock(session, owner)  # what is confirmed meanwhile would be reminded of in the old words
    row = await session.get_one(Professional, owner)
    for field, value in given.items():
        setattr(row, field, value)
    if given.keys() & {"name", "address", "timezone"}:
        await reminders.renew(session, owner, now=call.now)


async def _shown(session: AsyncSession, call: Call) -> Me:
    row = (
        await session.execute(
            select(User, Contact, Professional)
            .outerjoin(Contact, Contact.id == User.contact_id)
            .outerjoin(Professional, Professional.user_id == User.id)
            .where(User.id == call.user.user_id)
        )
    ).one()
    user, contact, agenda = row
    return Me(
        id=user.id,
        name=user.name,
        phone=contact.phone if contact else None,
        email=user.email or (contact.email if contact else None),
        professional=_summary(agenda) if agenda else None,
    )


def _summary(agenda: Professional) -> AgendaSummary:
    shown = AgendaSummary.model_validate(agenda, from_attributes=True)
    path = f"/agenda/{agenda.calendar_key}.ics" if agenda.calendar_key else None
    return shown.model_copy(update={"calendar_path": path})


ENDPOINTS: tuple[Endpoint, ...] = (show_me, change_me, erase_me)
