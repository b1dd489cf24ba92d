"""What a model writes into a tool: all of it is meant, or the tool says why not; half of it is something else."""

from collections.abc import Sequence
from typing import Any

from bot.conversation.brain import Asker, ToolResult
from bot.db import Database
from bot.models.enums import Action, Actor
from tools.toolbox import RoleTools, Tools

from ..agenda.factories import THURSDAY_15H, a_client, a_service
from ..agenda.world import World
from .test_payments import owner_of, tokens
from .test_series import client_of, use

TWO_DAYS = "Isso pode ser mais de um dia ou horário: quinta, 26/11, de manhã; sexta, 27/11, de manhã."
UNCLEAR = "Não entendi o dia."


async def called(db: Database, asker: Asker, call: str, argument: str) -> ToolResult:
    """Call a tool with one argument; the others are what they mostly are."""
    tool, _, name = call.partition(".")
    others: dict[str, dict[str, Any]] = {
        "book_series": {"client": "Júlia"},
        "set_price": {"price": "60"} if name == "service" else {},
    }
    return await use(db, asker, tool, **others.get(tool, {}), **{name: argument})


HALVES: Sequence[tuple[str, Any, str]] = (
    ("list_free_slots.when", "quinta ou sexta de manhã", TWO_DAYS),
    ("block_time.when", "quinta ou sexta de manhã", TWO_DAYS),
    ("get_appointments_today.when", "quinta e sexta de manhã", TWO_DAYS),
    ("list_free_slots.when", "amanhã às 10 e às 11", "22/11, às 10h da manhã; domingo, 22/11, às 11h da manhã"),
    ("list_free_slots.when", "tomorrow at 3pm", UNCLEAR),
    ("get_appointments_today.when", "tomorrow at 3pm", UNCLEAR),
    ("list_free_slots.when", "essa semana e a próxima", UNCLEAR),
    ("list_free_slots.when", "2026-11-26T15:00:00Z", UNCLEAR),
    ("list_free_slots.when", "2026-11-20", "já passou"),
    ("get_appointments_today.when", "26 e 27 de novembro", "quinta, 26/11; sexta, 27/11"),
    ("get_appointments_today.when", "dezembro", UNCLEAR),
    ("get_appointments_today.when", "não pode ser quinta", UNCLEAR),
    ("block_time.when", "semana que vem menos quinta", UNCLEAR),
    ("block_time.when", "essa semana e a próxima", UNCLEAR),
    ("block_time.when", "de 10 a 12/12 e de 20 a 22/12", "de quinta, 10/12 a sábado, 12/12; de domingo, 20/12"),
    ("get_revenue_summary.period", "este mês e o passado", "De qual período?"),
    ("set_price.price", "10%", "Qual é o novo preço?"),
    ("set_price.price", "mais 10", "Qual é o novo preço?"),
    ("set_price.price", "50 a partir de dezembro", "Qual é o novo preço?"),
    ("set_price.service", "corte e sobrancelha", "Qual serviço?"),
    ("book_series.rhythm", "toda quinta às 15h, menos dia 24/12", "não pula datas"),
    ("book_series.rhythm", "toda quinta às 15h por 8 semanas e depois quinzenal", "com que frequência"),
    ("book_series.rhythm", "toda quinta às 15h desde amanhã 4 vezes", "com que frequência"),
    ("set_hours.hours", "só essa quinta das 9h às 12h", "toda semana"),
    ("set_hours.hours", "quinta das 9h às 12h a partir de dezembro", "toda semana"),
    ("save_services.services", ["Corte, 30 min, R$ 50; Barba, 20 min, R$ 30"], "Não entendi o serviço"),
    ("find_appointments.client", "", "Qual é o nome"),
)


async def test_half_of_what_is_said_is_not_done(db: Database) -> None:
    async with World(db) as world:
        for call, argument, says in HALVES:
            result = await called(db, owner_of(world), call, argument)
            assert result.proposal is None, (call, argument)
            assert says in result.data.get("message", ""), (call, argument, result.data)


async def test_all_of_what_is_said_is_asked_about(db: Database) -> None:
    wholes: dict[tuple[str, Any], str] = {
        ("block_time.when", "2026-11-26T15:00:00-03:00"): "quinta, 26/11, das 15h às 16h",
        ("block_time.when", "semana que vem à tarde"): "(6 dias), das 12h às 18h",
        ("block_time.when", "de 10 a 12/12 depois das 15h"): "(2 dias), a partir das 15h",
        ("set_price.price", 60): "Para: *R$ 60,00*",
    }
    async with World(db) as world:
        for (call, argument), asks in wholes.items():
            result = await called(db, owner_of(world), call, argument)
            assert result.proposal is not None, (argument, result.data)
            assert asks in result.proposal.question


async def test_nobody_waits_for_more_than_was_said(db: Database) -> None:
    wishes = {"qualquer dia de manhã": "*qualquer dia, de manhã*", "quinta, qualquer horário": "*quinta, 26/11*"}
    async with World(db) as world:
        for words, asks in wishes.items():
            result = await use(db, client_of(world), "join_waitlist", when=words)
            assert result.proposal is not None
            assert asks in result.proposal.question
        for words in ("qualquer dia menos quinta", "qualquer dia às 15h", "tomorrow at 3pm"):
            assert (await use(db, client_of(world), "join_waitlist", when=words)).proposal is None, words


async def test_any_day_is_the_soonest(db: Database) -> None:
    async with World(db) as world:
        for words in ("qualquer dia", "o mais cedo possível", None):
            result = await use(db, client_of(world), "list_free_slots", when=words)
            assert result.data["slots"][0]["label"] == "sábado, 21/11, às 11h"


async def test_who_was_found_and_who_was_not_is_told_by_name(db: Database) -> None:
    async with World(db) as world:
        async with db.begin() as session:
            await a_client(session, world.owner, name="Caio Reis", number=88880002)
        tools = Tools(db).for_asker(owner_of(world), {})
        found = await tools.call("get_customer_by_phone", {"query": "a Júlia, Caio e Bento"})
        assert [each["name"] for each in found.data["customers"]] == ["Júlia Lima", "Caio Reis"]
        assert found.data["not_found"] == ["Bento"]
        result = await tools.call("find_appointments", {"client": "Caio e Bento"})
        assert (result.data["error"], result.data["message"]) == ("client_ambiguous", "Um cliente de cada vez.")
        # The tokens of a refusal can be used at once.
        assert (await tools.call("find_appointments", {"client": result.data["customers"][0]["token"]})).data["ok"]


async def test_a_service_that_is_not_named_alone_is_one_of_these(db: Database) -> None:
    async with World(db) as world:
        async with db.begin() as session:
            await a_service(session, world.owner, name="Barba")
        result = await use(db, owner_of(world), "list_free_slots", service="corte, barba")
    assert [each["name"] for each in result.data["services"]] == ["Corte", "Barba"]


async def test_a_series_goes_to_the_day_that_was_said(db: Database) -> None:
    async with World(db) as world:
        tools = Tools(db).for_asker(owner_of(world), {})
        words = {"rhythm": "toda quinta às 15h, 4 vezes", "client": "Júlia"}
        await agree(db, world, await tools.call("book_series", words))
        (first, *_) = (await tools.call("find_appointments", {"client": "Júlia"})).data["coming"]
        moves = {
            "sexta às 10h": "Para: *sexta, 27/11, às 10h*",
            "dia 11 às 10h": "Para: *sexta, 11/12, às 10h*",
            "11 de dezembro às 10h": "Para: *sexta, 11/12, às 10h*",
            "friday 10am": "day_unclear",
            "sexta às 10h quinzenal": "day_unclear",
            "quinta às 15h": "same_time",
        }
        for words_, wanted in moves.items():
            result = await tools.call("move_series", {"appointment": first["token"], "to": words_})
            assert wanted in (result.proposal.question if result.proposal else result.data["error"]), words_


async def test_what_changes_nothing_is_not_asked_about(db: Database) -> None:
    async with World(db) as world:
        row = await world.book(actor=Actor.PROFESSIONAL)
        await world.act(row, Action.PAID)
        slot = {"c3d4": {"kind": "slot", "start": THURSDAY_15H.isoformat(), "service_id": str(world.service.id)}}
        tools: RoleTools = Tools(db).for_asker(owner_of(world), {"tokens": tokens(row) | slot})
        moved = await tools.call("reschedule_appointment", {"appointment": "A1B2 ", "slot": "c3d4"})
        paid = await tools.call("update_appointment_status", {"appointment": "a1b2", "action": "paid"})
        unknown = await tools.call("cancel_appointment", {"appointment": "quinta às 15h"})
    assert (moved.data["error"], paid.data["error"]) == ("same_time", "already_paid")
    assert "find_appointments" in unknown.data["hint"]


async def test_who_is_in_the_address_book_is_not_entered_again(db: Database) -> None:
    async with World(db) as world:
        slot = {"c3d4": {"kind": "slot", "start": THURSDAY_15H.isoformat(), "service_id": str(world.service.id)}}
        tools = Tools(db).for_asker(owner_of(world), {"tokens": slot})
        known = await tools.call("book_appointment", {"slot": "c3d4", "client": "júlia lima", "new_client": True})
        nobody = await tools.call("book_appointment", {"slot": "c3d4", "client": " ", "new_client": True})
    assert known.proposal is not None
    assert known.proposal.arguments["client_id"] == str(world.client.id)
    assert nobody.data["error"] == "name_missing"


async def agree(db: Database, world: World, result: ToolResult) -> None:
    assert result.proposal is not None, result.data
    async with db.begin() as session:
        asker, proposal = owner_of(world), result.proposal
        await Tools(db).perform(session, asker, proposal.tool, proposal.arguments, key="pending:1")
