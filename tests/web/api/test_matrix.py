"""T40: who may what. Every route, asked by everybody, gives exactly the answer written here, and nobody else's rows
are ever read or changed: not by an id in the path, in the query or in the body.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import select

from bot.db import Database
from bot.models import Appointment, Base, Client, ClientNote, Notification, RecurringSchedule, Review, User
from bot.models.enums import Frequency, Status
from web.api import ENDPOINTS
from web.endpoint import Who

from ...agenda.factories import (
    NOW,
    a_client,
    a_past_appointment,
    a_professional,
    a_service,
    an_account,
    an_appointment,
)
from .stage import SECRET_KEY, Api, api

Headers = dict[str, str]
# Words that only rows of the first agenda hold; the public page shows none of them.
CANARIES = ("Júlia Lima", "551188887777", "88887777", "Alérgica", "Ana Sem Telefone", "julia@example.com", "canário")

INSIDERS = ("owner", "client", "other_owner", "other_client", "mail")
# Nobody is known by these: they all get the same answer.
STRANGERS = ("nobody", "expired", "unsigned", "wrong_key", "other_audience", "cron")


@dataclass
class Town:
    """Two agendas that know nothing of each other, a client of each with a login, somebody known by e-mail alone."""

    api: Api
    callers: dict[str, Headers]
    ids: dict[str, str]


@dataclass(frozen=True)
class Line:
    """One route: how it is asked, and the status that each kind of caller gets."""

    method: str
    path: str
    # The professional whose agenda it is, and their client.
    owner: int
    client: int
    other_owner: int
    other_client: int
    # A login by e-mail, with no phone and no agenda.
    mail: int
    stranger: int = 401
    cron: int = 401
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.path


def line(method: str, path: str, *statuses: int, **more: Any) -> Line:
    given: dict[str, Any] = dict(zip(INSIDERS, statuses, strict=True))
    return Line(method, path, **given, **more)


def users(method: str, path: str, status: int = 200, **more: Any) -> Line:
    """A route that answers each login with its own things."""
    return line(method, path, status, status, status, status, status, **more)


def owners(method: str, path: str, own: int, other: int, **more: Any) -> Line:
    """A route of professionals."""
    return line(method, path, own, 403, other, 403, 403, **more)


def public(method: str, path: str, status: int, **more: Any) -> Line:
    return line(method, path, status, status, status, status, status, stranger=status, cron=status, **more)


def clock(method: str, path: str) -> Line:
    """A route of whoever runs the clock: no login opens it."""
    return line(method, path, 401, 401, 401, 401, 401, cron=200)


BOOKING = {
    "professional": "{slug}",
    "service_id": "{service}",
    "start": "2026-11-27T15:00:00-03:00",
    "name": "Nova Pessoa",
    "phone": "11 94444-3333",
    "idempotency_key": "the-same-one",
}
SERIES = {
    "client_id": "{client}",
    "service_id": "{service}",
    "frequency": "weekly",
    "starts_on": "2026-11-27",
    "start_minute": 600,
    "count": 2,
    "preview": True,
}
WEEK = {"week": [{"weekday": day, "start_minute": 540, "end_minute": 1080} for day in range(5)]}
AGENDA = {"name": "Bia Souza", "profession": "Cabeleireira"}

# What ends a session or a person comes last. The statuses: owner, client, other owner, other client, mail.
LINES = (
    public("POST", "/api/register", 201, body={"name": "Quem Vem"}),
    public("POST", "/api/session", 200, body={"by": "whatsapp"}),
    public("GET", "/api/professionals/{slug}", 200),
    public("GET", "/api/professionals/{slug}/slots", 200, query={"service_id": "{service}"}),
    public("POST", "/api/booking", 201, body=BOOKING),
    users("GET", "/api/me", query={"export": "true"}),
    users("PATCH", "/api/me", body={"name": "Outro Nome"}),
    owners("GET", "/api/services", 200, 200),
    owners("POST", "/api/services", 201, 201, body={"name": "Escova", "minutes": 30}),
    owners("PATCH", "/api/services/{service_id}", 200, 404, body={"price_cents": 60_00}),
    owners("GET", "/api/availability", 200, 200),
    owners("PUT", "/api/availability", 200, 200, body=WEEK),
    users("GET", "/api/appointments"),
    line("GET", "/api/appointments/{appointment_id}", 200, 200, 404, 404, 404),
    # The client may not confirm; to others the appointment does not exist.
    line("PATCH", "/api/appointments/{appointment_id}", 200, 403, 404, 404, 404, body={"action": "confirm"}),
    owners("GET", "/api/clients", 200, 200),
    owners("POST", "/api/clients", 201, 201, body={"name": "Rui Paz", "phone": "11 93333-2222"}),
    owners("GET", "/api/clients/{client_id}", 200, 404, query={"export": "true"}),
    owners("PATCH", "/api/clients/{client_id}", 200, 404, body={"email": "julia@example.com"}),
    owners("GET", "/api/clients/{client_id}/notes", 200, 404),
    owners("POST", "/api/clients/{client_id}/notes", 201, 404, body={"text": "canário"}),
    owners("GET", "/api/recurring-schedules", 200, 200),
    owners("POST", "/api/recurring-schedules", 200, 404, body=SERIES),
    users("GET", "/api/follows"),
    users("POST", "/api/follows", 201, body={"professional": "{slug}"}),
    users("DELETE", "/api/follows", 204, query={"professional": "{slug}"}),
    users("GET", "/api/reviews", query={"professional": "{slug}"}),
    # One's own appointment is not rated by its professional; it was rated already; to others it does not exist.
    line("POST", "/api/reviews", 403, 409, 404, 404, 404, body={"appointment_id": "{done}", "rating": 1}),
    line("GET", "/api/messages", 200, 404, 404, 404, 404, query={"client_id": "{client}"}),
    # Nobody has written to the bot yet, so there is no thread to write into.
    line("POST", "/api/messages", 409, 404, 404, 404, 404, body={"client_id": "{client}", "text": "oi"}),
    users("GET", "/api/notifications"),
    users("PATCH", "/api/notifications", body={"ids": ["{notification}"]}),
    users("GET", "/api/notifications/stream"),
    owners("POST", "/api/ai/chat", 200, 200, body={"text": "ajuda"}),
    owners("GET", "/api/billing", 200, 200),
    # No plans are sold here.
    owners("POST", "/api/billing", 409, 409, body={"action": "portal"}),
    clock("GET", "/api/cron/reminders"),
    clock("POST", "/api/cron/reminders"),
    clock("GET", "/api/cron/whatsapp-watchdog"),
    clock("POST", "/api/cron/whatsapp-watchdog"),
    owners("DELETE", "/api/recurring-schedules/{series_id}", 204, 404),
    owners("DELETE", "/api/services/{service_id}", 204, 404),
    owners("DELETE", "/api/clients/{client_id}", 204, 404),
    # Two have an agenda already, and others open one.
    line("POST", "/api/onboarding", 409, 201, 409, 201, 201, body=AGENDA),
    users("DELETE", "/api/session", 204),
    # Their sessions are over.
    users("DELETE", "/api/me", 401),
)


@pytest.fixture
async def town(db: Database) -> AsyncIterator[Town]:
    async with api(db, chat_wait_seconds=0.05) as stage:
        yield await a_town(stage)


async def a_town(stage: Api) -> Town:
    at = stage.clock.now()
    async with stage.db.begin() as session:
        other = await a_professional(session, name="Caio Reis", number=96660000)
        other_service = await a_service(session, other, name="Barba")
        other_client = await a_client(session, other, name="Kátia Melo", number=95550000)
        other_user = await an_account(session, other_client)
        mail = User(name="Só E-mail", email="so@example.com", created_at=at)
        session.add(mail)
        owner, client = stage.owner, stage.client
        row = await an_appointment(session, owner, client, stage.service, note="canário")
        done = await a_past_appointment(
            session, owner, client, stage.service, NOW - timedelta(days=3), status=Status.COMPLETED
        )
        # Somebody without a phone: nobody's contact, and so nobody's to see but the professional's.
        lone = Client(professional_id=owner.id, name="Ana Sem Telefone", name_key="ana sem telefone", created_at=at)
        session.add(lone)
        await session.flush()
        await a_past_appointment(session, owner, lone, stage.service, NOW - timedelta(days=2), note="canário")
        mine: dict[str, Any] = {"professional_id": owner.id, "client_id": client.id, "created_at": at}
        series = RecurringSchedule(
            **mine,
            service_id=stage.service.id,
            frequency=Frequency.WEEKLY,
            starts_on=date(2026, 12, 3),
            start_minute=900,
            minutes=30,
        )
        notice = Notification(user_id=owner.user_id, kind="k", title="canário", created_at=at)
        rated = Review(**mine, appointment_id=done.id, rating=5, comment="ótima")
        session.add_all([series, notice, rated, ClientNote(**mine, text="Alérgica a amônia")])
    ids = {
        "slug": owner.slug,
        "service": stage.service.id,
        "service_id": stage.service.id,
        "client": client.id,
        "client_id": client.id,
        "appointment_id": row.id,
        "done": done.id,
        "series_id": series.id,
        "notification": notice.id,
        "other_service": other_service.id,
        "other_slug": other.slug,
        "other_client": other_client.id,
    }
    callers = {
        "owner": stage.as_owner,
        "client": stage.as_client,
        "other_owner": await stage.token(other.user_id),
        "other_client": await stage.token(other_user.id),
        "mail": await stage.token(mail.id),
        **forgeries(stage),
    }
    return Town(stage, callers, {name: str(value) for name, value in ids.items()})


def forgeries(stage: Api) -> dict[str, Headers]:
    """Return callers who are nobody: without a token, with one that ran out, with three kinds of forged ones."""
    good = stage.as_owner["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(good, OctKey.import_key(SECRET_KEY), algorithms=["HS256"]).claims

    def signed(key: str = SECRET_KEY, **changed: Any) -> Headers:
        token = jwt.encode({"alg": "HS256"}, {**claims, **changed}, OctKey.import_key(key), algorithms=["HS256"])
        return {"Authorization": f"Bearer {token}"}

    unsigned = f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{good.split('.')[1]}."
    return {
        "nobody": {},
        "expired": signed(exp=int(NOW.timestamp()) - 60),
        "unsigned": {"Authorization": f"Bearer {unsigned}"},
        "wrong_key": signed("another-secret-that-is-long-enough-too"),
        "other_audience": signed(aud="somebody-else"),
        "cron": {"x-cron-secret": stage.cron},
    }


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    """Write ids where a line names them."""
    if isinstance(value, str):
        return value.format_map(ids) if "{" in value else value
    if isinstance(value, Mapping):
        return {key: filled(each, ids) for key, each in value.items()}
    return [filled(each, ids) for each in value] if isinstance(value, list) else value


async def ask(town: Town, asked: Line, who: str) -> tuple[int, str]:
    body = filled(asked.body, town.ids)
    given = {"json": body} if body is not None else {}
    path, query = filled(asked.path, town.ids), filled(asked.query, town.ids)
    async with await town.api.call(asked.method, path, town.callers[who], params=query, **given) as answer:
        if answer.content_type == "text/event-stream":
            return answer.status, ""
        return answer.status, await answer.text()


async def tenant(town: Town) -> dict[tuple[str, str], str]:
    """Return every row of the first agenda and its people, as it stands."""
    kept: dict[tuple[str, str], str] = {}
    owner = town.api.owner
    people = {str(owner.user_id), str(town.api.client_user.id), str(town.api.client.contact_id)}
    async with town.api.db.begin() as session:
        for table in Base.metadata.sorted_tables:
            if table.name in ("login_codes", "sessions"):
                continue  # a login begins and ends without touching anybody's rows
            for row in (await session.execute(select(table))).mappings():
                theirs = str(row.get("professional_id") or row.get("user_id") or row["id"])
                if theirs == str(owner.id) or theirs in people or str(row["id"]) in town.ids.values():
                    # Whoever rings the clock lets the job of the morning note the day it looked at.
                    shown = {name: value for name, value in row.items() if name != "agenda_on"}
                    kept[table.name, str(row["id"])] = json.dumps(shown, default=str, sort_keys=True)
    return kept


def expected(asked: Line, who: str) -> int:
    if who == "cron":
        return asked.cron
    return asked.stranger if who in STRANGERS else int(getattr(asked, who))


OUTSIDERS = ("other_owner", "other_client", "mail", *STRANGERS)
# What anybody may add to an agenda or to themselves without being of it.
OPEN = {("POST", "/api/booking"), ("POST", "/api/follows"), ("DELETE", "/api/follows")}
ONLY_SQLITE: Callable[..., Any] = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_t40_every_route_has_its_line() -> None:
    assert sorted(one.key for one in LINES) == sorted((each.method, each.path) for each in ENDPOINTS)


def test_every_line_says_what_its_route_declares() -> None:
    declared = {(each.method, each.path): each for each in ENDPOINTS}
    for one in LINES:
        route = declared[one.key]
        known = {route.status, route.or_status, *(refusal.status for refusal in route.refuses)}
        inside = {expected(one, who) for who in INSIDERS}
        if route.who is Who.ANYBODY:
            assert inside | {one.stranger, one.cron} <= known
        else:
            assert one.stranger == 401
            assert inside <= known | {401, 403}
            assert (one.cron == 200) is (route.who is Who.CRON)


@ONLY_SQLITE
async def test_t40_everybody_gets_exactly_what_is_written_and_nothing_of_anothers(town: Town) -> None:
    wrong: list[str] = []
    for asked in LINES:
        if asked.key in OPEN:
            wrong += [each for who in OUTSIDERS for each in await tried(town, asked, who)]
    before = await tenant(town)
    for asked in LINES:
        if asked.key not in OPEN:
            wrong += [each for who in OUTSIDERS for each in await tried(town, asked, who)]
    after = await tenant(town)
    wrong += [f"changed from outside: {name} {rows}" for name, rows in sorted(set(before.items()) ^ set(after.items()))]
    for asked in LINES:
        for who in ("client", "owner"):
            wrong += await tried(town, asked, who)
    assert wrong == []


async def tried(town: Town, asked: Line, who: str) -> list[str]:
    """Ask as somebody; return what was wrong with the answer."""
    status, text = await ask(town, asked, who)
    told = f"{who} {asked.method} {asked.path}: {status} {text[:300]}"
    wrong = [] if status == expected(asked, who) else [f"not {expected(asked, who)}: {told}"]
    seen = [word for word in CANARIES if word in text and who in OUTSIDERS]
    return wrong + ([f"reads {seen}: {told}"] if seen else [])


# Ids of the one tenant in queries and bodies of the other: each is as unknown as an id that nobody has.
SMUGGLED: tuple[tuple[str, str, dict[str, str], dict[str, Any] | None, int], ...] = (
    ("GET", "/api/professionals/{other_slug}/slots", {"service_id": "{service}"}, None, 404),
    ("POST", "/api/booking", {}, {**BOOKING, "professional": "{other_slug}"}, 404),
    ("POST", "/api/recurring-schedules", {}, {**SERIES, "client_id": "{other_client}"}, 404),
    ("POST", "/api/recurring-schedules", {}, {**SERIES, "service_id": "{other_service}"}, 404),
    ("DELETE", "/api/recurring-schedules/{series_id}", {"from_appointment": "{appointment_id}"}, None, 404),
    ("POST", "/api/messages", {}, {"client_id": "{client}", "text": "oi"}, 404),
    ("POST", "/api/reviews", {}, {"appointment_id": "{done}", "reply": "obrigado"}, 404),
)


@ONLY_SQLITE
async def test_t40_an_id_of_another_agenda_is_no_id(town: Town) -> None:
    before = await tenant(town)
    for method, path, query, body, status in SMUGGLED:
        asked = line(method, path, *[status] * 5, query=query, body=body)
        got, text = await ask(town, asked, "other_owner")
        assert (got, [word for word in CANARIES if word in text]) == (status, []), (method, path, body, text)
    # A filter by somebody else's client finds nothing instead of refusing: it tells no more.
    for who in ("other_owner", "other_client", "client"):
        asked = line("GET", "/api/appointments", *[200] * 5, query={"client_id": "{client}"})
        status, text = await ask(town, asked, who)
        assert who == "client" or (status, json.loads(text)["items"]) == (200, [])
    assert await tenant(town) == before


@ONLY_SQLITE
async def test_a_login_without_a_phone_is_nobodys_client(town: Town) -> None:
    queries: tuple[dict[str, str], ...] = ({}, {"side": "client"})
    for query in queries:
        status, text = await ask(town, line("GET", "/api/appointments", *[200] * 5, query=query), "mail")
        assert (status, json.loads(text)["items"]) == (200, [])
    async with town.api.db.begin() as session:
        assert len((await session.scalars(select(Appointment))).all()) == 3
