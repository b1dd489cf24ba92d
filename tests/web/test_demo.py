"""`odys demo` as a stranger starts it: one process, no setting, two phones in a real browser."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Locator, Page, expect

from ..processes import ROOT, until
from ..servers import free_port
from .browser import chromium, tab


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[str]:
    """Address of the page of a running demo, started with nothing set."""
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "demo", "--port", str(port)),
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"

    async def answers() -> bool:
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{url}/simulador") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    try:
        await until(answers, 60, (tmp_path / "log").read_text)
        yield url
    finally:
        # A page that is still open does not keep it from ending.
        async with aiohttp.ClientSession() as http, http.get(f"{url}/simulador/eventos") as stream:
            assert stream.status == 200
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 25) == 0
        assert '"level": "error"' not in (tmp_path / "log").read_text()


def phone(page: Page, role: str) -> Locator:
    return page.locator(f'.seat[data-role="{role}"]')


def last(seat: Locator) -> Locator:
    """Return the latest bubble that Odys wrote on a phone."""
    return seat.locator(".message.theirs .bubble").last


async def tap(seat: Locator, title: str | re.Pattern[str]) -> None:
    """Tap an option that can still be tapped; the ones of answered questions cannot."""
    await seat.get_by_role("button", name=title, exact=isinstance(title, str), disabled=False).last.click()


async def write(page: Page, seat: Locator, text: str) -> None:
    await seat.get_by_label("Mensagem", exact=True).fill(text)
    await page.keyboard.press("Enter")


async def test_the_main_dialogues_in_the_simulator(demo: str) -> None:
    async with chromium() as browser, tab(browser, f"{demo}/simulador") as page:
        client, professional = phone(page, "client"), phone(page, "professional")

        await write(page, client, "oi, queria marcar um corte amanhã de manhã")
        await tap(client, re.compile("^Ver "))
        sheet = client.get_by_role("dialog")
        await sheet.get_by_role("button", name=re.compile(r"\dh")).first.click()
        await expect(last(client)).to_contain_text(re.compile(r"Corte.*\d\d/\d\d, às \d+h.*R\$ 50,00", re.DOTALL))
        await tap(client, "Sim")
        await expect(last(client)).to_contain_text("pedido")
        await expect(last(professional)).to_contain_text("Júlia Ramos")

        await tap(professional, "Confirmar")
        await expect(last(client)).to_contain_text(re.compile("confirmado", re.IGNORECASE))

        await write(page, client, "vou ter que desmarcar")
        await tap(client, "Sim")
        await expect(last(client)).to_contain_text(re.compile("cancelad", re.IGNORECASE))
        await expect(last(professional)).to_contain_text(re.compile("cancel", re.IGNORECASE))

        for question, answer in (
            ("quem tenho hoje?", r"Agenda de .*\d\d/\d\d|Nenhum horário marcado para"),
            ("quanto faturei esse mês?", r"Recebido: R\$ "),
            ("quem é o 11 98888-7777?", "Telefone: .11. 98888-7777"),
        ):
            await write(page, professional, question)
            await expect(last(professional)).to_contain_text(re.compile(answer))
        notes = page.locator(".note")
        for kind in ("webhook", "turn", "tool", "row", "send", "status"):
            await expect(notes.locator(f"xpath=self::*[contains(@class, 'note-{kind}')]").first).to_be_attached()


async def test_the_next_day_brings_reminders_and_the_agenda(demo: str) -> None:
    async with chromium() as browser, tab(browser, f"{demo}/simulador") as page:
        client, professional = phone(page, "client"), phone(page, "professional")
        # A day by its distance: what a weekday names may be so near, on that weekday, that nobody is reminded of it.
        # And an hour that the demo leaves free two days ahead, whatever the day of the week.
        await write(page, professional, "marca a Júlia depois de amanhã às 9h, corte")
        await expect(last(professional)).to_contain_text("Posso marcar")
        await tap(professional, "Sim")
        await expect(last(client)).to_contain_text(re.compile("confirmado", re.IGNORECASE))
        reminders = client.locator(".message.theirs").filter(
            has_text=re.compile("lembr|chegando|amanhã", re.IGNORECASE)
        )
        for _ in range(2):  # the reminder comes on the eve, and stays on the phone
            if await reminders.count():
                break
            shown = await page.locator("#day").inner_text()
            await page.get_by_role("button", name="Próximo dia").click()
            await expect(page.locator("#day")).not_to_have_text(shown)
        await expect(reminders.first).to_be_visible()
        await expect(professional.get_by_text("Bom dia, Rafael!").first).to_be_attached()
