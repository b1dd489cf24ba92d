"""The operator's commands, run as they are typed, with settings from the environment and real servers around them."""

import asyncio
import base64
import json
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import select

from bot.__main__ import main
from bot.db import Database
from bot.jobs import endpoint
from bot.jobs.findings import Finding, State
from bot.migrations.run import head
from bot.models import Contact, Inbound, Outbound
from bot.models.enums import Channel, InboundKind, InboundStatus, OutboundStatus, Transport
from bot.notify.messages import MESSAGES
from bot.notify.meta import template_json
from bot.settings import Settings

from . import servers
from .fakes.graph_management import BUSINESS, NUMBER, TOKEN, Meta, listed, management

Environment = dict[str, str]
ROOT = str(Path(__file__).resolve().parent.parent)
NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
SECRETS = {
    "SECRET_KEY": "a-very-secret-key-of-thirty-two-characters",
    "CRON_SECRET": "cron-secret-value",
    "WHATSAPP_APP_SECRET": "app-secret-one,app-secret-two",
    "WHATSAPP_VERIFY_TOKEN": "verify-token-value",
    "GROQ_API_KEY": "gsk_a-key-of-groq",
    "STRIPE_SECRET_KEY": "sk_live_abcdefgh12345678",
    "STRIPE_WEBHOOK_SECRET": "whsec_abcdefgh",
    "EVOLUTION_API_KEY": "evolution-key-value",
    "EVOLUTION_WEBHOOK_TOKEN": "evolution-hook-value",
}


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No `.env`, and no setting of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")  # nothing is folded, so that sentences can be found


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name.upper(), value)

    return put


@pytest.fixture
def odys(capsys: pytest.CaptureFixture[str]) -> Callable[..., Awaitable[tuple[int, str]]]:
    """Run a command beside the running loop; return its status and everything it printed."""

    async def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        status = await asyncio.to_thread(main, arguments)
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return run


@pytest.fixture
async def meta(environment: Callable[..., None]) -> AsyncIterator[Meta]:
    """Meta, and settings that name it."""
    async with management() as fake:
        environment(
            whatsapp_api_url=fake.url,
            whatsapp_token=TOKEN,
            whatsapp_phone_number_id=NUMBER,
            whatsapp_business_account_id=BUSINESS,
        )
        yield fake


Odys = Callable[..., Awaitable[tuple[int, str]]]


def line(printed: str, label: str) -> str:
    """Return the line of a label, its columns one space apart."""
    lines = [" ".join(each.split()) + " " for each in printed.splitlines()]
    found = [each.strip() for each in lines if each.startswith(label)]
    assert len(found) == 1, f"{label!r} is on {len(found)} lines of:\n{printed}"
    return found[0]


# -- doctor


@asynccontextmanager
async def served(
    routes: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]], context: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    app = web.Application()
    for path, handler in routes.items():
        app.router.add_get(path, handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def jwks(_: web.Request) -> web.StreamResponse:
    return web.json_response({"keys": [{"kty": "EC", "crv": "P-256"}]})


@asynccontextmanager
async def mail_server(password: str) -> AsyncIterator[int]:
    """Speak as much SMTP as a greeting and a login take."""
    right = base64.b64encode(f"\0odys\0{password}".encode()).decode()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while command := (await reader.readline()).decode().strip():
            match command.split(" ")[0].upper(), command:
                case "EHLO", _:
                    writer.write(b"250-here\r\n250 AUTH PLAIN\r\n")
                case "AUTH", _:
                    writer.write(b"235 yes\r\n" if command.endswith(right) else b"535 no\r\n")
                case "QUIT", _:
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"500 what?\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def models(*names: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {SECRETS['GROQ_API_KEY']}":
            return web.json_response({"error": {"message": "Invalid API Key"}}, status=401)
        return web.json_response({"object": "list", "data": [{"id": name} for name in names]})

    return answer


async def connected(request: web.Request) -> web.StreamResponse:
    assert request.headers["apikey"] == SECRETS["EVOLUTION_API_KEY"]
    return web.json_response({"instance": {"instanceName": "odys", "state": "open"}})


async def test_on_a_fresh_machine_the_doctor_says_what_to_do_first(odys: Odys, tmp_path: Path) -> None:
    status, printed = await odys("doctor")
    assert status == 1
    assert "bad at revision –" in line(printed, "database")
    assert "odys migrate" in line(printed, "database")
    assert "not set REDIS_URL is empty" in line(printed, "Redis")
    assert "not set GROQ_API_KEY is empty: the rules answer" in line(printed, "Groq")
    assert "not set not configured" in line(printed, "WhatsApp token")
    assert os.listdir(tmp_path) == [], "looking makes no database"


async def test_a_healthy_installation_is_green(
    odys: Odys,
    environment: Callable[..., None],
    meta: Meta,
    db: Database,
    database_url: str,
    redis_url: str,
) -> None:
    ids = ("openai/gpt-oss-120b", "openai/gpt-oss-20b", "whisper-large-v3-turbo")
    routes = {"/openai/v1/models": models(*ids), "/instance/connectionState/odys": connected, "/jwks.json": jwks}
    async with served(routes) as outside, mail_server("mail-password") as port:
        environment(**SECRETS)
        environment(
            database_url=database_url,
            redis_url=redis_url if not db.sqlite else "",
            groq_base_url=outside,
            evolution_api_url=outside,
            evolution_instance="odys",
            smtp_url=f"smtp://odys:mail-password@127.0.0.1:{port}",
            alert_email="dona@example.com",
            supabase_jwks_url=f"{outside}/jwks.json",
            sentry_dsn="https://chave@sentry.example/7",
            stripe_price_basic="price_1",
            stripe_price_pro="price_2",
            stripe_price_premium="price_3",
        )
        status, printed = await odys("doctor")
    assert status == 0, printed
    assert re.search(r"\d+ ok, 0 to look at, 0 bad$", printed.strip())
    assert f"ok reachable, at revision {head()}" in line(printed, "database")
    assert "ok reachable, and the login works" in line(printed, "mail server")
    assert "ok openai/gpt-oss-120b" in line(printed, "Groq")
    assert "ok the key looks like a live key" in line(printed, "Stripe")
    assert "ok it publishes 1 key" in line(printed, "outside logins")
    assert "ok errors go to SENTRY_DSN" in line(printed, "Sentry")
    assert "ok connected" in line(printed, "Evolution API")
    assert "ok valid, never expires" in line(printed, "WhatsApp token")
    assert "ok connected, quality GREEN (Odys)" in line(printed, f"number {NUMBER}")
    assert "ok all 19 are approved" in line(printed, "message templates")
    assert "ok nobody waits for an answer" in line(printed, "unanswered messages")


async def test_the_doctor_finds_what_is_wrong_outside(
    odys: Odys, environment: Callable[..., None], meta: Meta, sqlite_template: Path, tmp_path: Path
) -> None:
    async def closed(_: web.Request) -> web.StreamResponse:
        return web.json_response({"status": 503, "code": "LICENSE_REQUIRED"}, status=503)

    shutil.copy(sqlite_template, tmp_path / "odys.sqlite3")
    meta.template("reminder_24h").update(status="REJECTED", rejected_reason="INVALID_FORMAT")
    meta.apps = []
    routes = {"/openai/v1/models": models("openai/gpt-oss-20b"), "/instance/connectionState/odys": closed}
    async with served(routes) as outside, mail_server("another-password") as port:
        environment(**SECRETS)
        environment(
            redis_url=f"redis://:redis-password@127.0.0.1:{servers.free_port()}/0",
            groq_base_url=outside,
            evolution_api_url=outside,
            evolution_instance="odys",
            smtp_url=f"smtp://odys:mail-password@127.0.0.1:{port}",
            stripe_secret_key="pk_live_thewrongone",
            supabase_jwks_url=f"{outside}/openai/v1/models",
            sentry_dsn="sentry.example/7",
        )
        status, printed = await odys("doctor")
    assert status == 1
    assert "bad no answer (ConnectionError). Check REDIS_URL." in line(printed, "Redis")
    assert "bad user or password is not accepted" in line(printed, "mail server")
    assert "bad it has no openai/gpt-oss-120b, whisper-large-v3-turbo" in line(printed, "Groq")
    assert "bad this does not look right: STRIPE_SECRET_KEY, STRIPE_PRICE_BASIC" in line(printed, "Stripe")
    assert "bad it publishes no public key" in line(printed, "outside logins")
    assert "bad SENTRY_DSN is no address of Sentry's" in line(printed, "Sentry")
    assert "bad it asks for a licence" in line(printed, "Evolution API")
    assert "bad the account does not deliver" in line(printed, "webhook subscription")
    assert "bad these cannot be sent: reminder_24h (REJECTED INVALID_FORMAT)" in line(printed, "message templates")


async def test_the_doctor_never_prints_a_secret(odys: Odys, environment: Callable[..., None], meta: Meta) -> None:
    environment(**SECRETS)
    nowhere = servers.free_port()
    environment(
        database_url=f"postgresql://odys:db-password@127.0.0.1:{nowhere}/odys",
        redis_url=f"redis://:redis-password@127.0.0.1:{nowhere}/0",
        smtp_url=f"smtp://odys:mail-password@127.0.0.1:{nowhere}",
        groq_base_url=f"http://127.0.0.1:{nowhere}",
        evolution_api_url="not an address",
    )
    # Meta likes to quote; here even in a place where no rule of ours expects it.
    meta.fail("debug_token", 190, status=401, message=f"Malformed access token {TOKEN}")
    meta.fail(NUMBER, 100, message=f"app-secret-two and {TOKEN}")
    status, printed = await odys("doctor")
    assert status == 1
    hidden = [*SECRETS.values(), *SECRETS["WHATSAPP_APP_SECRET"].split(","), TOKEN]
    for secret in (*hidden, "db-password", "redis-password", "mail-password"):
        assert secret not in printed


async def test_settings_that_make_no_sense_are_named_but_not_quoted(
    odys: Odys, environment: Callable[..., None]
) -> None:
    environment(port="my-secret-password", odys_env="prod")
    status, printed = await odys("doctor")
    assert status == 1
    assert "bad Input should be 'development' or 'production'" in line(printed, "ODYS_ENV")
    assert "bad Input should be a valid integer" in line(printed, "PORT")
    assert "my-secret-password" not in printed


async def test_settings_that_belong_together_are_asked_for(odys: Odys, environment: Callable[..., None]) -> None:
    environment(whatsapp_token=TOKEN, whatsapp_api_url=f"http://127.0.0.1:{servers.free_port()}", alert_email="a@b.c")
    status, printed = await odys("doctor")
    assert status == 1
    missing = "WHATSAPP_PHONE_NUMBER_ID, WHATSAPP_BUSINESS_ACCOUNT_ID, WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN"
    assert missing in line(printed, "settings")
    assert "warn ALERT_EMAIL is set but SMTP_URL is not" in line(printed, "alerts by e-mail")
    assert "unknown Meta could not be asked" in line(printed, "WhatsApp token")


def certificate(folder: Path, days: int) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for 127.0.0.1 that ends in `days`."""
    openssl = shutil.which("openssl")
    if openssl is None:
        servers.missing("openssl")
        raise AssertionError("unreachable")
    key, file = folder / "key.pem", folder / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(file), "-days", str(days)]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return context, file


async def handshake(request: web.Request) -> web.StreamResponse:
    right = request.query["hub.verify_token"] == SECRETS["WHATSAPP_VERIFY_TOKEN"]
    return web.Response(text=request.query["hub.challenge"] if right else "no", status=200 if right else 403)


async def test_in_production_the_address_is_tried_from_outside(
    meta: Meta, sqlite_template: Path, tmp_path: Path
) -> None:
    """A real process: the certificate is trusted through the environment, as a company's own would be."""
    shutil.copy(sqlite_template, tmp_path / "odys.sqlite3")
    context, file = certificate(tmp_path, days=3)
    async with served({"/webhooks/whatsapp": handshake}, context) as address:
        meta.number["webhook_configuration"] = {"application": f"{address}/webhooks/whatsapp"}
        wanted = ("SECRET_KEY", "CRON_SECRET", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN")
        known = {name: value for name, value in os.environ.items() if name.startswith("WHATSAPP_") or name == "PATH"}
        known |= {name: SECRETS[name] for name in wanted} | {"ODYS_ENV": "production", "PUBLIC_URL": address}
        process = await asyncio.create_subprocess_exec(
            *(servers.python(), "-m", "bot", "doctor"),
            env=known | {"SSL_CERT_FILE": str(file), "PYTHONPATH": ROOT, "COLUMNS": "400"},
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed = (await process.communicate())[0].decode()
    assert process.returncode == 0, printed
    assert "ok production" in line(printed, "settings")
    assert re.search(r"warn the certificate expires in [23] day", line(printed, "public address"))
    assert "ok Meta delivers here" in line(printed, f"webhook of {NUMBER}")


async def test_a_wrong_answer_to_metas_question_is_noticed() -> None:
    async with served({"/webhooks/whatsapp": handshake}) as address, aiohttp.ClientSession() as http:

        async def asked(token: str, url: str = address) -> Finding:
            settings = Settings(public_url=url, whatsapp_verify_token=SecretStr(token))
            return await endpoint.handshake(http, settings, NOW)

        assert (await asked(SECRETS["WHATSAPP_VERIFY_TOKEN"])).state is State.OK
        assert (await asked("another-token")).english.startswith("it answers 403")
        assert (await asked("x", f"{address}/elsewhere")).english.startswith("it answers 404")
        assert (await asked("x", f"http://127.0.0.1:{servers.free_port()}")).said == "endpoint_unreached"


async def test_production_without_its_walls_is_bad(odys: Odys, environment: Callable[..., None]) -> None:
    environment(odys_env="production", public_url="http://odys.example")
    status, printed = await odys("doctor")
    assert status == 1
    assert "bad unsafe for production: CRON_SECRET is empty" in line(printed, "settings")
    assert "bad PUBLIC_URL is http://odys.example" in line(printed, "public address")


# -- templates


async def test_the_19_are_listed_and_rendered(odys: Odys) -> None:
    status, printed = await odys("templates", "list")
    assert status == 0
    assert [name for name in MESSAGES if not re.search(rf"^{name} ", printed, re.M)] == []
    assert line(printed, "reminder_24h").endswith("UTILITY client Confirmar / Remarcar / Cancelar")

    status, printed = await odys("templates", "render", "booking_confirmed")
    assert status == 0
    assert "quinta, 26/11, às 15h" in printed
    assert json.loads(printed[printed.index("{") :]) == template_json(MESSAGES["booking_confirmed"])

    status, printed = await odys("templates", "render", "remindr_24h")
    assert status == 2
    assert "did you mean reminder_24h" in printed


async def test_push_creates_updates_and_leaves_alone(odys: Odys, meta: Meta) -> None:
    def body(name: str) -> dict[str, Any]:
        part: dict[str, Any] = meta.template(name)["components"][0]
        return part

    meta.templates.remove(meta.template("review_request"))
    body("reminder_2h")["text"] = "Um texto antigo de {{client}}, com {{service}}."
    body("booking_requested")["text"] = "Outro texto antigo."
    meta.template("booking_requested").update(status="REJECTED", category="MARKETING")
    body("booking_confirmed")["text"] = "Em análise."
    meta.template("booking_confirmed")["status"] = "PENDING"
    meta.template("no_show_notice")["category"] = "MARKETING"
    meta.template("login_code")["components"][1]["code_expiration_minutes"] = 5
    meta.templates.append(listed(template_json(MESSAGES["reminder_2h"]) | {"language": "en_US"}, 77))

    status, dry = await odys("templates", "push", "--dry-run")
    assert status == 0
    assert "1 would be created" in dry
    assert "3 would be updated" in dry
    assert (meta.created, meta.updated) == ([], [])

    status, printed = await odys("templates", "push")
    assert status == 0, printed
    assert meta.created == [template_json(MESSAGES["review_request"])]
    updated = dict(meta.updated)
    assert set(updated) == {"reminder_2h", "booking_requested", "login_code"}
    assert updated["reminder_2h"]["components"] == template_json(MESSAGES["reminder_2h"])["components"]
    assert "category" not in updated["reminder_2h"], "an approved template keeps its category"
    assert updated["booking_requested"]["category"] == "UTILITY"
    assert "it is PENDING" in line(printed, "leave booking_confirmed")
    assert "Meta made it MARKETING" in line(printed, "leave no_show_notice")
    assert "same reminder_24h APPROVED" in line(printed, "same reminder_24h")
    assert "1 created" in printed

    asked = len(meta.created), len(meta.updated)
    meta.templates = [each | {"status": "APPROVED"} for each in meta.templates]
    await odys("templates", "push")
    assert (len(meta.created), len(meta.updated)) == (asked[0], asked[1] + 1), "only what had to wait"


async def test_one_that_meta_refuses_does_not_stop_the_others(odys: Odys, meta: Meta) -> None:
    meta.templates = []
    meta.fail("message_templates", 100)
    status, printed = await odys("templates", "push")
    assert status == 1
    assert "Meta does not list the templates: 100" in printed
    meta.mend()
    status, printed = await odys("templates", "push", "reminder_2h")
    assert (status, [each["name"] for each in meta.created]) == (0, ["reminder_2h"])
    # Two that Meta says are there already, though it does not list them as ours.
    meta.template("reminder_2h")["components"][0]["text"] = "Mudou."
    meta.fail(meta.template("reminder_2h")["id"], 100, message="Invalid parameter")
    meta.template("reminder_2h")["status"] = "APPROVED"
    status, printed = await odys("templates", "push")
    assert status == 1
    assert "Invalid parameter" in line(printed, "failed reminder_2h")
    assert len(meta.created) == 19


async def test_push_stops_when_nothing_can_work(odys: Odys, meta: Meta) -> None:
    meta.approve(["reminder_24h", "reminder_2h"])
    for name in ("reminder_24h", "reminder_2h"):
        meta.template(name)["components"][0]["text"] = "Mudou."
        meta.fail(meta.template(name)["id"], 80008)
    status, printed = await odys("templates", "push")
    assert status == 1
    assert "stopped" in printed
    assert sum(each.startswith("POST") and "message_templates" not in each for each in meta.asked) == 1


async def test_the_status_of_each_template_is_told(odys: Odys, meta: Meta) -> None:
    status, printed = await odys("templates", "status")
    assert status == 0
    assert line(printed, "login_code") == "login_code APPROVED AUTHENTICATION GREEN"
    meta.template("reminder_24h").update(status="REJECTED", rejected_reason="TAG_CONTENT_MISMATCH")
    meta.template("reminder_2h")["category"] = "MARKETING"
    meta.template("booking_rejected")["components"][0]["text"] = "Outro."
    meta.templates.remove(meta.template("series_booked"))
    status, printed = await odys("templates", "status")
    assert status == 1
    assert line(printed, "reminder_24h") == "reminder_24h REJECTED UTILITY GREEN rejected: TAG_CONTENT_MISMATCH"
    assert "category changed from UTILITY" in line(printed, "reminder_2h")
    assert "differs from ours" in line(printed, "booking_rejected ")
    assert line(printed, "series_booked") == "series_booked MISSING – –"


async def test_without_settings_only_a_dry_run_is_possible(odys: Odys) -> None:
    assert (await odys("templates", "push"))[0] == 2
    assert (await odys("templates", "status"))[0] == 2
    status, printed = await odys("templates", "push", "--dry-run", "login_code")
    assert status == 0
    assert '"otp_type": "COPY_CODE"' in printed


# -- dead letters


def received(at: int, **more: Any) -> Inbound:
    values: dict[str, Any] = {
        "channel": Channel.CLOUD,
        "account": NUMBER,
        "external_id": f"wamid.IN{at}",
        "kind": InboundKind.MESSAGE,
        "lane": f"cloud:{NUMBER}:551188887777",
        "event": {"from": "5511988887777", "type": "text", "text": "quero marcar um corte"},
        "status": InboundStatus.DEAD,
        "attempts": 5,
        "error": "KeyError: 'slot'\n[parameters: ('quero marcar um corte',)]",
        "received_at": NOW,
        "due_at": NOW,
    }
    return Inbound(**(values | more))


def owed(code: str, **more: Any) -> Outbound:
    values: dict[str, Any] = {
        "transport": Transport.WHATSAPP,
        "kind": "chat",
        "payload": {"kind": "text", "body": "Seu horário está confirmado."},
        "status": OutboundStatus.FAILED,
        "attempts": 5,
        "error_code": code,
        "error": "Recipient 5511988887777 is not there",
        "due_at": NOW,
        "created_at": NOW,
    }
    return Outbound(**(values | more))


async def add(db: Database, *rows: Any) -> None:
    async with db.begin() as session:
        for row in rows:
            session.add(row)
            await session.flush()


async def test_dead_letters_are_listed_without_what_people_wrote(
    odys: Odys, environment: Callable[..., None], db: Database, database_url: str
) -> None:
    environment(database_url=database_url)
    status, printed = await odys("deadletters", "list")
    assert (status, printed.startswith("nothing")) == (0, True)
    person = Contact(name="Júlia", phone="5511988887777", created_at=NOW)
    await add(db, person)
    dead, failed = received(1), owed("131026", contact_id=person.id)
    mail = owed(
        "smtp_550", transport=Transport.EMAIL, kind="alert", payload={"text": "Oi", "subject": "s", "to": "a@b"}
    )
    await add(db, dead, failed, mail, owed("", status=OutboundStatus.SENT), received(2, status=InboundStatus.DONE))

    status, printed = await odys("deadletters", "list")
    assert status == 0
    assert line(printed, str(dead.id)).endswith("2026-11-21 13:00Z in text ***77 KeyError: 'slot'")
    assert line(printed, str(failed.id)).endswith("out chat ***77 131026 Recipient ***77 is not there")
    assert "out alert email" in line(printed, str(mail.id))
    assert len(printed.strip().splitlines()) == 4
    for hidden in ("88887777", "quero marcar", "confirmado"):
        assert hidden not in printed

    _, printed = await odys("deadletters", "list", "--text")
    assert "quero marcar um corte" in line(printed, str(dead.id))
    assert "Seu horário está confirmado." in line(printed, str(failed.id))
    assert "988887777" not in printed


async def test_what_may_work_now_is_tried_again_and_the_rest_only_by_name(
    odys: Odys, environment: Callable[..., None], db: Database, database_url: str
) -> None:
    environment(database_url=database_url)
    dead = received(1)
    broken = received(2, lane="", event={"raw": {"id": 5}}, kind=InboundKind.MESSAGE)
    named = owed("131026")
    await add(db, dead, broken, named, owed("190"), owed("no_connection"), owed("unconfirmed"), owed("window_closed"))
    status, printed = await odys("deadletters", "retry")
    assert status == 0
    assert "3 will be tried again" in printed
    assert "4 left" in printed
    async with db.begin() as session:
        row = await session.get_one(Inbound, dead.id)
        assert row.status is InboundStatus.NEW
        assert (await session.get_one(Inbound, broken.id)).status is InboundStatus.DEAD
        assert (row.attempts, row.error, row.handled_at) == (0, "", None)
        assert row.due_at > NOW
        again = (await session.scalars(select(Outbound).where(Outbound.status == OutboundStatus.QUEUED))).all()
        assert [(each.attempts, each.error_code, each.error) for each in again] == [(0, "", "")] * 2
        left = await session.scalars(select(Outbound.error_code).where(Outbound.status == OutboundStatus.FAILED))
        assert set(left) == {"131026", "unconfirmed", "window_closed"}

    status, printed = await odys("deadletters", "retry", str(named.id))
    assert status == 0
    async with db.begin() as session:
        assert (await session.get_one(Outbound, named.id)).status is OutboundStatus.QUEUED
    status, printed = await odys("deadletters", "retry", str(broken.id))
    assert status == 1
    assert "cannot be read" in printed
    assert (await odys("deadletters", "retry", "00000000"))[0] == 2


async def test_dead_letters_of_no_database_are_a_sentence(odys: Odys, tmp_path: Path) -> None:
    status, printed = await odys("deadletters", "list")
    assert status == 1
    assert "odys migrate" in printed
    assert os.listdir(tmp_path) == []
