"""`odys chat` as somebody uses it: a real process, lines in, bubbles out."""

import asyncio
import os

from . import servers
from .processes import ROOT


async def test_a_professional_asks_in_a_terminal() -> None:
    typed = "quem tenho hoje?\n\n/depois nunca\n/sair\nnada disto\n"
    process = await asyncio.create_subprocess_exec(
        *(servers.python(), "-m", "bot", "chat", "--side", "professional"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(typed.encode())
    assert process.returncode == 0, err.decode()
    assert "hoje" in out.decode()
    assert "/depois HORAS" in out.decode()
    assert "nada disto" not in out.decode()
    assert err.decode() == ""
