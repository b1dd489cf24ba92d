"""What a question shows of a service, and what its yes is bound to: the name, the length and the price."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from bot.agenda.booking import Sold
from bot.models import Service


def as_shown(service: Service) -> dict[str, Any]:
    """Return what a question about a service is bound to."""
    shown = {"name": service.name, "minutes": service.minutes, "price_cents": service.price_cents}
    return {"service_id": str(service.id), "shown": shown}


def agreed(arguments: Mapping[str, Any]) -> Sold:
    """Return the service as it was when it was asked about."""
    return Sold(UUID(arguments["service_id"]), **arguments["shown"])
