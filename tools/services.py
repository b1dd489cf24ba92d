"""Which service is meant: by token, by name, or the only one there is."""

from uuid import UUID

from sqlalchemy import select

from bot.errors import Invalid
from bot.models import Service
from bot.text import plain

from .base import Context, TokenUnknown


class ServiceNeeded(Invalid):
    """There are several services and none was named."""

    code = "service_needed"
    sentence = "Qual serviço?"


class ServiceUnknown(Invalid):
    """No service goes by that name."""

    code = "service_unknown"
    sentence = "Não encontrei esse serviço."


async def all_services(context: Context) -> list[Service]:
    """Return the services on offer, in the order the professional gave them."""
    if "services" not in context.read:
        rows = await context.session.scalars(
            select(Service)
            .where(Service.professional_id == context.professional_id, Service.active)
            .order_by(Service.position, Service.name)
        )
        context.keep("services", rows.all())
    return list(context.read["services"])


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
        raise ServiceNeeded
    words = plain(said)
    exact = [row for row in services if plain(row.name) == words]
    close = exact or [row for row in services if words in plain(row.name) or plain(row.name) in words]
    if len(close) == 1:
        return close[0]
    raise ServiceNeeded if close else ServiceUnknown
