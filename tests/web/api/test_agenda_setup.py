"""Opening an agenda and changing it: services, hours, rules, in one call and in many."""

import asyncio
from typing import Any

from sqlalchemy import select

from bot.agenda import owners
from bot.models import Contact, Outbound, Professional, Service, User
from bot.models.enums import Actor

from ...agenda.factories import NOW, an_appointment
from .stage import Api

AGENDA: dict[str, Any] = {
    "name": "Marina Alves",
    "profession": "Manicure",
    "address": "Rua da Praia, 5",
    "timezone": "America/Manaus",
    "services": [{"name": "Mão", "minutes": 40, "price_cents": 35_00}, {"name": "Pé", "minutes": 50}],
    "week": [{"weekday": day, "start_minute": 540, "end_minute": 1080} for day in range(1, 6)],
}


async def test_an_agenda_is_opened_in_one_call(web_api: Api) -> None:
    status, shown = await web_api.json("POST", "/api/onboarding", web_api.as_client, json=AGENDA)
    assert (status, shown["slug"]) == (201, "marina-alves")
    status, page = await web_api.json("GET", shown["public_path"])
    assert page["hours"] == ["terça a sábado: 9h–18h"]
    assert [service["name"] for service in page["services"]] == ["Mão", "Pé"]
    # The caller is a professional from now on, at once.
    status, me = await web_api.json("GET", "/api/me", web_api.as_client)
    assert me["me"]["professional"]["timezone"] == "America/Manaus"
    assert (await web_api.json("GET", "/api/services", web_api.as_client))[0] == 200
    status, shown = await web_api.json("POST", "/api/onboarding", web_api.as_client, json=AGENDA)
    assert (status, shown["error"]["code"]) == (409, "agenda_exists")


async def test_a_wrong_part_leaves_nothing_behind(web_api: Api) -> None:
    cases: list[tuple[dict[str, Any], int]] = [
        ({"week": [{"weekday": 0, "start_minute": 600, "end_minute": 600}]}, 400),
        ({"timezone": "America/Nowhere"}, 400),
        ({"pix_key": "nada"}, 400),
        ({"services": [{"name": "X", "minutes": 1}]}, 422),
    ]
    for wrong, status in cases:
        got, _ = await web_api.json("POST", "/api/onboarding", web_api.as_client, json=AGENDA | wrong)
        assert got == status, wrong
    async with web_api.db.begin() as session:
        assert len((await session.scalars(select(Professional))).all()) == 1
        assert len((await session.scalars(select(Service))).all()) == 1


async def test_services_come_change_and_go(web_api: Api) -> None:
    body = {"name": "Barba", "minutes": 20, "price_cents": 30_00}
    status, made = await web_api.json("POST", "/api/services", web_api.as_owner, json=body)
    assert status == 201
    path = f"/api/services/{made['id']}"
    status, changed = await web_api.json("PATCH", path, web_api.as_owner, json={"price_cents": 35_00})
    assert (changed["name"], changed["price_cents"]) == ("Barba", 35_00)
    assert (await web_api.json("DELETE", path, web_api.as_owner))[0] == 204
    status, listed = await web_api.json("GET", "/api/services", web_api.as_owner)
    assert [service["name"] for service in listed["items"]] == ["Corte"]
    assert (await web_api.json("DELETE", path, web_api.as_owner))[0] == 404
    status, shown = await web_api.json("GET", "/api/services", web_api.as_client)
    assert (status, shown["error"]["message"]) == (403, "Sem permissão.")


async def test_hours_dates_and_rules_are_replaced_one_by_one(web_api: Api) -> None:
    status, before = await web_api.json("GET", "/api/availability", web_api.as_owner)
    assert status == 200
    closed = [{"date": "2026-12-25", "kind": "closed", "reason": "Natal"}]
    status, after = await web_api.json("PUT", "/api/availability", web_api.as_owner, json={"exceptions": closed})
    assert after["week"] == before["week"]
    assert [each["date"] for each in after["exceptions"]] == ["2026-12-25"]
    rules = before["rules"] | {"cancel_deadline_hours": 24, "late_policy": "refuse"}
    status, after = await web_api.json("PUT", "/api/availability", web_api.as_owner, json={"rules": rules})
    assert after["rules"] == rules
    week = [{"weekday": 2, "start_minute": 600, "end_minute": 720}]
    status, after = await web_api.json("PUT", "/api/availability", web_api.as_owner, json={"week": week})
    assert after["summary"] == ["quarta: 10h–12h"]
    assert len(after["exceptions"]) == 1
    day = {"date": "2026-12-22", "kind": "blocked"}
    parts = [
        day | {"start_minute": 600, "end_minute": 660, "reason": "Dentista"},
        day | {"start_minute": 900, "end_minute": 960, "reason": "Escola"},
    ]
    status, after = await web_api.json("PUT", "/api/availability", web_api.as_owner, json={"exceptions": parts})
    assert after["exceptions"] == parts
    past = [{"date": "2026-01-01", "kind": "closed"}]
    status, shown = await web_api.json("PUT", "/api/availability", web_api.as_owner, json={"exceptions": past})
    assert (status, shown["error"]["code"]) == (400, "bad_date")


async def test_an_agenda_is_renamed_as_it_may_be_named(web_api: Api) -> None:
    for name in ("!!", "123"):
        status, shown = await web_api.json("PATCH", "/api/me", web_api.as_owner, json={"agenda_name": name})
        assert (status, shown["error"]["code"]) == (400, "bad_name")
    status, shown = await web_api.json("PATCH", "/api/me", web_api.as_owner, json={"agenda_name": "Bia  Souza 2"})
    assert (status, shown["me"]["professional"]["name"]) == (200, "Bia Souza 2")


async def test_a_new_address_is_in_the_reminders_that_wait(web_api: Api) -> None:
    async with web_api.db.begin() as session:
        await an_appointment(session, web_api.owner, web_api.client, web_api.service, actor=Actor.PROFESSIONAL)
    change = {"address": "Rua Nova, 99", "timezone": "America/Manaus"}
    assert (await web_api.json("PATCH", "/api/me", web_api.as_owner, json=change))[0] == 200
    async with web_api.db.begin() as session:
        rows = await session.scalars(select(Outbound).where(Outbound.kind == "reminder_24h"))
        said = [(row.payload["address"], row.payload["when"]) for row in rows]
    assert said == [("Rua Nova, 99", "quinta, 26/11, às 14h")]


async def test_who_has_no_number_is_told_that_an_address_is_not_kept(web_api: Api) -> None:
    async with web_api.db.begin() as session:
        user = User(name="Eva", email="eva@example.com", created_at=NOW)
        session.add(user)
    who = await web_api.token(user.id)
    status, shown = await web_api.json("PATCH", "/api/me", who, json={"name": "Eva Luz", "email": "outra@example.com"})
    assert (status, shown["error"]["code"]) == (409, "email_is_the_login")
    status, shown = await web_api.json("PATCH", "/api/me", who, json={"name": "Eva Luz", "email": "Eva@example.com"})
    assert (status, shown["me"]["name"], shown["me"]["email"]) == (200, "Eva Luz", "eva@example.com")


async def test_a_text_of_the_wrong_length_is_told_as_a_text(web_api: Api) -> None:
    for name, words in (
        ("x" * 81, "Longo demais: até 80 caracteres."),
        ("x", "Curto demais: pelo menos 2 caracteres."),
    ):
        _, shown = await web_api.json("PATCH", "/api/me", web_api.as_owner, json={"name": name})
        assert shown["error"]["fields"] == {"name": words}
    message = {"client_id": str(web_api.client.id), "text": ""}
    _, shown = await web_api.json("POST", "/api/messages", web_api.as_owner, json=message)
    assert shown["error"]["fields"] == {"text": "Não pode ficar vazio."}
    week = [{"weekday": 0, "start_minute": 540, "end_minute": 720}] * 1000
    _, shown = await web_api.json("PUT", "/api/availability", web_api.as_owner, json={"week": week})
    assert "itens demais" in shown["error"]["fields"]["week"]


async def test_two_weeks_written_at_once_are_not_mixed(web_api: Api) -> None:
    for start in range(540, 640, 10):
        weeks = [[{"weekday": day, "start_minute": start, "end_minute": 720}] for day in (1, 3)]
        puts = [web_api.json("PUT", "/api/availability", web_api.as_owner, json={"week": week}) for week in weeks]
        assert [status for status, _ in await asyncio.gather(*puts)] == [200, 200]
        _, now = await web_api.json("GET", "/api/availability", web_api.as_owner)
        assert now["week"] in weeks


async def test_somebody_without_a_number_opens_nobody_elses_login(web_api: Api) -> None:
    """Whoever WhatsApp knows by an id alone has no number, and so have the logins by e-mail."""
    async with web_api.db.begin() as session:
        by_email = User(name="Só E-mail", email="so@example.com", created_at=NOW)
        nameless = Contact(name="Sem Número", created_at=NOW)
        session.add_all([by_email, nameless])
        await session.flush()
        made = await owners.create_professional(
            session, name="Sem Número", profession="Barbeiro", contact=nameless, timezone="America/Sao_Paulo", now=NOW
        )
        assert made.user_id != by_email.id
        assert by_email.contact_id is None
