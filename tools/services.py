"""Which service is meant: by token, by name, or the only one there is."""

import re
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from bot.agenda import refusals
from bot.agenda.hours import Window
from bot.agenda.loading import WEEK
from bot.agenda.parties import PROFESSIONALS, table
from bot.db import Swift
from bot.errors import Invalid
from bot.models import Service
from bot.models.base import unattached
from bot.text import plain

from . import views
from .base import Context, TokenUnknown


class ServiceNeeded(Invalid):
    """There are several services and not one was named; `services` lists them."""

    code = "service_needed"
    sentence = "Qual serviço?"


class ServiceUnknown(Invalid):
    """No service goes by that name; `services` lists those that are offered."""

    code = "service_unknown"
    sentence = "Não encontrei esse serviço."


# "Corte e sobrancelha" is not the one of them that is offered.
_SEVERAL: Final = re.compile(r"[;+/&]|,(?!\d)|\b(?:e|ou|mais|com)\b")
_SERVICES: Final = table(Service)
# Whose service it is, and that it is active, does not hide who offers none.
_OFFERED: Final = Swift(
    select(*_SERVICES.c, WEEK)
    .select_from(
        PROFESSIONALS.outerjoin(_SERVICES, (_SERVICES.c.professional_id == PROFESSIONALS.c.id) & _SERVICES.c.active)
    )
    .where(PROFESSIONALS.c.id == bindparam("professional_id", type_=Uuid))
    .order_by(_SERVICES.c.position, _SERVICES.c.name)
)


async def all_services(context: Context) -> list[Service]:
    """Return the services on offer, in the order the professional gave them."""
    await _read(context)
    return list(context.read["services"])


async def week(context: Context) -> list[Window]:
    """Return the hours of a usual week."""
    await _read(context)
    return list(context.read["week"])


async def _read(context: Context) -> None:
    """Read, once a turn, the services and the week: what is asked about the one often needs the other."""
    if "services" not in context.read:
        rows = await _OFFERED.all(context.session, {"professional_id": context.professional_id})
        context.read["services"] = [service for row in rows if (service := unattached(Service, row[:-1]))]
        context.read["week"] = [Window(*window) for *_, hours in rows[:1] for window in hours or ()]


async def service_of(context: Context, service_id: UUID) -> Service:
    """Return a service on offer, or refuse: it may have been one when its token was handed out."""
    for row in await all_services(context):
        if row.id == service_id:
            return row
    raise refusals.ServiceUnknown


async def find_service(context: Context, said: str) -> Service:
    """Return the service that `said` means, or refuse with a reason."""
    services = await all_services(context)
    try:
        wanted = UUID(str(context.redeem(said.strip(), "service")["id"]))
        return next(row for row in services if row.id == wanted)
    except (TokenUnknown, StopIteration):
        pass
    if not said.strip():
        if len(services) == 1:
            return services[0]
        raise ServiceNeeded(services=[views.service(context, row) for row in services])
    words = plain(said)
    exact = [row for row in services if plain(row.name) == words]
    close = exact or [row for row in services if words in plain(row.name) or plain(row.name) in words]
    if len(close) == 1 and (exact or not _SEVERAL.search(words)):
        return close[0]
    raise (ServiceNeeded if close else ServiceUnknown)(services=[views.service(context, row) for row in services])
