"""How rows look to a brain: labels ready to be read out, tokens instead of ids, no address of anybody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot import phrases
from bot.agenda.report import Standing
from bot.models import Appointment, Service

from .base import Context


def slot(context: Context, at: datetime, service: Service) -> dict[str, Any]:
    """Describe a free time and hand out its token."""
    local = at.astimezone(context.asker.zone)
    token = context.hand_out({"kind": "slot", "start": at.isoformat(), "service_id": str(service.id)})
    return {
        "token": token,
        "start": local.isoformat(),
        "label": phrases.moment(local),
        "day": local.date().isoformat(),
        "hour": phrases.hour(local.time()),
    }


def slots(context: Context, times: Sequence[datetime], service: Service) -> list[dict[str, Any]]:
    return [slot(context, at, service) for at in times]


def service(context: Context, row: Service) -> dict[str, Any]:
    """Describe a service and hand out its token."""
    return {
        "token": context.hand_out({"kind": "service", "id": str(row.id)}),
        "name": row.name,
        "minutes": row.minutes,
        "duration": phrases.duration(row.minutes),
        "price": phrases.money(row.price_cents),
    }


def visit(context: Context, row: Appointment, services: Sequence[Service]) -> dict[str, Any]:
    """Describe a visit that another may be booked like; without a service where that is no longer on offer."""
    local = row.start_at.astimezone(context.asker.zone)
    offered = [service(context, each) for each in services if each.id == row.service_id]
    return {"service": offered[0] if offered else None, "start": local.isoformat(), "label": phrases.moment(local)}


def appointment(context: Context, row: Appointment | Standing, *, client: str, professional: str) -> dict[str, Any]:
    """Describe an appointment and hand out its token."""
    local = row.start_at.astimezone(context.asker.zone)
    return {
        "token": context.hand_out({"kind": "appointment", "id": str(row.id)}),
        "id": str(row.id),
        "client": client,
        "service": row.service_name,
        "start": local.isoformat(),
        "label": phrases.moment(local),
        "hour": phrases.hour(local.time()),
        "status": row.status.value,
        "payment": row.payment.value,
        "price": phrases.money(row.price_cents),
        "professional": professional,
        # The same for all of one series; empty for an appointment on its own.
        "series": context.hand_out({"kind": "series", "id": str(row.series_id)}) if row.series_id else "",
    }
