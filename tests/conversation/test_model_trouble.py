"""Whatever the service does, the client gets an answer: from the other model, or from the rules.

Through the whole house: webhook → turn → SDK → failing server → Graph.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, select, update

from bot.conversation.brain import Asker, Brain
from bot.conversation.brains import Available
from bot.conversation.groq import GroqBrain, connect
from bot.conversation.llm.exchange import CallRecord, Patience
from bot.db import Database
from bot.models import Conversation, Message, ModelCall, PendingAction
from bot.settings import Settings

from ..conftest import StillClock
from ..fakes.groq import (
    FALLBACK,
    KEY,
    PRIMARY,
    Asked,
    Groq,
    Step,
    broken_json,
    calls,
    fails,
    groq,
    half,
    hangs,
    html,
    no_choices,
    replies,
    resets,
    says,
    tool_use_failed,
)
from ..servers import free_port
from ..stage import CARLOS, JULIA, Stage, stage

MISUSE = tool_use_failed({"name": "list_free_slots", "arguments": {"day": "amanhã"}}, "additionalProperties 'day'")
EMPTY = replies({"choices": [{"message": {"role": "assistant", "content": ""}, "finish_reason": "length"}]})
HANGING = "no answer"
# What the service does every time it is asked for a model, and how the record calls it.
TROUBLES: dict[str, tuple[Step, str]] = {
    "the key is refused": (fails(401, "invalid_api_key"), "key_refused"),
    "the account is blocked": (fails(403), "key_refused"),
    "the model is gone": (fails(404, "model_not_found"), "model_gone"),
    "the model is retired": (fails(400, "model_decommissioned"), "model_gone"),
    "the request is too large": (fails(413, "request_too_large"), "too_large"),
    "the limit is reached": (fails(429, "rate_limit_exceeded"), "rate_limited"),
    "the limit lifts soon": (fails(429, "rate_limit_exceeded", retry_after="0.05"), "rate_limited"),
    "the limit lifts late": (fails(429, "rate_limit_exceeded", retry_after="300"), "rate_limited"),
    "no capacity": (fails(498, "capacity_exceeded"), "no_capacity"),
    "a defect": (fails(500), "server_error"),
    "a bad gateway": (fails(502), "server_error"),
    "overload": (fails(503), "server_error"),
    "a request it does not take": (fails(400, message="bad"), "rejected"),
    HANGING: (hangs(), "too_slow"),
    "a connection cut": (resets(), "unreachable"),
    "a connection cut half way": (half(), "unreachable"),
    "a page in a 200": (html(), "not_json"),
    "half the JSON": (broken_json(), "not_json"),
    "no choices": (no_choices(), "no_answer"),
    "an empty answer": (EMPTY, "no_answer"),
    "a tool misused three times": (MISUSE, "tool_use_failed"),
}
# Where the other model is not asked: the key is the same for it, and a misused tool is no sickness.
ALONE = {"the key is refused", "the account is blocked", "a tool misused three times"}
ASKED = "quanto custa o corte?"


@dataclass
class Hasty:
    """The brains of a house that waits for nothing longer than a test may."""

    available: Available
    model: Brain
    rules: Brain

    async def for_turn(self, asker: Asker) -> Sequence[Brain]:
        return (self.model, self.rules)


@dataclass
class House:
    here: Stage
    fake: Groq

    async def fresh(self, name: str = "", service: str = "") -> None:
        """Forget the last conversation, and how well the models were; `service` is another address to ask."""
        self.fake.asked.clear()
        turns = self.here.services.turns
        brains = turns.brains.available if isinstance(turns.brains, Hasty) else turns.brains
        assert isinstance(brains, Available)
        assert brains.groq
        # Only the server that hangs is not waited for.
        patience = Patience(turn=25.0, request=1.5 if name == HANGING else 10.0, retry_after=0.1, pause=0.0)
        client = brains.groq.with_options(base_url=service) if service else brains.groq
        model = GroqBrain(client, [PRIMARY, FALLBACK], self._record, self.here.clock, patience=patience)
        hasty = Hasty(brains, model, turns.rules)
        self.here.services = replace(self.here.services, turns=replace(turns, brains=hasty))
        async with self.here.services.db.begin() as session:
            for table in (Message, PendingAction, ModelCall):
                await session.execute(delete(table))
            await session.execute(update(Conversation).values(state={}))
        self.here.clock.jump(minutes=5)

    async def _record(self, call: CallRecord) -> None:
        async with self.here.services.db.begin() as session:
            session.add(ModelCall(**{name: getattr(call, name) for name in CallRecord.__slots__}))

    async def outcomes(self) -> list[tuple[str, str]]:
        async with self.here.services.db.begin() as session:
            rows = (await session.scalars(select(ModelCall).order_by(ModelCall.id))).all()
            return [(row.model, row.outcome) for row in rows]


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """One database is enough: no row is read here that another would keep otherwise."""
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url


@pytest.fixture
async def house(db: Database, clock: StillClock) -> AsyncIterator[House]:
    async with (
        groq() as fake,
        stage(db, clock, groq_api_key=SecretStr(KEY), groq_base_url=fake.url) as here,
    ):
        yield House(here, fake)


def sensible(asked: Asked) -> Step:
    """Look the price up, then say it."""
    if "price" not in asked.last.get("content", ""):
        return calls("get_professional_info", {})
    return says("O corte custa R$ 50,00 e dura 30 minutos.")


async def test_the_other_model_answers_when_one_fails(house: House) -> None:
    for name, (step, outcome) in TROUBLES.items():
        if name in ALONE:
            continue
        await house.fresh(name)
        house.fake.improvise = lambda asked, step=step: step if asked.body["model"] == PRIMARY else sensible(asked)
        await house.here.says(CARLOS if len(name) % 2 else JULIA, ASKED)
        said = house.here.heard(JULIA) + house.here.heard(CARLOS)
        assert "O corte custa R$ 50,00 e dura 30 minutos." in said, name
        met = await house.outcomes()
        assert met[0] == (PRIMARY, outcome), name
        assert met[-1] == (FALLBACK, "ok"), name


async def test_the_rules_answer_when_both_fail(house: House) -> None:
    for name, (step, outcome) in TROUBLES.items():
        await house.fresh(name)
        house.fake.improvise = lambda asked, step=step: step
        await house.here.says(CARLOS if len(name) % 2 else JULIA, ASKED)
        said = house.here.heard(JULIA) + house.here.heard(CARLOS)
        assert "Corte: R$ 50,00" in said, name
        met = await house.outcomes()
        assert {kind for _, kind in met} == {outcome}, name
        assert {model for model, _ in met} == ({PRIMARY} if name in ALONE else {PRIMARY, FALLBACK}), name


async def test_the_rules_answer_when_it_fails_half_way(house: House) -> None:
    """The tool was called and the next request fails: nothing was said, nothing is owed, and the client is answered."""
    for name, (step, _) in TROUBLES.items():
        await house.fresh(name)
        house.fake.improvise = lambda asked, step=step: sensible(asked) if asked.last["role"] == "user" else step
        await house.here.says(CARLOS if len(name) % 2 else JULIA, ASKED)
        assert "Corte: R$ 50,00" in house.here.heard(JULIA) + house.here.heard(CARLOS), name


async def test_a_misused_tool_is_repaired_once_and_twice(house: House) -> None:
    for times in (1, 2):
        await house.fresh()
        house.fake.script(*[MISUSE] * times)
        house.fake.improvise = sensible
        await house.here.says(JULIA, ASKED)
        assert "O corte custa R$ 50,00" in house.here.heard(JULIA)
        assert [kind for _, kind in await house.outcomes()] == ["tool_use_failed"] * times + ["ok", "ok"]


async def test_a_service_that_is_not_there_costs_nobody_an_answer(house: House) -> None:
    await house.fresh(service=f"http://127.0.0.1:{free_port()}")
    await house.here.says(JULIA, ASKED)
    assert "Corte: R$ 50,00" in house.here.heard(JULIA)
    assert {kind for _, kind in await house.outcomes()} == {"unreachable"}


async def test_models_that_rest_are_not_asked_nor_complained_about(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.fake.improvise = lambda asked: fails(404, "model_not_found")
    for _ in range(3):
        await house.here.says(JULIA, ASKED)
        assert "Corte: R$ 50,00" in house.here.heard(JULIA)
        house.here.clock.jump(minutes=1)
    assert len(house.fake.asked) == 2
    assert caplog.text.count("a brain failed") == 1


def test_the_patience_of_production_leaves_time_for_the_rules() -> None:
    """A turn ends within 30 s: the model's share of it, and a rest for the rules."""
    patience = Patience()
    assert patience.turn <= 25
    assert 2 * patience.request <= patience.turn
    client = connect(Settings(groq_api_key=SecretStr(KEY)))
    assert client.max_retries == 0
    assert client.timeout == patience.request
