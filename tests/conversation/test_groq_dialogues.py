"""The main dialogues through Groq: the real SDK against the strict server, the real tools, both databases.

The model here is a small script: it reads the message as a model would get it, and copies tokens out of tool
results. What it may not do is decide: every write waits for the person's tap, and receipts come from rows.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.db import Database
from bot.models import Appointment, ModelCall
from bot.models.enums import Status
from bot.seed import CLIENTS

from ..conftest import StillClock
from ..fakes.groq import KEY, Asked, Groq, Step, calls, fails, groq, says
from ..fakes.groq_rules import broken_rule
from ..stage import JULIA, RAFAEL, Stage, stage


def found(asked: Asked, tool: str) -> dict[str, Any] | None:
    """Return what a tool answered in this turn, if it was called."""
    names: dict[str, str] = {}
    answer = None
    for message in asked.body["messages"]:
        if message["role"] == "user":
            names, answer = {}, None
        for call in message.get("tool_calls") or []:
            names[call["id"]] = call["function"]["name"]
        if message["role"] == "tool" and names.get(message["tool_call_id"]) == tool:
            answer = json.loads(message["content"])
    return answer


def said(asked: Asked) -> str:
    """Return the last message of the person."""
    spoken = [json.loads(each["content"]) for each in asked.body["messages"] if each["role"] == "user"]
    return str(spoken[-1]["mensagem"])


def model(asked: Asked) -> Step:
    """Answer as a sensible model would."""
    text = said(asked)
    if "marcar um corte" in text:
        free = found(asked, "list_free_slots")
        if free is None:
            return calls("list_free_slots", {"when": "amanhã de manhã", "service": "corte"})
        return says("Amanhã de manhã tenho " + ", ".join(slot["hour"] for slot in free["slots"]) + ". Qual prefere?")
    if "às 9h" in text:
        free = found(asked, "list_free_slots")
        if free is None:
            return calls("list_free_slots", {"when": "amanhã às 9h", "service": "corte"})
        return calls("book_appointment", {"slot": free["exact"]["token"]})
    if "desmarcar" in text:
        mine = found(asked, "my_appointments")
        if mine is None:
            return calls("my_appointments", {})
        return calls("cancel_appointment", {"appointment": mine["appointments"][0]["token"]})
    if "quem tenho" in text:
        day = found(asked, "get_appointments_today")
        if day is None:
            return calls("get_appointments_today", {"when": "hoje"})
        return says(f"{day['day']}: {day['count']} horários.")
    if "faturei" in text:
        revenue = found(asked, "get_revenue_summary")
        if revenue is None:
            return calls("get_revenue_summary", {"period": "este mês"})
        return says(f"Recebido {revenue['received']}.")
    return says("Em que posso ajudar?")


@pytest.fixture
async def service() -> AsyncIterator[Groq]:
    async with groq() as fake:
        fake.improvise = model
        yield fake


@pytest.fixture
async def here(db: Database, clock: StillClock, service: Groq) -> AsyncIterator[Stage]:
    async with stage(db, clock, groq_api_key=SecretStr(KEY), groq_base_url=service.url) as ready:
        yield ready


async def test_booking_confirming_and_cancelling(here: Stage, service: Groq) -> None:
    await here.says(JULIA, "oi, queria marcar um corte amanhã de manhã")
    assert "9h" in here.heard(JULIA)
    await here.says(JULIA, "às 9h está ótimo")
    question = here.heard(JULIA)
    assert "Posso marcar?" in question
    assert "domingo, 22/11, às 9h" in question
    assert here.heard(RAFAEL) == ""
    await here.taps(JULIA, "Sim")
    assert "domingo, 22/11, às 9h" in here.heard(JULIA)
    assert "Júlia Ramos" in here.heard(RAFAEL)
    await here.taps(RAFAEL, "Confirmar")
    assert "confirmado" in here.heard(JULIA)
    await here.says(JULIA, "vou ter que desmarcar")
    assert "Quer mesmo cancelar" in here.heard(JULIA)
    await here.says(JULIA, "sim")
    assert "cancelado" in here.heard(JULIA)
    assert "cancelado" in here.heard(RAFAEL)
    async with here.services.db.begin() as session:
        row = (await session.scalars(select(Appointment).where(Appointment.created_at > here.began))).one()
        assert row.status is Status.CANCELLED
        assert await session.scalar(select(func.count()).select_from(ModelCall)) == len(service.asked)


async def test_a_professional_asks(here: Stage) -> None:
    await here.says(RAFAEL, "quem tenho hoje?")
    assert "hoje, sábado, 21/11" in here.heard(RAFAEL)
    await here.says(RAFAEL, "quanto faturei esse mês?")
    assert "R$ " in here.heard(RAFAEL)


async def test_when_the_service_is_down_the_rules_answer(here: Stage, service: Groq) -> None:
    service.improvise = lambda _: fails(503)
    await here.says(JULIA, "oi, queria marcar um corte amanhã de manhã")
    assert "livres" in here.heard(JULIA)


async def test_a_lie_is_not_sent(here: Stage, service: Groq) -> None:
    service.improvise = lambda _: says("Prontinho, Júlia! Seu corte está agendado para amanhã às 9h.")
    await here.says(JULIA, "marca pra mim")
    assert "agendado" not in here.heard(JULIA)
    async with here.services.db.begin() as session:
        assert await session.scalar(select(Appointment.id).where(Appointment.created_at > here.began)) is None


async def test_no_address_of_anybody_reaches_the_service(here: Stage, service: Groq) -> None:
    await here.says(JULIA, "oi, queria marcar um corte amanhã de manhã, meu número é 11 98888-7777 e julia@exemplo.com")
    await here.says(RAFAEL, "quem tenho hoje?")
    sent = "".join(asked.raw for asked in service.asked)
    for private in ("98888", "8888-7777", "julia@exemplo.com", "tesoura", *(one.phone[-8:] for one in CLIENTS)):
        assert private not in sent


async def test_the_real_tools_are_ones_the_service_takes(here: Stage, service: Groq) -> None:
    await here.says(JULIA, "bom dia")
    await here.says(RAFAEL, "bom dia")
    assert len(service.asked) == 2
    for asked in service.asked:
        assert broken_rule(asked.body) is None
    client, professional = (asked.offered for asked in service.asked)
    assert "update_appointment_status" not in client
    assert "get_customer_by_phone" not in client
    assert "my_appointments" not in professional
