"""The tools of money: proposed, agreed to, and done once; a picture that is drawn for the one who asks."""

import base64
from dataclasses import replace
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.agenda import charge
from bot.agenda.refusals import AppointmentUnknown
from bot.conversation.brain import Asker
from bot.db import Database
from bot.models import Appointment, Outbound
from bot.models.enums import Action, Role
from bot.whatsapp.outgoing import Image, Text
from tools.appointments import as_asked
from tools.base import Context, Effect, TokenUnknown
from tools.payments import RequestPayment, SendRevenueChart
from tools.periods import PeriodUnclear
from tools.toolbox import Tools

from ..agenda.factories import NOW, a_professional
from ..agenda.world import World


def owner_of(world: World, **fields: Any) -> Asker:
    asker = Asker(
        role=Role.PROFESSIONAL,
        conversation_id=uuid4(),
        contact_id=uuid4(),
        professional_id=world.owner.id,
        client_id=None,
        name=world.owner.name,
        now=NOW,
        zone=ZoneInfo("America/Sao_Paulo"),
    )
    return replace(asker, **fields)


def tokens(row: Appointment) -> dict[str, Any]:
    return {"a1b2": {"kind": "appointment", "id": str(row.id)}}


async def requests(db: Database) -> list[Outbound]:
    async with db.begin() as session:
        return list(await session.scalars(select(Outbound).where(Outbound.kind == "payment_request")))


async def test_a_payment_is_asked_for_after_a_yes_and_once(db: Database) -> None:
    async with World(db, pix_key="+5511977776666") as world:
        row = await world.book()
        toolbox = Tools(db).for_asker(owner_of(world), {"tokens": tokens(row)})
        result = await toolbox.call("request_payment", {"appointment": "a1b2"})
        assert result.data["ok"] is True
        proposal = result.proposal
        assert proposal is not None
        assert proposal.question == (
            "Posso enviar a cobrança por Pix?\n\nCliente: *Júlia Lima*\nServiço: *Corte*\n"
            "Quando: *quinta, 26/11, às 15h*\nValor: *R$ 50,00*"
        )
        assert await requests(db) == []
        for _ in range(2):
            async with db.begin() as session:
                said = await Tools(db).perform(
                    session, owner_of(world), proposal.tool, proposal.arguments, key="pending:1"
                )
        assert isinstance(said, Text)
        assert said.body.startswith("💸 O Pix de *R$ 50,00* está a caminho de *Júlia Lima*")
        (owed,) = await requests(db)
        assert owed.payload["pix_code"].startswith("00020126360014BR.GOV.BCB.PIX0114+5511977776666")


async def test_what_cannot_be_charged_is_said_before_the_question(db: Database) -> None:
    async with World(db, pix_key=None) as world:
        row = await world.book()
        toolbox = Tools(db).for_asker(owner_of(world), {"tokens": tokens(row)})
        result = await toolbox.call("request_payment", {"appointment": "a1b2"})
        assert result.proposal is None
        assert result.data == {
            "ok": False,
            "error": "pix_key_missing",
            "message": "Para cobrar por Pix, cadastre primeiro a sua chave Pix.",
        }


async def test_what_was_paid_between_the_question_and_the_yes_is_not_charged(db: Database) -> None:
    async with World(db, pix_key="+5511977776666") as world:
        row = await world.book()
        await world.act(row, Action.PAID)
        with pytest.raises(charge.AlreadyPaid):
            async with db.begin() as session:
                await RequestPayment.perform(session, owner_of(world), as_asked(row), key="k")
        assert await requests(db) == []


async def test_tokens_and_appointments_of_others_do_not_exist(db: Database) -> None:
    async with World(db, pix_key="+5511977776666") as world:
        row = await world.book()
        async with db.begin() as session:
            other = await a_professional(session, name="Outra", number=97770001, pix_key="+5511977776666")
            stranger = owner_of(world, professional_id=other.id)
            with pytest.raises(AppointmentUnknown):
                await RequestPayment(appointment="a1b2").call(Context(session, stranger, tokens(row), {}))
            with pytest.raises(AppointmentUnknown):
                await RequestPayment.perform(session, stranger, as_asked(row), key="k")
            with pytest.raises(TokenUnknown):
                await RequestPayment(appointment="zzzz").call(Context(session, owner_of(world), tokens(row), {}))


async def test_the_chart_is_a_picture_for_the_professional(db: Database) -> None:
    async with World(db) as world:
        await world.act(await world.book(), Action.PAID)
        async with db.begin() as session:
            result = await SendRevenueChart().call(Context(session, owner_of(world), {}, {}))
    picture = result.say
    assert isinstance(picture, Image)
    assert base64.b64decode(picture.data).startswith(b"\x89PNG")
    assert picture.caption.startswith("*Faturamento: este mês*\nRecebido: *R$ 50,00*\nPara comparar, em outubro: ")


async def test_words_that_name_no_period_are_asked_about(db: Database) -> None:
    async with World(db) as world, db.begin() as session:
        with pytest.raises(PeriodUnclear):
            await SendRevenueChart(period="blá").call(Context(session, owner_of(world), {}, {}))


def test_only_the_professional_has_these_tools() -> None:
    for tool, effect in ((RequestPayment, Effect.PROPOSE), (SendRevenueChart, Effect.READ)):
        assert tool.roles == frozenset({Role.PROFESSIONAL})
        assert tool.effect is effect
        assert tool.offer()["function"]["description"]
