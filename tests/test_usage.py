"""`odys usage`: what models cost in a month, by agenda."""

import asyncio
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.commands.evaluation.cast import SEEDS, owner_of
from bot.db import Database
from bot.models import ModelCall
from bot.models.account import Usage

NOVEMBER, OCTOBER = datetime(2026, 11, 21, 13, tzinfo=UTC), datetime(2026, 10, 31, 23, 59, tzinfo=UTC)


@pytest.fixture
def installation(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    file = tmp_path / "odys.sqlite3"
    shutil.copy(sqlite_template, file)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    return f"sqlite:///{file}"


async def fill(address: str) -> None:
    db = Database(address)
    async with db.begin() as session:
        await SEEDS["two"](session, NOVEMBER)
        rafael, helena = await owner_of(session, "rafael"), await owner_of(session, "helena")
        million = {"prompt_tokens": 2_000_000, "cached_tokens": 1_000_000, "completion_tokens": 1_000_000}
        session.add_all(
            [
                ModelCall(professional_id=rafael.id, model="openai/gpt-oss-120b", outcome="ok", at=NOVEMBER, **million),
                ModelCall(professional_id=rafael.id, model="openai/gpt-oss-20b", outcome="rate_limited", at=NOVEMBER),
                ModelCall(professional_id=rafael.id, model="openai/gpt-oss-120b", outcome="ok", at=OCTOBER, **million),
                ModelCall(professional_id=helena.id, model="somebody/new", outcome="ok", at=NOVEMBER, **million),
                Usage(professional_id=rafael.id, month=date(2026, 11, 1), what="model_turns", count=7),
            ]
        )
    await db.close()


def test_a_month_by_agenda(installation: str, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(fill(installation))
    assert main(["usage", "--month", "2026-11"]) == 0
    _, rafael, helena, *_ = [line.split() for line in capsys.readouterr().out.splitlines() if line]
    # 1 M fresh at 0.15, 1 M cached at 0.075, 1 M written at 0.60.
    assert rafael == ["rafael-nogueira", "7", "2", "1", "2000000", "(1000000", "cached)", "1000000", "0.8250"]
    assert helena[:4] == ["helena-prado", "0", "1", "0"]
    assert "and more" in " ".join(helena)


def test_a_month_without_a_model(installation: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage", "--month", "2026-01"]) == 0
    assert "no model was asked in 2026-01" in capsys.readouterr().out
    assert main(["usage", "--month", "janeiro"]) == 1
