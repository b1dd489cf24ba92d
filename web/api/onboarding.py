"""Opening an agenda in one call."""

from typing import Annotated

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda import owners
from bot.agenda.hours import UnknownZone
from bot.agenda.owners import AgendaExists, BadName, BadPrice, BadServiceMinutes
from bot.agenda.pix import PixKeyAmbiguous, PixKeyInvalid, read_key
from bot.agenda.workweek import MOST_WINDOWS, BadWindow, set_weekly_hours
from bot.models import Contact, Professional, User

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..limits import Limit
from ..schemas import Answer, Body, Line
from .availability import WindowBody, as_window
from .services import NewService


class NewAgenda(Body):
    name: Annotated[Line, Field(max_length=80, examples=["Bia Souza"])]
    profession: Annotated[Line, Field(max_length=80, examples=["Cabeleireira"])]
    address: Annotated[Line, Field(max_length=200)] = ""
    timezone: Annotated[Line, Field(max_length=40, examples=["America/Sao_Paulo"])] = "America/Sao_Paulo"
    pix_key: Annotated[Line, Field(max_length=80)] | None = None
    services: Annotated[list[NewService], Field(max_length=30)] = Field(default_factory=list)
    week: Annotated[list[WindowBody], Field(max_length=MOST_WINDOWS)] = Field(default_factory=list)


class AgendaView(Answer):
    slug: str = Field(examples=["bia-souza"])
    # What clients type to Odys on WhatsApp, and the page anybody can open.
    link_text: str = Field(examples=["agendar bia-souza"])
    public_path: str = Field(examples=["/api/professionals/bia-souza"])


@endpoint(
    "POST",
    "/api/onboarding",
    who=Who.USER,
    limit=Limit.ONBOARDING,
    status=201,
    refuses=(
        AgendaExists,
        BadName,
        UnknownZone,
        PixKeyInvalid,
        PixKeyAmbiguous,
        BadServiceMinutes,
        BadPrice,
        BadWindow,
    ),
)
async def open_agenda(call: Call, body: NewAgenda) -> AgendaView:
    """Open the caller's agenda with services and hours: everything, or nothing."""
    async with call.db.begin() as session:
        row = await _made(session, call, body)
        for service in body.services:
            await owners.add_service(session, row.id, **service.model_dump(), now=call.now)
        await set_weekly_hours(session, row.id, [as_window(window) for window in body.week])
    call.gate.forget(call.user.user_id)
    return AgendaView(slug=row.slug, link_text=f"agendar {row.slug}", public_path=f"/api/professionals/{row.slug}")


async def _made(session: AsyncSession, call: Call, body: NewAgenda) -> Professional:
    user = await session.get_one(User, call.user.user_id)
    contact = await session.get(Contact, user.contact_id) if user.contact_id else None
    row = await owners.create_professional(
        session,
        name=body.name,
        profession=body.profession,
        contact=contact,
        timezone=body.timezone,
        now=call.now,
        user=user,
    )
    row.address = body.address
    row.pix_key = read_key(body.pix_key).written if body.pix_key else None
    return row


ENDPOINTS: tuple[Endpoint, ...] = (open_agenda,)
