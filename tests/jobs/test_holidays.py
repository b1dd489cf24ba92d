"""The question about a holiday: inside the window, by day, once, one a day, and never about what is decided."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, select, update

from bot.agenda.holidays import between
from bot.agenda.hours import DayException
from bot.agenda.owners import create_professional
from bot.agenda.workweek import set_exceptions
from bot.db import Database
from bot.jobs.holidays import AHEAD, BATCH, ask_about_holidays
from bot.models import Availability, AvailabilityException, Conversation, Outbound, Professional, new_id
from bot.models.enums import ExceptionKind, Role
from bot.seed import seed

from ..agenda.factories import a_contact, a_conversation
from ..fakes.graph import ACCOUNT

# Saturday 12/12/2026, 10h in São Paulo: Natal and the new year are 13 and 20 days away.
NOW = datetime(2026, 12, 12, 13, 0, tzinfo=UTC)
ZONE = "America/Sao_Paulo"
WROTE = NOW - timedelta(minutes=15)


async def start(db: Database, wrote: datetime = WROTE) -> None:
    async with db.begin() as session:
        await seed(session, account=ACCOUNT, now=NOW, weeks_behind=0)
        await session.execute(
            update(Conversation).where(Conversation.mode == Role.PROFESSIONAL).values(last_inbound_at=wrote)
        )


async def asked(db: Database) -> list[dict[str, Any]]:
    async with db.begin() as session:
        rows = await session.scalars(
            select(Outbound).where(Outbound.dedup_key.startswith("holiday:")).order_by(Outbound.created_at, Outbound.id)
        )
        return [row.payload for row in rows]


async def test_it_is_asked_once_with_two_buttons_and_can_be_answered_by_number(db: Database) -> None:
    await start(db)
    assert await ask_about_holidays(db, NOW) == 1
    for minutes in (0, 1, 600):
        assert await ask_about_holidays(db, NOW + timedelta(minutes=minutes)) == 0
    (question,) = await asked(db)
    assert question["body"].startswith("*Sexta, 25/12*, é feriado (Natal).")
    buttons = [(option["id"], option["title"]) for option in question["options"]]
    assert buttons == [("close:2026-12-25", "Fechar a agenda"), ("work:2026-12-25", "Atender normalmente")]
    async with db.begin() as session:
        owner = await session.scalars(select(Conversation).where(Conversation.mode == Role.PROFESSIONAL))
        assert owner.one().state["menu"] == [button for button, _ in buttons]


@pytest.mark.parametrize(
    ("wrote", "now"),
    [
        pytest.param(NOW - timedelta(hours=24), NOW, id="the window is closed"),
        pytest.param(NOW - timedelta(minutes=3), NOW, id="a conversation is going on"),
        pytest.param(NOW + timedelta(hours=10), NOW + timedelta(hours=12), id="it is night"),
        pytest.param(NOW - timedelta(days=3, minutes=15), NOW - timedelta(days=3), id="it is far away"),
    ],
)
async def test_it_waits_for_a_better_moment(db: Database, wrote: datetime, now: datetime) -> None:
    await start(db, wrote)
    assert await ask_about_holidays(db, now) == 0


@pytest.mark.parametrize("kind", [ExceptionKind.CLOSED, ExceptionKind.OPEN])
async def test_what_was_decided_is_not_asked_and_the_next_one_is_in_its_time(db: Database, kind: ExceptionKind) -> None:
    await start(db)
    christmas = date(2026, 12, 25)
    async with db.begin() as session:
        owner = (await session.scalars(select(Professional))).one()
        await set_exceptions(session, owner.id, [christmas], [DayException(christmas, kind)])
    assert await ask_about_holidays(db, NOW) == 0
    async with db.begin() as session:
        await session.execute(update(Conversation).values(last_inbound_at=NOW + timedelta(days=6)))
    assert await ask_about_holidays(db, NOW + timedelta(days=6, minutes=15)) == 1
    assert "01/01/2027" in (await asked(db))[0]["body"]


async def test_who_wrote_is_read_once_for_all_the_holidays_that_are_near(db: Database) -> None:
    now, seen = NOW + timedelta(days=7), list[str]()

    def see(*told: Any) -> None:
        seen.append(" ".join(told[2].split()))

    await start(db, wrote=now - timedelta(minutes=15))
    assert len(await between(now.date(), (now + AHEAD).date())) == 2
    event.listen(db.engine.sync_engine, "before_cursor_execute", see)
    assert await ask_about_holidays(db, now) == 1
    event.remove(db.engine.sync_engine, "before_cursor_execute", see)
    assert len([one for one in seen if one.startswith("SELECT conversations.id FROM")]) == 1


async def test_a_weekday_of_rest_is_no_question(db: Database) -> None:
    await start(db)
    async with db.begin() as session:
        await session.execute(delete(Availability).where(Availability.weekday == 4))
    assert await ask_about_holidays(db, NOW) == 0
    async with db.begin() as session:
        assert (await session.scalars(select(AvailabilityException))).all() == []


async def test_those_who_rest_that_day_hide_nobody_who_works(db: Database) -> None:
    await start(db)
    async with db.begin() as session:
        for number in range(BATCH):
            contact = await a_contact(session, name=f"Bia {number}", number=77000000 + number)
            owner = await create_professional(
                session,
                name=contact.name,
                profession="Manicure",
                contact=contact,
                timezone="America/Sao_Paulo",
                now=NOW,
            )
            await session.execute(delete(Availability).where(Availability.professional_id == owner.id))
            talk = await a_conversation(session, contact, role=Role.PROFESSIONAL)
            talk.last_inbound_at = WROTE + timedelta(minutes=1)
    assert await ask_about_holidays(db, NOW) == 1


async def test_whoever_is_in_a_turn_is_asked_after_it_and_loses_nothing_of_it(db: Database) -> None:
    """A turn reads the state when it begins and writes it when it ends: nobody else may write it in between."""
    await start(db)
    mine = Conversation.mode == Role.PROFESSIONAL
    async with db.begin() as session:
        until = NOW + timedelta(seconds=12)
        await session.execute(update(Conversation).where(mine).values(turn_token=new_id(), turn_lease_until=until))
    assert await ask_about_holidays(db, NOW) == 0
    async with db.begin() as session:
        done = {"turn_token": None, "turn_lease_until": None, "state": {"chosen": "corte"}}
        await session.execute(update(Conversation).where(mine).values(**done))
    assert await ask_about_holidays(db, NOW + timedelta(seconds=1)) == 1
    async with db.begin() as session:
        state = (await session.scalars(select(Conversation.state).where(mine))).one()
    assert (state["chosen"], len(state["menu"])) == ("corte", 2)


async def test_a_conversation_that_a_turn_is_taking_is_left_for_the_next_minute(postgres_url: str) -> None:
    db = Database(postgres_url)
    await start(db)
    async with db.begin() as taking:
        await taking.execute(select(Conversation).where(Conversation.mode == Role.PROFESSIONAL).with_for_update())
        assert await ask_about_holidays(db, NOW) == 0
    assert await ask_about_holidays(db, NOW) == 1
    await db.close()
