"""Cost of the assistant's loop, beside the plain SDK in the same run, against the same server in another process.

    uv run python -m tests.bench.bench_loop [--turns 300]

One conversation is two requests (a tool call, then an answer) with eight tools. CPU is this process's alone.
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from groq import AsyncGroq
from pydantic import SecretStr

from bot.conversation import prompt
from bot.conversation.brain import Line
from bot.conversation.exchange import CallRecord
from bot.conversation.groq import GroqBrain, connect
from bot.conversation.veil import Veil
from bot.models.enums import Author, Role
from bot.settings import Settings

from ..conftest import StillClock
from ..conversation.desk import NOW, Desk, heard, schema
from ..fakes.groq import FALLBACK, KEY, PRIMARY, Asked, Groq, Step, calls, says, slowly
from ..servers import free_port, python, wait_for_port

TEXT = "Tenho 15h e 16h na quinta. Qual você prefere?"
ASKED = "oi, queria marcar um corte quinta à tarde"
Conversation = Callable[[], Awaitable[object]]


class EightTools(Desk):
    """As many tools as a professional has."""

    def schemas(self) -> Sequence[Mapping[str, Any]]:
        words = "Words of the person, as they were said, without any change. Empty where nothing was said."
        more = [schema(name, words * 2, first=words, second=words) for name in ("one_more", "another", "the_last")]
        return [*super().schemas(), *more]


def improvise(asked: Asked) -> Step:
    """Call a tool first, then answer: the same two steps for everybody."""
    return says(TEXT) if asked.last["role"] == "tool" else calls("list_free_slots", {"when": "quinta à tarde"})


async def serve(port: int, thinking: float) -> None:
    fake = Groq(improvise=lambda asked: slowly(improvise(asked), thinking))
    await fake.start(port)
    while True:
        fake.asked.clear()
        await asyncio.sleep(1)


@contextmanager
def server(thinking: float) -> Iterator[str]:
    port = free_port()
    name = __spec__.name if __spec__ else ""
    process = subprocess.Popen([python(), "-m", name, "--serve", str(port), "--thinking", str(thinking)])
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


async def keep(record: CallRecord) -> None:
    """Throw the record away: writing it is the database's cost."""


def ours(client: AsyncGroq, history: int = 0) -> Conversation:
    brain = GroqBrain(client, [PRIMARY, FALLBACK], keep, StillClock(NOW))
    lines = [
        Line(Author.BOT if n % 2 else Author.CLIENT, "Quero ver um horário na quinta à tarde.") for n in range(history)
    ]

    async def conversation() -> object:
        return await brain.answer(heard(ASKED, EightTools(), history=lines))

    return conversation


def plain(client: AsyncGroq, history: int = 0, *, typed: bool = True) -> Conversation:
    """The loop anybody would write on the SDK, with the same messages, and no check of anything."""
    desk = EightTools()
    words = "Quero ver um horário na quinta à tarde."
    lines = [{"role": "assistant" if n % 2 else "user", "content": words} for n in range(history)]
    system = prompt.messages(heard(ASKED), Veil())

    async def conversation() -> object:
        messages: list[Any] = [system[0], *lines, system[1]]
        for _ in range(6):
            given: dict[str, Any] = {"messages": messages, "tools": desk.schemas()}
            if not typed:
                given = {"messages": [], "extra_body": given}
            reply = await client.chat.completions.create(model=PRIMARY, temperature=0.2, **given)
            message = reply.choices[0].message
            if not message.tool_calls:
                return message.content
            messages.append(message.model_dump(exclude_none=True))
            for call in message.tool_calls:
                result = await desk.call(call.function.name, json.loads(call.function.arguments))
                content = json.dumps(result.data, ensure_ascii=False)
                messages.append({"role": "tool", "tool_call_id": call.id, "content": content})
        return None

    return conversation


async def cpu(turns: int, *conversations: Conversation) -> list[float]:
    """Milliseconds of CPU a conversation of each kind, best of five rounds in turn: other work only adds."""
    best = [float("inf")] * len(conversations)
    for _ in range(5):
        for place, conversation in enumerate(conversations):
            await conversation()
            started = time.process_time()
            for _ in range(turns):
                await conversation()
            best[place] = min(best[place], (time.process_time() - started) / turns * 1000)
    return best


async def crowd(conversation: Conversation, turns: int, at_once: int = 50) -> tuple[float, float]:
    """p50 and p95 of a conversation in milliseconds with `at_once` going on."""
    gate, took = asyncio.Semaphore(at_once), []

    async def one() -> None:
        async with gate:
            started = time.perf_counter()
            await conversation()
            took.append((time.perf_counter() - started) * 1000)

    await asyncio.gather(*(one() for _ in range(turns)))
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


async def measure(url: str, turns: int) -> None:
    client = connect(Settings(groq_api_key=SecretStr(KEY), groq_base_url=url))
    prompt.system(Role.CLIENT)
    mine, raw, bare = await cpu(turns, ours(client), plain(client), plain(client, typed=False))
    print(
        f"CPU of a two-step conversation, 8 tools: ours {mine:.2f} ms, plain SDK {raw:.2f} ms, ratio {mine / raw:.2f}"
    )
    print(f"  plain SDK through extra_body, no checks: {bare:.2f} ms; the checks cost {mine - bare:.2f} ms")
    print("CPU by length of the history (lines: ours / plain SDK, ratio)")
    for lines in (0, 5, 20, 80, 160):
        own, other = await cpu(turns // 5, ours(client, lines), plain(client, lines))
        print(f"  {lines:>4}: {own:6.2f} / {other:6.2f} ms, {own / other:.2f}")
    await client.close()


async def measure_crowd(url: str, turns: int, thinking: float) -> None:
    client = connect(Settings(groq_api_key=SecretStr(KEY), groq_base_url=url))
    for name, conversation in (("ours", ours(client)), ("plain SDK", plain(client))):
        p50, p95 = min([await crowd(conversation, turns) for _ in range(3)], key=lambda took: took[1])
        over = 2000 * thinking
        print(
            f"50 at once, over the model's own {over:.0f} ms, {name}: p50 {p50 - over:.0f} ms, p95 {p95 - over:.0f} ms"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    await client.close()


def imports() -> None:
    """Time the import of the assistant in fresh processes, best of three."""
    for module in ("bot.conversation.brain", "bot.conversation.groq"):
        code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        took = [float(subprocess.run([python(), "-c", code], check=True, capture_output=True).stdout) for _ in range(3)]
        print(f"import {module}: {min(took):.2f} s")


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=300)
    parser.add_argument("--serve", type=int)
    parser.add_argument("--thinking", type=float, default=0.0)
    given = parser.parse_args(argv)
    if given.serve:
        asyncio.run(serve(given.serve, given.thinking))
        return
    imports()
    with server(0.0) as url:
        asyncio.run(measure(url, given.turns))
    # A short answer of a large model at Groq takes a third of a second.
    with server(0.3) as url:
        asyncio.run(measure_crowd(url, given.turns, 0.3))


if __name__ == "__main__":
    main(sys.argv[1:])
