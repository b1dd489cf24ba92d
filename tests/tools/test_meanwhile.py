"""What is agreed to is what was asked: an appointment that changed in between is left as it is."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.agenda import owners
from bot.agenda.refusals import AppointmentChanged, AppointmentMoved, OutsideHours
from bot.conversation.brain import Asker, Proposal
from bot.conversation.dialogue.refusals import Outdated, explain
from bot.db import Database
from bot.models import Appointment, Conversation
from bot.models.enums import Action, Actor, Channel, LatePolicy, Role
from bot.whatsapp.outgoing import Text
from tools.toolbox import Tools

from ..agenda.factories import NOW, THURSDAY_15H, a_client
from ..agenda.world import DAY, HOUR, LATER, World
from .test_payments import owner_of, tokens
from .test_series import client_of


async def proposed(db: Database, world: World, row: Appointment, tool: str, **arguments: Any) -> Proposal:
    known = tokens(row) | {"c3d4": {"kind": "slot", "start": (LATER + HOUR).isoformat()}}
    asked = Tools(db).for_asker(owner_of(world), {"tokens": known})
    result = await asked.call(tool, {"appointment": "a1b2", **arguments})
    assert result.proposal is not None, result.data
    return result.proposal


async def agreed(db: Database, world: World, proposal: Proposal, **asker: Any) -> None:
    async with db.begin() as session:
        who = owner_of(world, **asker)
        await Tools(db).perform(session, who, proposal.tool, proposal.arguments, key="pending:1")


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("cancel_appointment", {}),
        ("update_appointment_status", {"action": "paid"}),
        ("reschedule_appointment", {"slot": "c3d4"}),
        ("request_payment", {}),
    ],
)
async def test_a_yes_about_a_time_does_nothing_to_another(db: Database, tool: str, arguments: dict[str, str]) -> None:
    async with World(db, pix_key="+5511977776666") as world:
        row = await world.book()
        proposal = await proposed(db, world, row, tool, **arguments)
        moved = await world.move(row, LATER + DAY, **world.as_owner())
        with pytest.raises(AppointmentMoved, match="sexta, 27/11, às 16h"):
            await agreed(db, world, proposal)
        async with db.begin() as session:
            now = await session.get_one(Appointment, row.id)
        assert (now.status, now.start_at, now.sequence) == (moved.status, moved.start_at, moved.sequence)


@pytest.mark.parametrize(("tool", "arguments"), [("cancel_series", {}), ("move_series", {"to": "às 17h"})])
async def test_a_yes_about_the_rest_of_a_series_means_as_many_as_it_showed(
    db: Database, tool: str, arguments: dict[str, str]
) -> None:
    async with World(db) as world:
        asker = owner_of(world)
        booked = (
            await Tools(db)
            .for_asker(asker, {})
            .call("book_series", {"rhythm": "toda quinta às 15h, 3 vezes", "client": "Júlia"})
        )
        assert booked.proposal is not None
        await agreed(db, world, booked.proposal)
        async with db.begin() as session:
            first, _, last = await session.scalars(select(Appointment).order_by(Appointment.start_at))
        proposal = await proposed(db, world, first, tool, **arguments)
        assert tool == "cancel_series" or "E mais 2 horários (toda quinta, às 17h)" in proposal.question
        await world.act(last, Action.CANCEL)
        with pytest.raises(AppointmentChanged):
            await agreed(db, world, proposal)
        async with db.begin() as session:
            assert (await session.get_one(Appointment, first.id)).sequence == first.sequence


async def test_only_the_client_who_was_named_is_told_of_a_delay(db: Database) -> None:
    async with World(db) as world:
        await world.book()
        async with db.begin() as session:
            other = await a_client(session, world.owner, name="Caio Reis", number=88880002)
            for client in (world.client, other):
                session.add(
                    Conversation(
                        channel=Channel.CLOUD,
                        account="100",
                        contact_id=client.contact_id,
                        mode=Role.CLIENT,
                        last_inbound_at=THURSDAY_15H - HOUR,
                        created_at=NOW,
                    )
                )
        world.client, julia = other, world.client
        await world.book(LATER, actor=Actor.PROFESSIONAL)
        world.client = julia
        soon = owner_of(world, now=THURSDAY_15H - timedelta(minutes=5))
        result = await Tools(db).for_asker(soon, {}).call("warn_of_delay", {"minutes": 15})
        assert result.proposal is not None
        assert "Júlia" in result.proposal.question
        with pytest.raises(AppointmentChanged):
            # Her time is long over: the next one is not whom the question named.
            await agreed(db, world, result.proposal, now=THURSDAY_15H + timedelta(minutes=15))


async def test_who_closes_a_day_is_told_of_what_was_booked_meanwhile(db: Database) -> None:
    async with World(db) as world:
        asked = await Tools(db).for_asker(owner_of(world), {}).call("block_time", {"when": "quinta"})
        assert asked.proposal is not None
        assert "Júlia" not in asked.proposal.question
        await world.book()
        async with db.begin() as session:
            said = await Tools(db).perform(
                session, owner_of(world), asked.proposal.tool, asked.proposal.arguments, key="pending:1"
            )
        assert isinstance(said, Text)
        assert "• quinta, 26/11, às 15h: Júlia Lima, Corte" in said.body


CHANGES: dict[str, dict[str, Any]] = {
    "Valor: R$ 90,00": {"price_cents": 90_00},
    "*Corte* (1h)": {"minutes": 60},
    "*Corte Premium* (30 min)": {"name": "Corte Premium"},
}


@pytest.mark.parametrize("side", ["client", "professional"])
@pytest.mark.parametrize("shows", CHANGES)
async def test_a_yes_to_one_price_books_no_other(db: Database, side: str, shows: str) -> None:
    async with World(db) as world:
        asker = owner_of(world) if side == "professional" else client_of(world)
        slot = {"kind": "slot", "start": THURSDAY_15H.isoformat(), "service_id": str(world.service.id)}
        whom = {"client": "Júlia"} if side == "professional" else {}
        asked = (
            await Tools(db)
            .for_asker(asker, {"tokens": {"c3d4": slot}})
            .call("book_appointment", {"slot": "c3d4"} | whom)
        )
        assert asked.proposal is not None
        async with db.begin() as session:
            await owners.edit_service(session, world.owner.id, world.service.id, **CHANGES[shows])
        again = await asked_again(db, asker, asked.proposal)
        assert await world.count() == 0
        assert shows in again.question
        assert again.hold is not None
        async with db.begin() as session:
            await Tools(db).perform(session, asker, again.tool, again.arguments, key="pending:2")
        assert await world.count() == 1


async def test_a_yes_to_a_length_that_no_longer_fits_is_refused_with_what_does(db: Database) -> None:
    async with World(db) as world:
        slot = {"kind": "slot", "start": THURSDAY_15H.isoformat(), "service_id": str(world.service.id)}
        toolbox = Tools(db).for_asker(client_of(world), {"tokens": {"c3d4": slot}})
        asked = await toolbox.call("book_appointment", {"slot": "c3d4"})
        assert asked.proposal is not None
        async with db.begin() as session:
            await owners.edit_service(session, world.owner.id, world.service.id, minutes=12 * 60)
        with pytest.raises(OutsideHours):
            await perform(db, client_of(world), asked.proposal)
        assert await world.count() == 0


async def test_a_yes_to_a_series_means_the_price_that_it_showed(db: Database) -> None:
    async with World(db) as world:
        asker, words = owner_of(world), {"rhythm": "toda quinta às 15h, 3 vezes", "client": "Júlia"}
        asked = await Tools(db).for_asker(asker, {}).call("book_series", words)
        assert asked.proposal is not None
        async with db.begin() as session:
            await owners.edit_service(session, world.owner.id, world.service.id, price_cents=90_00)
        again = await asked_again(db, asker, asked.proposal)
        assert await world.count() == 0
        assert "Valor: R$ 90,00 cada" in again.question
        await perform(db, asker, again)
        assert await world.count() == 3


GIVING_UP: dict[str, dict[str, str]] = {"cancel_appointment": {}, "reschedule_appointment": {"slot": "c3d4"}}
WARNING = "O prazo de Bia Souza para cancelar ou remarcar ia até 24 horas antes do horário e já passou."


@pytest.mark.parametrize("tool", GIVING_UP)
async def test_a_client_is_warned_before_a_time_is_given_up_late(db: Database, tool: str) -> None:
    async with World(db, cancel_deadline_hours=24, late_policy=LatePolicy.WARN) as world:
        row = await world.book(actor=Actor.PROFESSIONAL)
        known = tokens(row) | {"c3d4": {"kind": "slot", "start": (LATER + DAY).isoformat()}}

        async def asked(asker: Asker) -> Proposal:
            arguments = {"appointment": "a1b2", **GIVING_UP[tool]}
            result = await Tools(db).for_asker(asker, {"tokens": known}).call(tool, arguments)
            assert result.proposal is not None, result.data
            return result.proposal

        late = THURSDAY_15H - 2 * HOUR
        assert WARNING not in (await asked(owner_of(world, now=late))).question
        assert WARNING in (await asked(replace(client_of(world), now=late))).question
        in_time = await asked(replace(client_of(world), now=THURSDAY_15H - DAY))
        assert WARNING not in in_time.question
        # What was asked in time is agreed to when it is not: the warning comes first.
        answered = replace(client_of(world), now=THURSDAY_15H - DAY + timedelta(minutes=5))
        again = await asked_again(db, answered, in_time)
        assert WARNING in again.question
        await perform(db, answered, again)
        async with db.begin() as session:
            assert (await session.get_one(Appointment, row.id)).sequence == row.sequence + 1


async def test_a_client_who_moves_is_told_first_that_it_is_a_question(db: Database) -> None:
    async with World(db) as world:
        row = await world.book(actor=Actor.PROFESSIONAL)
        known = tokens(row) | {"c3d4": {"kind": "slot", "start": LATER.isoformat()}}
        toolbox = Tools(db).for_asker(client_of(world), {"tokens": known})
        result = await toolbox.call("reschedule_appointment", {"appointment": "a1b2", "slot": "c3d4"})
        assert result.proposal is not None
        assert "O horário antigo fica livre na hora, e o novo ainda depende da confirmação" in result.proposal.question


async def perform(db: Database, asker: Asker, proposal: Proposal) -> None:
    async with db.begin() as session:
        await Tools(db).perform(session, asker, proposal.tool, proposal.arguments, key="pending:1")


async def asked_again(db: Database, asker: Asker, proposal: Proposal) -> Proposal:
    with pytest.raises(Outdated) as outdated:
        await perform(db, asker, proposal)
    again = explain(outdated.value, asker, proposal.arguments).proposal
    assert again is not None
    assert "mudou depois que eu perguntei" in again.question
    return again
