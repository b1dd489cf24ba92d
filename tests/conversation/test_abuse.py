"""T47: somebody writes a thousand messages in a minute. It costs a few turns, and nobody else notices."""

import json
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, select

from bot.conversation.inbox import PART, RATE
from bot.db import Database
from bot.models import Inbound, ModelCall, Outbound
from bot.models.enums import InboundStatus

from ..conftest import StillClock
from ..fakes.groq import KEY, groq, says
from ..stage import CARLOS, JULIA, Stage, stage

OFFER = "Qual dia e qual serviço você prefere?"
MESSAGES, STEPS = 1000, 5


async def flood(here: Stage, step: int, kind: str) -> None:
    """Deliver a part of the minute's messages, as Meta does when there are many."""
    bodies = []
    for number in range(MESSAGES // STEPS):
        words = f"oi {step * 200 + number}"
        reply = {"id": "nothing", "title": words}
        tap: dict[str, Any] = {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}}
        text: dict[str, Any] = {"type": "text", "text": {"body": words}}
        bodies.append(here.message(JULIA, **(tap if kind == "taps" else text)))
    whole = bodies[0]
    messages = [each["entry"][0]["changes"][0]["value"]["messages"][0] for each in bodies]
    whole["entry"][0]["changes"][0]["value"]["messages"] = messages
    await here.post(whole)


async def test_t47_abuse_by_one_number_costs_a_few_turns_and_nobody_waits(db: Database, clock: StillClock) -> None:
    kind = "taps" if db.sqlite else "texts"
    async with groq() as fake, stage(db, clock, groq_api_key=SecretStr(KEY), groq_base_url=fake.url) as here:
        fake.improvise = lambda _: says(OFFER)
        for step in range(STEPS):
            await flood(here, step, kind)
            if step in (1, 4):  # somebody else asks, and is answered at once
                await here.says(CARLOS, "me ajuda a escolher um dia?")
                assert here.heard(CARLOS) == OFFER
            else:
                await here.settle()
        asked = len(fake.asked)
        assert asked <= RATE + 3
        clock.jump(minutes=1)
        await here.settle()
        async with db.begin() as session:
            left = await session.scalar(
                select(func.count()).select_from(Inbound).where(Inbound.status != InboundStatus.DONE)
            )
            told = await session.scalar(select(func.count()).select_from(Outbound).where(Outbound.kind == "chat"))
            calls = await session.scalar(select(func.count()).select_from(ModelCall))
        # What was over the rate is one turn of the next minute; a tap is always one of its own.
        assert left == (MESSAGES - 200 - PART if kind == "texts" else MESSAGES - 2 * RATE)
        assert (told or 0) <= 2 * RATE + 6
        assert calls == len(fake.asked) <= 2 * RATE + 3
        longest = max(len(json.dumps(each.body)) for each in fake.asked)
        assert longest < 60_000
