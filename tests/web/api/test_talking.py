"""The assistant on a page, and words between a professional and a client: the same turn, one thread."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, update

from bot.db import Database
from bot.models import Appointment, Client, Contact, Conversation, Message, Notification
from bot.models.enums import Author, Status
from bot.seed import CLIENTS

from ...conftest import StillClock
from ...stage import JULIA, RAFAEL, STRANGER, stage
from .test_login import Page


@pytest.fixture
async def page(db: Database, clock: StillClock) -> AsyncIterator[Page]:
    async with stage(db, clock) as here, aiohttp.ClientSession() as http:
        yield Page(here, http)


async def ask(page: Page, token: str, **body: Any) -> tuple[int, Any]:
    """Ask the assistant while the worker works beside."""
    asking = asyncio.create_task(page.send("POST", "api/ai/chat", token, **body))
    while not asking.done():
        await asyncio.sleep(0.05)
        await page.here.settle()
    return await asking


async def test_the_assistant_reads_at_once_and_asks_before_it_writes(page: Page) -> None:
    token = (await page.in_by_whatsapp(RAFAEL))["access_token"]
    before = len(page.here.graph.accepted)
    status, shown = await ask(page, token, text="quem tenho segunda?")
    assert status == 200
    assert "segunda" in shown["replies"][0]["text"]
    _, shown = await ask(page, token, text="cancela a Ana Paula de segunda às 15h30", idempotency_key="pedido-1")
    # The same key is the same message; whoever says something else with it is not answered as if they had not.
    assert await ask(page, token, text="cancela a Ana Paula de segunda às 15h30", idempotency_key="pedido-1") == (
        200,
        shown,
    )
    status, refused = await ask(page, token, text="quem tenho terça?", idempotency_key="pedido-1")
    assert (status, refused["error"]["code"]) == (409, "idempotency_key_reused")
    reply = shown["replies"][-1]
    yes = next(option["id"] for option in reply["options"] if option["title"] == "Sim")
    async with page.here.services.db.begin() as session:
        count = select(Appointment.id).where(Appointment.status == Status.CANCELLED)
        cancelled = len((await session.scalars(count)).all())
    await ask(page, token, option=yes)
    async with page.here.services.db.begin() as session:
        assert len((await session.scalars(count)).all()) == cancelled + 1
    # Only the client heard of it on a telephone: what was said on the page stayed there.
    assert {sent.to for sent in page.here.graph.accepted[before:]} == {CLIENTS[2].phone}


async def test_the_page_lets_no_other_page_in(page: Page) -> None:
    """A token that was stolen for a quarter of an hour makes no login of sixty days."""
    token = (await page.in_by_whatsapp(RAFAEL))["access_token"]
    _, step = await page.session(by="whatsapp")
    _, shown = await ask(page, token, text=f"ENTRAR {step['login']['code']}")
    assert "Sim, sou eu" not in str(shown)
    # What was said on the page last does not hide the number to write to.
    _, step = await page.session(by="whatsapp")
    assert step["login"]["link"].startswith("https://wa.me/551140000000?")


async def test_a_client_has_no_assistant_on_the_page(page: Page) -> None:
    token = (await page.in_by_whatsapp(JULIA))["access_token"]
    status, shown = await page.send("POST", "api/ai/chat", token, text="oi")
    assert (status, shown["error"]["code"]) == (403, "forbidden")


async def client_id(page: Page) -> str:
    async with page.here.services.db.begin() as session:
        return str((await session.scalars(select(Client.id).where(Client.name.startswith("Júlia")))).one())


async def test_a_word_from_the_page_reaches_the_client_and_the_bot_steps_back(page: Page) -> None:
    await page.here.says(JULIA, "oi")
    page.here.heard(JULIA)
    token = (await page.in_by_whatsapp(RAFAEL))["access_token"]
    julia = await client_id(page)
    status, made = await page.send("POST", "api/messages", token, client_id=julia, text="Pode vir 10 min antes?")
    assert status == 201
    await page.here.settle()
    assert page.here.heard_all(JULIA) == ["Pode vir 10 min antes?"]
    await page.here.says(JULIA, "posso sim!")
    assert page.here.heard(JULIA) == ""
    _, thread = await page.send("GET", "api/messages", token, query={"client_id": julia})
    said = [(each["author"], each["text"]) for each in thread["items"]][:2]
    assert said == [("client", "posso sim!"), ("professional", "Pode vir 10 min antes?")]
    assert made["id"] == thread["items"][1]["id"]


async def test_a_client_writes_on_the_page_and_the_professional_is_told(page: Page) -> None:
    await page.here.says(JULIA, "oi")
    token = (await page.in_by_whatsapp(JULIA))["access_token"]
    slug = (await page.send("GET", "api/appointments", token))[1]["items"][0]["professional"]["slug"]
    status, _ = await page.send("POST", "api/messages", token, professional=slug, text="Estou chegando")
    assert status == 201
    async with page.here.services.db.begin() as session:
        told = select(Notification.body).where(Notification.kind == "message")
        assert (await session.scalars(told)).all() == ["Estou chegando"]
        line = select(Message.author).where(Message.text == "Estou chegando")
        assert (await session.scalars(line)).one() is Author.CLIENT


async def test_an_address_book_alone_carries_no_words_to_anybody(page: Page) -> None:
    """Whoever enters a stranger's number can neither write to them nor silence the bot, nor a stranger to an agenda."""
    await page.here.says(STRANGER, "oi")
    async with page.here.services.db.begin() as session:
        theirs = (await session.scalars(select(Conversation).join(Contact).where(Contact.phone == STRANGER))).one()
        theirs.professional_id = None
        await session.execute(update(Message).where(Message.conversation_id == theirs.id).values(professional_id=None))
    token = (await page.in_by_whatsapp(RAFAEL))["access_token"]
    _, client = await page.send("POST", "api/clients", token, name="Alguém", phone=f"+{STRANGER}")
    status, shown = await page.send("POST", "api/messages", token, client_id=client["id"], text="Compre já")
    assert (status, shown["error"]["code"]) == (409, "never_wrote")
    await page.send("DELETE", f"api/clients/{client['id']}", token)
    slug = (await page.send("GET", "api/me", token))[1]["me"]["professional"]["slug"]
    stranger = (await page.in_by_whatsapp(STRANGER))["access_token"]
    status, shown = await page.send("POST", "api/messages", stranger, professional=slug, text="Compre já")
    assert (status, shown["error"]["code"]) == (403, "not_their_client")


async def test_free_words_wait_for_no_shut_window(page: Page) -> None:
    await page.here.says(JULIA, "oi")
    page.here.clock.jump(days=2)
    token = (await page.in_by_whatsapp(RAFAEL))["access_token"]
    julia = await client_id(page)
    status, shown = await page.send("POST", "api/messages", token, client_id=julia, text="oi")
    assert (status, shown["error"]["code"]) == (409, "window_shut")
