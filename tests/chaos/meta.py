"""Meta, seen from here: it delivers at least once and in any order, and its Graph has moods."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import aiohttp
from aiohttp import web

from bot.whatsapp.rows import status_id
from bot.whatsapp.signature import sign

from ..fakes.graph import ACCOUNT, SECRET, Graph, Json, Sent, cut, error

# Meta tries again for seven days, later each time; here a day takes some seconds.
BACKOFF, LONGEST = 0.25, 4.0
# Of one delivery: Meta gives up waiting after a while, and counts it as not delivered.
PATIENCE = aiohttp.ClientTimeout(total=10)
AT_ONCE = 24


@dataclass(frozen=True)
class Delivery:
    """One POST to come: its bytes and what it tells of."""

    raw: bytes
    signature: str
    ids: tuple[str, ...]


@dataclass
class Post:
    """Deliver webhooks, each several times in random order, until each of these was answered 200."""

    http: aiohttp.ClientSession
    dice: random.Random
    # Where our web processes listen; whether they do just now is not known to it.
    ports: list[int] = field(default_factory=list)
    copies: int = 3
    # How many times each thing was answered 200.
    acknowledged: Counter[str] = field(default_factory=Counter)
    posted: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def waiting(self) -> int:
        return len(self._under_way)

    def send(self, value: Json, ids: Sequence[str], *, spread: float = 0.4) -> None:
        """Deliver one value of the field "messages", each copy some time within `spread` seconds."""
        around = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": ACCOUNT}, **value}
        entry = {"id": "1", "changes": [{"field": "messages", "value": around}]}
        raw = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        delivery = Delivery(raw, sign(raw, SECRET), tuple(ids))
        self.posted.update(ids)
        for _ in range(self.copies):
            task = asyncio.create_task(self._deliver(delivery, self.dice.uniform(0, spread)))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _deliver(self, delivery: Delivery, wait: float) -> None:
        tries = 0
        while True:
            await asyncio.sleep(wait)
            async with self._room:
                answer = await self._try(delivery)
            self.answers[answer] += 1
            if answer == "200":
                self.acknowledged.update(delivery.ids)
                return
            tries += 1
            wait = min(BACKOFF * 2**tries, LONGEST) * self.dice.uniform(0.5, 1)

    async def _try(self, delivery: Delivery) -> str:
        headers = {"X-Hub-Signature-256": delivery.signature, "Content-Type": "application/json"}
        url = f"http://127.0.0.1:{self.dice.choice(self.ports)}/webhooks/whatsapp"
        try:
            async with self.http.post(url, data=delivery.raw, headers=headers, timeout=PATIENCE) as answer:
                return str(answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as failed:
            return type(failed).__name__

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)


class Mood(StrEnum):
    """How Graph feels."""

    WELL = "well"
    SLOW = "slow"
    BROKEN = "broken"
    LYING = "lying"


class Mishap(StrEnum):
    """What befalls one message at Graph; no message meets two, or a person would have to look at it."""

    REFUSED = "refused, come again"
    CUT = "cut, not taken"
    FAILED = "500, not taken"
    TAKEN_AND_FAILED = "500, but taken"
    TAKEN_AND_CUT = "cut, but taken"
    PAGE = "a page instead of JSON, not taken"
    TAKEN_AND_PAGE = "a page instead of JSON, but taken"
    NO_ID = "200 without an id, but taken"
    NOTHING = "200 without an id, not taken"
    OTHERS_ID = "200 with the id of another message"


_OF = {
    Mood.BROKEN: (Mishap.REFUSED, Mishap.CUT, Mishap.FAILED, Mishap.TAKEN_AND_FAILED, Mishap.TAKEN_AND_CUT),
    Mood.LYING: (Mishap.PAGE, Mishap.TAKEN_AND_PAGE, Mishap.NO_ID, Mishap.NOTHING, Mishap.OTHERS_ID),
}
_TAKEN = frozenset(
    {Mishap.TAKEN_AND_FAILED, Mishap.TAKEN_AND_CUT, Mishap.TAKEN_AND_PAGE, Mishap.NO_ID, Mishap.OTHERS_ID}
)


@dataclass
class MoodyGraph(Graph):
    """A Graph server with moods, that remembers when it took what."""

    dice: random.Random = field(default_factory=random.Random)
    mood: Mood = Mood.WELL
    # How often something happens to a message while the mood is bad.
    part: float = 0.5
    taken_at: list[float] = field(default_factory=list)
    mishaps: dict[str, Mishap] = field(default_factory=dict)
    on_taken: Callable[[Sent], None] = lambda _: None

    async def _behave(self, request: web.Request, body: Json) -> web.StreamResponse:
        opaque = str(body.get("biz_opaque_callback_data"))
        slow = self.mood is Mood.SLOW
        await asyncio.sleep(self.dice.uniform(0.5, 4) if slow else self.dice.uniform(0.005, 0.05))
        mishap = None
        if self.mood in _OF and opaque not in self.mishaps and self.dice.random() < self.part:
            mishap = self.mishaps[opaque] = self.dice.choice(_OF[self.mood])
        sent = None
        if mishap is None or mishap in _TAKEN:
            sent = self._take(request.match_info["account"], body)
            self.taken_at.append(time.monotonic())
            self.on_taken(sent)
        return self._answer(request, mishap, sent)

    def _answer(self, request: web.Request, mishap: Mishap | None, sent: Sent | None) -> web.StreamResponse:
        match mishap:
            case Mishap.REFUSED:
                return error(429, 130429, "too many")
            case Mishap.CUT | Mishap.TAKEN_AND_CUT:
                return cut(request)
            case Mishap.FAILED | Mishap.TAKEN_AND_FAILED:
                return error(500, 131000, "Something went wrong", None, True)
            case Mishap.PAGE | Mishap.TAKEN_AND_PAGE:
                return web.Response(text="<html>Just a moment…</html>", content_type="text/html")
            case Mishap.NO_ID | Mishap.NOTHING:
                return web.json_response({"messaging_product": "whatsapp", "messages": [{}]})
        assert sent is not None
        identifier = sent.id
        if mishap is Mishap.OTHERS_ID:
            identifier = self.dice.choice(self.accepted).id
        return web.json_response({"messaging_product": "whatsapp", "messages": [{"id": identifier}]})


@dataclass
class Telegraph:
    """Tell the statuses of what Graph took: some in one delivery, in random order, a part of it read."""

    post: Post
    dice: random.Random
    clock: Callable[[], float]
    # What each status says of which message of ours, by the name under which it is stored.
    told: dict[str, tuple[str, str]] = field(default_factory=dict)
    _news: list[Json] = field(default_factory=list)

    def hear(self, sent: Sent) -> None:
        """Note what will be told of a message."""
        states = ["sent", "delivered", "read"][: self.dice.choice((2, 3, 3))]
        for place, state in enumerate(states):
            event = {"id": sent.id, "status": state, "timestamp": str(int(self.clock()) + place)}
            self._news.append(event | {"recipient_id": sent.to, "biz_opaque_callback_data": sent.opaque})

    async def run(self) -> None:
        """Tell, until it is cancelled."""
        while True:
            await asyncio.sleep(0.1)
            self.flush()

    def flush(self) -> None:
        self.dice.shuffle(self._news)
        while self._news:
            some, self._news = self._news[:60], self._news[60:]
            ids = [status_id(one["id"], one["status"], one["recipient_id"]) for one in some]
            self.told |= {
                name: (one["biz_opaque_callback_data"], one["status"]) for name, one in zip(ids, some, strict=True)
            }
            self.post.send({"statuses": some}, ids)

    async def close(self, task: "asyncio.Task[Any]") -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
