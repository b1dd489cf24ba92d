"""A plan's turns with a model, and its voice notes: used up or not there, the rules answer, and the owner is told."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from bot.billing.plans import PLANS
from bot.billing.usage import Counted, used
from bot.conversation.llm.quota import take_turn
from bot.db import Database
from bot.models import Inbound, Notification, Professional, Usage
from bot.models.enums import Plan

from ..conftest import StillClock
from ..fakes.groq import KEY, Groq, fails, groq, hears, says
from ..stage import JULIA, RAFAEL, Stage, stage
from .test_voice import NOTE

OFFER = "Qual dia e qual serviço você prefere?"
TOLD = "do seu plano neste mês já foram usadas"


@pytest.fixture
async def fake() -> AsyncIterator[Groq]:
    async with groq() as server:
        server.improvise = lambda _: says(OFFER)
        yield server


@pytest.fixture
async def here(db: Database, clock: StillClock, fake: Groq) -> AsyncIterator[Stage]:
    async with stage(db, clock, groq_api_key=SecretStr(KEY), groq_base_url=fake.url) as ready:
        yield ready


async def on_plan(here: Stage, plan: Plan, *, used_up: int = 0) -> Professional:
    """Put Rafael on a plan, with so many turns used this month."""
    async with here.services.db.begin() as session:
        await session.execute(update(Professional).values(plan=plan))
        row = (await session.scalars(select(Professional))).one()
        month = here.clock.now().date().replace(day=1)
        session.add(Usage(professional_id=row.id, month=month, what=Counted.MODEL_TURNS.value, count=used_up))
    return row


async def turns(here: Stage, row: Professional) -> int:
    async with here.services.db.begin() as session:
        month = here.clock.now().date().replace(day=1)
        return await used(session, row.id, Counted.MODEL_TURNS, month=month)


async def test_the_last_turn_is_the_model_s_and_then_the_rules_answer(here: Stage, fake: Groq) -> None:
    row = await on_plan(here, Plan.FREE, used_up=49)
    await here.says(JULIA, "bom dia, queria marcar")
    assert here.heard(JULIA) == OFFER
    for _ in range(2):
        await here.says(JULIA, "quanto custa o corte?")
        assert "Corte: R$ 50,00" in here.heard(JULIA)
    assert len(fake.asked) == 1
    assert await turns(here, row) == PLANS[Plan.FREE].model_turns_a_month


async def test_the_owner_is_told_once_a_month_and_which_plan_has_more(here: Stage) -> None:
    row = await on_plan(here, Plan.FREE, used_up=50)
    for _ in range(3):
        await here.says(JULIA, "quanto custa?")
    told = here.heard_all(RAFAEL)
    assert len(told) == 1
    assert "50 conversas" in told[0]
    assert TOLD in told[0]
    assert "*Basic* (R$ 39,00 por mês) inclui 500" in told[0]
    async with here.services.db.begin() as session:
        assert [one.kind for one in await session.scalars(select(Notification))] == ["model_turns_used"]
    here.clock.jump(days=12)  # December
    await here.says(JULIA, "bom dia, queria marcar")
    assert here.heard(JULIA).endswith(OFFER)
    assert await turns(here, row) == 1


async def test_who_has_the_largest_plan_is_sold_nothing(here: Stage) -> None:
    await on_plan(here, Plan.PREMIUM, used_up=10_000)
    await here.says(JULIA, "quanto custa?")
    told = here.heard(RAFAEL)
    assert "10.000 conversas" in told
    assert "R$" not in told


async def test_a_turn_without_an_answer_is_not_counted(here: Stage, fake: Groq) -> None:
    row = await on_plan(here, Plan.BASIC, used_up=7)
    fake.improvise = lambda _: fails(400)
    await here.says(JULIA, "quanto custa?")
    assert "R$ 50,00" in here.heard(JULIA)
    assert await turns(here, row) == 7


async def test_a_crowd_uses_no_more_turns_than_there_are(here: Stage, db: Database) -> None:
    row = await on_plan(here, Plan.FREE, used_up=45)

    async def take() -> bool:
        async with db.begin() as session:
            return await take_turn(session, row.id, now=here.clock.now())

    assert sum(await asyncio.gather(*(take() for _ in range(20)))) == 5
    assert await turns(here, row) == 50


async def note(here: Stage, phone: str) -> None:
    here.graph.media["media-1"] = NOTE
    await here.sends(phone, type="audio", audio={"id": "media-1", "mime_type": "audio/ogg; codecs=opus", "voice": True})


async def test_a_voice_note_is_heard_where_the_plan_has_them(here: Stage, fake: Groq) -> None:
    await on_plan(here, Plan.PRO)
    fake.script_audio(hears("queria marcar um corte amanhã"))
    await note(here, JULIA)
    assert "queria marcar um corte amanhã" in here.heard(JULIA)
    hint = fake.heard[0].body["prompt"]
    assert "Rafael Nogueira" in hint
    assert "Corte e barba" in hint


async def test_without_them_a_kind_sentence_asks_to_write(here: Stage, fake: Groq) -> None:
    await on_plan(here, Plan.BASIC)
    await note(here, JULIA)
    client = here.heard(JULIA)
    assert "Pode me escrever" in client
    assert "R$" not in client  # what a plan costs is not the client's business
    await note(here, RAFAEL)
    assert "*Pro* (R$ 79,00 por mês)" in here.heard(RAFAEL)
    assert fake.heard == []
    async with here.services.db.begin() as session:
        assert {row.status.value for row in await session.scalars(select(Inbound))} == {"done"}
