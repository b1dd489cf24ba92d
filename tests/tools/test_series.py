"""The tools of series and of the waitlist: plans that lack them say so, and what is proposed is what is done."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from bot.agenda import daysoff
from bot.conversation.brain import Asker, ToolResult
from bot.db import Database
from bot.models.enums import Plan, Role
from tools.toolbox import Tools, schemas

from ..agenda.world import World
from .test_payments import owner_of


def client_of(world: World) -> Asker:
    return replace(
        owner_of(world), role=Role.CLIENT, contact_id=world.client.contact_id or uuid4(), name=world.client.name
    )


async def use(db: Database, asker: Asker, tool: str, **arguments: Any) -> ToolResult:
    return await Tools(db).for_asker(asker, {}).call(tool, arguments)


@pytest.mark.parametrize(
    ("plan", "tool", "arguments", "says"),
    [
        (Plan.FREE, "book_series", {"rhythm": "", "client": ""}, "Os horários fixos fazem parte do plano Basic"),
        (Plan.BASIC, "join_waitlist", {"when": "qualquer dia"}, "não usa lista de espera"),
    ],
)
async def test_what_a_plan_lacks_is_said_before_anything_is_asked(
    db: Database, plan: Plan, tool: str, arguments: dict[str, Any], says: str
) -> None:
    async with World(db, plan=plan) as world:
        asker = client_of(world) if tool == "join_waitlist" else owner_of(world)
        result = await use(db, asker, tool, **arguments)
    assert result.proposal is None
    assert result.data["ok"] is False
    assert says in result.data["message"]


async def test_what_was_taken_between_the_question_and_the_yes_books_nothing(db: Database) -> None:
    async with World(db) as world:
        result = await use(db, owner_of(world), "book_series", rhythm="toda quinta às 15h, 3 vezes", client="Júlia")
        assert result.proposal is not None
        await world.book()
        with pytest.raises(Exception, match="Nada foi marcado"):
            async with db.begin() as session:
                await Tools(db).perform(
                    session, owner_of(world), "book_series", result.proposal.arguments, key="pending:1"
                )
        assert await world.count() == 1


async def test_a_series_says_which_of_its_days_are_holidays_and_closes_none(db: Database) -> None:
    async with World(db) as world:
        async with db.begin() as session:
            await daysoff.decide(session, world.owner.id, date(2027, 1, 1), closing=True, reason="Feriado")
        words = {"rhythm": "toda sexta às 15h, 4 vezes, a partir de 18/12", "client": "Júlia"}
        result = await use(db, owner_of(world), "book_series", **words)
    assert result.proposal is not None, result.data
    assert "• sexta, 25/12 (feriado: Natal): fica assim mesmo\n" in result.proposal.question
    assert "• sexta, 01/01/2027 (feriado: Confraternização Universal): fica " in result.proposal.question
    assert "18/12 (" not in result.proposal.question


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("toda semana", "rhythm_unclear"),
        ("toda quinta", "rhythm_hour_missing"),
        ("toda quinta às 15h, 1 vez", "series_too_long"),
        ("toda quinta às 3h da manhã", "outside_hours"),
        ("asdf", "rhythm_unclear"),
    ],
)
async def test_words_that_make_no_series_are_refused_with_a_reason(db: Database, words: str, error: str) -> None:
    async with World(db) as world:
        result = await use(db, owner_of(world), "book_series", rhythm=words, client="Júlia")
    assert result.data["error"] == error


@pytest.mark.parametrize(
    ("words", "kept", "says"),
    [
        ("", (None, None, None), "qualquer dia"),
        ("quinta de manhã", (date(2026, 11, 26), 360, 720), "quinta, 26/11, de manhã"),
        ("quinta às 15h", (date(2026, 11, 26), 900, 930), "quinta, 26/11, às 15h"),
        ("quinta depois das 15h", (date(2026, 11, 26), 900, 1440), "quinta, 26/11, a partir das 15h"),
        ("quinta entre 14h e 16h", (date(2026, 11, 26), 840, 960), "quinta, 26/11, entre 14h e 16h"),
    ],
)
async def test_a_wish_is_kept_as_it_was_said(db: Database, words: str, kept: tuple[Any, ...], says: str) -> None:
    async with World(db) as world:
        result = await use(db, client_of(world), "join_waitlist", when=words)
    assert result.proposal is not None, result.data
    assert f"Quando: *{says}*" in result.proposal.question
    day, start, end = kept
    arguments = result.proposal.arguments
    assert (arguments["day"], arguments["start"], arguments["end"]) == (day.isoformat() if day else None, start, end)


def test_each_side_has_its_own_tools() -> None:
    names = {role: {tool["function"]["name"] for tool in schemas(role)} for role in Role}
    both = {"cancel_series", "get_waitlist", "leave_waitlist"}
    owners = {"book_series", "move_series", "block_time", "set_pix_key", "export_receipts", "set_price"}
    assert both <= names[Role.CLIENT] & names[Role.PROFESSIONAL]
    assert owners <= names[Role.PROFESSIONAL] - names[Role.CLIENT]
    assert "join_waitlist" in names[Role.CLIENT] - names[Role.PROFESSIONAL]
