"""`odys doctor`: check every setting and outside service and say what to do; it changes nothing.

The same checks as the watchdog's, and some that only matter when something is being set up.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr, ValidationError

from ..clock import SystemClock
from ..db import Database
from ..jobs import outside, watchdog
from ..jobs.endpoint import endpoint
from ..jobs.findings import Finding, State
from ..settings import Settings
from .table import folded

_LABEL, _STATE = 34, 9
# Shorter values are words like "test", and hiding them would garble sentences.
_SECRET_LENGTH = 6


def run(_options: argparse.Namespace) -> int:
    try:
        settings = Settings()
    except ValidationError as error:
        # Not the error itself: it quotes what was set, and that may be a secret.
        for wrong in error.errors(include_input=False, include_url=False, include_context=False):
            name = ".".join(str(part) for part in wrong["loc"]).upper()
            folded(f"  {name:<{_LABEL}}{State.BAD:<{_STATE}}", wrong["msg"])
        return 1
    return asyncio.run(_examine(settings))


async def _examine(settings: Settings) -> int:
    hide = _hider(settings)
    counts = dict.fromkeys(State, 0)
    async for finding in _findings(settings):
        counts[finding.state] += not finding.unset
        shown = "not set" if finding.unset else finding.state.value
        folded(f"  {_label(finding):<{_LABEL}}{shown:<{_STATE}}", hide(finding.english))
    unknown = f", {counts[State.UNKNOWN]} unknown" if counts[State.UNKNOWN] else ""
    print(f"\n{counts[State.OK]} ok, {counts[State.WARN]} to look at, {counts[State.BAD]} bad{unknown}", flush=True)
    return 1 if counts[State.BAD] else 0


def _label(finding: Finding) -> str:
    title = finding.english_title
    return title if len(title) < _LABEL else f"{title[: _LABEL - 3]}…"


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    """Yield findings as they are made, what others depend on first."""
    now = SystemClock().now()
    for finding in (*outside.settings_safe(settings), *outside.alerts(settings)):
        yield finding
    ready = True
    for finding in await _waited("database", outside.database(settings)):
        ready = finding.state is State.OK
        yield finding
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        db = Database(settings.database_url) if ready else None
        if db is not None:
            stack.push_async_callback(db.close)
        for what, step in _steps(settings, http, db, now):
            for finding in await _waited(what, step):
                yield finding


def _steps(
    settings: Settings, http: aiohttp.ClientSession, db: Database | None, now: datetime
) -> Iterator[tuple[str, Awaitable[Sequence[Finding]]]]:
    yield "Redis", outside.redis(settings)
    yield "mail server", outside.smtp(settings)
    yield "Groq", outside.groq(http, settings)
    yield "Stripe", _now(outside.stripe(settings))
    yield "outside logins", outside.supabase(http, settings)
    yield "Sentry", _now(outside.sentry(settings))
    yield "Evolution API", outside.evolution(http, settings)
    yield "public address", endpoint(http, settings, now)
    yield "Meta", watchdog.from_meta(db, settings, now)
    if db is not None:
        yield "messages", watchdog.from_database(db, settings, now)


async def _waited(what: str, step: Awaitable[Sequence[Finding]]) -> Sequence[Finding]:
    """Wait for a step; somebody who is watching sees what for."""
    if sys.stdout.isatty():
        print(f"  {what} …", end="\r", flush=True)
    return await step


async def _now(findings: Sequence[Finding]) -> Sequence[Finding]:
    return findings


def _hider(settings: Settings) -> Callable[[str], str]:
    """Return what removes every secret of the settings from a text: the last wall, for no check should quote one."""
    secrets = {secret for value in dict(settings).values() for secret in _secrets(value)}
    ordered = sorted((secret for secret in secrets if len(secret) >= _SECRET_LENGTH), key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in ordered:
            text = text.replace(secret, "***")
        return text

    return hide


def _secrets(value: Any) -> list[str]:
    match value:
        case SecretStr():
            found = value.get_secret_value()
            return [found, *_secrets(found)]
        case list():
            return [secret for each in value for secret in _secrets(each)]
        case str() if "://" in value:
            try:
                return [urlsplit(value).password or ""]
            except ValueError:
                return []
    return []
