"""What a professional offers."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from bot.agenda import owners
from bot.agenda.owners import HIGHEST_PRICE, SERVICE_MINUTES, BadName, BadPrice, BadServiceMinutes, TooManyServices
from bot.agenda.refusals import ServiceUnknown
from bot.models import Service

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..paging import BadCursor, Page, Paged, after_cursor, page
from ..schemas import Body, Line
from .views import ServiceView

Name = Annotated[Line, Field(max_length=80, examples=["Corte"])]
Minutes = Annotated[int, Field(ge=SERVICE_MINUTES[0], le=SERVICE_MINUTES[1], examples=[30])]
Price = Annotated[int, Field(ge=0, le=HIGHEST_PRICE, examples=[50_00])]


class NewService(Body):
    name: Name
    minutes: Minutes
    price_cents: Price = 0


class ServiceChange(Body):
    name: Name | None = None
    minutes: Minutes | None = None
    price_cents: Price | None = None


@endpoint("GET", "/api/services", who=Who.PROFESSIONAL, refuses=(BadCursor,))
async def list_services(call: Call, query: Paged) -> Page[ServiceView]:
    """List the services that are offered, in the order they are shown to clients."""
    mine = select(Service).where(Service.professional_id == call.professional.professional_id, Service.active)
    async with call.db.begin() as session:
        found = await session.scalars(after_cursor(mine, query, Service.position, Service.id, falling=False))
        rows = found.all()
    return page(rows, query, lambda row: (row.position, row.id), ServiceView.of)


@endpoint(
    "POST",
    "/api/services",
    who=Who.PROFESSIONAL,
    status=201,
    refuses=(BadName, BadServiceMinutes, BadPrice, TooManyServices),
)
async def add_service(call: Call, body: NewService) -> ServiceView:
    """Offer a service; one of the same name is changed instead of offered twice."""
    async with call.db.begin() as session:
        row = await owners.add_service(session, call.professional.professional_id, **body.model_dump(), now=call.now)
        return ServiceView.of(row)


@endpoint(
    "PATCH",
    "/api/services/{service_id}",
    who=Who.PROFESSIONAL,
    refuses=(ServiceUnknown, BadName, BadServiceMinutes, BadPrice),
)
async def change_service(call: Call, service_id: UUID, body: ServiceChange) -> ServiceView:
    """Change a service; what was agreed before keeps its name, length and price."""
    async with call.db.begin() as session:
        row = await owners.edit_service(session, call.professional.professional_id, service_id, **body.model_dump())
        return ServiceView.of(row)


@endpoint("DELETE", "/api/services/{service_id}", who=Who.PROFESSIONAL, refuses=(ServiceUnknown,))
async def remove_service(call: Call, service_id: UUID) -> None:
    """Stop offering a service; its appointments stay as they are."""
    async with call.db.begin() as session:
        await owners.remove_service(session, call.professional.professional_id, service_id)


ENDPOINTS: tuple[Endpoint, ...] = (list_services, add_service, change_service, remove_service)
