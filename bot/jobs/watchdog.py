"""Look after WhatsApp itself: check, remember, and tell the operator once about every change.

Nothing is told over WhatsApp, for that is what may be down: an e-mail to `ALERT_EMAIL` and a line in the log.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import aiohttp
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Database
from ..models import Outbound, ServiceHealth
from ..models.enums import Transport
from ..notify import health
from ..phrases import duration, moment
from ..settings import Settings
from ..whatsapp.management import Management
from . import flow, reach
from .cost import cost
from .endpoint import endpoint
from .evolution_check import evolution
from .findings import Finding, State

log = logging.getLogger(__name__)

KIND = "alert"
# Sent before all other mail; of no use to anybody a day later.
PRIORITY, LIFE = 1, timedelta(days=1)
# The operator's clock, as far as the text of an alert goes.
_ZONE = ZoneInfo("America/Sao_Paulo")
_WORD = {State.BAD: "PROBLEMA", State.WARN: "ATENÇÃO", State.OK: "RESOLVIDO"}
_CHECKS: Sequence[flow.Check] = (*flow.CHECKS, cost, evolution)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is not as it was; `lasted` is how long the trouble took that is over now."""

    finding: Finding
    lasted: timedelta | None = None


async def run(
    db: Database, settings: Settings, *, now: datetime, light: bool = False, management: Management | None = None
) -> list[Finding]:
    """Check everything, or (`light`) only what the database can tell, and alert about what changed."""
    findings = await from_database(db, settings, now)
    if not light:
        findings += await from_meta(db, settings, now, management)
        findings += await _from_endpoint(settings, now)
    async with db.begin() as session:
        changes = await _remember(session, findings, now)
        if changes and settings.alert_email:
            session.add(_mail(changes, settings.alert_email, now))
    for change in changes:
        _log(change.finding)
    return findings


async def from_database(db: Database, settings: Settings, now: datetime) -> list[Finding]:
    """Run each check in a transaction of its own: one that breaks does not blind the others."""
    findings: list[Finding] = []
    for check in _CHECKS:
        try:
            async with db.begin() as session:
                findings += await check(session, settings, now)
        except Exception as error:
            log.exception("a check broke", extra={"check": check.__name__})
            broken = {"error": type(error).__name__}
            findings.append(Finding(check.__name__, State.UNKNOWN, "check_failed", broken))
    return findings


async def from_meta(
    db: Database | None, settings: Settings, now: datetime, management: Management | None = None
) -> list[Finding]:
    """Ask Meta, with no transaction open; without a database only the number of the settings is known."""
    accounts = [settings.whatsapp_phone_number_id] if settings.whatsapp_phone_number_id else []
    if db is not None:
        async with db.begin() as session:
            accounts = await flow.accounts(session, settings)
    async with aiohttp.ClientSession() as http:
        return await reach.look(management or Management(http, settings), settings, accounts, now)


async def _from_endpoint(settings: Settings, now: datetime) -> list[Finding]:
    async with aiohttp.ClientSession() as http:
        return await endpoint(http, settings, now)


async def _remember(session: AsyncSession, findings: Sequence[Finding], now: datetime) -> list[Change]:
    """Write the findings down and return what changed; two watchdogs at once tell it once."""
    rows = await health.current(session, (finding.check for finding in findings), now)
    changes = []
    for finding in findings:
        row = rows[finding.check]
        change, told = _change(finding, row, now), _told(finding, row.details)
        if change is not None:
            changes.append(change)
        details = {**finding.details, "text": finding.text, "told": told}
        if finding.state is not State.OK and (began := _began(finding, row, now)):
            details["began"] = began
        await health.note(session, row, finding.state.value, details, now, another=change is not None)
    return changes


def _began(finding: Finding, row: ServiceHealth, now: datetime) -> str:
    """Return since when there is trouble; not knowing for a while does not end it."""
    before = row.details.get("began")
    if before or finding.state is State.UNKNOWN:
        return str(before or "")
    return now.isoformat()


def _told(finding: Finding, before: Mapping[str, object]) -> list[str]:
    """Return what the operator knows after this run: not knowing for a while changes nothing about it."""
    if finding.state is State.UNKNOWN:
        told = before.get("told")
        return [str(each) for each in told] if isinstance(told, list) else [State.OK.value, ""]
    return [finding.state.value, "" if finding.state is State.OK else finding.mark]


def _change(finding: Finding, row: ServiceHealth, now: datetime) -> Change | None:
    before = row.details.get("told") or [State.OK.value, ""]
    if _told(finding, row.details) == before:
        return None
    began = row.details.get("began")
    over = finding.state is State.OK and began
    return Change(finding, now - datetime.fromisoformat(str(began)) if over else None)


def _mail(changes: Sequence[Change], to: str, now: datetime) -> Outbound:
    """Owe one e-mail about everything that changed in this run."""
    local = now.astimezone(_ZONE)
    ordered = sorted(changes, key=lambda change: list(_WORD).index(change.finding.state))
    text = "\n\n".join(
        [
            f"O que mudou até {moment(local)} (horário de Brasília):",
            *(_paragraph(change) for change in ordered),
            "A situação de tudo, a qualquer momento: odys doctor",
        ]
    )
    return Outbound(
        transport=Transport.EMAIL,
        kind=KIND,
        payload={"subject": _subject(ordered), "text": text, "to": to},
        priority=PRIORITY,
        due_at=now,
        expires_at=now + LIFE,
        created_at=now,
    )


def _subject(changes: Sequence[Change]) -> str:
    first = changes[0].finding
    rest = f" (e mais {len(changes) - 1})" if len(changes) > 1 else ""
    return f"[Odys] {_WORD[first.state].capitalize()}: {first.title}{rest}"


def _paragraph(change: Change) -> str:
    finding = change.finding
    over = f"\nDurou {duration(max(1, change.lasted // timedelta(minutes=1)))}." if change.lasted else ""
    return f"{_WORD[finding.state]} · {finding.title}\n{finding.text}{over}"


def _log(finding: Finding) -> None:
    level = logging.INFO if finding.state is State.OK else logging.ERROR
    extra = {"check": finding.check, "state": finding.state.value, "reason": finding.english}
    log.log(level, "alert" if level == logging.ERROR else "recovered", extra=extra)
