"""The people of a simulated morning, and the WhatsApp between them and us: what they write, and what comes back when.

Sessions begin at a steady rate whatever the answers take; within one, a person reads, thinks and writes again.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp
from aiohttp import web

from bot.whatsapp.signature import sign

from ..fakes.graph import ACCOUNT, SECRET, Json, Sent, status_body
from ..worker.deliveries import delivery
from .big_town import Size, phone_of_client, phone_of_professional

# What is said, how often of ten, and by whom: half of what clients want is a time.
SCRIPTS: Sequence[tuple[int, bool, Sequence[str]]] = (
    (5, False, ("Oi! Queria marcar um corte para depois de amanhã de manhã", "1", "sim")),
    (2, False, ("Quais são os meus horários?",)),
    (2, True, ("Quem eu tenho hoje?",)),
    (1, False, ("Oi", "obrigada")),
)
PER_SESSION = sum(often * len(words) for often, _, words in SCRIPTS) / 10
# Seconds from a message to each of its statuses, and how many people read at once.
STATUSES, READ = (("sent", 0.15), ("delivered", 0.8), ("read", 6.0)), 0.7
THINKS = (3.0, 9.0)
GIVES_UP = 60.0


@dataclass
class Phones:
    """Everybody's telephone, a Graph server that hands messages to them, and the webhook that theirs go to."""

    http: aiohttp.ClientSession
    size: Size
    webhook: str = ""
    said: int = 0
    heard: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    # What was said and nobody answered, by phone.
    unanswered: dict[str, str] = field(default_factory=dict)
    refused: Counter[int] = field(default_factory=Counter)
    told: int = 0
    told_in: list[float] = field(default_factory=list)
    _answers: dict[str, asyncio.Future[float]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _dice: random.Random = field(default_factory=lambda: random.Random(7))

    def graph(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/{account}/messages", self._take)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        """Take a message as Meta does, and tell of it afterwards."""
        body: Json = await request.json()
        if "status" in body:  # "read" and "is typing"
            return web.json_response({"success": True})
        to = str(body["to"]).removeprefix("+")
        kind = body["template"]["name"] if body["type"] == "template" else "chat"
        self.heard[kind] += 1
        if kind == "chat" and (waiting := self._answers.pop(to, None)) and not waiting.done():
            waiting.set_result(time.perf_counter())
        sent = Sent(f"wamid.{uuid4().hex}", ACCOUNT, body)
        self._soon(self._tell(sent))
        answer = {"messaging_product": "whatsapp", "contacts": [{"input": to, "wa_id": to}]}
        return web.json_response(answer | {"messages": [{"id": sent.id}]})

    async def _tell(self, sent: Sent) -> None:
        began = time.monotonic()
        reads = self._dice.random() < READ
        for status, after in STATUSES:
            if status == "read" and not reads:
                return
            await asyncio.sleep(began + after - time.monotonic())
            at = time.perf_counter()
            await self._post(status_body(sent, status, at=int(time.time())))
            self.told += 1
            self.told_in.append(time.perf_counter() - at)

    async def _post(self, body: Json) -> None:
        raw = json.dumps(body).encode()
        headers = {"X-Hub-Signature-256": sign(raw, SECRET), "Content-Type": "application/json"}
        for wait in (1, 5, 20):
            async with self.http.post(self.webhook, data=raw, headers=headers) as answer:
                self.refused[answer.status] += answer.status != 200
                if answer.status == 200:
                    return
            await asyncio.sleep(wait)

    async def talk(self, per_second: float, seconds: float) -> None:
        """Begin sessions at this rate of messages, for so long; return when the last one has ended."""
        began, number = time.monotonic(), 0
        while (elapsed := time.monotonic() - began) < seconds:
            while number < elapsed * per_second / PER_SESSION:
                self._soon(self._session())
                number += 1
            await asyncio.sleep(0.02)
        _, left = await asyncio.wait(set(self._tasks), timeout=GIVES_UP)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _session(self) -> None:
        _, professional, words = self._dice.choices(SCRIPTS, [often for often, _, _ in SCRIPTS])[0]
        people = self.size.professionals if professional else self.size.clients
        number = self._dice.randrange(people)
        phone = phone_of_professional(number) if professional else phone_of_client(number)
        if phone in self._answers:
            return
        for text in words:
            self._answers[phone] = answer = asyncio.get_running_loop().create_future()
            began = time.perf_counter()
            await self._post(delivery((phone, text)))
            self.said += 1
            try:
                async with asyncio.timeout(GIVES_UP):
                    self.waits.append(await answer - began)
            except TimeoutError:
                self.unanswered[phone] = text
                return
            await asyncio.sleep(self._dice.uniform(*THINKS))

    def _soon(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
