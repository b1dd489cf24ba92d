"""Cost of the assistant's loop, beside the plain SDK in the same run, against the same server in another process.

    uv run python -m tests.bench.bench_loop [--turns 300] [--peers /path/to/another/venv/bin/python]

One conversation is two requests (a tool call, then an answer) with eight tools. CPU is this process's alone. `--peers`
is a Python that has frameworks installed (pydantic-ai, openai-agents, langgraph with langchain-openai); each that is
there runs the same conversation in a process of its own. They are no dependency of this project:

    uv venv peers && uv pip install --python peers/bin/python pydantic-ai-slim[openai] openai-agents langgraph \
        langchain-openai
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from groq import AsyncGroq
from pydantic import SecretStr

from bot.conversation import inbox, prompt
from bot.conversation.brain import Line
from bot.conversation.groq import GroqBrain, connect
from bot.conversation.guards.veil import Veil
from bot.conversation.llm.exchange import CallRecord
from bot.db import Database
from bot.migrations.run import migrate
from bot.models.enums import Author, Role
from bot.settings import Settings

from ..conftest import StillClock
from ..conversation.desk import NOW, Desk, heard, schema
from ..fakes.groq import FALLBACK, KEY, PRIMARY, Asked, Groq, Step, calls, says, slowly
from ..fakes.groq import groq as fake_groq
from ..servers import free_port, python, wait_for_port
from ..stage import JULIA, stage

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
    fake = Groq(improvise=lambda asked: slowly(improvise(asked), thinking), strict=False)
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


async def measure(url: str, turns: int) -> float:
    """Print the CPU of one conversation, and return ours in milliseconds."""
    client = connect(Settings(groq_api_key=SecretStr(KEY), groq_base_url=url))
    prompt.system(Role.CLIENT)
    mine, raw, bare = await cpu(turns, ours(client), plain(client), plain(client, typed=False))
    print(
        f"CPU of a two-step conversation, 8 tools: ours {mine:.2f} ms, plain SDK {raw:.2f} ms, ratio {mine / raw:.2f}"
    )
    print(f"  plain SDK through extra_body, no checks: {bare:.2f} ms; the checks cost {mine - bare:.2f} ms")
    print("CPU by length of the history (lines: ours / plain SDK, ratio)")
    for lines in (0, 10, 50, 200):
        own, other = await cpu(turns // 5, ours(client, lines), plain(client, lines))
        print(f"  {lines:>4}: {own:6.2f} / {other:6.2f} ms, {own / other:.2f}")
    await client.close()
    return mine


def peers(python_: str, url: str, turns: int, mine: float) -> None:
    """Run each framework that this Python has, on the same server, and print how much more it costs."""
    script = Path(__file__).with_name("peer_loops.py")
    for name in ("pydantic-ai", "openai-agents", "langgraph"):
        command = [python_, str(script), name, url, str(turns)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            print(f"  {name}: skipped ({done.stderr.strip().splitlines()[-1][:100] if done.stderr.strip() else '?'})")
            continue
        found = json.loads(done.stdout.strip().splitlines()[-1])
        print(
            f"  {name} {found['version']}: {found['cpu']:.2f} ms, ours is {mine / found['cpu']:.2f} of it; "
            f"import {found['import']:.2f} s of CPU, {found['memory']:.0f} MB"
        )


async def measure_turn(turns: int) -> None:
    """Print what a whole turn costs with its database: taken, thought, concluded, on SQLite; sending left out."""
    async with fake_groq() as fake:
        fake.improvise = improvise_for_stage
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/odys.sqlite3"
            await asyncio.to_thread(migrate, url)
            db, clock = Database(url), StillClock()
            async with stage(db, clock, groq_api_key=SecretStr(KEY), groq_base_url=fake.url) as here:
                took, of_cpu = [], []
                for _ in range(turns):
                    await here.post(here.message(JULIA, type="text", text={"body": "tem horário amanhã?"}))
                    clock.jump(seconds=5)
                    async with db.begin() as session:
                        (lane,) = await inbox.due_lanes(session, now=clock.now())
                    started, cpu_started = time.perf_counter(), time.process_time()
                    assert await here.services.turns.run(lane) == 1
                    took.append((time.perf_counter() - started) * 1000)
                    of_cpu.append((time.process_time() - cpu_started) * 1000)
            await db.close()
    print(
        f"a whole turn with its database (SQLite, {turns} turns, the model's server in this process): "
        f"CPU {statistics.median(of_cpu):.1f} ms, p50 {statistics.median(took):.1f} ms, "
        f"p95 {statistics.quantiles(took, n=20)[-1]:.1f} ms"
    )


def improvise_for_stage(asked: Asked) -> Step:
    return says("Qual horário você prefere?") if asked.last["role"] == "tool" else improvise(asked)


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
    parser.add_argument("--peers", help="a Python with frameworks installed")
    parser.add_argument("--serve", type=int)
    parser.add_argument("--thinking", type=float, default=0.0)
    given = parser.parse_args(argv)
    if given.serve:
        asyncio.run(serve(given.serve, given.thinking))
        return
    imports()
    with server(0.0) as url:
        mine = asyncio.run(measure(url, given.turns))
        if given.peers:
            print("the same conversation in frameworks, each in a process of its own")
            peers(given.peers, url, given.turns, mine)
    asyncio.run(measure_turn(max(40, given.turns // 3)))
    # A short answer of a large model at Groq takes a third of a second.
    with server(0.3) as url:
        asyncio.run(measure_crowd(url, given.turns, 0.3))


if __name__ == "__main__":
    main(sys.argv[1:])
