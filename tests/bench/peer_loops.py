"""One framework's loop on the server of `bench_loop`, run by a Python that has it: `peer_loops.py NAME URL TURNS`.

It knows nothing of this project, and prints one line of JSON: CPU of a conversation, of the import, and memory.
"""

import asyncio
import importlib.metadata
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

MODEL, KEY = "openai/gpt-oss-120b", "gsk_a-key"
ASKED = "oi, queria marcar um corte quinta à tarde"
SYSTEM = "Você é a Odys, assistente de agenda no WhatsApp. " * 40
FREE = {"ok": True, "slots": [{"token": "a1b2", "label": "quinta, 26/11, às 15h"}]}
NAMES = (
    *("list_free_slots", "my_appointments", "get_customer_by_phone", "book_appointment", "cancel_appointment"),
    *("one_more", "another", "the_last"),
)


async def _tool(when: str = "", service: str = "") -> dict[str, Any]:
    """Words of the person, as they were said, without any change. Empty where nothing was said."""
    return FREE


def pydantic_ai(url: str) -> Callable[[], Awaitable[object]]:
    from pydantic_ai import Agent, Tool  # type: ignore[import-not-found]  # noqa: PLC0415
    from pydantic_ai.models.openai import OpenAIChatModel  # type: ignore[import-not-found]  # noqa: PLC0415
    from pydantic_ai.providers.openai import OpenAIProvider  # type: ignore[import-not-found]  # noqa: PLC0415

    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=url, api_key=KEY))
    agent = Agent(model, system_prompt=SYSTEM, tools=[Tool(_tool, name=name) for name in NAMES])
    return lambda: agent.run(ASKED)


def openai_agents(url: str) -> Callable[[], Awaitable[object]]:
    from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled  # type: ignore[import-not-found]  # noqa: PLC0415
    from openai import AsyncOpenAI  # type: ignore[import-not-found]  # noqa: PLC0415

    set_tracing_disabled(True)
    model = OpenAIChatCompletionsModel(MODEL, AsyncOpenAI(base_url=url, api_key=KEY))
    tools = [function_tool(_tool, name_override=name) for name in NAMES]
    agent = Agent(name="odys", instructions=SYSTEM, tools=tools, model=model)
    return lambda: Runner.run(agent, ASKED)


def langgraph(url: str) -> Callable[[], Awaitable[object]]:
    from langchain_core.tools import StructuredTool  # type: ignore[import-not-found]  # noqa: PLC0415
    from langchain_openai import ChatOpenAI  # type: ignore[import-not-found]  # noqa: PLC0415
    from langgraph.prebuilt import create_react_agent  # type: ignore[import-not-found]  # noqa: PLC0415

    tools = [StructuredTool.from_function(coroutine=_tool, name=name, description=_tool.__doc__) for name in NAMES]
    agent = create_react_agent(ChatOpenAI(model=MODEL, base_url=url, api_key=KEY), tools, prompt=SYSTEM)
    return lambda: agent.ainvoke({"messages": [("user", ASKED)]})


PEERS = {
    "pydantic-ai": (pydantic_ai, "pydantic-ai-slim"),
    "openai-agents": (openai_agents, "openai-agents"),
    "langgraph": (langgraph, "langgraph"),
}


async def run(name: str, url: str, turns: int) -> None:
    build, package = PEERS[name]
    started = time.process_time()
    conversation = build(f"{url}/openai/v1")
    imported, best = time.process_time() - started, float("inf")
    for _ in range(5):
        await conversation()
        began = time.process_time()
        for _ in range(turns):
            await conversation()
        best = min(best, (time.process_time() - began) / turns * 1000)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    version = importlib.metadata.version(package)
    print(json.dumps({"version": version, "cpu": best, "import": imported, "memory": memory}))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], int(sys.argv[3])))
