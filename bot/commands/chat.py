"""`odys chat`: the demo's conversation in a terminal. What is typed leaves as a signed webhook, as from a phone.

A number picks an option; `/depois 24` lets that many hours pass; `/sair`, or the end of the input, ends it.
"""

import argparse
import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from ..log import setup
from ..migrations.run import migrate
from ..seed import CLIENTS, PROFESSIONAL
from ..serving import serve
from .house import House, free_port, house

# A model may think for this long; then the next line may be typed whatever comes.
PATIENCE = 30.0
# What follows an answer (a receipt, a picture) is there by then.
REST = 0.6
LOOK = 0.05
LONGEST_WAIT = timedelta(days=31)


def run(options: argparse.Namespace) -> int:
    setup("ERROR")
    phone = PROFESSIONAL.phone if options.side == "professional" else CLIENTS[0].phone
    with tempfile.TemporaryDirectory(prefix="odys-") as folder:
        file = Path(options.db) if options.db else Path(folder) / "chat.sqlite3"
        url = f"sqlite+aiosqlite:///{file.resolve()}"
        migrate(url)
        asyncio.run(_chat(url, phone))
    return 0


async def _chat(url: str, phone: str) -> None:
    async with AsyncExitStack() as stack:
        port = free_port()
        here = await stack.enter_async_context(house(url, port))
        await stack.enter_async_context(serve(here.app, "127.0.0.1", port))
        screen = _Screen(here, phone)
        while (line := await _line()) is not None:
            if line.strip() == "/sair":
                return
            if line.strip():
                await _do(here, screen, line.strip())


async def _line() -> str | None:
    """Read a line without holding up the rest; None at the end of the input."""
    if sys.stdin.isatty():
        print("> ", end="", flush=True)
    line = await asyncio.to_thread(sys.stdin.readline)
    return line or None


async def _do(here: House, screen: "_Screen", line: str) -> None:
    command, _, value = line.partition(" ")
    if command == "/depois":
        try:
            await here.jump(min(timedelta(hours=float(value)), LONGEST_WAIT))
        except (ValueError, OverflowError):
            print("/depois HORAS, por exemplo: /depois 24", flush=True)
        else:
            await screen.show(wait=REST)
        return
    await here.simulator.say(screen.phone, line)
    await screen.show(wait=PATIENCE)


class _Screen:
    """One phone, printed as it fills."""

    def __init__(self, here: House, phone: str) -> None:
        self.phone = phone
        self._simulator = here.simulator
        self._seen = {bubble.id for bubble in self._simulator.screen(phone)}

    async def show(self, *, wait: float) -> None:
        """Print what comes, until something has come and then nothing for a moment."""
        idle = 0.0
        limit = wait
        while idle < limit:
            if self._print_new():
                idle, limit = 0.0, REST
            await asyncio.sleep(LOOK)
            idle += LOOK

    def _print_new(self) -> bool:
        new = [bubble for bubble in self._simulator.screen(self.phone) if bubble.id not in self._seen]
        self._seen |= {bubble.id for bubble in new}
        shown = [bubble for bubble in new if not bubble.mine]
        for bubble in shown:
            numbered = [f"{place}. {tap.title}" for place, tap in enumerate(bubble.options, 1)]
            # Questions have their numbers in the text already; templates do not.
            lines = [bubble.text or f"[{bubble.kind}]", *(one for one in numbered if one not in bubble.text)]
            print("\n".join(lines), end="\n\n", flush=True)
        return bool(shown)
