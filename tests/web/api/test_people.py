"""Clients and notes, follows and reviews, notifications, the caller's own data."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from bot.agenda import booking
from bot.models import Appointment, Client, ClientNote, Contact, Message, Notification, Professional, User
from bot.models.enums import Action, Actor, Status
from web.keys import CLOSING, PULSE

from ...agenda.factories import THURSDAY_15H, a_past_appointment, an_appointment
from .stage import Api


async def test_an_address_book_is_searched_and_changed(web_api: Api) -> None:
    for name, phone in (("Ana Reis", "11 96666-5555"), ("Álvaro Dias", "11 96666-4444")):
        body = {"name": name, "phone": phone}
        assert (await web_api.json("POST", "/api/clients", web_api.as_owner, json=body))[0] == 201
    _, listed = await web_api.json("GET", "/api/clients", web_api.as_owner)
    assert [each["name"] for each in listed["items"]] == ["Álvaro Dias", "Ana Reis", "Júlia Lima"]
    _, listed = await web_api.json("GET", "/api/clients", web_api.as_owner, params={"q": "alvaro"})
    assert len(listed["items"]) == 1
    # By the end of the number, and by the whole of it: the address book keeps no ninth digit.
    for said in ("6666-5555", "11 96666-5555", "+55 (11) 96666-5555"):
        _, listed = await web_api.json("GET", "/api/clients", web_api.as_owner, params={"q": said})
        assert [each["name"] for each in listed["items"]] == ["Ana Reis"], said
    path = f"/api/clients/{listed['items'][0]['id']}"
    status, card = await web_api.json(
        "PATCH", path, web_api.as_owner, json={"name": "Ana Maria", "cpf": "529.982.247-25"}
    )
    assert (status, card["name"], card["cpf"]) == (200, "Ana Maria", "52998224725")
    status, shown = await web_api.json("PATCH", path, web_api.as_owner, json={"cpf": "111.111.111-11"})
    assert (status, shown["error"]["code"]) == (400, "not_a_cpf")


async def test_notes_stay_with_their_owner(web_api: Api) -> None:
    path = f"/api/clients/{web_api.client.id}/notes"
    status, _ = await web_api.json("POST", path, web_api.as_owner, json={"text": "Alérgica a amônia.\nUsa óculos."})
    assert status == 201
    _, listed = await web_api.json("GET", path, web_api.as_owner)
    assert [note["text"] for note in listed["items"]] == ["Alérgica a amônia.\nUsa óculos."]
    assert (await web_api.json("GET", path, web_api.as_client))[0] == 403
    _, mine = await web_api.json("GET", "/api/me", web_api.as_client, params={"export": "true"})
    assert "amônia" not in str(mine)


async def test_a_client_is_erased_and_the_figures_stay(web_api: Api) -> None:
    async with web_api.db.begin() as session:
        done = await a_past_appointment(
            session, web_api.owner, web_api.client, web_api.service, THURSDAY_15H - timedelta(days=7), note="com Júlia"
        )
    path = f"/api/clients/{web_api.client.id}"
    await web_api.json("POST", path + "/notes", web_api.as_owner, json={"text": "segredo"})
    _, card = await web_api.json("GET", path, web_api.as_owner, params={"export": "true"})
    assert card["export"]["client_notes"][0]["text"] == "segredo"
    assert (await web_api.json("DELETE", path, web_api.as_owner))[0] == 204
    async with web_api.db.begin() as session:
        row = await session.get_one(Client, web_api.client.id)
        assert (row.name, row.phone_key, row.contact_id) == ("Cliente removido", None, None)
        assert (await session.get_one(Appointment, done.id)).note == ""
        assert (await session.get_one(Appointment, done.id)).price_cents == done.price_cents
        assert (await session.scalars(select(ClientNote))).all() == []


async def test_a_user_takes_everything_away_and_goes(web_api: Api) -> None:
    _, mine = await web_api.json("GET", "/api/me", web_api.as_client, params={"export": "true"})
    assert mine["export"]["contact"]["name"] == "Júlia Lima"
    assert mine["export"]["contact_identities"][0]["value"] == "551188887777"
    assert (await web_api.json("DELETE", "/api/me", web_api.as_client))[0] == 204
    assert (await web_api.json("GET", "/api/me", web_api.as_client))[0] == 401
    async with web_api.db.begin() as session:
        assert await session.get(User, web_api.client_user.id) is None
        assert (await session.scalars(select(Contact.name).where(Contact.name.startswith("Júlia")))).all() == []
        assert (await session.scalars(select(Message))).all() == []
        assert len((await session.scalars(select(Professional))).all()) == 1
    assert (await web_api.json("DELETE", "/api/me", web_api.as_owner))[0] == 204
    async with web_api.db.begin() as session:
        assert (await session.scalars(select(Professional))).all() == []


async def test_whoever_was_erased_elsewhere_is_nobody_here_at_once(web_api: Api) -> None:
    """Another process erased them while this one still remembers who they are."""
    for method, path in (("GET", "/api/me"), ("PATCH", "/api/me"), ("POST", "/api/onboarding")):
        async with web_api.db.begin() as session:
            user = User(name="Nova", created_at=web_api.clock.now())
            session.add(user)
        token = await web_api.token(user.id)
        assert (await web_api.json("GET", "/api/me", token))[0] == 200
        async with web_api.db.begin() as session:
            await session.delete(await session.get_one(User, user.id))
        body = {"PATCH": {"name": "Outra"}, "POST": {"name": "Nova", "profession": "Barbeira"}}.get(method)
        status, shown = await web_api.json(method, path, token, json=body)
        assert (status, shown["error"]["code"]) == (401, "unauthenticated"), path


async def completed(api: Api) -> Appointment:
    async with api.db.begin() as session:
        row = await an_appointment(session, api.owner, api.client, api.service, actor=Actor.PROFESSIONAL)
        return await booking.act(
            session,
            row.id,
            Action.COMPLETE,
            actor=Actor.PROFESSIONAL,
            now=THURSDAY_15H,
            professional_id=api.owner.id,
        )


async def test_a_completed_appointment_is_reviewed_once_and_answered(web_api: Api) -> None:
    async with web_api.db.begin() as session:
        waiting = await an_appointment(session, web_api.owner, web_api.client, web_api.service)
    body: dict[str, Any] = {"appointment_id": str(waiting.id), "rating": 5, "comment": "Ótima!"}
    status, shown = await web_api.json("POST", "/api/reviews", web_api.as_client, json=body)
    assert (status, shown["error"]["code"]) == (409, "not_completed")
    async with web_api.db.begin() as session:
        (await session.get_one(Appointment, waiting.id)).status = Status.CANCELLED
    body["appointment_id"] = str((await completed(web_api)).id)
    assert (await web_api.json("POST", "/api/reviews", web_api.as_owner, json=body))[0] == 403
    early = {"appointment_id": body["appointment_id"], "reply": "Obrigada!"}
    status, shown = await web_api.json("POST", "/api/reviews", web_api.as_owner, json=early)
    assert (status, shown["error"]["code"]) == (409, "not_reviewed")
    status, shown = await web_api.json("POST", "/api/reviews", web_api.as_client, json=body)
    assert (status, shown["author"]) == (201, "Júlia")
    status, shown = await web_api.json("POST", "/api/reviews", web_api.as_client, json=body)
    assert (status, shown["error"]["code"]) == (409, "reviewed_already")
    reply = {"appointment_id": body["appointment_id"], "reply": "Obrigada!"}
    assert (await web_api.json("POST", "/api/reviews", web_api.as_client, json=reply))[0] == 403
    assert (await web_api.json("POST", "/api/reviews", web_api.as_owner, json=reply))[0] == 201
    _, listed = await web_api.json(
        "GET", "/api/reviews", web_api.as_client, params={"professional": web_api.owner.slug}
    )
    assert [(each["rating"], each["reply"]) for each in listed["items"]] == [(5, "Obrigada!")]


async def test_follows_come_and_go(web_api: Api) -> None:
    body = {"professional": web_api.owner.slug}
    for _ in range(2):
        assert (await web_api.json("POST", "/api/follows", web_api.as_client, json=body))[0] == 201
    _, listed = await web_api.json("GET", "/api/follows", web_api.as_client)
    assert [each["name"] for each in listed["items"]] == ["Bia Souza"]
    assert (await web_api.json("DELETE", "/api/follows", web_api.as_client, params=body))[0] == 204
    _, listed = await web_api.json("GET", "/api/follows", web_api.as_client)
    assert listed["items"] == []


async def test_notifications_are_counted_read_and_streamed(web_api: Api) -> None:
    async with web_api.db.begin() as session:
        await an_appointment(session, web_api.owner, web_api.client, web_api.service)
    _, listed = await web_api.json("GET", "/api/notifications", web_api.as_owner)
    assert (listed["unread"], listed["items"][0]["title"]) == (1, "Novo pedido de horário")
    ids = [each["id"] for each in listed["items"]]
    _, other = await web_api.json("PATCH", "/api/notifications", web_api.as_client, json={"ids": ids})
    _, listed = await web_api.json("GET", "/api/notifications", web_api.as_owner)
    assert (other["unread"], listed["unread"]) == (0, 1)
    _, read = await web_api.json("PATCH", "/api/notifications", web_api.as_owner, json={})
    assert read["unread"] == 0
    async with await web_api.call("GET", "/api/notifications/stream", web_api.as_owner) as stream:
        assert (stream.headers["X-Content-Type-Options"], len(stream.headers["X-Request-ID"])) == ("nosniff", 16)
        web_api.clock.jump(seconds=1)
        async with web_api.db.begin() as session:
            later = THURSDAY_15H + timedelta(hours=1)
            await an_appointment(
                session, web_api.owner, web_api.client, web_api.service, start=later, now=web_api.clock.now()
            )
        assert b"Novo pedido" in b"".join([await stream.content.readline() for _ in range(2)])


async def test_streams_are_few_and_a_late_row_is_told_too(web_api: Api) -> None:
    path = "/api/notifications/stream"
    streams = [await web_api.call("GET", path, web_api.as_owner) for _ in range(5)]
    assert (await web_api.json("GET", path, web_api.as_owner))[0] == 429
    streams.append(await web_api.call("GET", path, web_api.as_client))
    assert {each.status for each in streams} == {200}
    # The older of two requests is the one that commits last.
    for title, seconds in (("younger", 9), ("older", 3)):
        async with web_api.db.begin() as session:
            at = web_api.clock.now() + timedelta(seconds=seconds)
            row = Notification(user_id=web_api.owner.user_id, kind="x", title=title, created_at=at)
            session.add(row)
        told = [await streams[0].content.readline() for _ in range(3)]
        assert f'"{title}"'.encode() in told[1]
    # Ended by the server: a reader who goes away would, on a server of tests, cut a transaction in two.
    web_api.http.app[CLOSING].set()
    for each in streams:
        await each.read()


async def test_a_browser_that_comes_back_is_told_what_came_meanwhile(web_api: Api) -> None:
    async with web_api.db.begin() as session:
        heard, missed, theirs = (
            Notification(user_id=whose, kind="x", title=title, created_at=web_api.clock.now() - timedelta(seconds=ago))
            for title, whose, ago in (
                ("heard", web_api.owner.user_id, 90),
                ("missed", web_api.owner.user_id, 30),
                ("theirs", web_api.client_user.id, 30),
            )
        )
        session.add_all([heard, missed, theirs])
    back = {**web_api.as_owner, "Last-Event-ID": str(heard.id)}
    async with await web_api.call("GET", "/api/notifications/stream", back) as stream:
        told = [await stream.content.readline() for _ in range(2)]
        assert b'"missed"' in told[1]
    web_api.http.app[PULSE].longest = 0.3
    for unknown in (str(theirs.id), str(uuid4()), "x"):
        again = {**web_api.as_owner, "Last-Event-ID": unknown}
        async with await web_api.call("GET", "/api/notifications/stream", again) as stream:
            assert await stream.read() == b""


async def test_a_stream_ends_by_itself(web_api: Api) -> None:
    web_api.http.app[PULSE].longest = 0.3
    async with await web_api.call("GET", "/api/notifications/stream", web_api.as_owner) as stream:
        await asyncio.wait_for(stream.read(), 30)


async def test_the_clock_is_rung_from_outside_with_the_secret_only(web_api: Api) -> None:
    path = "/api/cron/reminders"
    for headers in (
        {},
        {"x-cron-secret": "x"},
        {"Authorization": "Bearer x"},
        web_api.as_owner,
        {"x-cron-secret": "é"},
    ):
        status, shown = await web_api.json("POST", path, headers)
        assert (status, shown["error"]["code"]) == (401, "unauthenticated")
    for headers in ({"x-cron-secret": web_api.cron}, {"Authorization": f"Bearer {web_api.cron}"}):
        for method in ("GET", "POST"):
            status, done = await web_api.json(method, path, headers)
            jobs = ("reminders", "expired_questions", "waitlist_offers", "holiday_questions", "daily_agendas")
            assert (status, done) == (200, dict.fromkeys(jobs, 0))
