"""Appointments from both sides: what each sees, what each may do, what nobody else may."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from bot.models import Appointment
from bot.models.enums import Actor, Source

from ...agenda.factories import (
    THURSDAY_15H,
    a_client,
    a_professional,
    a_service,
    an_account,
    an_appointment,
)
from .stage import Api


async def booked(api: Api, hours: int = 0, actor: Actor = Actor.CLIENT) -> Appointment:
    async with api.db.begin() as session:
        start = THURSDAY_15H + timedelta(hours=hours)
        return await an_appointment(session, api.owner, api.client, api.service, start=start, actor=actor)


async def test_each_side_sees_its_appointments(web_api: Api) -> None:
    row = await booked(web_api)
    status, mine = await web_api.json("GET", "/api/appointments", web_api.as_owner)
    assert status == 200
    assert [item["client"]["name"] for item in mine["items"]] == ["Júlia Lima"]
    assert mine["items"][0]["actions"] == ["confirm", "reject", "cancel", "paid"]
    status, theirs = await web_api.json("GET", "/api/appointments", web_api.as_client)
    assert [item["id"] for item in theirs["items"]] == [str(row.id)]
    assert theirs["items"][0]["client"] is None
    assert theirs["items"][0]["professional"] == {"name": "Bia Souza", "slug": web_api.owner.slug, "id": None}
    assert theirs["items"][0]["actions"] == ["cancel"]


async def test_what_the_professional_noted_is_not_shown_to_the_client(web_api: Api) -> None:
    for hours, (source, note) in enumerate(
        [(Source.PROFESSIONAL, "sempre atrasa"), (Source.SERIES, "paga em dia"), (Source.CHAT, "sou alérgica")]
    ):
        row = await booked(web_api, hours)
        async with web_api.db.begin() as session:
            written = await session.get_one(Appointment, row.id)
            written.source, written.note = source, note
    shown = {}
    for side, who in (("owner", web_api.as_owner), ("client", web_api.as_client)):
        _, listed = await web_api.json("GET", "/api/appointments", who)
        one = [(await web_api.json("GET", f"/api/appointments/{item['id']}", who))[1] for item in listed["items"]]
        shown[side] = [item["note"] for item in listed["items"]]
        assert shown[side] == [item["note"] for item in one]
    assert shown == {"owner": ["sempre atrasa", "paga em dia", "sou alérgica"], "client": ["", "", "sou alérgica"]}


async def test_a_client_cannot_cancel_what_is_over(web_api: Api) -> None:
    path = f"/api/appointments/{(await booked(web_api, actor=Actor.PROFESSIONAL)).id}"
    web_api.clock.moment = THURSDAY_15H + timedelta(minutes=30)
    client, owner = await web_api.token(web_api.client_user.id), await web_api.token(web_api.owner.user_id)
    _, shown = await web_api.json("GET", path, client)
    assert shown["actions"] == []
    status, refusal = await web_api.json("PATCH", path, client, json={"action": "cancel"})
    assert (status, refusal["error"]["code"]) == (400, "already_over")
    assert "já passou" in refusal["error"]["message"]
    status, shown = await web_api.json("PATCH", path, owner, json={"action": "cancel"})
    assert (status, shown["status"]) == (200, "cancelled")


async def test_a_list_is_paged_without_gaps_and_filtered_by_days(web_api: Api) -> None:
    rows = [await booked(web_api, hours) for hours in (-2, -1, 0, 1, 2)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        _, shown = await web_api.json("GET", "/api/appointments", web_api.as_owner, params={"limit": "2", **cursor})
        seen += [item["id"] for item in shown["items"]]
        if shown["next"] is None:
            break
        cursor = {"cursor": shown["next"]}
    assert seen == [str(row.id) for row in rows]
    _, shown = await web_api.json("GET", "/api/appointments", web_api.as_owner, params={"sort": "-start", "limit": "1"})
    assert shown["items"][0]["id"] == str(rows[-1].id)
    _, shown = await web_api.json("GET", "/api/appointments", web_api.as_owner, params={"from": "2026-11-27"})
    assert shown["items"] == []
    _, shown = await web_api.json("GET", "/api/appointments", web_api.as_owner, params={"to": "2026-11-26"})
    assert len(shown["items"]) == 5


@pytest.mark.parametrize("cursor", ["x", "W10", "////", "WyJ0IiwgIjIwMjYiLCAiYSJd", "e30", "ÿ"])
async def test_a_cursor_of_somebodys_making_is_refused(web_api: Api, cursor: str) -> None:
    status, shown = await web_api.json("GET", "/api/appointments", web_api.as_owner, params={"cursor": cursor})
    assert (status, shown["error"]["code"]) == (400, "bad_cursor")


async def test_the_table_of_actions_answers_as_documented(web_api: Api) -> None:
    row = await booked(web_api)
    path = f"/api/appointments/{row.id}"
    for who, action, status, code in [
        (web_api.as_owner, "explode", 400, "unknown_action"),
        (web_api.as_client, "confirm", 403, "not_yours"),
        (web_api.as_owner, "complete", 400, "illegal_move"),
        (web_api.as_owner, "reschedule", 400, "start_missing"),
    ]:
        got, shown = await web_api.json("PATCH", path, who, json={"action": action})
        assert (got, shown["error"]["code"]) == (status, code)
    status, shown = await web_api.json("PATCH", path, web_api.as_owner, json={"action": "confirm"})
    assert (status, shown["status"], shown["payment"]) == (200, "confirmed", "authorized")
    later = (THURSDAY_15H + timedelta(hours=1)).isoformat()
    status, shown = await web_api.json("PATCH", path, web_api.as_client, json={"action": "reschedule", "start": later})
    assert (status, shown["start"], shown["status"]) == (200, "2026-11-26T16:00:00-03:00", "pending_confirmation")
    status, shown = await web_api.json("PATCH", path, web_api.as_client, json={"action": "cancel"})
    assert (status, shown["status"]) == (200, "cancelled")


async def test_nobody_else_finds_it(web_api: Api) -> None:
    row = await booked(web_api)
    async with web_api.db.begin() as session:
        rival = await a_professional(session, name="Rival", number=95550000)
        service = await a_service(session, rival)
        stranger = await an_account(session, await a_client(session, rival, name="Estranha", number=95551111))
        await an_appointment(session, rival, await a_client(session, rival, number=95551112), service)
    for who in (await web_api.token(rival.user_id), await web_api.token(stranger.id)):
        for method, given in (("GET", {}), ("PATCH", {"json": {"action": "cancel"}})):
            status, shown = await web_api.json(method, f"/api/appointments/{row.id}", who, **given)
            assert (status, shown["error"]["code"]) == (404, "appointment_unknown")
        _, shown = await web_api.json("GET", "/api/appointments", who)
        assert str(row.id) not in str(shown)
    status, shown = await web_api.json("GET", f"/api/appointments/{uuid4()}", web_api.as_owner)
    assert status == 404


async def test_what_did_not_change_is_not_sent_again(web_api: Api) -> None:
    await booked(web_api)
    async with await web_api.call("GET", "/api/appointments", web_api.as_owner) as answer:
        tag = answer.headers["ETag"]
    headers = web_api.as_owner | {"If-None-Match": tag}
    async with await web_api.call("GET", "/api/appointments", headers) as answer:
        assert answer.status == 304
        assert await answer.read() == b""
    await booked(web_api, 1)
    async with await web_api.call("GET", "/api/appointments", headers) as answer:
        assert answer.status == 200


async def test_a_preview_of_a_series_names_the_holidays_it_falls_on_and_leaves_them_open(web_api: Api) -> None:
    asked = {
        "client_id": str(web_api.client.id),
        "service_id": str(web_api.service.id),
        "frequency": "weekly",
        "starts_on": "2026-12-18",
        "start_minute": 900,
        "count": 3,
        "preview": True,
    }
    status, shown = await web_api.json("POST", "/api/recurring-schedules", web_api.as_owner, json=asked)
    assert status == 200  # nothing was made
    found = [(each["free"], each["holiday"]) for each in shown["occurrences"]]
    assert found == [(True, None), (True, "Natal"), (True, "Confraternização Universal")]


async def test_a_key_that_made_a_series_answers_for_no_other(web_api: Api) -> None:
    asked = {
        "client_id": str(web_api.client.id),
        "service_id": str(web_api.service.id),
        "frequency": "weekly",
        "starts_on": "2026-12-17",
        "start_minute": 900,
        "count": 2,
        "idempotency_key": "a-key-of-mine",
    }

    async def answers(**fields: Any) -> tuple[int, Any]:
        body = asked | fields
        status, shown = await web_api.json("POST", "/api/recurring-schedules", web_api.as_owner, json=body)
        return status, shown["error"]["code"] if status >= 400 else shown["series"]["id"]

    first = await answers()
    assert first[0] == 201
    assert await answers() == first
    assert await answers(count=3) == await answers(start_minute=960) == (409, "idempotency_key_reused")
