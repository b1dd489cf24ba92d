"""`odys chat` as somebody uses it: a real process, lines in, bubbles out."""

import asyncio
import os

import pytest

from . import servers
from .processes import ROOT


@pytest.mark.parametrize(
    ("side", "typed", "shown"),
    [
        ("client", "quanto custa?\n/depois nunca\n", ["R$ 50,00", "/depois HORAS"]),
        ("professional", "quem tenho hoje?\n\n/sair\nnada disto\n", ["hoje"]),
    ],
)
async def test_either_side_talks(side: str, typed: str, shown: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(servers.python(), "-m", "bot", "chat", "--side", side),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(typed.encode())
    assert process.returncode == 0, err.decode()
    for words in shown:
        assert words in out.decode()
    assert err.decode() == ""
