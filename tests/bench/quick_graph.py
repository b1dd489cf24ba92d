"""A Graph that only answers, as fast as it can: `python -m tests.bench.quick_graph WEBHOOK PORT`.

Below `/slow` it takes 150 ms, as Meta does; below `/told` it tells of each message three times, signed, to the webhook
of the server at WEBHOOK, many in one delivery, as Meta does under load.
"""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from aiohttp import web

from bot.whatsapp.signature import sign

from ..fakes.graph import SECRET, Sent, status_body

# Before the first one the answer has long been noted, as it is with Meta.
EVERY = 0.3
STATUSES = ("sent", "delivered", "read")
IN_ONE = 20


class QuickGraph:
    """What was taken and is still to be told of, by the status that comes next."""

    def __init__(self, webhook: str) -> None:
        self._webhook = f"{webhook}/webhooks/whatsapp"
        self._next: tuple[deque[tuple[float, Sent]], ...] = tuple(deque() for _ in STATUSES)

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        sent = Sent(f"wamid.{body['biz_opaque_callback_data']}", request.match_info["account"], body)
        way = request.match_info.get("way")
        if way == "slow":
            await asyncio.sleep(0.15)
        elif way == "told":
            self._next[0].append((time.monotonic() + EVERY, sent))
        answer = {"messaging_product": "whatsapp", "contacts": [{"input": body["to"], "wa_id": body["to"]}]}
        return web.json_response(answer | {"messages": [{"id": sent.id}]})

    async def tell(self, _app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as http:
            telling = [asyncio.create_task(self._tell(http, step)) for step in range(len(STATUSES))]
            yield
            for task in telling:
                task.cancel()
            await asyncio.gather(*telling, return_exceptions=True)

    async def _tell(self, http: aiohttp.ClientSession, step: int) -> None:
        waiting = self._next[step]
        while True:
            ripe: list[Sent] = []
            while waiting and len(ripe) < IN_ONE and waiting[0][0] <= time.monotonic():
                ripe.append(waiting.popleft()[1])
            if not ripe:
                await asyncio.sleep(0.01)
                continue
            await self._deliver(http, ripe, STATUSES[step])
            if step + 1 < len(STATUSES):
                self._next[step + 1].extend((time.monotonic() + EVERY, sent) for sent in ripe)

    async def _deliver(self, http: aiohttp.ClientSession, some: list[Sent], status: str) -> None:
        at = int(time.time())
        bodies: list[dict[str, Any]] = [status_body(sent, status, at=at) for sent in some]
        whole = bodies[0] | {"entry": [entry for body in bodies for entry in body["entry"]]}
        raw = json.dumps(whole).encode()
        headers = {"X-Hub-Signature-256": sign(raw, SECRET), "Content-Type": "application/json"}
        async with http.post(self._webhook, data=raw, headers=headers) as answer:
            assert answer.status == 200


def main() -> None:
    graph = QuickGraph(sys.argv[1])
    app = web.Application()
    app.router.add_post("/v26.0/{account}/messages", graph.answer)
    app.router.add_post("/{way}/v26.0/{account}/messages", graph.answer)
    app.cleanup_ctx.append(graph.tell)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=None, print=None)


if __name__ == "__main__":
    main()
