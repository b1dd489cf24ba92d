"""Checks that only Meta answers: token, number, permission to send, subscription, templates.

What Meta does not answer is `unknown`. Without a valid token nothing else can be known, and says so instead of
raising five alarms for one cause.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from ..notify.messages import MESSAGES
from ..notify.meta import LANGUAGE
from ..settings import Settings
from ..whatsapp.management import Management, ManagementFailed
from ..whatsapp.tolerant import items, mapping, moment, text
from .findings import Finding, State, unset

WEBHOOK = "/webhooks/whatsapp"
# Long enough to make a new token on a working day.
EXPIRES_SOON = timedelta(days=7)
SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")
_MESSAGING = SCOPES[0]

# What a number's status may be without anybody having to act; Meta leaves it out for some.
_CONNECTED = frozenset({"", "CONNECTED"})
_SLOWED = frozenset({"FLAGGED", "RATE_LIMITED", "PENDING", "UNVERIFIED"})
_QUALITY = {"YELLOW": State.WARN, "RED": State.BAD}
_HEALTH = {"LIMITED": (State.WARN, "health_limited"), "BLOCKED": (State.BAD, "health_blocked")}
_REVIEWED = frozenset({"PENDING", "IN_APPEAL"})


async def look(
    management: Management, settings: Settings, accounts: Sequence[str], now: datetime, *, mend: bool = False
) -> list[Finding]:
    """Ask Meta everything, at the same time where one answer does not depend on another; `mend` what can be."""
    if not settings.whatsapp_token.get_secret_value():
        names = [f"{kind}:{account}" for account in accounts for kind in ("number", "health")]
        return [unset(name) for name in ("token", *names, "subscription", "templates")]
    first = await token(management, settings, accounts, now)
    business = settings.whatsapp_business_account_id
    rest = [
        *(number(management, account, settings) for account in accounts),
        *(health(management, account) for account in accounts),
        subscription(management, business, str(first.details.get("app", "")), mend=mend),
        templates(management, business),
    ]
    return [first, *(found for group in await asyncio.gather(*rest) for found in group)]


async def token(management: Management, settings: Settings, accounts: Sequence[str], now: datetime) -> Finding:
    """Is the token valid, for how long, and for what?"""
    try:
        about = await management.token()
    except ManagementFailed as failed:
        if failed.passing or failed.token_refused or not accounts:
            return _failed("token", failed)
        # Some tokens may not look at themselves; whether they work shows by using them.
        return await _tried("token", management, accounts[0])
    app = text(about.get("app_id"))
    if about.get("is_valid") is False:
        reason = text(mapping(about.get("error")).get("message")) or "is_valid: false"
        return Finding("token", State.BAD, "token_refused", {"reason": reason[:200]})
    if missing := _missing(about, settings):
        state = State.BAD if _MESSAGING in missing else State.WARN
        return Finding("token", state, "token_lacks", {"missing": ", ".join(missing), "app": app})
    ends = [at for name in ("expires_at", "data_access_expires_at") if (at := moment(about.get(name)))]
    if not ends:
        return Finding("token", State.OK, "token_fine", {"app": app})
    left = min(ends) - now
    details: dict[str, str | int] = {"days": max(0, left.days), "app": app}
    if left > EXPIRES_SOON:
        return Finding("token", State.OK, "token_fine_until", details)
    return Finding("token", State.WARN if left > timedelta() else State.BAD, "token_expires", details)


async def _tried(check: str, management: Management, account: str) -> Finding:
    try:
        await management.number(account)
    except ManagementFailed as failed:
        return _failed(check, failed)
    return Finding(check, State.OK, "token_accepted")


def _missing(about: Mapping[str, Any], settings: Settings) -> list[str]:
    """Return what the token may not do, or the account it does not cover; Meta leaves some of this out."""
    scopes = {text(each) for each in items(about.get("scopes"))}
    missing = [scope for scope in SCOPES if scopes and scope not in scopes]
    for granted in map(mapping, items(about.get("granular_scopes"))):
        covered = {text(each) for each in items(granted.get("target_ids"))}
        business = settings.whatsapp_business_account_id
        if granted.get("scope") == _MESSAGING and covered and business and business not in covered:
            missing.append(f"{_MESSAGING} ({business})")
    return missing


async def number(management: Management, account: str, settings: Settings) -> list[Finding]:
    """How is the number, and where do its messages go?"""
    check = f"number:{account}"
    try:
        about = await management.number(account)
    except ManagementFailed as failed:
        return [_failed(check, failed)]
    status, quality = text(about.get("status")).upper(), text(about.get("quality_rating")).upper()
    if status not in _CONNECTED:
        state = State.WARN if status in _SLOWED else State.BAD
        found = Finding(check, state, "number_status", {"status": status}, mark=status)
    elif state_of_quality := _QUALITY.get(quality):
        found = Finding(check, state_of_quality, "number_quality", {"quality": quality})
    else:
        name = text(about.get("verified_name"), 80)
        found = Finding(check, State.OK, "number_fine", {"quality": quality or "?", "name": name})
    return [found, _webhook(account, mapping(about.get("webhook_configuration")), settings)]


def _webhook(account: str, configured: Mapping[str, Any], settings: Settings) -> Finding:
    """Compare where Meta delivers with where we are; the narrower setting wins."""
    check, here = f"webhook:{account}", settings.public_url.rstrip("/") + WEBHOOK
    levels = ("phone_number", "whatsapp_business_account", "application")
    there = next((address for level in levels if (address := text(configured.get(level)))), "")
    if not there:
        return Finding(check, State.UNKNOWN, "meta_does_not_tell")
    if there.rstrip("/") == here:
        return Finding(check, State.OK, "webhook_here")
    # On a developer's machine PUBLIC_URL is often left alone while a tunnel leads here.
    state = State.BAD if settings.production else State.WARN
    return Finding(check, state, "webhook_elsewhere", {"there": there[:300], "here": here}, mark=there[:80])


async def health(management: Management, account: str) -> list[Finding]:
    """May we send: the number, its account, the business, the application?"""
    check = f"health:{account}"
    try:
        about = await management.health(account)
    except ManagementFailed as failed:
        return [_failed(check, failed)]
    overall = text(about.get("can_send_message")).upper()
    if overall not in _HEALTH:
        fine = overall == "AVAILABLE"
        return [Finding(check, *(State.OK, "health_fine") if fine else (State.UNKNOWN, "meta_does_not_tell"))]
    state, said = _HEALTH[overall]
    reasons = [_ailment(mapping(each)) for each in items(about.get("entities"))]
    reason = "; ".join(each for each in reasons if each)[:600] or overall
    return [Finding(check, state, said, {"reason": reason})]


def _ailment(entity: Mapping[str, Any]) -> str:
    """Return what is wrong with one entity in Meta's own words, or nothing."""
    if text(entity.get("can_send_message")).upper() not in _HEALTH:
        return ""
    errors = [mapping(each) for each in items(entity.get("errors"))]
    words = [
        " ".join(text(error.get(name)) for name in ("error_code", "error_description", "possible_solution")).strip()
        for error in errors
    ]
    words += [text(each) for each in items(entity.get("additional_info"))]
    return f"{text(entity.get('entity_type'))} {text(entity.get('can_send_message'))}: " + " ".join(words)


async def subscription(management: Management, business: str, app: str, *, mend: bool) -> list[Finding]:
    """Does the account deliver to our application? `app` is its id, where the token told it; `mend` has it do so."""
    if not business:
        return [unset("subscription")]
    try:
        if await _delivers(management, app):
            return [Finding("subscription", State.OK, "subscribed")]
    except ManagementFailed as failed:
        return [_failed("subscription", failed)]
    if mend:
        with suppress(ManagementFailed):  # then somebody has to do it by hand
            await management.subscribe()
            if await _delivers(management, app):
                return [Finding("subscription", State.WARN, "subscribed_again")]
    return [Finding("subscription", State.BAD, "not_subscribed", {"business": business})]


async def _delivers(management: Management, app: str) -> bool:
    subscribed = [text(each.get("id")) for each in await management.subscriptions()]
    return app in subscribed if app else bool(subscribed)


async def templates(management: Management, business: str) -> list[Finding]:
    """Can each of the 19 be sent, and at the price we think?"""
    if not business:
        return [unset("templates")]
    try:
        listed = await management.templates()
    except ManagementFailed as failed:
        return [_failed("templates", failed)]
    there = {text(each.get("name")): each for each in listed if each.get("language") == LANGUAGE}
    ailing = {name: _template(there.get(name, {}), message.category) for name, message in MESSAGES.items()}
    for state, said in (
        (State.BAD, "templates_unusable"),
        (State.WARN, "templates_changed"),
        (State.WARN, "templates_wait"),
    ):
        names = ", ".join(f"{name} ({why})" for name, (kind, why) in ailing.items() if kind == said)
        if names:
            return [Finding("templates", state, said, {"names": names}, mark=names)]
    return [Finding("templates", State.OK, "templates_fine", {"count": len(ailing)})]


def _template(about: Mapping[str, Any], category: str) -> tuple[str, str]:
    """Return which sentence a template belongs in, and why."""
    if not about:
        return "templates_unusable", "MISSING"
    status = text(about.get("status")).upper()
    if status in _REVIEWED:
        return "templates_wait", status
    if status != "APPROVED":
        reason = text(about.get("rejected_reason"))
        return "templates_unusable", f"{status} {reason}".strip() if reason not in ("", "NONE") else status
    if (now := text(about.get("category")).upper()) != category:
        return "templates_changed", now
    if text(mapping(about.get("quality_score")).get("score")).upper() == "RED":
        return "templates_changed", "RED"
    return "", ""


def _failed(check: str, failed: ManagementFailed) -> Finding:
    """Return what a question without a proper answer tells: nothing, unless the answer is about the token."""
    fault = failed.fault
    reason = fault.details or fault.code
    if failed.passing:
        return Finding(check, State.UNKNOWN, "meta_unreached", {"reason": f"{fault.code} {fault.details}".strip()})
    if failed.token_refused:
        if check == "token":
            return Finding(check, State.BAD, "token_refused", {"reason": reason})
        return Finding(check, State.UNKNOWN, "token_first")
    return Finding(check, State.BAD, "meta_refuses", {"code": fault.code, "reason": reason}, mark=fault.code)
