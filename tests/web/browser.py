"""A real headless Chromium for tests of pages; skipped only where none is installed."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from ..servers import missing

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# The sandbox needs privileges that containers lack; the rest keeps Chromium from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Milliseconds. A turn waits for the rest of a burst, and a busy machine for its turn: patience is not what is tested.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the browser that is on this machine."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        missing("Chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def barriers(page: Page) -> str:
    """Return what axe finds in a page that keeps somebody out: labels, contrast, focus, landmarks."""
    found = await Axe().run(page)
    return str(found.generate_report()) if found.violations_count else ""


@asynccontextmanager
async def tab(
    browser: Browser, url: str, *, width: int = 1440, height: int = 900, silent: bool = True
) -> AsyncIterator[Page]:
    """Open `url` in a window of its own; whatever a page that should be `silent` complains about fails the test."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    context = await browser.new_context(viewport={"width": width, "height": height}, locale="pt-BR")
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        await page.goto(url)
        yield page
        assert complaints == [] or not silent
    finally:
        await context.close()
