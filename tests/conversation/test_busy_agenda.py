"""An agenda with twelve clients a day: what is told of it fits a message, and what is shown of it can be tapped."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from bot.db import Database
from bot.models import Appointment, Client, Professional, Service
from bot.models.enums import Payment, Source, Status

from ..conftest import StillClock
from ..stage import RAFAEL, Stage, stage

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# Half past eleven in São Paulo, of the first day.
FROM = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
TIMES = [timedelta(days=day, minutes=30 * place) for day in range(-6, 12) for place in range(12)]


@pytest.fixture
async def busy(db: Database, clock: StillClock) -> AsyncIterator[Stage]:
    async with stage(db, clock) as here:
        async with db.begin() as session:
            await session.execute(delete(Appointment))
            owner = (await session.scalars(select(Professional.id))).one()
            service = (await session.scalars(select(Service.id))).first()
            people = (await session.scalars(select(Client.id).order_by(Client.name))).all()
            session.add_all(
                Appointment(
                    professional_id=owner,
                    client_id=people[place % len(people)],
                    service_id=service,
                    service_name="Corte",
                    price_cents=5000,
                    start_at=FROM + after,
                    end_at=FROM + after + timedelta(minutes=30),
                    status=Status.CONFIRMED,
                    payment=Payment.UNPAID,
                    source=Source.PROFESSIONAL,
                    created_at=FROM,
                    updated_at=FROM,
                )
                for place, after in enumerate(TIMES)
            )
        yield here


async def test_what_is_told_of_a_busy_agenda_fits_a_message(busy: Stage) -> None:
    await busy.says(RAFAEL, "quem não pagou?")
    assert "• e mais 42 horários" in busy.heard(RAFAEL)
    await busy.says(RAFAEL, "agenda da semana que vem")
    assert "Agenda de *segunda, 23/11* (12 horários)" in busy.heard(RAFAEL)


async def test_whoever_is_found_among_many_can_be_gone_on_with(busy: Stage) -> None:
    await busy.says(RAFAEL, "remarca o Carlos")
    await busy.taps(RAFAEL, busy.options(RAFAEL)[0])
    assert "horários livres" in busy.heard(RAFAEL)
    await busy.taps(RAFAEL, busy.options(RAFAEL)[0])
    assert "Posso remarcar" in busy.heard(RAFAEL)
