"""The page of /simulador over HTTP: what it may load, what it streams, what it takes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.notify.email.sink import KEPT, Sink
from bot.trace import Trace
from bot.whatsapp.outgoing import Choices, Option, Text
from bot.whatsapp.simulator import Simulator
from web.pages.simulator import add_simulator

from ..conftest import StillClock
from ..whatsapp.simulated import JULIA, PATIENCE, World, world
from .letters import ATTACK, a_letter


@dataclass
class Page:
    """The world, what the page calls, and a trace of its own."""

    place: World
    clock: StillClock
    trace: Trace
    jumps: list[timedelta] = field(default_factory=list)
    letters: Sink = field(default_factory=Sink)

    async def get(self, path: str, **headers: str) -> tuple[int, aiohttp.ClientResponse, str]:
        async with self.place.business.session.get(self.place.url + path, headers=headers) as answer:
            return answer.status, answer, await answer.text()

    async def post(self, path: str, body: object, **more: Any) -> tuple[int, Any]:
        async with self.place.business.session.post(f"{self.place.url}/simulador/{path}", json=body, **more) as answer:
            return answer.status, await answer.json()

    @asynccontextmanager
    async def stream(self, after: str = "") -> AsyncIterator["Stream"]:
        headers = {"Last-Event-ID": after} if after else {}
        url = f"{self.place.url}/simulador/eventos"
        async with self.place.business.session.get(url, headers=headers) as answer:
            assert answer.content_type == "text/event-stream"
            yield Stream(answer)


class Stream:
    """Server-sent events, as a browser reads them."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.last_id = ""

    async def next(self, kind: str) -> dict[str, Any]:
        """Return the next event of that type, passing over others."""
        async with asyncio.timeout(PATIENCE):
            while True:
                line = (await self._answer.content.readline()).decode()
                assert line, "the stream ended"
                if line.startswith("id: "):
                    self.last_id = line[4:].strip()
                if line.startswith("data: ") and (event := json.loads(line[6:]))["type"] == kind:
                    found: dict[str, Any] = event
                    return found


@pytest.fixture
async def page(clock: StillClock) -> AsyncIterator[Page]:
    trace, jumps = Trace(), list[timedelta]()
    trace.start(clock)

    async def jump(by: timedelta) -> None:
        jumps.append(by)
        clock.moment += by

    letters = Sink()

    def extend(app: web.Application, simulator: Simulator) -> None:
        add_simulator(app, simulator, jump=jump, trace=trace.follow, letters=letters)

    async with world(clock, extend=extend) as place:
        yield Page(place, clock, trace, jumps, letters)


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


class TestWhatItLoads:
    async def test_nothing_runs_that_is_not_a_file_of_ours(self, page: Page) -> None:
        status, answer, html = await page.get("/simulador")
        assert status == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        for tag, attributes in Tags(html).found:
            assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
            assert tag != "style"
            if tag == "script":
                assert (attributes["src"] or "").startswith("/static/")
        assert "://" not in html

    async def test_its_files_may_be_kept_for_ever_and_have_the_right_types(self, page: Page) -> None:
        _, _, html = await page.get("/simulador")
        attributes = [each for _, each in Tags(html).found]
        addresses = [value for each in attributes for value in (each.get("src"), each.get("href"))]
        files = [address for address in addresses if address and address.startswith("/static/")]
        assert len(files) >= 4
        for address in files:
            status, answer, _ = await page.get(address)
            assert status == 200
            assert "immutable" in answer.headers["Cache-Control"]
            assert answer.content_type in {"text/css", "text/javascript", "image/svg+xml"}

    async def test_a_module_without_its_hash_is_asked_for_again(self, page: Page) -> None:
        status, answer, _ = await page.get("/static/simulador-phone.js")
        assert (status, answer.headers["Cache-Control"]) == (200, "no-cache")
        again, _, _ = await page.get("/static/simulador-phone.js", **{"If-None-Match": answer.headers["ETag"]})
        assert again == 304

    @pytest.mark.parametrize("name", ["..%2fapp.py", "%2e%2e%2fkeys.py", "__init__.py", "nada.css", ".env", "a%00.js"])
    async def test_nothing_else_is_served(self, page: Page, name: str) -> None:
        status, _, _ = await page.get(f"/static/{name}")
        assert status == 404


class TestStream:
    async def test_it_begins_with_everything_and_goes_on_live(self, page: Page) -> None:
        await page.place.simulator.say(JULIA.phone, "oi")
        async with page.stream() as stream:
            snapshot = await stream.next("snapshot")
            assert [p["name"] for p in snapshot["phones"]] == ["Rafael Barbosa", "Júlia Santos"]
            assert snapshot["phones"][1]["bubbles"][0]["text"] == "oi"
            await page.place.business.send(JULIA, Text("Olá! <script>alert(1)</script>\n\ndata: x"))
            message = await stream.next("message")
            assert message["bubble"]["text"] == "Olá! <script>alert(1)</script>\n\ndata: x"

    async def test_it_goes_on_where_it_was_cut(self, page: Page) -> None:
        async with page.stream() as stream:
            await stream.next("snapshot")
        await page.place.business.send(JULIA, Text("perdida"))
        async with page.stream(stream.last_id) as stream:
            assert (await stream.next("message"))["bubble"]["text"] == "perdida"

    async def test_it_tells_what_happens_behind(self, page: Page) -> None:
        page.trace.note("tool", "list_free_slots", day="2026-11-26")
        async with page.stream() as stream:
            assert (await stream.next("trace"))["note"]["title"] == "list_free_slots"
            page.trace.note("row", "appointments")
            assert (await stream.next("trace"))["note"]["kind"] == "row"

    async def test_a_server_that_goes_down_does_not_wait_for_it(self, clock: StillClock) -> None:
        def extend(app: web.Application, simulator: Simulator) -> None:
            add_simulator(app, simulator, jump=lambda by: asyncio.sleep(0), trace=Trace().follow, letters=Sink())

        async with asyncio.timeout(PATIENCE), world(clock, extend=extend) as place:
            answer = await place.business.session.get(f"{place.url}/simulador/eventos")
            await answer.content.readline()


class TestLetters:
    async def test_a_letter_is_told_at_once_and_again_to_whoever_comes_later(self, page: Page) -> None:
        async with page.stream() as stream:
            await page.letters.send(a_letter())
            told = (await stream.next("letter"))["letter"]
            assert (told["subject"], told["name"], told["invitation"]) == (ATTACK, "Júlia Ramos", "convite.ics")
            assert told["address"] == "julia@exemplo.com.br"
        async with page.stream() as later:
            assert (await later.next("letter"))["letter"] == told

    async def test_a_letter_runs_nothing_and_is_shown_nowhere_else(self, page: Page) -> None:
        await page.letters.send(a_letter())
        status, answer, html = await page.get("/simulador/cartas/1")
        assert status == 200
        assert "Olá &lt;script&gt;" in html
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "sandbox", "frame-ancestors 'self'"} <= set(policy)
        assert not [rule for rule in policy if rule.startswith("script-src")]
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"

    async def test_its_invitation_can_be_had(self, page: Page) -> None:
        await page.letters.send(a_letter())
        status, answer, text = await page.get("/simulador/cartas/1/convite.ics")
        assert (status, answer.content_type) == (200, "text/calendar")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="convite.ics"'
        assert text == "BEGIN:VCALENDAR"
        await page.letters.send(a_letter(invitation=b""))
        for path in ("2/convite.ics", "3", "0", "3/convite.ics"):
            assert (await page.get(f"/simulador/cartas/{path}"))[0] == 404

    async def test_only_the_last_ones_are_kept(self, page: Page) -> None:
        for _ in range(KEPT + 1):
            await page.letters.send(a_letter())
        assert (await page.get("/simulador/cartas/1"))[0] == 404
        assert len(page.letters.letters) == KEPT


class TestWhatItTakes:
    async def test_writing_tapping_and_speaking_reach_the_webhook(self, page: Page) -> None:
        assert await page.post("enviar", {"phone": JULIA.phone, "text": "oi"}) == (200, {"ok": True})
        asked = await page.place.business.send(JULIA, Choices("E aí?", (Option("a:1", "Sim"),)))
        tap = {"phone": JULIA.phone, "payload": "a:1", "title": "Sim", "kind": "button", "context": asked}
        assert (await page.post("tocar", tap))[0] == 200
        assert (await page.post("audio", {"phone": JULIA.phone}))[0] == 200
        assert [message.type for message in page.place.business.messages] == ["text", "interactive", "audio"]

    async def test_looking_at_a_phone_reads_what_is_on_it(self, page: Page) -> None:
        await page.place.business.send(JULIA, Text("oi"))
        await page.post("lido", {"phone": JULIA.phone})
        assert page.place.screen(JULIA)[0]["seen"] is True

    async def test_a_new_number_is_somebody_new(self, page: Page) -> None:
        _, made = await page.post("numero", {})
        status, _ = await page.post("enviar", {"phone": made["person"]["phone"], "text": "oi"})
        assert status == 200
        assert page.place.business.messages[0].phone not in {JULIA.phone, None}

    async def test_the_clock_jumps_and_the_page_hears_of_it(self, page: Page) -> None:
        async with page.stream() as stream:
            before = (await stream.next("snapshot"))["now"]
            assert (await page.post("avancar", {"days": 1}))[0] == 200
            assert (await page.post("avancar", {"hours": 1}))[0] == 200
            assert page.jumps == [timedelta(days=1), timedelta(hours=1)]
            while (now := (await stream.next("clock"))["now"]) == before:
                pass
            assert now == "2026-11-22T13:00:00+00:00"

    @pytest.mark.parametrize("by", [{}, {"days": -1}, {"days": 10**30}, {"days": "1"}, {"hours": 0}, {"days": 32}])
    async def test_the_clock_takes_no_other_jump(self, page: Page, by: dict[str, object]) -> None:
        assert (await page.post("avancar", by))[0] == 400
        assert page.jumps == []

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("enviar", {}),
            ("enviar", []),
            ("enviar", {"phone": JULIA.phone, "text": "  "}),
            ("enviar", {"phone": JULIA.phone, "text": "a" * 4097}),
            ("enviar", {"phone": JULIA.phone, "text": 7}),
            ("enviar", {"phone": "5500000000000", "text": "oi"}),
            ("tocar", {"phone": JULIA.phone, "payload": "a", "title": "b", "kind": "dance"}),
            ("tocar", {"phone": JULIA.phone, "title": "b", "kind": "button"}),
            ("audio", {"phone": None}),
            ("lido", {"phone": "1"}),
        ],
    )
    async def test_what_makes_no_sense_is_refused(self, page: Page, path: str, body: object) -> None:
        status, answer = await page.post(path, body)
        assert (status, answer["error"]["code"]) == (400, "invalid")
        assert page.place.business.messages == []

    async def test_another_site_cannot_post_a_form(self, page: Page) -> None:
        url = f"{page.place.url}/simulador/enviar"
        raw = json.dumps({"phone": JULIA.phone, "text": "oi"})
        async with page.place.business.session.post(url, data=raw, headers={"Content-Type": "text/plain"}) as answer:
            assert answer.status == 400
