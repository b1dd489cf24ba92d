"""Checks of the settings and of everything around Odys but Meta: database, Redis, model, mail, payments.

Reasons are the names of errors, never their texts: those like to quote addresses with passwords in them.
"""

import asyncio
import os
import re
import smtplib
import ssl
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text as sql
from sqlalchemy.exc import SQLAlchemyError

from ..db import Database
from ..migrations.run import head
from ..settings import Settings, UnsafeSettings
from ..whatsapp.tolerant import items, mapping, text
from .findings import Finding, State, unset

TIMEOUT = aiohttp.ClientTimeout(total=8, sock_connect=3)
_PATIENCE = 5.0  # seconds, for what is near: database, Redis, mail server

_TOGETHER = (
    ("whatsapp_token", "whatsapp_phone_number_id"),
    ("whatsapp_token", "whatsapp_business_account_id"),
    ("whatsapp_token", "whatsapp_app_secret"),
    ("whatsapp_token", "whatsapp_verify_token"),
    ("stripe_secret_key", "stripe_webhook_secret"),
    ("evolution_api_url", "evolution_api_key"),
    ("evolution_api_url", "evolution_webhook_token"),
    ("evolution_api_url", "evolution_instance"),
)


def settings_safe(settings: Settings) -> list[Finding]:
    """Is everything there that belongs together, and every wall that production needs?"""
    try:
        settings.refuse_unsafe()
    except UnsafeSettings as unsafe:
        return [Finding("settings", State.BAD, "settings_unsafe", {"reason": str(unsafe)})]
    missing = [needed for named, needed in _TOGETHER if _given(settings, named) and not _given(settings, needed)]
    if missing:
        names = ", ".join(dict.fromkeys(name.upper() for name in missing))
        return [Finding("settings", State.BAD, "settings_incomplete", {"missing": names})]
    said = "settings_safe" if settings.production else "settings_development"
    return [Finding("settings", State.OK, said)]


def _given(settings: Settings, name: str) -> bool:
    value = getattr(settings, name)
    return bool(value.get_secret_value() if hasattr(value, "get_secret_value") else value)


def alerts(settings: Settings) -> list[Finding]:
    """Would an alert reach anybody?"""
    if not settings.alert_email:
        return [unset("alerts", "alerts_unset")]
    if not settings.smtp_url.get_secret_value():
        return [Finding("alerts", State.WARN, "alerts_stay")]
    return [Finding("alerts", State.OK, "alerts_go")]


async def database(settings: Settings) -> list[Finding]:
    """Is the database there, with the schema that this code needs?"""
    try:
        db = Database(settings.database_url)
    except Exception as error:
        return [_unreached("database", error)]
    try:
        # A file that is not there would be made by looking.
        file = db.engine.url.database
        if db.sqlite and file and not await asyncio.to_thread(os.path.exists, file):
            return [Finding("database", State.BAD, "database_behind", {"revision": "–", "head": head()})]
        async with asyncio.timeout(_PATIENCE), db.begin() as session:
            revision = str(await session.scalar(sql("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError as error:
        if _no_such_table(error):
            return [Finding("database", State.BAD, "database_behind", {"revision": "–", "head": head()})]
        return [_unreached("database", getattr(error, "orig", None) or error)]
    except (OSError, TimeoutError, ValueError) as error:
        return [_unreached("database", error)]
    finally:
        await db.close()
    if revision != head():
        return [Finding("database", State.BAD, "database_behind", {"revision": revision, "head": head()})]
    return [Finding("database", State.OK, "database_fine", {"revision": revision})]


def _no_such_table(error: SQLAlchemyError) -> bool:
    original = getattr(error, "orig", None)
    return str(getattr(original, "sqlstate", "")) == "42P01" or "no such table" in str(original)


async def redis(settings: Settings) -> list[Finding]:
    """Does Redis answer?"""
    if not settings.redis_url:
        return [unset("redis", "redis_unset")]
    try:
        client: Redis = Redis.from_url(settings.redis_url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
        try:
            async with asyncio.timeout(_PATIENCE):
                await client.ping()
        finally:
            await client.aclose()
    except (RedisError, OSError, TimeoutError, ValueError) as error:
        return [_unreached("redis", error)]
    return [Finding("redis", State.OK, "redis_fine")]


async def groq(http: aiohttp.ClientSession, settings: Settings) -> list[Finding]:
    """Does Groq take the key, and does it still have our models?"""
    key = settings.groq_api_key.get_secret_value()
    if not key:
        return [unset("groq", "groq_unset")]
    url = settings.groq_base_url.rstrip("/").removesuffix("/openai/v1") + "/openai/v1/models"
    try:
        status, body = await _get(http, url, {"Authorization": f"Bearer {key}"})
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        return [_unreached("groq", error, State.UNKNOWN)]
    if status in {401, 403}:
        return [Finding("groq", State.BAD, "groq_refused")]
    if status != 200:
        return [Finding("groq", State.UNKNOWN, "groq_unreached", {"reason": f"HTTP {status}"})]
    there = {text(mapping(each).get("id")) for each in items(mapping(body).get("data"))}
    wanted = [settings.groq_model, settings.groq_fallback_model, settings.groq_transcription_model]
    if missing := [model for model in wanted if model not in there]:
        # Without the first one every turn falls back; without the others only something does.
        state = State.BAD if settings.groq_model in missing else State.WARN
        return [Finding("groq", state, "groq_lacks", {"missing": ", ".join(missing)})]
    return [Finding("groq", State.OK, "groq_fine", {"models": ", ".join(wanted)})]


async def smtp(settings: Settings) -> list[Finding]:
    """Does the mail server answer, and does it take the login?"""
    url = settings.smtp_url.get_secret_value()
    if not url:
        return [unset("smtp", "smtp_unset")]
    try:
        said = await asyncio.to_thread(_greet, url)
    except smtplib.SMTPAuthenticationError:
        return [Finding("smtp", State.BAD, "smtp_refused")]
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return [_unreached("smtp", error)]
    return [Finding("smtp", State.OK, said)]


def _greet(url: str) -> str:
    """Say hello and log in. A password goes over an encrypted connection only, or stays on this machine."""
    parts = urlsplit(url)
    host, user, password = parts.hostname or "", unquote(parts.username or ""), unquote(parts.password or "")
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_PATIENCE, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=_PATIENCE)
    with server:
        server.ehlo()
        safe = parts.scheme == "smtps" or host in {"localhost", "127.0.0.1", "::1"}
        if parts.scheme != "smtps" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
            safe = True
        if user and safe and server.has_extn("auth"):
            server.login(user, password)
            return "smtp_fine"
    return "smtp_greets"


def stripe(settings: Settings) -> list[Finding]:
    """Do the Stripe settings look like what they should be? Nothing is asked of Stripe."""
    key = settings.stripe_secret_key.get_secret_value()
    if not key:
        return [unset("stripe", "stripe_unset")]
    shape = re.fullmatch(r"[sr]k_(test|live)_\w{8,}", key)
    prices = {
        name: getattr(settings, name) for name in ("stripe_price_basic", "stripe_price_pro", "stripe_price_premium")
    }
    wrong = [] if shape else ["STRIPE_SECRET_KEY"]
    secrets = settings.stripe_webhook_secret
    if not secrets or not all(each.get_secret_value().startswith("whsec_") for each in secrets):
        wrong.append("STRIPE_WEBHOOK_SECRET")
    wrong += [name.upper() for name, price in prices.items() if not price.startswith("price_")]
    if wrong:
        return [Finding("stripe", State.BAD, "stripe_wrong", {"wrong": ", ".join(wrong)})]
    mode = shape[1] if shape else ""
    if settings.production and mode == "test":
        return [Finding("stripe", State.WARN, "stripe_test")]
    return [Finding("stripe", State.OK, "stripe_fine", {"mode": mode})]


async def supabase(http: aiohttp.ClientSession, settings: Settings) -> list[Finding]:
    """Can outside logins be verified: is there a secret, or do the published keys arrive?"""
    url = settings.supabase_jwks_url
    if not url:
        named = bool(settings.supabase_jwt_secret.get_secret_value())
        return [Finding("supabase", State.OK, "supabase_secret")] if named else [unset("supabase", "supabase_unset")]
    try:
        status, body = await _get(http, url, {})
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        return [_unreached("supabase", error)]
    keys = [key for key in items(mapping(body).get("keys")) if mapping(key).get("kty") in ("RSA", "EC")]
    if status != 200 or not keys:
        return [Finding("supabase", State.BAD, "supabase_keyless", {"reason": f"HTTP {status}"})]
    return [Finding("supabase", State.OK, "supabase_fine", {"keys": len(keys)})]


def sentry(settings: Settings) -> list[Finding]:
    """Would an error be told? Nothing is sent to find out."""
    dsn = settings.sentry_dsn.get_secret_value()
    if not dsn:
        return [unset("sentry", "sentry_unset")]
    if find_spec("sentry_sdk") is None:
        return [Finding("sentry", State.BAD, "sentry_missing")]
    parts = urlsplit(dsn)
    shaped = parts.scheme in ("http", "https") and parts.username and parts.path.rpartition("/")[2].isdigit()
    return [Finding("sentry", State.OK if shaped else State.BAD, "sentry_fine" if shaped else "sentry_wrong")]


async def evolution(http: aiohttp.ClientSession, settings: Settings) -> list[Finding]:
    """Is the Evolution instance connected?"""
    if not settings.evolution_api_url:
        return [unset("evolution", "evolution_unset")]
    url = f"{settings.evolution_api_url.rstrip('/')}/instance/connectionState/{settings.evolution_instance}"
    try:
        status, body = await _get(http, url, {"apikey": settings.evolution_api_key.get_secret_value()})
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        return [_unreached("evolution", error)]
    if mapping(body).get("code") == "LICENSE_REQUIRED":
        return [Finding("evolution", State.BAD, "evolution_licence")]
    if status != 200:
        return [Finding("evolution", State.BAD, "evolution_refused", {"reason": f"HTTP {status}"})]
    state = text(mapping(mapping(body).get("instance")).get("state"), 40) or "?"
    if state != "open":
        return [Finding("evolution", State.BAD, "evolution_closed", {"state": state})]
    return [Finding("evolution", State.OK, "evolution_fine")]


async def _get(http: aiohttp.ClientSession, url: str, headers: Mapping[str, str]) -> tuple[int, Any]:
    async with http.get(url, headers=headers, timeout=TIMEOUT, allow_redirects=False) as answer:
        try:
            return answer.status, await answer.json(content_type=None)
        except ValueError:
            return answer.status, None


def _unreached(check: str, error: BaseException, state: State = State.BAD) -> Finding:
    return Finding(check, state, f"{check}_unreached", {"reason": type(error).__name__})
