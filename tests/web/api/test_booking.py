"""The public page and the public door: what anybody may see, and book."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from bot.models import Appointment, Client, Outbound

from ...agenda.factories import THURSDAY_15H
from .stage import Api


def request(api: Api, **fields: Any) -> dict[str, Any]:
    return {
        "professional": api.owner.slug,
        "service_id": str(api.service.id),
        "start": THURSDAY_15H.isoformat(),
        "name": "Ana Reis",
        "phone": "11 96666-5555",
        **fields,
    }


async def test_the_public_page_shows_services_and_hours(web_api: Api) -> None:
    status, shown = await web_api.json("GET", f"/api/professionals/{web_api.owner.slug}")
    assert status == 200
    assert shown["name"] == "Bia Souza"
    assert [service["name"] for service in shown["services"]] == ["Corte"]
    assert "segunda a sexta: 9h–12h e 13h–18h" in shown["hours"]
    assert "pix" not in str(shown)
    assert "phone" not in str(shown)


async def test_free_times_are_listed_with_the_offset_of_the_agenda(web_api: Api) -> None:
    path = f"/api/professionals/{web_api.owner.slug}/slots"
    asked = {"service_id": str(web_api.service.id), "from": "2026-11-26", "to": "2026-11-26"}
    status, shown = await web_api.json("GET", path, params=asked)
    assert status == 200
    assert shown["slots"][0] == {"start": "2026-11-26T09:00:00-03:00", "end": "2026-11-26T09:30:00-03:00"}
    assert len(shown["slots"]) == 16
    status, shown = await web_api.json("GET", path, params=asked | {"to": "2027-11-26"})
    assert (status, shown["error"]["code"]) == (400, "span_too_long")


async def test_a_booking_waits_for_the_professional_and_both_are_told(web_api: Api) -> None:
    status, shown = await web_api.json("POST", "/api/booking", json=request(web_api))
    assert status == 201
    assert shown["appointment"]["status"] == "pending_confirmation"
    assert shown["appointment"]["start"] == "2026-11-26T15:00:00-03:00"
    async with web_api.db.begin() as session:
        kinds = set(await session.scalars(select(Outbound.kind)))
    assert kinds == {"booking_requested", "booking_request_received"}


async def test_a_taken_time_is_refused_with_the_nearest_free_ones(web_api: Api) -> None:
    assert (await web_api.json("POST", "/api/booking", json=request(web_api)))[0] == 201
    status, shown = await web_api.json("POST", "/api/booking", json=request(web_api, phone="11 95555-4444"))
    assert (status, shown["error"]["code"]) == (409, "slot_taken")
    nearest = [datetime.fromisoformat(value) for value in shown["error"]["fields"]["nearest"]]
    assert len(nearest) == 3
    assert max(abs(moment - THURSDAY_15H) for moment in nearest) <= timedelta(hours=1)


async def test_the_same_key_books_once(web_api: Api) -> None:
    body = request(web_api, idempotency_key="pedido-0001")
    answers = [await web_api.json("POST", "/api/booking", json=body) for _ in range(3)]
    assert {status for status, _ in answers} == {201}
    assert len({shown["appointment"]["id"] for _, shown in answers}) == 1
    async with web_api.db.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Appointment)) == 1


async def test_a_stranger_learns_and_changes_nothing_about_a_known_client(web_api: Api) -> None:
    """Whoever types Júlia's number does not hear her name, and cannot have her letters sent elsewhere."""
    body = request(web_api, phone="11 9 8888-7777", name="Intruso", email="intruso@example.com")
    async with await web_api.call("POST", "/api/booking", json=body) as answer:
        assert answer.status == 201
        assert "Júlia" not in await answer.text()
    async with web_api.db.begin() as session:
        row = await session.get_one(Client, web_api.client.id)
    assert (row.name, row.email) == ("Júlia Lima", None)


async def test_every_bad_request_has_its_own_answer(web_api: Api) -> None:
    past, far = THURSDAY_15H - timedelta(days=30), THURSDAY_15H + timedelta(days=365)
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"start": past.isoformat()}, 400, "in_the_past"),
        ({"start": far.isoformat()}, 400, "too_far"),
        ({"start": (THURSDAY_15H + timedelta(days=3)).isoformat()}, 400, "closed_day"),
        ({"start": (THURSDAY_15H + timedelta(hours=6)).isoformat()}, 400, "outside_hours"),
        ({"start": "2026-11-26T15:00:00"}, 422, "invalid_fields"),
        ({"start": "9999-12-31T23:59:59-14:00"}, 422, "invalid_fields"),
        ({"phone": "123"}, 400, "not_a_phone"),
        ({"phone": ""}, 400, "not_a_phone"),
        ({"name": " "}, 400, "name_missing"),
        ({"name": "a\x00b"}, 422, "invalid_fields"),
        ({"professional": "ninguem"}, 404, "professional_unknown"),
        ({"service_id": str(web_api.owner.id)}, 404, "service_unknown"),
        ({"status": "confirmed"}, 422, "invalid_fields"),
    ]
    for fields, status, code in cases:
        got, shown = await web_api.json("POST", "/api/booking", json=request(web_api, **fields))
        assert (got, shown["error"]["code"]) == (status, code), fields
        assert shown["error"]["message"]
