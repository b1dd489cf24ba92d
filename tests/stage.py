"""A stage for whole conversations: people type, the real webhook, turns and client run, phones show what came.

    async with stage(db, clock) as here:
        await here.says(JULIA, "oi, queria marcar um corte amanhã de manhã")
        assert "horários livres" in here.heard(JULIA)
        await here.taps(JULIA, "9h")

Nothing is patched: webhooks are signed and posted, and everything heard came over HTTP from the Cloud API client.
"""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.conversation import inbox
from bot.db import Database
from bot.queue import SilentBell
from bot.seed import CLIENTS, PROFESSIONAL, seed
from bot.settings import Settings
from web.app import create
from worker import Services, remind, services

from .conftest import StillClock
from .fakes.graph import ACCOUNT, SECRET, TOKEN, Graph, Sent, deliver, graph

RAFAEL = PROFESSIONAL.phone
JULIA = CLIENTS[0].phone
CARLOS = CLIENTS[1].phone
STRANGER = "5521955551234"


@dataclass
class Stage:
    """Two ends of a conversation and everything between them."""

    services: Services
    clock: StillClock
    graph: Graph
    webhook: str
    began: datetime
    _seen: dict[str, int] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def says(self, phone: str, *texts: str, name: str = "") -> None:
        """Somebody types messages, one after the other, and everything that follows happens."""
        for text in texts:
            await self.post(self.message(phone, name, type="text", text={"body": text}))
        await self.settle()

    async def taps(self, phone: str, title: str) -> None:
        """Somebody taps the option of this title (or one that contains it) in the last message that has it."""
        identifier, shown = self._option(phone, title)
        reply = {"id": identifier, "title": shown}
        await self.post(
            self.message(phone, type="interactive", interactive={"type": "button_reply", "button_reply": reply})
        )
        await self.settle()

    async def sends(self, phone: str, **message: Any) -> None:
        """Somebody sends a message of another type."""
        await self.post(self.message(phone, **message))
        await self.settle()

    async def post(self, body: object) -> None:
        """Post a signed delivery and insist on a 200."""
        assert await deliver(self.webhook, body, SECRET) == 200

    async def settle(self) -> None:
        """Let time pass for the rest of a burst, then run everything that is due."""
        self.clock.jump(seconds=2)
        # A lane that somebody else holds stays due, and is theirs.
        while any([await self.services.turns.run(lane) for lane in await self.due()]):
            pass
        await self.services.send_due()

    async def due(self) -> Sequence[str]:
        """Return the lanes in which an answer is due."""
        async with self.services.db.begin() as session:
            return await inbox.due_lanes(session, now=self.clock.now())

    async def left(self, text: str, *phones: str) -> Sequence[str]:
        """Leave what people write without an answer, and return their lanes."""
        for phone in phones:
            await self.post(self.message(phone, type="text", text={"body": text}))
        self.clock.jump(seconds=2)
        return await self.due()

    async def later(self, **by: float) -> None:
        """Let time pass and run what the clock makes due."""
        self.clock.jump(**by)
        await remind({"services": self.services})
        await self.settle()

    def heard_all(self, phone: str) -> list[str]:
        """Return what a phone showed since the last look, a bubble each."""
        bubbles = [self._text(sent) for sent in self._to(phone)]
        new = bubbles[self._seen.get(phone, 0) :]
        self._seen[phone] = len(bubbles)
        return new

    def heard(self, phone: str) -> str:
        """Return what a phone showed since the last look, as one text."""
        return "\n---\n".join(self.heard_all(phone))

    def options(self, phone: str) -> list[str]:
        """Return the titles that can be tapped in the last message with options."""
        return [title for _, title in self._last_options(phone)]

    def _to(self, phone: str) -> list[Sent]:
        return [sent for sent in self.graph.accepted if sent.to == phone]

    def _text(self, sent: Sent) -> str:
        return sent.text

    def _last_options(self, phone: str) -> Sequence[tuple[str, str]]:
        return next((found for sent in reversed(self._to(phone)) if (found := _options(sent.body))), ())

    def _option(self, phone: str, title: str) -> tuple[str, str]:
        for sent in reversed(self._to(phone)):
            for identifier, shown in _options(sent.body):
                if title == shown or title in shown:
                    return identifier, shown
        raise AssertionError(f"nobody offered {title!r} to {phone}; last: {self.options(phone)}")

    def message(self, phone: str, name: str = "", **message: Any) -> dict[str, Any]:
        """Return a webhook body with one message."""
        number = next(self._numbers)
        event = {
            "from": phone,
            "id": f"wamid.STAGE{number:05}",
            "timestamp": str(int(self.clock.now().timestamp())),
            **message,
        }
        known = {one.phone: one.name for one in (PROFESSIONAL, *CLIENTS)}
        contact = {"profile": {"name": name or known.get(phone, "Alguém")}, "wa_id": phone}
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "551140000000", "phone_number_id": ACCOUNT},
            "contacts": [contact],
            "messages": [event],
        }
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
        }


def _options(body: dict[str, Any]) -> list[tuple[str, str]]:
    action = body.get("interactive", {}).get("action", {})
    buttons = [(button["reply"]["id"], button["reply"]["title"]) for button in action.get("buttons", [])]
    rows = [(row["id"], row["title"]) for section in action.get("sections", []) for row in section["rows"]]
    return buttons + rows


def stage_settings(api_url: str, **more: Any) -> Settings:
    """Return settings that point at the fakes."""
    values: dict[str, Any] = {
        "whatsapp_api_url": api_url,
        "whatsapp_token": SecretStr(TOKEN),
        "whatsapp_phone_number_id": ACCOUNT,
        "whatsapp_app_secret": [SecretStr(SECRET)],
        "whatsapp_verify_token": SecretStr("verificar"),
    }
    return Settings(_env_file=None, **{**values, **more})


@asynccontextmanager
async def stage(db: Database, clock: StillClock, *, seeded: bool = True, **settings: Any) -> AsyncIterator[Stage]:
    """Put everything together on `db`; with the demo's agenda unless told otherwise."""
    async with graph() as fake:
        chosen = stage_settings(fake.url, **settings)
        if seeded:
            async with db.begin() as session:
                await seed(session, account=ACCOUNT, now=clock.now(), weeks_behind=2)
        app = create(chosen, db, SilentBell(), clock)
        async with TestServer(app) as server, services(chosen, clock, db) as all_of:
            yield Stage(all_of, clock, fake, str(server.make_url("/webhooks/whatsapp")), clock.now())
        assert fake.violations == []
