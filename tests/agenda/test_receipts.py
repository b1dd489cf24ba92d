"""Receipts: the exact bytes that the tax office imports, and every payment that cannot be among them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agenda import receipts
from bot.agenda.receipts import CODES, Issuer, Paid, export, occupation_of
from bot.db import Database
from bot.models import Client
from bot.models.enums import Payment, Status

from .factories import a_client, a_past_appointment, a_professional, a_service

# Who paid, who was attended, that a receipt is wanted, and who issues it.
TAIL = b";PF;11144477735;11144477735;;;;;S;52998224725;06/123456\r\n"
ISSUER = Issuer(cpf="529.982.247-25", occupation="255", registration="06/123456")
JULIA = Paid(
    appointment_id=UUID(int=1),
    client="Júlia Ramos",
    cpf="11144477735",
    paid_on=date(2026, 11, 26),
    held_on=date(2026, 11, 19),
    cents=150_00,
    status=Status.COMPLETED,
)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {},
            b"26/11/2026;R01.001.001;255;150,00;;Atendimento em 19/11/2026" + TAIL,
        ),
        (
            {"cents": 1_234_56, "paid_on": date(2026, 1, 2), "held_on": date(2025, 12, 30)},
            b"02/01/2026;R01.001.001;255;1234,56;;Atendimento em 30/12/2025" + TAIL,
        ),
        (
            {"cents": 5, "cpf": "111.444.777-35", "status": Status.CONFIRMED},
            b"26/11/2026;R01.001.001;255;0,05;;Atendimento em 19/11/2026" + TAIL,
        ),
    ],
)
def test_a_line_byte_for_byte(changes: dict[str, Any], line: bytes) -> None:
    (file,) = export([replace(JULIA, **changes)], ISSUER).files
    assert file.content == line
    assert (file.lines, file.cents) == (1, changes.get("cents", 150_00))
    assert line.count(b";") == 15


def test_a_council_number_is_optional() -> None:
    (file,) = export([JULIA], replace(ISSUER, registration="")).files
    assert file.content.endswith(b";S;52998224725;\r\n")


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"cpf": None}, ("falta o CPF do cliente",)),
        ({"cpf": ""}, ("falta o CPF do cliente",)),
        ({"cpf": "11144477736"}, ("o CPF do cliente não é válido",)),
        ({"cents": 0}, ("falta o valor",)),
        ({"status": Status.NO_SHOW}, ("o cliente faltou",)),
        ({"status": Status.CANCELLED}, ("o atendimento foi cancelado",)),
        ({"status": Status.PENDING_CONFIRMATION}, ("o pedido ainda não foi confirmado",)),
        ({"cpf": None, "cents": 0}, ("falta o CPF do cliente", "falta o valor")),
    ],
)
def test_what_lacks_something_is_left_out_and_told(changes: dict[str, Any], reasons: tuple[str, ...]) -> None:
    lacking = replace(JULIA, **changes)
    result = export([JULIA, lacking], ISSUER)
    assert [file.lines for file in result.files] == [1]
    assert [(left.payment, left.reasons) for left in result.left] == [(lacking, reasons)]


def test_nothing_to_write_is_no_file() -> None:
    assert export([], ISSUER).files == ()
    assert export([replace(JULIA, cpf=None)], ISSUER).files == ()


@pytest.mark.parametrize(
    ("issuer", "wrong"),
    [
        (replace(ISSUER, cpf=""), "falta um CPF válido do profissional"),
        (replace(ISSUER, cpf="52998224726"), "falta um CPF válido do profissional"),
        (replace(ISSUER, occupation="516"), "a ocupação não emite recibos pelo Receita Saúde"),
        (replace(ISSUER, occupation=""), "a ocupação não emite recibos pelo Receita Saúde"),
        (replace(ISSUER, registration="1;2"), "o registro profissional só pode ter letras, números e sinais comuns"),
        (replace(ISSUER, registration="1\r\n2"), "o registro profissional só pode ter letras, números e sinais comuns"),
        (replace(ISSUER, registration="0" * 16), "o registro profissional passa de 15 caracteres"),
    ],
)
def test_an_issuer_the_tax_office_would_refuse_gets_no_file(issuer: Issuer, wrong: str) -> None:
    result = export([JULIA, replace(JULIA, cpf=None)], issuer)
    assert result.files == ()
    assert result.issuer == (wrong,)
    assert len(result.left) == 1


def test_a_file_has_one_year_and_at_most_a_thousand_lines() -> None:
    old = replace(JULIA, paid_on=date(2025, 12, 31))
    result = export([JULIA] * 1001 + [old] * 2, ISSUER)
    assert [(file.name, file.lines, file.cents) for file in result.files] == [
        ("receita-saude-2025.csv", 2, 300_00),
        ("receita-saude-2026-1.csv", 1000, 150_000_00),
        ("receita-saude-2026-2.csv", 1, 150_00),
    ]


@given(
    st.lists(
        st.builds(
            Paid,
            appointment_id=st.uuids(),
            client=st.text(max_size=20),
            cpf=st.none() | st.sampled_from(["11144477735", "52998224725", "123", ";"]),
            paid_on=st.dates(date(2024, 1, 1), date(2026, 12, 31)),
            held_on=st.dates(date(2024, 1, 1), date(2026, 12, 31)),
            cents=st.integers(-1, 10**7),
            status=st.sampled_from(Status),
        ),
        max_size=30,
    )
)
def test_every_payment_is_in_a_file_or_on_the_list(paid: list[Paid]) -> None:
    result = export(paid, ISSUER)
    lines = [line.split(";") for file in result.files for line in file.content.decode("ascii").split("\r\n")[:-1]]
    assert len(lines) + len(result.left) == len(paid)
    assert all(len(line) == 16 for line in lines)
    total = sum(int(line[3].replace(",", "")) for line in lines)
    assert total + sum(left.payment.cents for left in result.left) == sum(each.cents for each in paid)
    assert all(left.reasons for left in result.left)


@pytest.mark.parametrize(
    ("profession", "code"),
    [
        ("Psicóloga", "255"),
        ("psicólogo clínico", "255"),
        ("Psicologia", "255"),
        ("Médica", "225"),
        ("Cirurgiã-dentista", "226"),
        ("cirurgião dentista", "226"),
        ("Odontologia", "226"),
        ("Fonoaudióloga", "230"),
        ("Fisioterapia", "231"),
        ("Terapeuta ocupacional", "232"),
        ("Médico veterinário", None),
        ("Medicina chinesa", None),
        ("Psicanalista", None),
        ("Nutricionista", None),
        ("Terapeuta holística", None),
        ("barbearia", None),
        ("", None),
    ],
)
def test_the_occupations_that_issue_receipts(profession: str, code: str | None) -> None:
    assert occupation_of(profession) == code
    assert code is None or code in CODES


async def test_payments_are_read_by_the_local_day_they_were_made(db: Database) -> None:
    def paid(month: int, day: int, hour: int) -> dict[str, Any]:
        return {"payment": Payment.PAID, "paid_at": datetime(2026, month, day, hour, 30, tzinfo=UTC)}

    async with db.begin() as session:
        owner = await a_professional(session)
        other = await a_professional(session, name="Outra", number=97770001)
        service = await a_service(session, owner, price_cents=150_00)
        client = await a_client(session, owner)
        (await session.get_one(Client, client.id)).cpf = "11144477735"
        start = datetime(2026, 10, 29, 1, 0, tzinfo=UTC)  # 28/10, 22h in São Paulo
        held = [start + step * timedelta(minutes=30) for step in range(4)]
        done = {"status": Status.COMPLETED}
        # 1/11 at 2h30 UTC is still October in São Paulo; 1/12 at 2h30 UTC is still November.
        await a_past_appointment(session, owner, client, service, held[0], **done, **paid(11, 1, 2))
        first = await a_past_appointment(session, owner, client, service, held[1], **done, **paid(11, 1, 3))
        last = await a_past_appointment(session, owner, client, service, held[2], **done, **paid(12, 1, 2))
        await a_past_appointment(session, owner, client, service, held[3], **done)  # not paid
        foreign = await a_client(session, other, number=88880000)
        await a_past_appointment(session, other, foreign, await a_service(session, other), start, **paid(11, 10, 12))
        found = await receipts.payments(session, owner.id, date(2026, 11, 1), date(2026, 12, 1))
    assert [each.appointment_id for each in found] == [first.id, last.id]
    (file,) = export(found, ISSUER).files
    assert file.content == (
        b"01/11/2026;R01.001.001;255;150,00;;Atendimento em 28/10/2026"
        + TAIL
        + b"30/11/2026;R01.001.001;255;150,00;;Atendimento em 28/10/2026"
        + TAIL
    )


async def test_a_payment_from_before_moments_were_kept_counts_on_its_day(db: Database) -> None:
    async with db.begin() as session:
        owner = await a_professional(session)
        client = await a_client(session, owner)
        start = datetime(2026, 11, 5, 18, 0, tzinfo=UTC)
        await a_past_appointment(session, owner, client, await a_service(session, owner), start, payment=Payment.PAID)
        (found,) = await receipts.payments(session, owner.id, date(2026, 11, 5), date(2026, 11, 6))
    assert (found.paid_on, found.cpf, found.client) == (date(2026, 11, 5), None, "Júlia Lima")
