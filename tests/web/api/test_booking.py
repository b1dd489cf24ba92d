"""The public page and the public door: what anybody may see, and book."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from bot.agenda import booking, clients
from bot.models import Appointment, Client, Contact, Outbound
from bot.models.enums import Action, Actor, Source, Transport

from ...agenda.factories import THURSDAY_15H, a_service
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


async def test_a_key_that_booked_one_time_answers_for_no_other(web_api: Api) -> None:
    """Whoever asks for 15h30 must not read 201 and come at 15h; what became of the first does not matter."""
    body = request(web_api, idempotency_key="pedido-0001")
    _, first = await web_api.json("POST", "/api/booking", json=body)
    async with web_api.db.begin() as session:
        other = await a_service(session, web_api.owner, name="Barba")
    half_past = (THURSDAY_15H + timedelta(minutes=30)).isoformat()
    path = f"/api/appointments/{first['appointment']['id']}"

    async def answers(**fields: Any) -> tuple[int, Any]:
        status, shown = await web_api.json("POST", "/api/booking", json=body | fields)
        return status, shown["error"]["code"] if status >= 400 else shown["appointment"]["id"]

    for change in ({}, {"action": "reschedule", "start": half_past}, {"action": "cancel"}):
        if change:
            assert (await web_api.json("PATCH", path, web_api.as_owner, json=change))[0] == 200
        assert await answers() == (201, first["appointment"]["id"]), change
        assert await answers(service_id=str(other.id)) == (409, "idempotency_key_reused"), change
        assert await answers(start=half_past) == (409, "idempotency_key_reused"), change


async def test_a_stranger_learns_and_changes_nothing_about_a_known_client(web_api: Api) -> None:
    """Whoever types Júlia's number does not hear her name, and cannot have her letters sent elsewhere."""
    body = request(web_api, phone="11 9 8888-7777", name="Intruso", email="intruso@example.com")
    async with await web_api.call("POST", "/api/booking", json=body) as answer:
        assert answer.status == 201
        assert "Júlia" not in await answer.text()
    async with web_api.db.begin() as session:
        row = await session.get_one(Client, web_api.client.id)
    assert (row.name, row.email) == ("Júlia Lima", None)


async def letters(api: Api, appointment_id: UUID) -> list[tuple[str, Any, Any]]:
    """Return the letters that are owed about an appointment: what, to whom, under which name."""
    mine = (Outbound.appointment_id == appointment_id, Outbound.transport == Transport.EMAIL)
    async with api.db.begin() as session:
        rows = await session.scalars(select(Outbound).where(*mine).order_by(Outbound.created_at, Outbound.id))
        return [(row.kind, row.payload.get("to"), row.payload["client"]) for row in rows]


async def test_an_address_typed_beside_a_number_serves_that_booking_alone(web_api: Api) -> None:
    """Nobody proved that the number is theirs: what its owner books later is no business of this address."""
    body = request(web_api, name="Intruso Mau", email="intruso@example.com")
    _, shown = await web_api.json("POST", "/api/booking", json=body)
    asked = UUID(shown["appointment"]["id"])
    for action in ("confirm", "cancel"):
        await web_api.json("PATCH", f"/api/appointments/{asked}", web_api.as_owner, json={"action": action})
    assert await letters(web_api, asked) == [
        ("booking_confirmed", "intruso@example.com", "Intruso"),
        ("booking_cancelled_by_professional", "intruso@example.com", "Intruso"),
    ]
    now, owner_id = web_api.clock.now(), web_api.owner.id
    async with web_api.db.begin() as session:
        contact_id = await clients.contact_of_phone(session, "5511966665555", name="", now=now)
        contact = await session.get_one(Contact, contact_id)
        assert (contact.name, contact.email) == ("", None)
        client = await clients.for_contact(session, owner_id, contact_id, now=now)
        assert (client.name, client.email) == ("Intruso Mau", None)
        values: dict[str, Any] = {"client_id": client.id, "service_id": web_api.service.id, "start_at": THURSDAY_15H}
        later = await booking.book(
            session, professional_id=owner_id, **values, source=Source.CHAT, actor=Actor.CLIENT, now=now
        )
        await booking.act(
            session, later.id, Action.CONFIRM, actor=Actor.PROFESSIONAL, now=now, professional_id=owner_id
        )
    assert await letters(web_api, later.id) == []


async def test_who_has_an_address_gets_the_letters_of_a_booking_that_somebody_else_typed(web_api: Api) -> None:
    async with web_api.db.begin() as session:
        (await session.get_one(Client, web_api.client.id)).email = "julia@example.com"
    body = request(web_api, phone="11 9 8888-7777", name="Intruso", email="intruso@example.com")
    _, shown = await web_api.json("POST", "/api/booking", json=body)
    asked = UUID(shown["appointment"]["id"])
    await web_api.json("PATCH", f"/api/appointments/{asked}", web_api.as_owner, json={"action": "confirm"})
    assert await letters(web_api, asked) == [("booking_confirmed", None, "Júlia")]


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
        ({"name": " "}, 422, "invalid_fields"),
        ({"name": "", "phone": "11 98888-7777"}, 422, "invalid_fields"),
        ({"name": "a\x00b"}, 422, "invalid_fields"),
        ({"professional": "ninguem"}, 404, "professional_unknown"),
        ({"service_id": str(web_api.owner.id)}, 404, "service_unknown"),
        ({"status": "confirmed"}, 422, "invalid_fields"),
    ]
    for fields, status, code in cases:
        got, shown = await web_api.json("POST", "/api/booking", json=request(web_api, **fields))
        assert (got, shown["error"]["code"]) == (status, code), fields
        assert shown["error"]["message"]
