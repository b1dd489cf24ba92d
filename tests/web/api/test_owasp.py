"""T40: the ten risks of OWASP's list for APIs (2023), each with the tests that hold it.

`HELD` names them all; what no other module has is here.
"""

import ast
import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import BaseModel, RootModel

from bot.auth import Supabase
from bot.clock import SystemClock
from bot.db import Database
from bot.errors import Unauthenticated, Unavailable
from bot.models import Professional
from bot.models.enums import Plan
from bot.queue import SilentBell
from bot.ratelimit import LocalCounter
from web.api import ENDPOINTS
from web.app import create
from web.endpoint import Who
from web.limits import RULES, Limit

from ...agenda.factories import THURSDAY_15H
from .stage import Api, api, settings

TESTS = Path(__file__).resolve().parents[2]
HELD: dict[str, tuple[str, ...]] = {
    "API1 broken object level authorization": (
        "web/api/test_matrix.py::test_t40_everybody_gets_exactly_what_is_written_and_nothing_of_anothers",
        "web/api/test_matrix.py::test_t40_an_id_of_another_agenda_is_no_id",
        "web/api/test_appointments.py::test_nobody_else_finds_it",
    ),
    "API2 broken authentication": (
        "web/api/test_frame.py::test_a_forged_or_worn_out_token_opens_nothing",
        "web/api/test_login.py::test_five_wrong_codes_and_the_right_one_opens_nothing",
        "web/api/test_login.py::test_tokens_turn_over_and_a_stolen_one_ends_the_session",
        "web/api/test_supabase.py::test_a_secret_among_the_published_keys_is_no_key",
    ),
    "API3 broken object property level authorization": (
        "web/api/test_owasp.py::test_t40_no_body_and_no_query_takes_a_field_it_does_not_declare",
        "web/api/test_owasp.py::test_t40_nobody_gives_themselves_a_plan",
        "web/api/test_booking.py::test_a_stranger_learns_and_changes_nothing_about_a_known_client",
    ),
    "API4 unrestricted resource consumption": (
        "web/api/test_owasp.py::test_t40_every_route_is_counted_and_every_list_has_an_end",
        "web/api/test_frame.py::test_too_many_are_told_when_to_come_again",
        "web/api/test_frame.py::test_bad_bodies",
        "web/api/test_people.py::test_streams_are_few_and_a_late_row_is_told_too",
    ),
    "API5 broken function level authorization": (
        "web/api/test_matrix.py::test_every_line_says_what_its_route_declares",
        "web/api/test_people.py::test_the_clock_is_rung_from_outside_with_the_secret_only",
        "web/api/test_talking.py::test_a_client_has_no_assistant_on_the_page",
    ),
    "API6 unrestricted access to sensitive business flows": (
        "web/api/test_owasp.py::test_t40_an_agenda_is_not_booked_up_from_one_address",
        "web/api/test_login.py::test_a_phone_is_not_flooded",
        "web/api/test_login.py::test_nobodys_code_can_be_guessed_all_day_long",
    ),
    "API7 server side request forgery": (
        "web/api/test_owasp.py::test_t40_no_caller_names_an_address_that_we_ask",
        "web/api/test_owasp.py::test_t40_an_issuer_that_points_elsewhere_is_not_followed",
        "whatsapp/test_cloud.py::test_the_token_goes_to_meta_alone",
    ),
    "API8 security misconfiguration": (
        "web/api/test_owasp.py::test_t40_no_answer_tells_what_runs_here",
        "web/api/test_frame.py::test_every_answer_carries_an_id_and_careful_headers",
        "web/api/test_frame.py::test_without_the_setting_no_other_origin_calls",
        "web/test_secrets.py::test_t41_a_table_that_is_gone_tells_no_statement",
        "test_settings.py::test_t41_production_starts_with_no_weak_or_missing_secret",
    ),
    "API9 improper inventory management": (
        "web/api/test_owasp.py::test_t40_these_routes_are_served_and_no_others",
        "web/api/test_matrix.py::test_t40_every_route_has_its_line",
    ),
    "API10 unsafe consumption of APIs": (
        "web/api/test_owasp.py::test_t40_an_issuer_that_sends_too_much_is_not_read",
        "whatsapp/test_cloud.py::test_a_file_over_sixteen_mebibytes_is_not_taken",
        "billing/test_stripe.py::test_t35_what_is_not_ours_is_kept_and_changes_nothing",
        "test_bounds.py::test_a_graph_that_says_nothing_leaves_doubt_and_no_wait",
    ),
}


@pytest.mark.parametrize("risk", HELD)
def test_t40_each_risk_has_tests_that_exist(risk: str) -> None:
    for name in HELD[risk]:
        path, _, function = name.partition("::")
        defined = {node.name for node in ast.walk(ast.parse((TESTS / path).read_text())) if isinstance(node, _DEF)}
        assert function in defined, name


_DEF = ast.FunctionDef | ast.AsyncFunctionDef


# API3


def models(kind: type[BaseModel]) -> set[type[BaseModel]]:
    """Return a model and those inside it."""
    found, waiting = {kind}, [kind]
    while waiting:
        for field in waiting.pop().model_fields.values():
            for inside in _models_of(field.annotation) - found:
                found.add(inside)
                waiting.append(inside)
    return found


def _models_of(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {each for part in getattr(annotation, "__args__", ()) for each in _models_of(part)}


TAKEN = sorted(
    (
        one
        for one in {one for each in ENDPOINTS for kind in (each.body, each.query) if kind for one in models(kind)}
        if not issubclass(one, RootModel)
    ),  # a choice between others, without a field of its own
    key=str,
)


@pytest.mark.parametrize("model", TAKEN, ids=lambda model: model.__name__)
def test_t40_no_body_and_no_query_takes_a_field_it_does_not_declare(model: type[BaseModel]) -> None:
    assert model.model_config.get("extra") == "forbid"


async def test_t40_nobody_gives_themselves_a_plan(web_api: Api) -> None:
    forbidden: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", "/api/me", {"name": "Bia Souza", "plan": "premium"}),
        ("PATCH", "/api/me", {"name": "Bia Souza", "id": str(web_api.client_user.id)}),
        ("PUT", "/api/availability", {"rules": {"plan": "premium"}}),
        ("POST", "/api/services", {"name": "Corte", "minutes": 30, "professional_id": str(web_api.client.id)}),
        ("PATCH", f"/api/clients/{web_api.client.id}", {"contact_id": str(web_api.client.id)}),
        ("POST", "/api/billing", {"action": "checkout", "plan": "pro", "price": "price_1"}),
    ]
    for method, path, body in forbidden:
        status, shown = await web_api.json(method, path, web_api.as_owner, json=body)
        assert (status, shown["error"]["code"]) == (422, "invalid_fields"), (path, shown)
    async with web_api.db.begin() as session:
        assert (await session.get_one(Professional, web_api.owner.id)).plan is Plan.PRO


# API4, API6


def test_t40_every_route_is_counted_and_every_list_has_an_end() -> None:
    assert all(each.limit in RULES for each in ENDPOINTS if each.who is not Who.CRON)
    assert RULES[Limit.BOOKING].allowance.requests == 5
    assert RULES[Limit.REGISTER].shut_when_away
    assert RULES[Limit.LOGIN].shut_when_away
    endless = []
    for each in ENDPOINTS:
        for name, field in ((each.query and each.query.model_fields) or {}).items():
            if name == "limit":
                most = [kept.le for kept in field.metadata if hasattr(kept, "le")]
                endless += [] if most and most[0] <= 200 else [each.path]
    assert endless == []


async def test_t40_an_agenda_is_not_booked_up_from_one_address(db: Database) -> None:
    async with api(db, counter=LocalCounter()) as stage:
        body = {"professional": stage.owner.slug, "service_id": str(stage.service.id), "name": "Ana Lima"}
        said = []
        for place in range(6):
            start = THURSDAY_15H.replace(minute=place % 2 * 30, hour=THURSDAY_15H.hour - place // 2).isoformat()
            given = {**body, "start": start, "phone": f"11 9888877{place:02d}"}
            said.append((await stage.json("POST", "/api/booking", json=given))[0])
        assert said == [201, 201, 201, 201, 201, 429]


# API7, API10


def test_t40_no_caller_names_an_address_that_we_ask() -> None:
    """Nothing in a body or a query is an address: what we fetch is named by the settings, or by Meta, and checked."""
    addresses = [
        f"{model.__name__}.{name}"
        for model in TAKEN
        for name, field in model.model_fields.items()
        if field.annotation is not bool  # "give me a new link" names none
        and (any(word in name for word in ("url", "uri", "link", "host", "hook")) or "Url" in str(field.annotation))
    ]
    assert addresses == []


async def keys_from(answer: web.StreamResponse | Any, asked: list[str]) -> None:
    """Let an issuer answer so when its keys are asked for; nobody's token may be believed then."""

    async def publish(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if request.path == "/keys":
            return web.json_response({"keys": []})
        return answer() if callable(answer) else answer

    app = web.Application()
    app.router.add_get("/{path:.*}", publish)
    async with TestServer(app) as server:
        url = str(server.make_url("/.well-known/jwks.json"))
        # A token of somebody's own making: header {"alg": "ES256"}, claims {}.
        token = "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"
        with pytest.raises((Unavailable, Unauthenticated)) as refused:
            await Supabase(settings(supabase_jwks_url=url)).read(token, THURSDAY_15H)
    assert isinstance(refused.value, Unavailable)


async def test_t40_an_issuer_that_points_elsewhere_is_not_followed() -> None:
    asked: list[str] = []
    await keys_from(lambda: web.Response(status=302, headers={"Location": "/keys"}), asked)
    assert asked == ["/.well-known/jwks.json"]


async def test_t40_an_issuer_that_sends_too_much_is_not_read() -> None:
    await keys_from(lambda: web.Response(body=b'{"keys": [' + b" " * 300_000 + b"]}"), [])
    await keys_from(lambda: web.Response(body=b"<html>"), [])


# API8, API9

BESIDE_THE_API = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/static/{name}"),
    ("GET", "/webhooks/whatsapp"),
    ("POST", "/webhooks/whatsapp"),
    ("POST", "/webhooks/stripe"),
    ("POST", "/webhooks/evolution/{instance}"),
    ("POST", "/webhooks/evolution/{instance}/{event}"),
    ("GET", "/agenda/{key}.ics"),
    ("GET", "/conectar/{instance}"),
}


async def test_t40_these_routes_are_served_and_no_others(tmp_path: Path) -> None:
    """The page of the demo, which moves the clock and speaks as anybody, is not among them."""
    db = Database(f"sqlite:///{tmp_path}/never.sqlite3")
    app = create(settings(odys_env="production"), db, SilentBell(), SystemClock())
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert served == BESIDE_THE_API | {(each.method, each.path) for each in ENDPOINTS}


async def test_t40_no_answer_tells_what_runs_here(web_api: Api) -> None:
    for method, path in (("GET", "/healthz"), ("GET", "/nothing"), ("POST", "/webhooks/whatsapp"), ("PUT", "/docs")):
        async with await web_api.call(method, path) as answer:
            shown = f"{dict(answer.headers)} {await answer.text()}".lower()
        assert not [word for word in ("aiohttp", "python", "odys/") if word in shown], shown
    # What never becomes a request is answered by the server itself.
    reader, writer = await asyncio.open_connection("127.0.0.1", web_api.http.port)
    writer.write(b"NONSENSE\r\n\r\n")
    shown = (await asyncio.wait_for(reader.read(), 30)).decode().lower()
    assert shown.startswith("http/1.0 400")
    assert not [word for word in ("aiohttp", "python/") if word in shown], shown
    writer.close()
