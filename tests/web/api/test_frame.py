"""What every endpoint has: who may enter, how often, one shape of failure, true documentation."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from openapi_spec_validator import validate

from bot.db import Database
from bot.ratelimit import CounterAway, LocalCounter

from .stage import SECRET_KEY, Api, api

PATH = "/api/appointments"


async def test_the_document_is_valid_openapi(web_api: Api) -> None:
    status, document = await web_api.json("GET", "/openapi.json")
    assert status == 200
    validate(document)


def session_of(web_api: Api) -> str:
    """Return the session that the owner's good token names."""
    token = web_api.as_owner["Authorization"].removeprefix("Bearer ")
    return web_api.tokens.read(token, web_api.clock.now()).session


def forged(web_api: Api, *, key: str = SECRET_KEY, alg: str = "HS256", **claims: Any) -> dict[str, str]:
    at = int(web_api.clock.now().timestamp())
    values = {
        "iss": web_api.settings.public_url,
        "aud": "authenticated",
        "sub": str(web_api.owner.user_id),
        "session_id": session_of(web_api),
        "iat": at,
        "exp": at + 60,
    }
    values = {name: value for name, value in (values | claims).items() if value is not None}
    token = jwt.encode({"alg": alg}, values, OctKey.import_key(key), algorithms=[alg])
    return {"Authorization": f"Bearer {token}"}


async def test_a_forged_or_worn_out_token_opens_nothing(web_api: Api) -> None:
    at = int(web_api.clock.now().timestamp())
    good = forged(web_api)
    assert (await web_api.json("GET", PATH, good))[0] == 200
    header, payload, _ = good["Authorization"].removeprefix("Bearer ").split(".")
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
    bad = [
        {},
        {"Authorization": "Basic x"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer x.y.z"},
        {"Authorization": f"Bearer {header}.{payload}."},
        {"Authorization": f"Bearer {unsigned}.{payload}."},
        {"Authorization": "Bearer " + "a" * 5_000},
        forged(web_api, key="another-secret-that-is-long-enough-too"),
        forged(web_api, alg="HS512"),
        forged(web_api, aud="somebody"),
        forged(web_api, iss="https://elsewhere"),
        forged(web_api, exp=at - 11),
        forged(web_api, exp=None),
        forged(web_api, sub="not-an-id"),
        forged(web_api, sub=str(web_api.owner.id)),
        forged(web_api, sub=str(web_api.client_user.id)),
        forged(web_api, session_id=None),
        forged(web_api, session_id=str(web_api.owner.id)),
    ]
    for headers in bad:
        async with await web_api.call("GET", PATH, headers) as answer:
            assert answer.status == 401, headers
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert (await answer.json())["error"] == {
                "code": "unauthenticated",
                "message": "Entre na sua conta para continuar.",
            }


async def test_too_many_are_told_when_to_come_again(db: Database) -> None:
    async with api(db, counter=LocalCounter()) as stage:
        path = f"/api/professionals/{stage.owner.slug}"
        answers = [await stage.json("GET", path) for _ in range(61)]
        assert [status for status, _ in answers] == [200] * 60 + [429]
        async with await stage.call("GET", path) as answer:
            assert 0 < int(answer.headers["Retry-After"]) <= 60
        # Somebody who is known is counted by who they are, not by where they call from.
        assert (await stage.json("GET", PATH, stage.as_owner))[0] == 200


async def test_an_address_is_believed_only_from_a_proxy_of_ours(db: Database) -> None:
    async with api(db, counter=LocalCounter()) as stage:
        path = f"/api/professionals/{stage.owner.slug}"
        forwarded = [await stage.json("GET", path, {"X-Forwarded-For": f"10.1.1.{n}"}) for n in range(61)]
        assert forwarded[-1][0] == 429


async def test_what_a_proxy_of_ours_says_is_believed(db: Database) -> None:
    async with api(db, counter=LocalCounter(), trusted_proxies=["127.0.0.0/8"]) as stage:
        path = f"/api/professionals/{stage.owner.slug}"
        forwarded = [await stage.json("GET", path, {"X-Forwarded-For": f"9.9.9.9, 10.1.1.{n}"}) for n in range(61)]
        assert forwarded[-1][0] == 200
        # What stands left of the proxy's own entry was written by the caller.
        lying = [await stage.json("GET", path, {"X-Forwarded-For": f"1.1.1.{n}, 10.2.2.2"}) for n in range(61)]
        assert lying[-1][0] == 429


class Away:
    async def hit(self, key: str, seconds: int) -> tuple[int, float]:
        raise CounterAway("gone")


async def test_reading_goes_on_when_nobody_counts(db: Database) -> None:
    async with api(db, counter=Away()) as stage:
        assert (await stage.json("GET", PATH, stage.as_owner))[0] == 200


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", {"Content-Type": "application/json"}, 400, "invalid_json"),
        (b"\xff\xfe", {"Content-Type": "application/json"}, 400, "invalid_json"),
        (b"[" * 5000, {"Content-Type": "application/json"}, 400, "invalid_json"),
        (b"[]", {"Content-Type": "application/json"}, 422, "invalid_fields"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "not_json"),
        (b" " * 70_000, {"Content-Type": "application/json"}, 413, "too_large"),
    ],
)
async def test_bad_bodies(web_api: Api, body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    got, shown = await web_api.json("POST", "/api/booking", headers, data=body)
    assert (got, shown["error"]["code"]) == (status, code)


async def test_wrong_methods_and_paths_keep_the_shape(web_api: Api) -> None:
    async with await web_api.call("DELETE", PATH) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET"
        assert (await answer.json())["error"]["code"] == "method_not_allowed"
    status, shown = await web_api.json("GET", "/api/nothing")
    assert (status, shown["error"]["code"]) == (404, "not_found")


async def test_another_origin_calls_only_where_the_setting_names_it(db: Database) -> None:
    origin = "https://app.example.com"
    asking = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
    async with api(db, cors_origins=[origin]) as stage:
        async with await stage.call("OPTIONS", PATH, asking) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == origin
        async with await stage.call("GET", PATH, {"Origin": "https://evil.example"}) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers


async def test_without_the_setting_no_other_origin_calls(web_api: Api) -> None:
    asking = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "PATCH"}
    async with await web_api.call("OPTIONS", PATH, asking) as answer:
        assert answer.status == 405


async def test_every_answer_carries_an_id_and_careful_headers(web_api: Api) -> None:
    async with await web_api.call("GET", PATH, web_api.as_owner) as answer:
        assert len(answer.headers["X-Request-ID"]) == 16
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-cache"
    for path, method in (("/nowhere", "GET"), ("/api/nowhere", "GET"), ("/webhooks/whatsapp", "POST")):
        async with await web_api.call(method, path) as answer:
            assert answer.status in (401, 404)
            assert len(answer.headers["X-Request-ID"]) == 16
            assert answer.headers["X-Frame-Options"] == "DENY"


async def test_what_the_caller_still_has_is_not_sent_again(web_api: Api) -> None:
    async with await web_api.call("GET", PATH, web_api.as_owner) as answer:
        tag = answer.headers["ETag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        async with await web_api.call("GET", PATH, {**web_api.as_owner, "If-None-Match": known}) as answer:
            assert answer.status == 304, known
    async with await web_api.call("GET", PATH, {**web_api.as_owner, "If-None-Match": '"other"'}) as answer:
        assert answer.status == 200
    async with await web_api.call("GET", "/api/professionals/nobody") as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-store")
