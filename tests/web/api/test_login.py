"""Getting in, in both directions, out again, and everything that must not get anybody in."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select
from yarl import URL

from bot.db import Database
from bot.models import Contact, LoginCode, Outbound, Session, User
from bot.models.enums import Transport

from ...conftest import StillClock
from ...fakes.graph import Sent
from ...stage import JULIA, RAFAEL, STRANGER, Stage, stage


class Page:
    """A browser on the page that lets people in."""

    def __init__(self, here: Stage, http: aiohttp.ClientSession) -> None:
        self.here, self.http, self.root = here, http, URL(here.webhook).origin()

    async def send(
        self, method: str, path: str, token: str = "", query: dict[str, str] | None = None, **body: Any
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = (self.root / path).with_query(query or {})
        async with self.http.request(method, url, json=body or None, headers=headers) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    async def session(self, **body: Any) -> tuple[int, Any]:
        return await self.send("POST", "api/session", **body)

    async def in_by_whatsapp(self, phone: str) -> Any:
        _, step = await self.session(by="whatsapp")
        await self.here.says(phone, f"ENTRAR {step['login']['code']}")
        await self.here.taps(phone, "Sim, sou eu")
        status, step = await self.session(by="secret", secret=step["login"]["secret"])
        assert status == 200
        return step["tokens"]


def code_in(sent: Sent) -> str:
    """Return the code that a phone shows, whether it came as a text or as the template."""
    if sent.body["type"] == "template":
        return str(sent.body["template"]["components"][0]["parameters"][0]["text"])
    found = re.search(r"[0-9]{6}", sent.text)
    assert found
    return found[0]


@pytest.fixture
async def page(db: Database, clock: StillClock) -> AsyncIterator[Page]:
    async with stage(db, clock) as here, aiohttp.ClientSession() as http:
        yield Page(here, http)


async def test_a_code_sent_to_us_lets_the_page_in_after_a_yes(page: Page) -> None:
    here = page.here
    await here.says(JULIA, "oi")
    here.heard(JULIA)
    _, step = await page.session(by="whatsapp")
    begun = step["login"]
    assert begun["link"] == f"https://wa.me/551140000000?text=ENTRAR%20{begun['code']}"
    assert (await page.session(by="secret", secret=begun["secret"]))[1]["status"] == "waiting"
    await here.says(JULIA, f"ENTRAR {begun['code']}")
    assert "Foi você que pediu" in here.heard(JULIA)
    assert (await page.session(by="secret", secret=begun["secret"]))[1]["status"] == "waiting"
    await here.taps(JULIA, "Sim, sou eu")
    assert "pode voltar" in here.heard(JULIA)
    status, step = await page.session(by="secret", secret=begun["secret"])
    assert (status, step["status"]) == (200, "in")
    assert (await page.session(by="secret", secret=begun["secret"]))[0] == 401
    status, listed = await page.send("GET", "api/appointments", step["tokens"]["access_token"])
    assert status == 200
    assert listed["items"]


@pytest.mark.parametrize(("said", "enters"), [("sim", True), ("sim, mas não fui eu", False), ("não", False)])
async def test_a_typed_yes_right_after_the_question_is_a_tap(page: Page, said: str, enters: bool) -> None:
    """Anything that is not plainly a yes lets nobody in."""
    _, step = await page.session(by="whatsapp")
    await page.here.says(JULIA, f"ENTRAR {step['login']['code']}")
    await page.here.says(JULIA, said)
    _, shown = await page.session(by="secret", secret=step["login"]["secret"])
    assert (shown.get("status") == "in") is enters


async def test_a_yes_to_something_else_lets_nobody_in(page: Page) -> None:
    _, step = await page.session(by="whatsapp")
    await page.here.says(JULIA, f"ENTRAR {step['login']['code']}")
    await page.here.says(JULIA, "corte amanhã às 9h")
    await page.here.says(JULIA, "sim")
    assert (await page.session(by="secret", secret=step["login"]["secret"]))[1]["status"] == "waiting"


async def test_a_no_sends_the_page_away(page: Page) -> None:
    _, step = await page.session(by="whatsapp")
    await page.here.says(JULIA, f"entrar {step['login']['code']}")
    await page.here.taps(JULIA, "Não")
    assert "ninguém entrou" in page.here.heard(JULIA)
    status, shown = await page.session(by="secret", secret=step["login"]["secret"])
    assert (status, shown["error"]["code"]) == (401, "login_over")
    await page.here.taps(JULIA, "Sim, sou eu")
    assert "não vale mais" in page.here.heard(JULIA)


async def test_a_code_sent_by_us_is_typed_into_the_page(page: Page) -> None:
    status, step = await page.session(by="code", phone="+" + RAFAEL)
    assert status == 200
    await page.here.settle()
    code = code_in(page.here.graph.accepted[-1])
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    secret = step["login"]["secret"]
    status, shown = await page.session(by="secret", secret=secret, code=wrong)
    assert (status, shown["error"]["code"]) == (401, "code_wrong")
    status, step = await page.session(by="secret", secret=secret, code=code)
    assert (status, step["status"]) == (200, "in")


async def test_five_wrong_codes_and_the_right_one_opens_nothing(page: Page) -> None:
    _, step = await page.session(by="code", phone="+" + RAFAEL)
    await page.here.settle()
    code = code_in(page.here.graph.accepted[-1])
    secret = step["login"]["secret"]
    for n in range(1, 6):
        await page.session(by="secret", secret=secret, code=f"{(int(code) + n) % 10**6:06d}")
    status, shown = await page.session(by="secret", secret=secret, code=code)
    assert (status, shown["error"]["code"]) == (401, "login_over")


async def test_a_code_dies_of_age(page: Page) -> None:
    _, step = await page.session(by="whatsapp")
    page.here.clock.jump(minutes=11)
    await page.here.says(JULIA, f"ENTRAR {step['login']['code']}")
    assert "não vale mais" in page.here.heard(JULIA)
    assert (await page.session(by="secret", secret=step["login"]["secret"]))[0] == 401


async def test_nobody_learns_whether_an_account_exists(page: Page) -> None:
    """An unknown phone hears nothing, and the page is answered alike."""
    before = len(page.here.graph.accepted)
    known, unknown = await page.session(by="code", phone="+" + RAFAEL), await page.session(by="code", phone=STRANGER)
    assert known[0] == unknown[0] == 200
    assert known[1].keys() == unknown[1].keys()
    assert known[1]["login"].keys() == unknown[1]["login"].keys()
    await page.here.settle()
    assert [sent.to for sent in page.here.graph.accepted[before:]] == [RAFAEL]
    status, shown = await page.session(by="secret", secret=unknown[1]["login"]["secret"], code="000000")
    assert (status, shown["error"]["code"]) == (401, "code_wrong")


async def test_a_phone_is_not_flooded(page: Page) -> None:
    for _ in range(6):
        assert (await page.session(by="code", phone="+" + RAFAEL))[0] == 200
    async with page.here.services.db.begin() as session:
        assert len((await session.scalars(select(Outbound.id).where(Outbound.kind == "login_code"))).all()) == 3


async def test_nobodys_code_can_be_guessed_all_day_long(page: Page) -> None:
    for _ in range(5):
        for _ in range(3):
            assert (await page.session(by="code", phone="+" + RAFAEL))[0] == 200
        page.here.clock.jump(minutes=11)
    async with page.here.services.db.begin() as session:
        assert len((await session.scalars(select(Outbound.id).where(Outbound.kind == "login_code"))).all()) == 10


async def test_a_new_account_by_phone_and_by_email(page: Page) -> None:
    status, begun = await page.send("POST", "api/register", name="Nova Pessoa", phone="21 95555-1234")
    assert status == 201
    await page.here.settle()
    code = code_in(page.here.graph.accepted[-1])
    assert (await page.session(by="secret", secret=begun["secret"], code=code))[0] == 200
    status, begun = await page.send("POST", "api/register", name="Outra Pessoa", email="Outra@Example.com")
    async with page.here.services.db.begin() as session:
        payload = await session.scalar(select(Outbound.payload).where(Outbound.transport == Transport.EMAIL))
        assert payload is not None
        assert payload["to"] == "outra@example.com"
    assert (await page.session(by="secret", secret=begun["secret"], code=payload["code"]))[0] == 200
    async with page.here.services.db.begin() as session:
        names = set(await session.scalars(select(User.name)))
        typed = select(Contact.id).where(Contact.name == "Nova Pessoa")
        assert await session.scalar(typed) is None  # the login is called so; the owner of the phone speaks for it
    assert {"Nova Pessoa", "Outra Pessoa"} <= names


async def renewed(page: Page, token: str) -> str:
    """Turn a refresh token over, and return the next; nothing when it opens nothing."""
    status, step = await page.session(by="refresh", refresh_token=token)
    assert status in (200, 401)
    return str(step["tokens"]["refresh_token"]) if status == 200 else ""


async def test_tokens_turn_over_and_a_stolen_one_ends_the_session(page: Page) -> None:
    first = (await page.in_by_whatsapp(JULIA))["refresh_token"]
    second = await renewed(page, first)
    # An answer that got lost: asked again at once, it is given again.
    assert await renewed(page, first) == second
    page.here.clock.jump(minutes=1)
    assert not await renewed(page, first)
    assert not await renewed(page, second)
    async with page.here.services.db.begin() as session:
        assert (await session.scalars(select(Session.revoked_at))).one() is not None


async def test_two_tabs_that_renew_at_once_both_stay_in(page: Page) -> None:
    first = (await page.in_by_whatsapp(JULIA))["refresh_token"]
    tabs = await asyncio.gather(*(renewed(page, first) for _ in range(5)))
    assert len(set(tabs)) == 1
    page.here.clock.jump(minutes=20)
    assert await renewed(page, tabs[0])


async def test_a_thief_who_turns_the_token_over_twice_is_thrown_out_by_its_owner(page: Page) -> None:
    first = (await page.in_by_whatsapp(JULIA))["refresh_token"]
    stolen = await renewed(page, await renewed(page, first))
    assert stolen
    assert not await renewed(page, first)
    assert not await renewed(page, stolen)


async def test_a_token_that_is_none_ends_nothing(page: Page) -> None:
    first = (await page.in_by_whatsapp(JULIA))["refresh_token"]
    for wrong in ("a" * 40, "." * 40, f"{'0' * 32}.{'a' * 43}", "é" * 40):
        assert not await renewed(page, wrong)
    assert await renewed(page, first)


async def test_leaving_ends_the_token_at_once(page: Page) -> None:
    tokens = await page.in_by_whatsapp(JULIA)
    access = tokens["access_token"]
    assert (await page.send("GET", "api/appointments", access))[0] == 200
    assert (await page.send("DELETE", "api/session", access))[0] == 204
    assert (await page.send("GET", "api/appointments", access))[0] == 401
    assert (await page.session(by="refresh", refresh_token=tokens["refresh_token"]))[0] == 401


async def test_a_token_dies_of_age(page: Page) -> None:
    tokens = await page.in_by_whatsapp(JULIA)
    page.here.clock.moment += timedelta(minutes=16)
    assert (await page.send("GET", "api/appointments", tokens["access_token"]))[0] == 401
    assert (await page.session(by="refresh", refresh_token=tokens["refresh_token"]))[0] == 200


async def test_only_hashes_are_kept(page: Page) -> None:
    _, step = await page.session(by="whatsapp")
    async with page.here.services.db.begin() as session:
        row = (await session.scalars(select(LoginCode))).one()
    assert step["login"]["code"] not in (row.code_hash, row.browser_hash)
    assert step["login"]["secret"] not in (row.code_hash, row.browser_hash)
