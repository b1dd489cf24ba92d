"""The scenarios over another carrier: the same stage, with Evolution's webhook and server in place of Meta's.

There is nothing to tap on this channel, so whoever taps in a scenario types the number of the option, and quotes the
message when it is not the last one that offers anything.
"""

import itertools
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy import update

import worker
from bot.commands.evaluation.cast import PEOPLE
from bot.commands.evaluation.stage import Stage, StillClock, put_together
from bot.db import Database
from bot.models import ContactIdentity, Conversation
from bot.models.enums import Channel
from bot.queue import SilentBell
from bot.settings import Settings
from bot.whatsapp.simulator.phones import Bubble, Tap
from web.app import create

from .fakes.evolution import INSTANCE, KEY, OWNER, TOKEN, Evolution, Taken, deliver, evolution, upsert

Json = dict[str, Any]

_OPTION = re.compile(r"^(\d{1,2})\. (.+?)(?: \((.+)\))?$")
# What a scenario sends besides words, as WhatsApp's own nodes.
_NODES: Mapping[str, Json] = {
    "sticker": {"stickerMessage": {"mimetype": "image/webp", "url": "https://mmg.whatsapp.net/x"}},
    "image": {"imageMessage": {"mimetype": "image/jpeg"}},
    "video": {"videoMessage": {"mimetype": "video/mp4"}},
    "document": {"documentMessage": {"mimetype": "application/pdf", "fileName": "exame.pdf"}},
    "location": {"locationMessage": {"degreesLatitude": -23.55, "degreesLongitude": -46.63}},
    "contacts": {"contactMessage": {"displayName": "Zé", "vcard": "BEGIN:VCARD\nEND:VCARD"}},
    "reaction": {"reactionMessage": {"key": {"id": "X"}, "text": "👍"}},
}


def options_in(text: str) -> list[tuple[str, str]]:
    """Return the numbered lines at the end of a message: number and title."""
    found = [_OPTION.match(line) for line in text.rpartition("\n\n")[2].splitlines()]
    return [(match[1], match[2]) for match in found if match]


@dataclass
class Phones:
    """What the stage asks of the phones, over Evolution."""

    fake: Evolution
    webhook: str
    clock: StillClock
    version: str = "2.3.7"
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def say(self, phone: str, text: str, quoted: str = "") -> None:
        context = {"stanzaId": quoted, "participant": f"{OWNER}@s.whatsapp.net"} if quoted else None
        await self._post(phone, {"conversation": text}, context)

    async def tap(self, phone: str, number: str, _title: str, _kind: str, about: str, _description: str = "") -> None:
        """Type the number of an option; quote its message unless it is the last one."""
        mine = self._to(phone)
        await self.say(phone, number, "" if mine and mine[-1].id == about else about)

    async def send(self, phone: str, message: Mapping[str, Any]) -> None:
        kind = str(message["type"])
        node = {"conversation": message["text"]["body"]} if kind == "text" else {f"{kind}Message": {}}
        await self._post(phone, _NODES.get(kind, node))

    def screen(self, phone: str) -> Sequence[Bubble]:
        """Return what a phone shows of ours."""
        return [self._bubble(phone, taken) for taken in self._to(phone)]

    def _to(self, phone: str) -> list[Taken]:
        return [taken for taken in self.fake.taken if taken.to == phone]

    def _bubble(self, phone: str, taken: Taken) -> Bubble:
        taps = tuple(Tap(number, title) for number, title in options_in(taken.text))
        return Bubble(taken.id, phone, False, self.clock.now(), "text", taken.text, taps="list", options=taps)

    async def _post(self, phone: str, node: Json, context: Json | None = None) -> None:
        number = next(self._numbers)
        name = next((person.name for person in PEOPLE.values() if person.phone == phone), "Alguém")
        at = int(self.clock.now().timestamp())
        lid = f"{int(phone) % 10**12}99@lid"
        body = upsert(node, id=f"3A{number:018d}", phone=phone, lid=lid, at=at, name=name, version=self.version)
        body["data"]["contextInfo"] = context
        assert await deliver(self.webhook, body) == 200


@asynccontextmanager
async def evolution_stage(db: Database, clock: StillClock, version: str = "2.3.7") -> AsyncIterator[Stage]:
    """Put everything together on a database that has its agenda, with one Evolution instance as the only number."""
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(evolution(version=version))
        settings = Settings(
            _env_file=None,
            evolution_api_url=fake.url,
            evolution_api_key=SecretStr(KEY),
            evolution_instance=INSTANCE,
            evolution_webhook_token=SecretStr(TOKEN),
        )
        await _move(db)
        server = await stack.enter_async_context(TestServer(create(settings, db, SilentBell(), clock)))
        all_of = await stack.enter_async_context(worker.services(settings, clock, db))
        phones = Phones(fake, str(server.make_url(f"/webhooks/evolution/{INSTANCE}")), clock, version)
        yield put_together(db, clock, phones, all_of, worker)
        assert fake.violations == []


async def _move(db: Database) -> None:
    """Let everybody have talked over Evolution so far."""
    async with db.begin() as session:
        await session.execute(update(Conversation).values(channel=Channel.EVOLUTION, account=INSTANCE))
        await session.execute(update(ContactIdentity).values(channel=Channel.EVOLUTION))
