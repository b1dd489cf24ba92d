"""What one booking needs to know of the people, the service and the hours, in one statement.

On Postgres the agenda's lock comes first, in a statement of its own: one statement sees what was committed when it
began, so that what is read together with the lock is as old as the wait for it, and knows of no day that was closed
meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import BigInteger, Select, String, Uuid, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Swift
from ..models import Appointment, Service
from .loading import HOURS, Agenda, agenda_of, since
from .parties import BOTH, PARTIES, PROFESSIONALS, Parties, columns, parties_of, table
from .refusals import ProfessionalUnknown, ServiceChanged, ServiceUnknown


@dataclass(frozen=True, slots=True)
class Sold:
    """A service as it is booked: renamed or dearer later, the appointment stays as it was."""

    id: UUID
    name: str
    minutes: int
    price_cents: int

    @classmethod
    def of(cls, service: Service) -> Self:
        return cls(service.id, service.name, service.minutes, service.price_cents)


@dataclass(frozen=True, slots=True)
class Desk:
    """An agenda, what is booked in it, and for whom; and whether the booking's key has booked something already."""

    agenda: Agenda
    sold: Sold
    who: Parties
    keyed: bool

    def sells(self, agreed: Sold | None) -> None:
        """Refuse where the service is no longer as somebody agreed to it; nothing is refused to who agreed to none."""
        if agreed not in (None, self.sold):
            raise ServiceChanged


def _desk() -> Select[Any]:
    service, rows = table(Service), table(Appointment)
    keyed = (rows.c.professional_id == PROFESSIONALS.c.id) & (rows.c.idempotency_key == bindparam("key", type_=String))
    offered = (service.c.professional_id == PROFESSIONALS.c.id) & service.c.active
    return (
        select(*PARTIES, *columns(Sold, service), *HOURS, exists().where(keyed))
        .select_from(BOTH.outerjoin(service, offered & (service.c.id == bindparam("service_id", type_=Uuid))))
        .where(PROFESSIONALS.c.id == bindparam("professional_id", type_=Uuid))
    )


_DESK: Final = Swift(_desk())
_LOCK: Final = Swift(select(func.pg_advisory_xact_lock(bindparam("lock", type_=BigInteger))))
_SOLD: Final = slice(len(PARTIES), len(PARTIES) + len(fields(Sold)))


async def lock(session: AsyncSession, professional_id: UUID) -> None:
    """Let one transaction at a time write into an agenda; SQLite has one writer anyway.

    What is read after this is what will be true at the commit, limits and buffers included.
    """
    if session.get_bind().dialect.name == "postgresql":
        # The random half of the id; two agendas that shared it would only wait for each other.
        await _LOCK.first(session, {"lock": int.from_bytes(professional_id.bytes[8:], signed=True)})


async def load_desk(
    session: AsyncSession,
    professional_id: UUID,
    client_id: UUID,
    service_id: UUID,
    *,
    now: datetime,
    key: str | None = None,
) -> Desk:
    """Read everything but the busy time, under the lock; what is not this professional's does not exist."""
    values: dict[str, Any] = {"professional_id": professional_id, "client_id": client_id, "service_id": service_id}
    return _read(await _DESK.first(session, values | {"since": since(now), "key": key}))


def _read(row: Sequence[Any] | None) -> Desk:
    if row is None:
        raise ProfessionalUnknown
    if row[_SOLD.start] is None:
        raise ServiceUnknown
    who = parties_of(row)
    week, dates, keyed = row[_SOLD.stop :]
    return Desk(agenda_of(who.professional, week, dates), Sold(*row[_SOLD]), who, bool(keyed))
