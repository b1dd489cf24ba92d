"""Look after WhatsApp itself: check, remember, and tell once about every change."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

import aiohttp
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Database
from ..models import Inbound, ServiceHealth
from ..models.enums import Channel
from ..notify import health
from ..settings import Settings
from ..whatsapp.management import Management
from . import alerts, flow, reach
from .accounts import accounts
from .alerts import Change
from .cost import cost
from .endpoint import endpoint
from .evolution_check import evolution
from .findings import Finding, State
from .plans import plans

log = logging.getLogger(__name__)

# What Meta tells by itself about things that it can also be asked for.
_NEWS = (
    "account_alerts",
    "account_review_update",
    "account_update",
    "business_capability_update",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "phone_number_quality_update",
    "security",
    "template_category_update",
)
# Spelled out, so that both databases see that the partial index fits.
_NOTICE = text("inbound.kind = 'notice'")
CHECKS: Sequence[flow.Check] = (*flow.CHECKS, cost, evolution, plans)


async def run(
    db: Database, settings: Settings, *, now: datetime, light: bool = False, management: Management | None = None
) -> list[Finding]:
    """Check everything, or (`light`) only what the database can tell, and alert about what changed.

    When Meta sent news about the account, a number or a template since it was last asked, it is asked then too.
    """
    findings = await from_database(db, settings, now)
    if not light or await news(db, settings):
        findings += await from_meta(db, settings, now, management, mend=True)
        findings += await _from_endpoint(settings, now)
    await _conclude(db, settings, findings, now)
    return findings


async def glance(db: Database, settings: Settings, *, now: datetime) -> list[Finding]:
    """Check every minute that people are answered and that messages leave; every ten, all that the database tells."""
    if now.minute % 10 == 0:
        return await run(db, settings, now=now, light=True)
    findings = await from_database(db, settings, now, flow.PULSE)
    await _conclude(db, settings, findings, now)
    return findings


async def _conclude(db: Database, settings: Settings, findings: Sequence[Finding], now: datetime) -> None:
    async with db.begin() as session:
        changes = await _remember(session, findings, now)
        await alerts.tell(session, changes, settings, now)
    alerts.log_all(changes)


async def news(db: Database, settings: Settings) -> bool:
    """Tell whether Meta said something by itself since it was last asked."""
    if not settings.whatsapp_token.get_secret_value():
        return False
    async with db.begin() as session:
        asked = select(ServiceHealth.checked_at).where(ServiceHealth.check == "token", ServiceHealth.ended_at.is_(None))
        told = select(Inbound.id).where(
            _NOTICE,
            Inbound.channel == Channel.CLOUD,
            Inbound.event["field"].as_string().in_(_NEWS),
        )
        if (last := await session.scalar(asked)) is not None:
            told = told.where(Inbound.received_at > last)
        return await session.scalar(told.limit(1)) is not None


async def from_database(
    db: Database, settings: Settings, now: datetime, checks: Sequence[flow.Check] = CHECKS
) -> list[Finding]:
    """Run each check in a transaction of its own: one that breaks does not blind the others."""
    findings: list[Finding] = []
    for check in checks:
        try:
            async with db.begin() as session:
                findings += await check(session, settings, now)
        except Exception as error:
            log.exception("a check broke", extra={"check": check.__name__})
            broken = {"error": type(error).__name__}
            findings.append(Finding(check.__name__, State.UNKNOWN, "check_failed", broken))
    return findings


async def from_meta(
    db: Database | None, settings: Settings, now: datetime, management: Management | None = None, *, mend: bool = False
) -> list[Finding]:
    """Ask Meta, with no transaction open, and `mend` what can be mended from here.

    Without a database only the number of the settings is known.
    """
    numbers = [settings.whatsapp_phone_number_id] if settings.whatsapp_phone_number_id else []
    if db is not None:
        async with db.begin() as session:
            numbers = await accounts(session, settings, Channel.CLOUD)
    async with aiohttp.ClientSession() as http:
        return await reach.look(management or Management(http, settings), settings, numbers, now, mend=mend)


async def _from_endpoint(settings: Settings, now: datetime) -> list[Finding]:
    async with aiohttp.ClientSession() as http:
        return await endpoint(http, settings, now)


async def _remember(session: AsyncSession, findings: Sequence[Finding], now: datetime) -> list[Change]:
    """Write the findings down and return what changed; two watchdogs at once tell it once."""
    rows = await health.current(session, [finding.check for finding in findings], now)
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
    serious = State.BAD in (finding.state, before[0])
    began = row.details.get("began")
    over = finding.state is State.OK and began
    return Change(finding, now - datetime.fromisoformat(str(began)) if over else None, serious)
