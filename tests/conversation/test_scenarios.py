"""Every scenario of `tests/conversations`, as `odys eval` plays it; `bot/commands/evaluation/scenario.py` says how they
are written. On SQLite all of them, and those marked `both` on Postgres as well."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.commands.evaluation.agendas import Agendas, fill, prepare
from bot.commands.evaluation.play import Play
from bot.commands.evaluation.scenario import Scenario, load
from bot.commands.evaluation.scripted import Script
from bot.commands.evaluation.stage import Groq, StillClock, stage
from bot.db import Database

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


@pytest.mark.parametrize(("scenario", "brain", "database"), list(cases()))
async def test_scenario(
    scenario: Scenario, brain: str, database: str, agendas: Agendas, request: pytest.FixtureRequest
) -> None:
    async with agenda(scenario, database, agendas, request) as db:
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
async def agenda(
    scenario: Scenario, database: str, agendas: Agendas, request: pytest.FixtureRequest
) -> AsyncIterator[Database]:
    """Yield a database on which the scenario can begin."""
    if database == "sqlite":
        async with agendas.of(scenario) as db:
            yield db
    else:
        shared: Database = request.getfixturevalue("postgres_db")
        await fill(shared, scenario.seed, scenario.now)
        await prepare(shared, scenario)
        yield shared


def test_there_are_as_many_as_promised() -> None:
    assert len(SCENARIOS) >= 25
