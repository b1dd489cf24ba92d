"""Every scenario of `tests/conversations`, as `odys eval` plays it; `bot/commands/evaluation/scenario.py` says how they
are written. On SQLite all of them, and those marked `both` on Postgres as well."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from bot.commands.evaluation.agendas import Agendas, fill, prepare
from bot.commands.evaluation.play import Play
from bot.commands.evaluation.scenario import Scenario, load
from bot.commands.evaluation.scripted import Script
from bot.commands.evaluation.stage import Groq, StillClock, stage
from bot.db import Database
from bot.models import Base

from ..fakes import groq

FOLDER = Path(__file__).resolve().parent.parent / "conversations"
SCENARIOS = load(FOLDER)


def cases() -> Iterator[Any]:
    for scenario in SCENARIOS:
        for brain in scenario.brains:
            for database in ("sqlite", "postgres") if scenario.both else ("sqlite",):
                yield pytest.param(scenario, brain, database, id=f"{scenario.title} ({brain}, {database})")


@pytest.fixture(scope="session")
def agendas_folder(tmp_path_factory: pytest.TempPathFactory) -> Agendas:
    found = Agendas(tmp_path_factory.mktemp("scenarios"))
    found.migrate()
    return found


@pytest.fixture(scope="session")
async def agendas(agendas_folder: Agendas) -> AsyncIterator[Agendas]:
    yield agendas_folder
    await agendas_folder.close()


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """Address of the shared Postgres database; nothing for a SQLite file of the scenario's own."""
    return request.getfixturevalue("postgres_database") if request.param == "postgres" else ""


@pytest.mark.parametrize(("scenario", "brain", "address"), list(cases()), indirect=["address"])
async def test_scenario(
    scenario: Scenario, brain: str, address: str, agendas: Agendas, opened: dict[str, Database]
) -> None:
    async with agendas.of(scenario) if not address else on_postgres(scenario, address, opened) as db:
        if brain == "rules":
            async with stage(db, StillClock(scenario.now)) as here:
                outcome = await Play(here, scenario).run()
        else:
            async with groq.groq() as fake:
                service = Groq(fake.key, fake.url, groq.PRIMARY, groq.FALLBACK)
                async with stage(db, StillClock(scenario.now), service) as here:
                    outcome = await Play(here, scenario, Script(fake)).run()
    assert outcome.passed, outcome.story()


@asynccontextmanager
async def on_postgres(scenario: Scenario, address: str, opened: dict[str, Database]) -> AsyncIterator[Database]:
    """Yield the Postgres database that the tests share, with the scenario's agenda in it, and empty it."""
    shared = opened.get(address) or opened.setdefault(address, Database(address))
    try:
        await fill(shared, scenario.seed, scenario.now)
        await prepare(shared, scenario)
        yield shared
    finally:
        async with shared.begin() as session:
            for table in reversed(Base.metadata.sorted_tables):
                await session.execute(delete(table))


def test_there_are_as_many_as_promised() -> None:
    assert len(SCENARIOS) >= 120
    assert sum("rules" in each.brains for each in SCENARIOS) >= 80
    assert sum("model" in each.brains for each in SCENARIOS) >= 25
