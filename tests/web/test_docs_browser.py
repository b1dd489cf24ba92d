"""The page of the API in a real browser: complete, without help from outside, and readable by everybody."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser

from bot.db import Database
from bot.queue import SilentBell
from web.api import ENDPOINTS
from web.app import create

from ..conftest import StillClock
from .api.stage import settings
from .browser import barriers, chromium, tab


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest.fixture
async def docs(clock: StillClock) -> AsyncIterator[str]:
    # The page asks no database.
    app = create(settings(), Database("sqlite:////nowhere"), SilentBell(), clock)
    async with TestServer(app) as server:
        yield str(server.make_url("/docs"))


async def test_every_operation_is_on_the_page_and_nothing_comes_from_elsewhere(browser: Browser, docs: str) -> None:
    asked: list[str] = []
    async with tab(browser, docs) as page:
        page.on("request", lambda request: asked.append(request.url))
        await page.reload()
        assert await page.locator("article").count() == len(ENDPOINTS)
        await page.get_by_role("link", name="POST /booking", exact=True).click()
        assert page.url.endswith("#book_post")
        assert await page.locator("article:target").get_by_text("slot_taken").is_visible()
    root = docs.removesuffix("/docs")
    assert all(url.startswith(root) for url in asked)


@pytest.mark.parametrize(("width", "scheme"), [(1300, "dark"), (390, "light")])
async def test_the_page_is_readable_by_everybody(browser: Browser, docs: str, width: int, scheme: str) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 844}, bypass_csp=True)
    page = await context.new_page()
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.goto(docs)
    found = await barriers(page)
    await context.close()
    assert found == ""
