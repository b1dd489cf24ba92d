"""What is to be said about Evolution instances, from where they stand."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import ServiceHealth
from ..settings import Settings
from .evolution import Step, check_name, stands, webhook_of
from .findings import Finding, State

_TRYING = {Step.CANARY: "canary", Step.CLOSED: "reconnect", Step.RESTARTED: "restart"}
_TROUBLES = {
    Step.PAIRING: "evolution_pairing",
    Step.SILENT: "evolution_silent",
    Step.LICENCE: "evolution_licence",
    Step.NO_INSTANCE: "evolution_no_instance",
    Step.REFUSED: "evolution_refused",
    Step.UNREACHED: "evolution_unreached",
}


async def evolution(session: AsyncSession, settings: Settings, _now: datetime) -> list[Finding]:
    """Are the instances connected, alive, and do they deliver to us?"""
    if not settings.evolution:
        return []
    return [finding for row in await stands(session, settings) for finding in _of(row, settings)]


def _of(row: ServiceHealth, settings: Settings) -> Iterator[Finding]:
    instance = row.check.removeprefix(check_name(""))
    check, step = f"evolution:{instance}", Step(row.state)
    if step is Step.FINE:
        yield Finding(check, State.OK, "evolution_alive")
    elif step in _TRYING:
        yield Finding(check, State.UNKNOWN, "evolution_trying", {"doing": _TRYING[step]})
    else:
        told = {name: str(row.details.get(name) or "–") for name in ("state", "told", "reason")}
        yield Finding(check, State.BAD, _TROUBLES[step], told, mark=step)
    if step in (Step.FINE, Step.CANARY):
        yield _webhook(instance, str(row.details.get("hook") or ""), settings)


def _webhook(instance: str, there: str, settings: Settings) -> Finding:
    check, here = f"evolution_webhook:{instance}", webhook_of(settings, instance)
    if there.partition("?")[0].rstrip("/") == here:
        return Finding(check, State.OK, "evolution_hears")
    # On a developer's machine the server reaches us by another name.
    state = State.BAD if settings.production else State.WARN
    if not there:
        return Finding(check, state, "evolution_hears_nothing", {"here": here})
    return Finding(check, state, "evolution_hears_elsewhere", {"there": there.partition("?")[0], "here": here})
