"""Receipts for the tax office: the payments of health professionals as files for Receita Saúde.

Since 2025 a health professional who works as a person issues each receipt in Receita Saúde, on the day of the
payment; Carnê-Leão Web takes up to a thousand at once from a file. Sixteen fields a line, `;` between them, no
header, every line of one calendar year (manual "Receita Saúde" 2.1, October 2025, questions 24 and 25).

Nothing is made up: a payment that lacks something is left out and listed with what it lacks.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Appointment, Client, Professional
from ..models.enums import Payment, Status
from ..text import plain
from .documents import read_cpf
from .hours import at_wall, local_date

# Beyond this the whole file is refused.
LINES_IN_A_FILE: Final = 1000
REGISTRATION_LIMIT: Final = 15
# Earned without an employer.
_INCOME: Final = "R01.001.001"

# The occupations that Receita Saúde knows, by what people call them, and their codes.
_OCCUPATIONS: Final = (
    (re.compile(r"medic[oa]\b(?!.*veterinari)"), "225"),
    (re.compile(r"(cirurgia(o)?[ -]*)?(dentista|odontolog)"), "226"),
    (re.compile(r"fonoaudiolog"), "230"),
    (re.compile(r"fisioterap"), "231"),
    (re.compile(r"terap(euta|ia) ocupacional"), "232"),
    (re.compile(r"psicolog"), "255"),
)
CODES: Final = frozenset(code for _, code in _OCCUPATIONS)

# Money that was kept although nothing was held is no receipt for a health service; the professional decides.
_NOT_HELD: Final = MappingProxyType(
    {
        Status.PENDING_CONFIRMATION: "o pedido ainda não foi confirmado",
        Status.REJECTED: "o pedido foi recusado",
        Status.CANCELLED: "o atendimento foi cancelado",
        Status.NO_SHOW: "o cliente faltou",
    }
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """The professional as the tax office knows them: CPF, occupation code, number in their council if they have it."""

    cpf: str
    occupation: str
    registration: str = ""


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment of one appointment, on local dates; the payer is the client."""

    appointment_id: UUID
    client: str
    cpf: str | None
    paid_on: date
    held_on: date
    cents: int
    status: Status


@dataclass(frozen=True, slots=True)
class Left:
    """A payment that is in no file, and why, in words for a person."""

    payment: Paid
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content: bytes
    lines: int
    cents: int


@dataclass(frozen=True, slots=True)
class Export:
    """The files, what was left out of them, and what is wrong about the issuer: then there are no files."""

    files: tuple[File, ...]
    left: tuple[Left, ...]
    issuer: tuple[str, ...] = ()


def occupation_of(profession: str) -> str | None:
    """Return the code of a profession as people name theirs ("psicóloga clínica"); None when it issues no receipts."""
    name = plain(profession)
    return next((code for pattern, code in _OCCUPATIONS if pattern.match(name)), None)


async def payments(session: AsyncSession, professional_id: UUID, first: date, end: date) -> list[Paid]:
    """Read what was paid on the local days first <= day < end, in the order it was paid."""
    zone = (await session.get_one(Professional, professional_id)).timezone
    paid_at = func.coalesce(Appointment.paid_at, Appointment.start_at)
    rows = await session.execute(
        select(Appointment, Client, paid_at)
        .join(Client, Client.id == Appointment.client_id)
        .where(
            Appointment.professional_id == professional_id,
            Appointment.payment == Payment.PAID,
            paid_at >= at_wall(zone, first, 0),
            paid_at < at_wall(zone, end, 0),
        )
        .order_by(paid_at, Appointment.id)
    )
    return [
        Paid(
            appointment_id=row.id,
            client=client.name,
            cpf=client.cpf,
            paid_on=local_date(zone, at),
            held_on=local_date(zone, row.start_at),
            cents=row.price_cents,
            status=row.status,
        )
        for row, client, at in rows
    ]


def listing(paid: Sequence[Paid], name: str) -> File:
    """Write payments as a plain list, for whoever issues no receipts of Receita Saúde: date, client, day, amount."""
    rows = ["Pago em;Cliente;Atendimento em;Valor"]
    rows += [
        f"{each.paid_on:%d/%m/%Y};{_cell(each.client)};{each.held_on:%d/%m/%Y};{_amount(each.cents)}" for each in paid
    ]
    # With its mark of order, or spreadsheets take the accents for something else.
    content = "\r\n".join([*rows, ""]).encode("utf-8-sig")
    return File(name, content, len(paid), sum(each.cents for each in paid))


def _amount(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def _cell(text: str) -> str:
    """Return a name that stays in its cell and is no formula of a spreadsheet."""
    text = re.sub(r"[;\r\n\t\"]+", " ", text).strip()
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text


def export(paid: Iterable[Paid], issuer: Issuer) -> Export:
    """Write the files that Carnê-Leão Web imports: one for each year, and another after every thousand lines."""
    complete: list[Paid] = []
    left: list[Left] = []
    for payment in paid:
        if reasons := _reasons(payment):
            left.append(Left(payment, reasons))
        else:
            complete.append(payment)
    if wrong := _wrong_about(issuer):
        return Export((), tuple(left), wrong)
    files: list[File] = []
    for year, of_year in groupby(sorted(complete, key=lambda each: each.paid_on), key=lambda each: each.paid_on.year):
        rows = list(of_year)
        for part, start in enumerate(range(0, len(rows), LINES_IN_A_FILE), 1):
            suffix = f"-{part}" if len(rows) > LINES_IN_A_FILE else ""
            files.append(_file(f"receita-saude-{year}{suffix}.csv", rows[start : start + LINES_IN_A_FILE], issuer))
    return Export(tuple(files), tuple(left))


def _file(name: str, rows: Sequence[Paid], issuer: Issuer) -> File:
    content = "".join(_line(row, issuer) for row in rows)
    return File(name, content.encode("ascii"), len(rows), sum(row.cents for row in rows))


def _line(payment: Paid, issuer: Issuer) -> str:
    cpf = read_cpf(payment.cpf or "") or ""
    fields = (
        f"{payment.paid_on:%d/%m/%Y}",
        _INCOME,
        issuer.occupation,
        _amount(payment.cents),
        "",  # deduction
        # The day, which insurers ask for, and not the service, which is nobody else's affair.
        f"Atendimento em {payment.held_on:%d/%m/%Y}",
        "PF",
        cpf,
        cpf,
        "",  # "the beneficiary's CPF was not told", which a receipt does not allow
        "",  # CNPJ
        "",  # tax withheld
        "",  # how much of it
        "S",  # issue the receipt
        read_cpf(issuer.cpf) or "",
        issuer.registration.strip(),
    )
    return ";".join(fields) + "\r\n"


def _reasons(payment: Paid) -> tuple[str, ...]:
    """Say why a payment can have no receipt; nothing when it can."""
    reasons = []
    if not payment.cpf:
        reasons.append("falta o CPF do cliente")
    elif read_cpf(payment.cpf) is None:
        reasons.append("o CPF do cliente não é válido")
    if payment.cents <= 0:
        reasons.append("falta o valor")
    if payment.status in _NOT_HELD:
        reasons.append(_NOT_HELD[payment.status])
    return tuple(reasons)


def _wrong_about(issuer: Issuer) -> tuple[str, ...]:
    wrong = []
    if read_cpf(issuer.cpf) is None:
        wrong.append("falta um CPF válido do profissional")
    if issuer.occupation not in CODES:
        wrong.append("a ocupação não emite recibos pelo Receita Saúde")
    registration = issuer.registration.strip()
    if not registration.isascii() or not registration.isprintable() or ";" in registration:
        wrong.append("o registro profissional só pode ter letras, números e sinais comuns")
    elif len(registration) > REGISTRATION_LIMIT:
        wrong.append(f"o registro profissional passa de {REGISTRATION_LIMIT} caracteres")
    return tuple(wrong)
