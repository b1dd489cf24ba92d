"""What a professional asks about: the day, the money of a period, one client."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, case, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Swift
from ..models import Appointment, Client, ClientNote, Professional
from ..models.enums import STANDING, Payment, Status
from .lifecycle import BLOCKING
from .parties import table

# What fits one list, with a row left for what else there is to do.
COMING: Final = 9


@dataclass(frozen=True, slots=True)
class Standing:
    """An appointment as it is told, with the names of its two sides last."""

    id: UUID
    series_id: UUID | None
    service_name: str
    price_cents: int
    start_at: datetime
    status: Status
    payment: Payment
    note: str
    client: str
    professional: str


@dataclass(frozen=True, slots=True)
class Line:
    """The money of one service in a period; centavos."""

    service: str
    appointments: int
    received_cents: int
    expected_cents: int


@dataclass(frozen=True, slots=True)
class Revenue:
    """The money of a period; centavos.

    Received is what was paid within the period, whenever the appointment was. Expected is what appointments of the
    period that stand (requested, confirmed or completed) have not paid yet. The appointments counted are the ones
    of the period that stand.
    """

    received_cents: int
    expected_cents: int
    appointments: int
    paid_count: int
    no_shows: int
    by_service: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """What is known of a client; `notes` counts the notes, which are read elsewhere."""

    client: Client
    visits: int
    no_shows: int
    last: datetime | None
    next: datetime | None
    spent_cents: int
    notes: int


async def revenue(session: AsyncSession, professional_id: UUID, start: datetime, end: datetime) -> Revenue:
    """Sum up the money of start <= t < end, aware UTC."""
    # Rows from before payments had a moment count at their start.
    paid_at = func.coalesce(Appointment.paid_at, Appointment.start_at)
    paid = and_(Appointment.payment == Payment.PAID, paid_at >= start, paid_at < end)
    within = and_(Appointment.start_at >= start, Appointment.start_at < end)
    stands = and_(within, Appointment.status.in_(BLOCKING))
    owed = and_(stands, Appointment.payment.in_([Payment.UNPAID, Payment.AUTHORIZED]))
    price = Appointment.price_cents
    rows = await session.execute(
        select(
            Appointment.service_name,
            func.sum(case((stands, 1), else_=0)),
            func.sum(case((paid, 1), else_=0)),
            func.sum(case((paid, price), else_=0)),
            func.sum(case((owed, price), else_=0)),
            func.sum(case((and_(within, Appointment.status == Status.NO_SHOW), 1), else_=0)),
        )
        .where(Appointment.professional_id == professional_id, or_(within, paid))
        .group_by(Appointment.service_name)
        .order_by(Appointment.service_name)
    )
    found = [(name, int(n), int(paid_n), int(got), int(due), int(missed)) for name, n, paid_n, got, due, missed in rows]
    return Revenue(
        received_cents=sum(got for _, _, _, got, _, _ in found),
        expected_cents=sum(due for _, _, _, _, due, _ in found),
        appointments=sum(n for _, n, _, _, _, _ in found),
        paid_count=sum(paid_n for _, _, paid_n, _, _, _ in found),
        no_shows=sum(missed for *_, missed in found),
        by_service=tuple(Line(name, n, got, due) for name, n, _, got, due, _ in found if n or got),
    )


_ROWS, _CLIENTS, _OWNERS = table(Appointment), table(Client), table(Professional)
_OWNER: Final = bindparam("professional_id", type_=Uuid)


def _standing(statuses: Iterable[Status], *where: ColumnElement[bool], most: int | None = None) -> Swift:
    named: list[ColumnElement[str]] = [literal_column(f"'{status.value}'") for status in statuses]
    told = [_ROWS.c[field.name] for field in fields(Standing)[:-2]]
    return Swift(
        select(*told, _CLIENTS.c.name, _OWNERS.c.name)
        .select_from(_ROWS)
        .join(_CLIENTS, _CLIENTS.c.id == _ROWS.c.client_id)
        .join(_OWNERS, _OWNERS.c.id == _ROWS.c.professional_id)
        .where(_ROWS.c.status.in_(named), *where)
        .order_by(_ROWS.c.start_at)
        .limit(literal_column(str(most)) if most else None)
    )


_AGENDA: Final = _standing(
    [*BLOCKING, Status.NO_SHOW],
    _ROWS.c.professional_id == _OWNER,
    _ROWS.c.start_at >= bindparam("start"),
    _ROWS.c.start_at < bindparam("end"),
)
_COMING: Final = _standing(
    STANDING,
    _CLIENTS.c.contact_id == bindparam("contact_id"),
    _ROWS.c.end_at > bindparam("now"),
    _ROWS.c.professional_id == func.coalesce(_OWNER, _ROWS.c.professional_id),
    most=COMING,
)


async def agenda(session: AsyncSession, professional_id: UUID, start: datetime, end: datetime) -> Sequence[Standing]:
    """Read what stands in start <= t < end, no-shows included, in order."""
    values = {"professional_id": professional_id, "start": start, "end": end}
    return [Standing(*row) for row in await _AGENDA.all(session, values)]


async def coming(
    session: AsyncSession, contact_id: UUID, professional_id: UUID | None, *, now: datetime
) -> Sequence[Standing]:
    """Read what somebody still has before them as a client, with one professional or with all, soonest first."""
    values = {"contact_id": contact_id, "professional_id": professional_id, "now": now}
    return [Standing(*row) for row in await _COMING.all(session, values)]


async def last_visit(
    session: AsyncSession,
    professional_id: UUID,
    *,
    now: datetime,
    client_id: UUID | None = None,
    contact_id: UUID | None = None,
) -> Appointment | None:
    """Read what a client came for last; where they never came, the last of what is booked for them."""
    kept = and_(Appointment.status.in_([Status.COMPLETED, Status.CONFIRMED]), Appointment.start_at <= now)
    ahead = and_(Appointment.status.in_(STANDING), Appointment.start_at > now)
    whose = Client.id == client_id if client_id else Client.contact_id == contact_id
    return await session.scalar(
        select(Appointment)
        .join(Client, Client.id == Appointment.client_id)
        .where(Appointment.professional_id == professional_id, whose, or_(kept, ahead))
        .order_by(case((kept, 0), else_=1), Appointment.start_at.desc())
        .limit(1)
    )


async def customer_cards(session: AsyncSession, clients: Sequence[Client], *, now: datetime) -> list[CustomerCard]:
    """Sum up clients: visits are completed ones, and confirmed ones whose time is over."""
    over = and_(Appointment.status == Status.CONFIRMED, Appointment.end_at <= now)
    visited = or_(Appointment.status == Status.COMPLETED, over)
    ahead = and_(Appointment.status.in_(STANDING), Appointment.start_at > now)
    mine = and_(Appointment.client_id == Client.id, Appointment.professional_id == Client.professional_id)
    rows = await session.execute(
        select(
            Client.id,
            func.count(case((visited, 1))),
            func.count(case((Appointment.status == Status.NO_SHOW, 1))),
            func.max(case((visited, Appointment.start_at))),
            func.min(case((ahead, Appointment.start_at))),
            func.coalesce(func.sum(case((Appointment.payment == Payment.PAID, Appointment.price_cents))), 0),
            select(func.count()).where(ClientNote.client_id == Client.id).scalar_subquery(),
        )
        .outerjoin(Appointment, mine)
        .where(Client.id.in_([client.id for client in clients]))
        .group_by(Client.id)
    )
    found = {client_id: (*counts, int(spent), notes) for client_id, *counts, spent, notes in rows}
    return [CustomerCard(client, *found[client.id]) for client in clients]
