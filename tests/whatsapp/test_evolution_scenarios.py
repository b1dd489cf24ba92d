"""The same conversations over Evolution: what is tapped elsewhere is typed as a number here.

A dozen of all scenarios and a dozen of those with the deeds that differ most on this channel; every scenario of the
rules with ODYS_EVERY_CARRIER=1. Servers of three versions take turns.
"""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.commands.evaluation.agendas import Agendas
from bot.commands.evaluation.play import Play
from bot.commands.evaluation.scenario import Scenario, load
from bot.commands.evaluation.stage import StillClock

from ..carriers import evolution_stage

FOLDER = Path(__file__).resolve().parent.parent / "conversations"
EVERY = os.environ.get("ODYS_EVERY_CARRIER") == "1"
VERSIONS = ("2.3.7", "2.4.0", "2.3.6")
# What a channel without buttons and templates could get wrong: pictures, lists picked from, what needs both databases.
TELLING = {"sends", "picks"}
# A third of a second each: together they stay below ten seconds, however many scenarios there will be.
EACH = 12


def cases() -> Iterator[Any]:
    scenarios = [scenario for scenario in load(FOLDER) if "rules" in scenario.brains]
    telling = [one for one in scenarios if one.both or any(step.verb in TELLING for step in one.steps)]
    chosen = {one.title for few in (telling, scenarios) for one in few[:: -(-len(few) // EACH)]}
    for number, scenario in enumerate(scenarios):
        if EVERY or scenario.title in chosen:
            yield pytest.param(scenario, VERSIONS[number % len(VERSIONS)], id=scenario.title)


@pytest.fixture(scope="module")
def agendas_folder(tmp_path_factory: pytest.TempPathFactory) -> Agendas:
    found = Agendas(tmp_path_factory.mktemp("evolution-scenarios"))
    found.migrate()
    return found


@pytest.fixture(scope="module")
async def agendas(agendas_folder: Agendas) -> AsyncIterator[Agendas]:
    yield agendas_folder
    await agendas_folder.close()


@pytest.mark.parametrize(("scenario", "version"), list(cases()))
async def test_scenario(scenario: Scenario, version: str, agendas: Agendas) -> None:
    async with agendas.of(scenario) as db, evolution_stage(db, StillClock(scenario.now), version) as here:
        outcome = await Play(here, scenario).run()
    assert outcome.passed, outcome.story()
