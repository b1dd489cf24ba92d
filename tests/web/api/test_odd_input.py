"""What nobody types and somebody sends: cursors of their own making, numbers and dates beyond every calendar."""

import base64
import json
from typing import Any

from yarl import URL

from .stage import Api

_ID = "0" * 32
CURSORS: list[tuple[str, Any]] = [
    ("/api/services", ("v", 10**30, _ID)),
    ("/api/services", ("v", -(2**40), _ID)),
    ("/api/services", ("v", True, _ID)),
    ("/api/services", ("v", "1", _ID)),
    ("/api/services", ("v", 1, 5)),
    ("/api/services", ("v", 1)),
    ("/api/services", 5),
    ("/api/clients", ("v", "a\x00b", _ID)),
    ("/api/clients", ("v", "a\ud800b", _ID)),
    ("/api/clients", ("v", ["a"], _ID)),
    ("/api/appointments", ("t", "0001-01-01T00:00:00+23:59", _ID)),
    ("/api/appointments", ("t", "9999-12-31T23:59:59-23:59", _ID)),
    ("/api/appointments", ("t", "2026-11-26T15:00:00", _ID)),
    ("/api/appointments", ("t", 5, _ID)),
    ("/api/appointments", ("v", 5, _ID)),
]


async def test_a_cursor_of_somebodys_own_making_is_no_page(web_api: Api) -> None:
    for path, parts in CURSORS:
        cursor = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
        status, shown = await web_api.json("GET", path, web_api.as_owner, params={"cursor": cursor})
        assert (status, shown["error"]["code"]) == (400, "bad_cursor"), parts


async def test_a_long_name_at_the_end_of_a_page_has_a_page_behind_it(web_api: Api) -> None:
    for name in ("a" * 120, "😀" * 120, "zz"):
        assert (await web_api.json("POST", "/api/clients", web_api.as_owner, json={"name": name}))[0] == 201
    found: list[str] = []
    asked = {"limit": "1"}
    while len(found) < 4:
        status, shown = await web_api.json("GET", "/api/clients", web_api.as_owner, params=asked)
        assert status == 200
        found += [each["name"] for each in shown["items"]]
        asked["cursor"] = shown["next"] or ""
    assert shown["next"] is None


async def test_a_day_is_written_as_a_day(web_api: Api) -> None:
    for day in (253402214400000, 1e300, 0, "9999-12-31", "1999-12-31", True, None):
        body = {"exceptions": [{"date": day, "kind": "closed"}]}
        status, shown = await web_api.json("PUT", "/api/availability", web_api.as_owner, json=body)
        assert (status, shown["error"]["code"]) == (422, "invalid_fields"), day


async def test_a_moment_is_written_with_its_offset(web_api: Api) -> None:
    for start in (1795716000, "1795716000", 1e300, "2026-11-26", "2026-11-26T15:00:00"):
        body = {
            "professional": web_api.owner.slug,
            "service_id": str(web_api.service.id),
            "start": start,
            "name": "Ana",
            "phone": "11 96666-5555",
        }
        status, shown = await web_api.json("POST", "/api/booking", json=body)
        assert (status, shown["error"]["code"]) == (422, "invalid_fields"), start


SERIES: list[dict[str, Any]] = [
    {"starts_on": "2099-12-31"},
    {"starts_on": "2000-01-01"},
    {"starts_on": "2000-01-01", "until": "2099-12-31"},
    {"starts_on": "2099-12-31", "count": 104, "frequency": "monthly"},
    {"until": "2026-11-01"},
    {"starts": []},
    {"starts": ["2199-12-31T23:59:59-03:00"]},
    {"starts": ["2000-01-01T00:00:00+14:00"]},
    {"client_id": _ID},
]


async def test_no_series_is_too_odd_to_be_answered(web_api: Api) -> None:
    body = {
        "client_id": str(web_api.client.id),
        "service_id": str(web_api.service.id),
        "frequency": "weekly",
        "starts_on": "2026-11-26",
        "start_minute": 900,
    }
    for fields in SERIES:
        for preview in (True, False):
            asked = body | fields | {"preview": preview}
            status, _ = await web_api.json("POST", "/api/recurring-schedules", web_api.as_owner, json=asked)
            assert status < 500, asked


async def test_bytes_that_are_no_text_find_nothing(web_api: Api) -> None:
    for path in ("/api/professionals/%00", "/api/professionals/%ED%A0%80", "/api/follows?%ED%A0%80=1"):
        url = URL(f"http://127.0.0.1:{web_api.http.port}{path}", encoded=True)
        async with web_api.http.session.get(url, headers=web_api.as_owner) as answer:
            assert answer.status in (404, 422), path
