"""The two phones in a real browser: a business that follows a script answers, by the real client."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from playwright.async_api import Browser, Locator, Page, Route, expect

from bot.notify.email.sink import Sink
from bot.notify.messages import BookingConfirmed, BookingRequestReceived, Reminder24h
from bot.notify.meta import example, template_json
from bot.notify.render import as_template
from bot.trace import Trace
from bot.whatsapp.events import Message
from bot.whatsapp.outgoing import Choices, Option, Text
from bot.whatsapp.simulator import Person, Simulator
from web.pages.simulator import add_simulator

from ..conftest import StillClock
from ..whatsapp.simulated import JULIA, NUMBER, RAFAEL, World, world
from .browser import barriers, chromium, tab
from .letters import ATTACK, a_letter

TEMPLATES = [template_json(message) for message in (BookingConfirmed, BookingRequestReceived, Reminder24h)]
HOURS = tuple(Option(f"slot:{hour}", f"{hour}h", "domingo, 22/11") for hour in (9, 10, 11, 12))


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest.fixture
async def trace(clock: StillClock) -> Trace:
    trace = Trace()
    trace.start(clock)
    return trace


@pytest.fixture
def letters() -> Sink:
    return Sink()


@pytest.fixture
async def place(clock: StillClock, trace: Trace, letters: Sink) -> AsyncIterator[World]:
    """A demo whose clock, when it jumps, brings Júlia a reminder."""
    made: list[World] = []

    async def jump(by: timedelta) -> None:
        clock.moment += by
        await made[0].business.send(JULIA, as_template(example(Reminder24h)))

    def extend(app: web.Application, simulator: Simulator) -> None:
        add_simulator(app, simulator, jump=jump, trace=trace.follow, letters=letters)

    async with world(clock, TEMPLATES, extend) as place:
        made.append(place)
        yield place


def follow_the_script(place: World) -> None:
    """Answer a booking: a list of hours, a question, then the request and its confirmation."""

    async def answer(message: Message) -> None:
        await place.business.cloud.mark_read(NUMBER, message.id)
        match message.payload or message.text:
            case "slot:10":
                question = "*Corte* com Rafael\ndomingo, 22/11, às 10h\nR$ 50,00\n\nConfirma?"
                await place.business.send(JULIA, Choices(question, (Option("yes", "Sim"), Option("no", "Não"))))
            case "yes":
                await place.business.send(JULIA, Text("Pedido enviado."))
                await place.business.send(RAFAEL, as_template(example(BookingRequestReceived)))
            case str(payload) if payload.startswith("confirm:"):
                await place.business.send(JULIA, as_template(example(BookingConfirmed)))
            case _:
                await place.business.send(JULIA, Choices("Tenho estes horários:", HOURS, label="Ver horários"))

    place.business.on_message = answer


def phone(page: Page, role: str) -> Locator:
    return page.locator(f'.seat[data-role="{role}"]')


def last(seat: Locator, whose: str) -> Locator:
    """Return the latest bubble on a phone: "mine" of its owner, "theirs" of Odys."""
    return seat.locator(f".message.{whose} .bubble").last


async def test_a_booking_from_the_first_word_to_the_confirmation(browser: Browser, place: World) -> None:
    follow_the_script(place)
    async with tab(browser, f"{place.url}/simulador") as page:
        await expect(page).to_have_title("Odys — simulador")
        client, professional = phone(page, "client"), phone(page, "professional")
        await client.get_by_role("button", name="oi, queria marcar").click()
        await expect(last(client, "mine")).to_contain_text("oi, queria marcar um corte amanhã de manhã")
        await client.get_by_role("button", name="Ver horários").click()
        sheet = client.get_by_role("dialog", name="Ver horários")
        await expect(sheet.get_by_role("button")).to_have_count(5)  # four hours and the close button
        await sheet.get_by_role("button", name="10h").click()
        await client.get_by_role("button", name="Sim", exact=True).click()
        await expect(last(client, "theirs")).to_contain_text("Pedido enviado.")
        await expect(client.get_by_role("button", name="Não", exact=True)).to_be_disabled()
        await professional.get_by_role("button", name="Confirmar").click()
        await expect(last(professional, "mine")).to_contain_text("Confirmar")
        await expect(last(client, "theirs")).to_contain_text(re.compile("confirmad", re.IGNORECASE))
        await expect(client.locator(".message.mine .ticks-read")).to_have_count(3)


async def test_what_is_typed_before_the_phones_arrive_is_sent(browser: Browser, place: World) -> None:
    arrived = asyncio.Event()

    async def late(route: Route) -> None:
        await arrived.wait()
        await route.continue_()

    async with tab(browser, "about:blank") as page:
        await page.route("**/simulador/eventos", late)
        await page.goto(f"{place.url}/simulador")
        client = phone(page, "client")
        await expect(client.get_by_label("Mensagem", exact=True)).to_be_disabled()
        asyncio.get_running_loop().call_later(0.5, arrived.set)
        await client.get_by_label("Mensagem", exact=True).fill("cheguei cedo")
        await page.keyboard.press("Enter")
        await expect(last(client, "mine")).to_contain_text("cheguei cedo")


async def test_what_could_not_be_sent_stays_in_the_box(browser: Browser, place: World) -> None:
    async with tab(browser, f"{place.url}/simulador", silent=False) as page:
        client = phone(page, "client")
        box = client.get_by_label("Mensagem", exact=True)
        await page.route("**/simulador/enviar", lambda route: route.abort())
        await box.fill("não perca isto")
        await page.keyboard.press("Enter")
        await expect(page.locator(".toast")).to_contain_text("Não deu certo")
        await expect(box).to_have_value("não perca isto")


async def test_markup_from_anywhere_is_only_text(browser: Browser, place: World, trace: Trace) -> None:
    attack = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>'
    async with tab(browser, f"{place.url}/simulador") as page:
        client = phone(page, "client")
        await client.get_by_label("Mensagem", exact=True).fill(attack)
        await page.keyboard.press("Enter")
        await place.business.send(JULIA, Text(f"*{attack}* javascript:alert(1) https://x.example/?q=<b>"))
        await place.business.send(JULIA, Choices(attack, (Option("a", "<b>Sim</b>"), Option("b", '"><i>', "<u>"))))
        trace.note("tool", attack, **{"<b>": attack})
        place.simulator.stranger("<img src=x onerror=window.broken=1>")
        await expect(client.locator(".message.theirs")).to_have_count(2)
        await expect(last(client, "mine")).to_contain_text(attack)
        await client.get_by_role("button", name="Ver opções").click()
        await expect(client.get_by_role("button", name="<b>Sim</b>")).to_be_visible()
        note = page.locator(".note-tool summary")
        await note.click()
        await expect(page.locator(".note-tool .json")).to_contain_text("onerror")
        assert await page.evaluate("window.broken") is None
        assert await page.locator("main img, main script, main b, main i, main u").count() == 0
        links = await client.locator(".bubble a").evaluate_all("all => all.map(a => a.href)")
        assert links == ["https://x.example/?q="]


async def test_formatting_is_whatsapps(browser: Browser, place: World) -> None:
    async with tab(browser, f"{place.url}/simulador") as page:
        text = "*forte* _leve_ ~fora~ ```a*b*``` `c` *_os dois_* 2*3*4 e snake_case_aqui\nhttps://odys.example/a_b_c."
        await place.business.send(JULIA, Text(text))
        body = last(phone(page, "client"), "theirs").locator(".bubble-text")
        await expect(body).to_have_text(
            "forte leve fora a*b* c os dois 2*3*4 e snake_case_aqui\nhttps://odys.example/a_b_c."
        )
        shown = await body.evaluate(
            "e => [...e.querySelectorAll('strong,em,s,code,a')].map(n => [n.localName, n.textContent])"
        )
        assert shown == [
            ["strong", "forte"],
            ["em", "leve"],
            ["s", "fora"],
            ["code", "a*b*"],
            ["code", "c"],
            ["strong", "os dois"],
            ["em", "os dois"],
            ["a", "https://odys.example/a_b_c"],
        ]


async def test_the_keyboard_is_enough(browser: Browser, place: World) -> None:
    async with tab(browser, f"{place.url}/simulador") as page:
        client = phone(page, "client")
        field = client.get_by_label("Mensagem", exact=True)
        # The page takes over the field when its scripts have run and the phones have come.
        await expect(client.get_by_role("button", name="oi, queria marcar")).to_be_visible()
        await field.focus()
        await page.keyboard.type("uma")
        await expect(field).to_have_value("uma")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("duas")
        await page.keyboard.press("Enter")
        await expect(last(client, "mine").locator(".bubble-text")).to_have_text("uma\nduas")
        await expect(field).to_have_value("")
        await page.keyboard.press("ArrowUp")
        await expect(field).to_have_value("uma\nduas")
        await place.business.send(JULIA, Choices("Qual?", HOURS, label="Ver horários"))
        opener = client.get_by_role("button", name="Ver horários")
        await opener.focus()
        await page.keyboard.press("Enter")
        await expect(client.get_by_role("button", name="9h")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(opener).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(last(client, "mine")).to_contain_text("10h")


async def test_a_reload_loses_nothing(browser: Browser, place: World) -> None:
    async with tab(browser, f"{place.url}/simulador") as page:
        client = phone(page, "client")
        await place.simulator.say(JULIA.phone, "oi")
        await place.business.send(JULIA, Text("Olá, Júlia!"))
        await expect(client.locator(".message")).to_have_count(2)
        await page.locator("#theme").click()
        theme = await page.evaluate("document.documentElement.dataset.theme")
        await page.reload()
        await expect(client.locator(".message")).to_have_count(2)
        assert await page.evaluate("document.documentElement.dataset.theme") == theme


async def test_the_next_day_brings_the_reminder(browser: Browser, place: World) -> None:
    async with tab(browser, f"{place.url}/simulador") as page:
        client = phone(page, "client")
        await place.business.send(JULIA, Text("Até amanhã!"))
        await expect(page.locator("#day")).to_have_text("sábado, 21 de novembro")
        await page.get_by_role("button", name="Próximo dia").click()
        await expect(page.locator("#day")).to_have_text("domingo, 22 de novembro")
        await expect(client.locator(".date")).to_have_text(["Ontem", "Hoje"])
        await expect(client.get_by_role("button", name="Remarcar")).to_be_visible()


async def test_a_small_window_shows_one_phone_and_counts_the_other(browser: Browser, place: World) -> None:
    async with tab(browser, f"{place.url}/simulador", width=390, height=844) as page:
        client, professional = phone(page, "client"), phone(page, "professional")
        await expect(professional).to_be_visible()
        await expect(client).to_be_hidden()
        read_now = await place.business.send(RAFAEL, Text("Bom dia!"))
        unread = await place.business.send(JULIA, Text("Oi!"))
        client_tab = page.get_by_role("navigation").get_by_role("button", name="Cliente")
        await expect(client_tab.locator(".badge")).to_have_text("1")
        await expect(page.locator('.tab[data-tab="professional"] .badge')).to_be_hidden()
        await client_tab.click()
        await expect(client.locator(".bubble")).to_be_in_viewport()
        await expect(client_tab.locator(".badge")).to_be_hidden()
        assert place.business.told(read_now)[-1] == "read"
        assert unread
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_one_can_be_somebody_else(browser: Browser, place: World) -> None:
    async with tab(browser, f"{place.url}/simulador") as page:
        client = phone(page, "client")
        await place.business.send("5521966660003", Text("Oi, Pedro!"))
        await expect(client.locator(".owner .badge")).to_have_text("1")
        await client.get_by_role("combobox", name="Cliente").select_option("5521966660003")
        await expect(last(client, "theirs")).to_contain_text("Oi, Pedro!")
        await expect(client.locator(".owner .badge")).to_be_hidden()
        await client.get_by_role("button", name="Novo número").click()
        await expect(client.locator(".message")).to_have_count(0)
        await client.get_by_label("Mensagem", exact=True).fill("oi")
        await client.get_by_role("button", name="Enviar", exact=True).click()
        await expect(last(client, "mine")).to_contain_text("oi")
        strangers: list[Person | str] = [message.phone or "" for message in place.business.messages]
        assert strangers == ["5511970000001"]


async def test_behind_the_scenes_can_be_read_and_filtered(browser: Browser, place: World, trace: Trace) -> None:
    trace.note("tool", "list_free_slots", day="2026-11-26")
    async with tab(browser, f"{place.url}/simulador") as page:
        panel = page.get_by_role("complementary", name="Bastidores")
        await panel.get_by_text("list_free_slots").click()
        await expect(panel.locator(".json")).to_contain_text("2026-11-26")
        await panel.get_by_role("button", name="Ferramenta").click()
        await expect(panel.get_by_text("list_free_slots")).to_be_hidden()
        await page.get_by_role("button", name="Bastidores", exact=True).click()
        await expect(panel).to_be_hidden()


async def test_a_letter_arrives_and_is_read_by_keyboard(browser: Browser, place: World, letters: Sink) -> None:
    async with tab(browser, f"{place.url}/simulador") as page:
        await place.simulator.say(JULIA.phone, "oi")
        await place.business.send(JULIA, Choices("Tenho estes horários:", HOURS, label="Ver horários"))
        opener = page.get_by_role("button", name="E-mails")
        await letters.send(a_letter("Horário confirmado: Corte"))
        await expect(opener.locator(".badge")).to_have_text("1")
        await opener.press("Enter")
        panel = page.get_by_role("complementary", name="E-mails")
        row = panel.get_by_role(
            "button", name=re.compile("Júlia Ramos.*Horário confirmado: Corte.*com anexo.*não lido")
        )
        await expect(row).to_be_visible()
        assert await barriers(page) == ""
        await row.press("Enter")
        await expect(panel.get_by_role("button", name="Todos os e-mails")).to_be_focused()
        await expect(panel.get_by_role("heading", name="Horário confirmado: Corte")).to_be_visible()
        inside = page.frame_locator("iframe[sandbox='']")
        await expect(inside.get_by_text("Olá <script>")).to_be_visible()
        await expect(panel.get_by_role("link", name="convite.ics")).to_have_attribute(
            "href", "/simulador/cartas/1/convite.ics"
        )
        await expect(opener.locator(".badge")).to_be_hidden()
        assert await barriers(page) == ""
        await page.keyboard.press("Escape")
        await expect(panel.locator(".letter-row")).to_be_focused()


async def test_an_attack_by_letter_stays_text(browser: Browser, place: World, letters: Sink) -> None:
    async with tab(browser, f"{place.url}/simulador", width=390, height=844) as page:
        await letters.send(a_letter(ATTACK))
        await page.get_by_role("navigation").get_by_role("button", name="E-mails").click()
        await page.locator(".letter-row").click()
        await expect(page.get_by_role("heading", name=ATTACK)).to_be_visible()
        assert await page.evaluate("window.broken") is None
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
