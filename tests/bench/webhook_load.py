"""Signed webhooks by the thousand: as fast as they are answered, or at a fixed rate whoever keeps up with it."""

import asyncio
import json
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from selectors import EVENT_READ, DefaultSelector

from bot.whatsapp.signature import sign

from ..fakes.graph import SECRET
from ..payloads import own

CONNECTIONS = 32
PEOPLE = 500
LONG = "Olá! Queria marcar um horário para amanhã às 15h, pode ser? " * 5


def deliveries(prefix: str, first: int, count: int) -> list[bytes]:
    """Return signed requests of about a kilobyte, as they go over the wire; every message is new."""
    body = own("text").body
    value = body["entry"][0]["changes"][0]["value"]
    value["contacts"][0]["wa_id"] = "PHONE"
    value["messages"][0] |= {"id": "NAME", "from": "PHONE", "timestamp": str(int(time.time())), "text": {"body": LONG}}
    template = json.dumps(body)
    requests = []
    for number in range(first, first + count):
        name = f"wamid.HBgNNTUx{prefix}{number:012}"  # as long as Meta's, and as mixed
        named = template.replace("PHONE", f"55119{number % PEOPLE:08}").replace("NAME", name)
        raw = named.encode()
        head = (
            "POST /webhooks/whatsapp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"X-Hub-Signature-256: {sign(raw, SECRET)}\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        requests.append(head.encode() + raw)
    return requests


@dataclass
class Answers:
    """How long each answer took, in seconds, and all of them together."""

    took: list[float] = field(default_factory=list)
    seconds: float = 0.0


def closed_loop(ports: Sequence[int], requests: Sequence[bytes]) -> Answers:
    """Post everything over 32 connections, spread over `ports`, each as fast as it is answered.

    Without asyncio: its own work for a request is half of what a server does with it, and takes from whoever shares
    the processor.
    """
    answers, queue, asked = Answers(), iter(requests), dict[socket.socket, float]()
    with ExitStack() as stack:
        ready = stack.enter_context(DefaultSelector())

        def ask(line: socket.socket) -> None:
            if request := next(queue, None):
                asked[line] = time.perf_counter()
                line.sendall(request)
            else:
                del asked[line]

        for number in range(CONNECTIONS):
            address = ("127.0.0.1", ports[number % len(ports)])
            asked[line := stack.enter_context(socket.create_connection(address))] = 0
            ready.register(line, EVENT_READ, line)
        began = time.perf_counter()
        for line in list(asked):
            ask(line)
        while asked:
            for key, _ in ready.select():
                line = key.data
                said = line.recv(4096)
                assert said.startswith(b"HTTP/1.1 200"), said[:200]
                answers.took.append(time.perf_counter() - asked[line])
                ask(line)
        answers.seconds = time.perf_counter() - began
    return answers


class Called(asyncio.Protocol):
    """A connection that asks one thing at a time, and waits among the free ones until it is called."""

    def __init__(self, answers: Answers, idle: asyncio.Queue["Called"]) -> None:
        self._answers, self._idle, self._since = answers, idle, 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._idle.put_nowait(self)

    def ask(self, request: bytes, since: float) -> None:
        """Post a request that was due at `since`."""
        assert self._transport is not None
        self._since = since
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        assert data.startswith(b"HTTP/1.1 200"), data[:200]
        self._answers.took.append(time.perf_counter() - self._since)
        self._idle.put_nowait(self)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


async def open_loop(port: int, requests: Sequence[bytes], rate: float) -> Answers:
    """Post at `rate` a second; an answer's time counts from the moment its request was due."""
    loop, answers, idle = asyncio.get_running_loop(), Answers(), asyncio.Queue[Called]()
    lines = [(await loop.create_connection(lambda: Called(answers, idle), "127.0.0.1", port))[1] for _ in range(256)]
    began = time.perf_counter()
    for number, request in enumerate(requests):
        due = began + number / rate
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        (await idle.get()).ask(request, due)
    for _ in lines:  # all are free again: everything is answered
        await idle.get()
    answers.seconds = time.perf_counter() - began
    for line in lines:
        line.close()
    return answers
