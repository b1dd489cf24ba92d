"""One professional with one service and one client, on a real database, and what tests do with them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self

import pytest
from sqlalchemy import func, select

from bot.agenda import booking
from bot.db import Database
from bot.errors import Refused
from bot.models import Appointment, AppointmentEvent, Notification, Outbound
from bot.models.enums import Action, Actor

from .factories import NOW, THURSDAY_15H, a_client, a_professional, a_service, an_account, an_appointment

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATER = THURSDAY_15H + HOUR


class World:
    """One professional, one service, one client; `fields` go to the professional."""

    def __init__(self, db: Database, *, email: str | None = None, registered: bool = False, **fields: Any) -> None:
        self.db, self.fields = db, fields
        self.email, self.registered = email, registered

    async def __aenter__(self) -> Self:
        async with self.db.begin() as session:
            self.owner = await a_professional(session, **self.fields)
            self.service = await a_service(session, self.owner)
            self.client = await a_client(session, self.owner, email=self.email)
            self.account = await an_account(session, self.client) if self.registered else None
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def book(self, start: datetime = THURSDAY_15H, **fields: Any) -> Appointment:
        async with self.db.begin() as session:
            return await an_appointment(session, self.owner, self.client, self.service, start=start, **fields)

    async def refused(self, start: datetime, kind: type[Refused], **fields: Any) -> Refused:
        """Book, and expect a refusal; nothing may have been written."""
        before = await self.count()
        with pytest.raises(kind) as caught:
            await self.book(start, **fields)
        assert await self.count() == before
        return caught.value

    async def count(self) -> int:
        async with self.db.begin() as session:
            return await session.scalar(select(func.count()).select_from(Appointment)) or 0

    async def act(self, row: Appointment, action: Action | str, *, now: datetime = NOW, **scope: Any) -> Appointment:
        values = scope or {"actor": Actor.PROFESSIONAL, "professional_id": self.owner.id}
        async with self.db.begin() as session:
            return await booking.act(session, row.id, action, now=now, **values)

    def as_client(self) -> dict[str, Any]:
        return {"actor": Actor.CLIENT, "contact_id": self.client.contact_id}

    def as_owner(self) -> dict[str, Any]:
        return {"actor": Actor.PROFESSIONAL, "professional_id": self.owner.id}

    async def move(self, row: Appointment, start: datetime, *, now: datetime = NOW, **values: Any) -> Appointment:
        async with self.db.begin() as session:
            return await booking.move(session, row.id, start, now=now, **values)

    async def events(self, row: Appointment) -> list[AppointmentEvent]:
        async with self.db.begin() as session:
            found = await session.scalars(
                select(AppointmentEvent)
                .where(AppointmentEvent.appointment_id == row.id)
                .order_by(AppointmentEvent.at, AppointmentEvent.id)
            )
            return list(found)

    async def owed(self) -> Sequence[Outbound]:
        """Read what is owed, in the order it was written."""
        async with self.db.begin() as session:
            return (await session.scalars(select(Outbound).order_by(Outbound.id))).all()

    async def notifications(self) -> Sequence[Notification]:
        async with self.db.begin() as session:
            return (await session.scalars(select(Notification).order_by(Notification.id))).all()
