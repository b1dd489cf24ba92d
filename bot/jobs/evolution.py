"""Look after Evolution instances: an open connection may be dead, and a closed one needs somebody's phone.

    fine ─(nothing heard for long, or sent and never acknowledged)─► canary: a message to ourselves
    canary ─(nothing came back)─► restart ─► canary ─(nothing again)─► silent: tell the operator
    closed ─(does not come back by itself)─► restart ─(still closed)─► pairing: a link to its QR code for the owner

Where an instance stands is a row of `service_health`; the watchdog reads it, and tells the operator of changes.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import aiohttp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Database
from ..models import ServiceHealth
from ..models.enums import Channel
from ..notify import health
from ..settings import Settings
from ..whatsapp.evolution import faults
from ..whatsapp.evolution.client import EvolutionApi, InstanceTrouble
from ..whatsapp.evolution.pairing import link
from ..whatsapp.faults import SendFailed
from ..whatsapp.outgoing import Text
from ..whatsapp.transport import Address
from . import evolution_signs as signs
from .accounts import accounts
from .evolution_owner import tell

log = logging.getLogger(__name__)

# It reconnects by itself within seconds, when it can; a restart takes about as long.
GRACE, AFTER_RESTART = timedelta(minutes=1), timedelta(minutes=2)
# A message to ourselves comes back within seconds, or not at all.
CANARY_WAIT = timedelta(minutes=2)
# One that is dead for good is tried again now and then.
AGAIN = timedelta(minutes=30)
CANARY = "Odys: teste de conexão. Pode ignorar esta mensagem."


class Step(StrEnum):
    """Where an instance stands on the ladder."""

    FINE = "fine"
    CANARY = "canary"
    CLOSED = "closed"
    RESTARTED = "restarted"
    PAIRING = "pairing"
    SILENT = "silent"
    LICENCE = "licence"
    NO_INSTANCE = "no_instance"
    REFUSED = "refused"
    UNREACHED = "unreached"


_TROUBLES = {
    faults.LICENCE: Step.LICENCE,
    faults.NO_INSTANCE: Step.NO_INSTANCE,
    faults.KEY: Step.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Stand:
    """Where an instance stands, since when, and what is remembered of how it got there."""

    step: Step
    since: datetime
    details: dict[str, Any] = field(default_factory=dict)


def check_name(instance: str) -> str:
    """Return the name under which `service_health` knows where an instance stands."""
    return f"ladder:{instance}"


async def tend(db: Database, settings: Settings, *, now: datetime) -> None:
    """Look at every instance and take the next step with those that need one; run it every minute."""
    if not settings.evolution:
        return
    async with db.begin() as session:
        names = await accounts(session, settings, Channel.EVOLUTION)
    async with aiohttp.ClientSession() as http:
        tender = _Tender(db, settings, EvolutionApi(http, settings), now)
        # Beside each other: one that hangs must not make the others wait for the next minute.
        await asyncio.gather(*(tender.one(name) for name in names))


class _Tender:
    def __init__(self, db: Database, settings: Settings, api: EvolutionApi, now: datetime) -> None:
        self._db, self._settings, self._api, self._now = db, settings, api, now

    async def one(self, name: str) -> None:
        try:
            await self._one(name)
        except Exception:
            log.exception("an instance could not be looked after", extra={"instance": name})

    async def _one(self, name: str) -> None:
        before = await self._before(name)
        try:
            state = (await self._api.instance(name)).state
            after = await (self._open(name, before) if state == "open" else self._closed(name, before, state))
            hook = await self._hook(name)
        except InstanceTrouble as trouble:
            step = _TROUBLES.get(trouble.fault.code, Step.UNREACHED)
            after, hook = self._stand(step, before, reason=trouble.fault.code), str(before.details.get("hook", ""))
        await self._remember(name, before, after, hook)

    async def _before(self, name: str) -> Stand:
        async with self._db.begin() as session:
            row = await session.scalar(
                select(ServiceHealth).where(ServiceHealth.check == check_name(name), ServiceHealth.ended_at.is_(None))
            )
            if row is None or row.state not in set(Step):
                return Stand(Step.FINE, self._now)
            return Stand(Step(row.state), row.since, dict(row.details))

    def _stand(self, step: Step, before: Stand, **details: Any) -> Stand:
        return Stand(step, before.since if step is before.step else self._now, {**before.details, **details})

    # -- it says that it is connected

    async def _open(self, name: str, before: Stand) -> Stand:
        async with self._db.begin() as session:
            seen = await signs.read(session, name, before.details, now=self._now)
        if before.step is Step.CANARY:
            return await self._canary_flies(name, before, seen)
        if before.step is Step.SILENT and not seen.proof:
            return before if self._now - before.since < AGAIN else await self._canary(name, before)
        if before.step is Step.RESTARTED and before.details.get("dead"):
            return await self._canary(name, before)
        if before.step is Step.FINE and seen.doubt and self._now - self._last_canary(before) >= signs.QUIET:
            return await self._canary(name, before)
        return self._fine(before)

    def _fine(self, before: Stand) -> Stand:
        kept = {key: value for key, value in before.details.items() if key in {"canary_at", "hook"}}
        return Stand(Step.FINE, before.since if before.step is Step.FINE else self._now, kept)

    def _last_canary(self, before: Stand) -> datetime:
        told = before.details.get("canary_at")
        return datetime.fromisoformat(told) if told else datetime.min.replace(tzinfo=self._now.tzinfo)

    async def _canary(self, name: str, before: Stand) -> Stand:
        """Write to ourselves: what comes back proves that the whole way works."""
        phone = await self._api.phone(name)
        if phone is None:
            return self._fine(before)
        to = Address(phone, channel=Channel.EVOLUTION)
        try:
            sent = await self._api.send(name, to, Text(CANARY), opaque="")
        except SendFailed as failed:
            log.warning("a canary did not leave", extra={"instance": name, "code": failed.fault.code})
            return self._stand(Step.CANARY, before, canary="", canary_at=self._now.isoformat())
        return self._stand(Step.CANARY, before, canary=sent.provider_id, canary_at=self._now.isoformat())

    async def _canary_flies(self, name: str, before: Stand, seen: signs.Signs) -> Stand:
        if seen.proof:
            return self._fine(before)
        if self._now - before.since < CANARY_WAIT:
            return before
        if before.details.get("dead"):
            return await self._silent(name, before)
        return await self._restart(name, before, "open", dead=True)

    async def _silent(self, name: str, before: Stand) -> Stand:
        told = before.details.get("told") or await self._tell(name)
        return self._stand(Step.SILENT, before, told=told)

    # -- it says that it is not

    async def _closed(self, name: str, before: Stand, state: str) -> Stand:
        match before.step:
            case Step.PAIRING:
                return self._stand(Step.PAIRING, before, state=state)
            case Step.CLOSED if self._now - before.since >= GRACE:
                return await self._restart(name, before, state)
            case Step.CLOSED:
                return before
            case Step.RESTARTED if self._now - before.since >= AFTER_RESTART:
                return await self._pair(name, before, state)
            case Step.RESTARTED:
                return before
        return self._stand(Step.CLOSED, before, state=state)

    async def _restart(self, name: str, before: Stand, state: str, *, dead: bool = False) -> Stand:
        log.warning("restarting an instance", extra={"instance": name, "state": state})
        try:
            await self._api.restart(name)
        except InstanceTrouble as trouble:
            if trouble.fault.code != faults.DISCONNECTED:
                raise
            # It refuses because nobody is logged in: only a phone can help.
            return await self._pair(name, before, state)
        return self._stand(Step.RESTARTED, before, dead=dead, state=state)

    async def _pair(self, name: str, before: Stand, state: str) -> Stand:
        """Ask for a QR code and send the owner a link to it, once an outage."""
        pairing = await self._api.connect(name)
        if not (pairing.picture or pairing.code):
            return self._stand(Step.RESTARTED, before, state=state)
        return self._stand(Step.PAIRING, before, state=state, told=await self._tell(name))

    async def _tell(self, name: str) -> str:
        address = link(self._settings, name, self._now)
        async with self._db.begin() as session:
            return await tell(session, self._settings, name, address, now=self._now)

    # -- what it tells us

    async def _hook(self, name: str) -> str:
        """Return where an instance delivers; one that delivers nowhere is told where we are."""
        there = await self._api.told_to(name)
        if there or not self._settings.production:
            return there
        here = webhook_of(self._settings, name)
        await self._api.hear(name, here, self._settings.evolution_webhook_token.get_secret_value())
        return here

    async def _remember(self, name: str, before: Stand, after: Stand, hook: str) -> None:
        details = {**after.details, "hook": hook}
        async with self._db.begin() as session:
            row = (await health.current(session, [check_name(name)], self._now))[check_name(name)]
            await health.note(session, row, after.step.value, details, self._now)
        if after.step is not before.step:
            log.warning("an instance moved", extra={"instance": name, "from": before.step, "to": after.step})


def webhook_of(settings: Settings, instance: str) -> str:
    """Return the address at which we hear of an instance."""
    return f"{settings.public_url.rstrip('/')}/webhooks/evolution/{instance}"


async def stands(session: AsyncSession, settings: Settings) -> Sequence[ServiceHealth]:
    """Return where each instance that is ours stands."""
    names = [check_name(name) for name in await accounts(session, settings, Channel.EVOLUTION)]
    mine = (ServiceHealth.check.in_(names), ServiceHealth.ended_at.is_(None), ServiceHealth.state != "")
    return (await session.scalars(select(ServiceHealth).where(*mine).order_by(ServiceHealth.check))).all()
