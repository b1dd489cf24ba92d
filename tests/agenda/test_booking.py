"""Booking, moving and the life cycle against both databases: every refusal, every owner, every retry."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bot.agenda import booking, owners, workweek
from bot.agenda.hours import DayException, Window
from bot.agenda.lifecycle import IllegalMove, NotYours, TooEarly, UnknownAction
from bot.agenda.policy import Notice, TooLate
from bot.agenda.refusals import (
    AppointmentUnknown,
    ClientUnknown,
    ClosedDay,
    ClosedThen,
    DayFull,
    InThePast,
    KeyReused,
    NotAStart,
    OutsideHours,
    ServiceUnknown,
    SlotTaken,
    TooFar,
    TooSoon,
    WeekFull,
)
from bot.db import Database
from bot.errors import Refused
from bot.jobs.holds import expire_pending
from bot.models import Contact, PendingAction
from bot.models.enums import Action, Actor, ExceptionKind, LatePolicy, Payment, PendingStatus, Source, Status

from .factories import (
    NOW,
    THURSDAY_15H,
    a_client,
    a_contact,
    a_conversation,
    a_hold,
    a_professional,
    a_service,
)
from .world import DAY, HOUR, LATER, MINUTE, World


async def test_a_client_asks_and_the_professional_books(db: Database) -> None:
    async with World(db) as world:
        asked = await world.book(note="primeira vez")
        assert (asked.status, asked.payment) == (Status.PENDING_CONFIRMATION, Payment.UNPAID)
        assert (asked.service_name, asked.price_cents, asked.note) == ("Corte", 50_00, "primeira vez")
        assert asked.end_at - asked.start_at == 30 * MINUTE
        booked = await world.book(LATER, actor=Actor.PROFESSIONAL, source=Source.PROFESSIONAL)
        assert (booked.status, booked.payment) == (Status.CONFIRMED, Payment.AUTHORIZED)
        (event,) = await world.events(asked)
        assert (event.action, event.actor, event.from_status) == (Action.BOOK, Actor.CLIENT, None)
        assert event.to_status is Status.PENDING_CONFIRMATION


async def test_a_taken_time_is_refused_with_the_three_nearest(db: Database) -> None:
    async with World(db) as world:
        await world.book()
        no = await world.refused(THURSDAY_15H, SlotTaken)
        assert (no.status, no.code) == (409, "slot_taken")
        assert no.message == "O horário de quinta, 26/11, às 15h já está ocupado."
        half = 30 * MINUTE
        assert no.facts["nearest"] == [THURSDAY_15H - 2 * half, THURSDAY_15H - half, THURSDAY_15H + half]


async def test_a_request_blocks_until_it_is_refused(db: Database) -> None:
    async with World(db) as world:
        asked = await world.book()
        await world.refused(THURSDAY_15H, SlotTaken)
        await world.act(asked, Action.REJECT)
        await world.book()


async def test_a_completed_appointment_stays_sold(db: Database) -> None:
    async with World(db) as world:
        row = await world.book()
        await world.act(row, Action.CONFIRM)
        await world.act(row, Action.COMPLETE)
        await world.refused(THURSDAY_15H, SlotTaken)


REFUSED: list[tuple[datetime, type[Refused], str | None]] = [
    (NOW - DAY, InThePast, "O horário de sexta, 20/11, às 10h já passou."),
    (datetime.min.replace(tzinfo=UTC), InThePast, None),
    (datetime.max.replace(tzinfo=UTC), TooFar, None),
    (NOW + 30 * MINUTE, TooSoon, None),
    (NOW + 61 * DAY, TooFar, "Ainda não dá para marcar para quinta, 21/01/2027, às 10h: a agenda está aberta até"),
    (THURSDAY_15H + 3 * DAY, ClosedDay, "Não há atendimento nesse dia: domingo, 29/11."),
    (THURSDAY_15H + 5 * HOUR, OutsideHours, None),
    (THURSDAY_15H - 3 * HOUR, OutsideHours, None),  # lunch
    (THURSDAY_15H + 170 * MINUTE, OutsideHours, None),  # would end after closing
    (THURSDAY_15H + 10 * MINUTE, NotAStart, "Não há atendimento que comece nesse horário: quinta, 26/11, às 15h10."),
    (THURSDAY_15H + timedelta(seconds=1), NotAStart, None),
]


async def test_each_time_that_cannot_be_has_its_own_refusal(db: Database) -> None:
    async with World(db) as world:
        for start, kind, sentence in REFUSED:
            no = await world.refused(start, kind)
            assert len(no.facts["nearest"]) == 3, start
            assert no.message.startswith(sentence or ""), start


async def test_the_sentence_of_a_time_outside_hours_says_the_hours(db: Database) -> None:
    async with World(db) as world:
        no = await world.refused(THURSDAY_15H + 5 * HOUR, OutsideHours)
        assert no.message == "O horário de quinta, 26/11, às 20h não cabe no expediente desse dia (9h–12h e 13h–18h)."
        too_soon = await world.refused(NOW + 30 * MINUTE, TooSoon)
        assert "com pelo menos 1h de antecedência" in too_soon.message


async def test_dates_that_differ_from_the_week(db: Database) -> None:
    async with World(db) as world:
        thursday = date(2026, 11, 26)
        async with db.begin() as session:
            blocked = DayException(thursday, ExceptionKind.BLOCKED, 900, 960)
            await workweek.set_exceptions(session, world.owner.id, [thursday], [blocked])
        await world.refused(THURSDAY_15H, ClosedThen)
        async with db.begin() as session:
            closed = DayException(thursday, ExceptionKind.CLOSED)
            await workweek.set_exceptions(session, world.owner.id, [thursday], [closed], reason="Feriado")
        await world.refused(THURSDAY_15H, ClosedDay)
        async with db.begin() as session:
            await workweek.set_exceptions(session, world.owner.id, [thursday], [])
        await world.book()


async def test_a_full_day_and_a_full_week_are_refused(db: Database) -> None:
    async with World(db, max_per_day=1, max_per_week=2) as world:
        await world.book()
        assert (await world.refused(LATER, DayFull)).status == 409
        await world.book(THURSDAY_15H - DAY)
        await world.refused(THURSDAY_15H + DAY, WeekFull)
        await world.book(THURSDAY_15H + 7 * DAY)


async def test_buffers_keep_neighbours_away(db: Database) -> None:
    async with World(db, buffer_before_minutes=10, buffer_after_minutes=15, slot_interval_minutes=5) as world:
        await world.book()
        await world.refused(THURSDAY_15H + 35 * MINUTE, SlotTaken)
        await world.book(THURSDAY_15H + 40 * MINUTE)
        await world.refused(THURSDAY_15H - 40 * MINUTE, SlotTaken)
        await world.book(THURSDAY_15H - 45 * MINUTE)


async def test_notice_and_horizon_bind_clients_and_not_the_professional(db: Database) -> None:
    async with World(db) as world:
        await world.book(NOW, actor=Actor.PROFESSIONAL)
        await world.book(THURSDAY_15H + 98 * DAY, actor=Actor.PROFESSIONAL)
        await world.refused(NOW - 30 * MINUTE, InThePast, actor=Actor.PROFESSIONAL)
        await world.refused(THURSDAY_15H + 800 * DAY, TooFar, actor=Actor.PROFESSIONAL)


async def test_what_is_not_the_professionals_does_not_exist(db: Database) -> None:
    async with World(db) as world:
        async with db.begin() as session:
            other = await a_professional(session, name="Ana Reis", number=97770001)
            foreign_service = await a_service(session, other, name="Unhas")
            foreign_client = await a_client(session, other, name="Caio", number=88886666)
        await world.refused(THURSDAY_15H, ServiceUnknown, service_id=foreign_service.id)
        await world.refused(THURSDAY_15H, ServiceUnknown, service_id=uuid4())
        await world.refused(THURSDAY_15H, ClientUnknown, client_id=foreign_client.id)
        async with db.begin() as session:
            await owners.remove_service(session, world.owner.id, world.service.id)
        await world.refused(THURSDAY_15H, ServiceUnknown)


async def test_the_same_key_books_once(db: Database) -> None:
    async with World(db) as world:
        first = await world.book(idempotency_key="abc")
        again = await world.book(idempotency_key="abc")
        assert again.id == first.id
        await world.refused(LATER, KeyReused, idempotency_key="abc")
        assert await world.count() == 1
        async with db.begin() as session:
            stranger = await a_client(session, world.owner, name="Caio", number=88886666)
        await world.refused(LATER, KeyReused, client_id=stranger.id, idempotency_key="abc")


async def test_a_hold_blocks_others_until_it_runs_out(db: Database) -> None:
    async with World(db) as world:
        async with db.begin() as session:
            conversation = await a_conversation(session, await a_contact(session))
            await a_hold(session, conversation, world.owner, THURSDAY_15H)
        await world.refused(THURSDAY_15H, SlotTaken)
        async with db.begin() as session:
            span = (THURSDAY_15H, THURSDAY_15H + HOUR)
            theirs = (
                await booking.openings(
                    session, world.owner.id, world.service, *span, now=NOW, conversation_id=conversation.id
                )
            ).times
            others = (await booking.openings(session, world.owner.id, world.service, *span, now=NOW)).times
            later = (await booking.openings(session, world.owner.id, world.service, *span, now=NOW + 5 * MINUTE)).times
        assert others == [THURSDAY_15H + 30 * MINUTE]
        assert theirs == later == [THURSDAY_15H, THURSDAY_15H + 30 * MINUTE]
        await world.book(conversation_id=conversation.id)


async def test_a_proposal_that_ran_out_is_cleared(db: Database) -> None:
    async with World(db) as world:
        async with db.begin() as session:
            conversation = await a_conversation(session, await a_contact(session))
            hold = await a_hold(session, conversation, world.owner, THURSDAY_15H)
        assert await expire_pending(db, NOW + 9 * MINUTE) == 0
        assert await expire_pending(db, NOW + 10 * MINUTE) == 1
        async with db.begin() as session:
            row = await session.get_one(PendingAction, hold.id)
            assert (row.status, row.hold_until) == (PendingStatus.EXPIRED, None)


async def test_listing_and_booking_agree(db: Database) -> None:
    async with World(db, min_notice_minutes=0, max_per_day=3) as world:
        start = THURSDAY_15H.replace(hour=11)
        async with db.begin() as session:
            listed = (await booking.openings(session, world.owner.id, world.service, start, start + DAY, now=NOW)).times
        assert len(listed) == 16
        for at in (listed[0], listed[7], listed[-1]):
            await world.book(at)
        async with db.begin() as session:
            assert (
                await booking.openings(session, world.owner.id, world.service, start, start + DAY, now=NOW)
            ).times == []
        await world.refused(listed[3], DayFull)


# The life cycle


async def test_confirming_is_written_down(db: Database) -> None:
    async with World(db) as world:
        row = await world.act(await world.book(), Action.CONFIRM)
        assert (row.status, row.payment, row.sequence) == (Status.CONFIRMED, Payment.AUTHORIZED, 1)
        event = (await world.events(row))[-1]
        assert (event.action, event.actor) == (Action.CONFIRM, Actor.PROFESSIONAL)
        assert (event.from_status, event.to_status) == (Status.PENDING_CONFIRMATION, Status.CONFIRMED)


async def test_a_move_that_the_table_does_not_have_changes_nothing(db: Database) -> None:
    async with World(db) as world:
        row = await world.book()
        with pytest.raises(IllegalMove):
            await world.act(row, Action.COMPLETE)
        with pytest.raises(UnknownAction):
            await world.act(row, "explode")
        with pytest.raises(NotYours):
            await world.act(row, Action.CONFIRM, **world.as_client())
        await world.act(row, Action.CONFIRM)
        with pytest.raises(TooEarly):
            await world.act(row, Action.NO_SHOW)
        assert len(await world.events(row)) == 2
        assert (await world.act(row, Action.NO_SHOW, now=LATER)).status is Status.NO_SHOW


async def test_paid_has_its_moment_and_happens_once(db: Database) -> None:
    async with World(db) as world:
        row = await world.book()
        paid = await world.act(row, Action.PAID)
        assert (paid.status, paid.payment, paid.paid_at) == (Status.PENDING_CONFIRMATION, Payment.PAID, NOW)
        again = await world.act(row, Action.PAID, now=NOW + DAY)
        assert (again.paid_at, again.sequence) == (NOW, paid.sequence)
        assert len(await world.events(row)) == 2


async def test_somebody_elses_appointment_does_not_exist(db: Database) -> None:
    async with World(db) as world:
        row = await world.book()
        async with db.begin() as session:
            other = await a_professional(session, name="Ana Reis", number=97770001)
            stranger = await a_contact(session, name="Caio", number=88886666)
        foreign: list[dict[str, Any]] = [
            {"actor": Actor.PROFESSIONAL, "professional_id": other.id},
            {"actor": Actor.CLIENT, "contact_id": stranger.id},
            {"actor": Actor.CLIENT, "contact_id": uuid4()},
        ]
        for scope in foreign:
            with pytest.raises(AppointmentUnknown) as hidden:
                await world.act(row, Action.CANCEL, **scope)
            with pytest.raises(AppointmentUnknown):
                await world.move(row, LATER, **scope)
            with pytest.raises(AppointmentUnknown) as missing:
                async with db.begin() as session:
                    await booking.act(session, uuid4(), Action.CANCEL, now=NOW, **scope)
            assert (hidden.value.code, hidden.value.message) == (missing.value.code, missing.value.message)
        with pytest.raises(AppointmentUnknown):
            async with db.begin() as session:
                await booking.attend(session, row.id, contact_id=stranger.id, now=NOW)
        with pytest.raises(ValueError, match="looked up for"):
            await world.act(row, Action.CANCEL, actor=Actor.CLIENT)


async def test_a_cancelled_time_is_free_at_once(db: Database) -> None:
    async with World(db) as world:
        row = await world.act(await world.book(), Action.CANCEL, **world.as_client())
        assert (row.status, row.payment) == (Status.CANCELLED, Payment.UNPAID)
        await world.book()


@pytest.mark.parametrize("late", LatePolicy)
async def test_the_cancellation_rule_binds_clients_of_confirmed_times(db: Database, late: LatePolicy) -> None:
    async with World(db, cancel_deadline_hours=24, late_policy=late) as world:
        row = await world.act(await world.book(), Action.CONFIRM)
        eve = THURSDAY_15H - 23 * HOUR
        early = booking.may(row, Action.CANCEL, world.owner, actor=Actor.CLIENT, now=THURSDAY_15H - 24 * HOUR)
        assert early is Notice.IN_TIME
        if late is LatePolicy.REFUSE:
            for attempt in (
                world.act(row, Action.CANCEL, now=eve, **world.as_client()),
                world.move(row, LATER, now=eve, **world.as_client()),
            ):
                with pytest.raises(TooLate):
                    await attempt
            assert (await world.act(row, Action.CANCEL, now=eve)).status is Status.CANCELLED
            return
        notice = booking.may(row, Action.CANCEL, world.owner, actor=Actor.CLIENT, now=eve)
        assert notice is (Notice.LATE_WARN if late is LatePolicy.WARN else Notice.LATE)
        await world.act(row, Action.CANCEL, now=eve, **world.as_client())
        assert (await world.events(row))[-1].details == {"notice": notice.value}


async def test_a_request_can_be_taken_back_at_any_moment(db: Database) -> None:
    async with World(db, cancel_deadline_hours=24, late_policy=LatePolicy.REFUSE) as world:
        row = await world.book()
        gone = await world.act(row, Action.CANCEL, now=THURSDAY_15H - HOUR, **world.as_client())
        assert gone.status is Status.CANCELLED


async def test_attendance_is_written_once(db: Database) -> None:
    async with World(db) as world:
        row = await world.book()
        contact = world.client.contact_id
        assert contact is not None
        with pytest.raises(IllegalMove):
            async with db.begin() as session:
                await booking.attend(session, row.id, contact_id=contact, now=NOW)
        await world.act(row, Action.CONFIRM)
        for moment in (NOW, NOW + HOUR):
            async with db.begin() as session:
                row = await booking.attend(session, row.id, contact_id=contact, now=moment)
        assert row.attendance_confirmed_at == NOW
        assert [event.action for event in await world.events(row)] == [Action.BOOK, Action.CONFIRM, Action.ATTEND]
        with pytest.raises(IllegalMove):
            async with db.begin() as session:
                await booking.attend(session, row.id, contact_id=contact, now=LATER)


# Moving


async def test_a_client_who_moves_asks_again_and_keeps_the_history(db: Database) -> None:
    async with World(db) as world:
        row = await world.act(await world.book(), Action.CONFIRM)
        moved = await world.move(row, LATER, **world.as_client())
        assert moved.id == row.id
        assert (moved.status, moved.payment) == (Status.PENDING_CONFIRMATION, Payment.AUTHORIZED)
        assert (moved.start_at, moved.end_at) == (LATER, LATER + 30 * MINUTE)
        event = (await world.events(row))[-1]
        assert (event.action, event.from_status) == (Action.RESCHEDULE, Status.CONFIRMED)
        assert (event.details["from"], event.details["to"]) == (THURSDAY_15H.isoformat(), LATER.isoformat())
        await world.book()  # the old time is free


async def test_a_professional_who_moves_confirms(db: Database) -> None:
    async with World(db) as world:
        row = await world.move(await world.book(), LATER, **world.as_owner())
        assert (row.status, row.payment) == (Status.CONFIRMED, Payment.AUTHORIZED)


async def test_moving_by_less_than_its_length_does_not_collide_with_itself(db: Database) -> None:
    async with World(db, slot_interval_minutes=10) as world:
        row = await world.book()
        assert (await world.move(row, THURSDAY_15H + 10 * MINUTE, **world.as_client())).start_at.minute == 10


async def test_moving_keeps_the_length_that_was_agreed(db: Database) -> None:
    async with World(db) as world:
        row = await world.book()
        async with db.begin() as session:
            await owners.edit_service(session, world.owner.id, world.service.id, minutes=60)
        moved = await world.move(row, LATER, **world.as_client())
        assert moved.end_at - moved.start_at == 30 * MINUTE


async def test_moving_to_where_it_is_changes_nothing(db: Database) -> None:
    async with World(db) as world:
        row = await world.act(await world.book(), Action.CONFIRM)
        same = await world.move(row, THURSDAY_15H, **world.as_client())
        assert (same.status, same.sequence) == (Status.CONFIRMED, row.sequence)


async def test_moving_onto_somebody_else_is_refused_and_nothing_moves(db: Database) -> None:
    async with World(db) as world:
        await world.book(LATER)
        row = await world.book()
        with pytest.raises(SlotTaken) as no:
            await world.move(row, LATER, **world.as_client())
        assert len(no.value.facts["nearest"]) == 3
        async with db.begin() as session:
            assert (await booking.find(session, row.id, professional_id=world.owner.id)).start_at == THURSDAY_15H
            with pytest.raises(SlotTaken):
                await booking.check_move(session, row, LATER, now=NOW)
            assert await booking.check_move(session, row, LATER + HOUR, now=NOW) is Notice.IN_TIME


async def test_what_is_over_cannot_be_moved(db: Database) -> None:
    async with World(db) as world:
        row = await world.act(await world.book(), Action.CONFIRM)
        with pytest.raises(TooLate):
            await world.move(row, LATER + DAY, now=THURSDAY_15H, **world.as_client())
        await world.act(row, Action.CANCEL)
        for scope in (world.as_client(), world.as_owner()):
            with pytest.raises(IllegalMove, match="já foi cancelado"):
                await world.move(row, LATER, **scope)


# Setting up


async def test_two_of_one_name_get_two_links(db: Database) -> None:
    async with db.begin() as session:
        slugs = [
            (await a_professional(session, name=name, number=97770000 + i)).slug
            for i, name in enumerate(["Bia Souza", "Bía  Souza", "BIA-SOUZA!", "Api", "李 明", "7"[:0] + "Ó"])
            if len(name) > 1
        ]
    assert slugs == ["bia-souza", "bia-souza-2", "bia-souza-3", "api-2", "agenda"]


async def test_one_person_has_one_agenda(db: Database) -> None:
    async with World(db) as world:
        async with db.begin() as session:
            contact = await a_contact(session, number=97770000)
            with pytest.raises(owners.AgendaExists):
                await owners.create_professional(
                    session, name="Bia", profession="", contact=contact, timezone="America/Sao_Paulo", now=NOW
                )
        assert world.owner.slug == "bia-souza"


ABSURD: list[tuple[dict[str, Any], str]] = [
    ({"minutes": 4}, "bad_service_minutes"),
    ({"minutes": 721}, "bad_service_minutes"),
    ({"minutes": -30}, "bad_service_minutes"),
    ({"price_cents": -1}, "bad_price"),
    ({"price_cents": 100_000_01}, "bad_price"),
    ({"name": "x"}, "bad_name"),
    ({"name": "x" * 81}, "bad_name"),
    ({"name": "123"}, "bad_name"),
]


async def test_absurd_services_are_refused(db: Database) -> None:
    async with db.begin() as session:
        owner = await a_professional(session)
        for change, code in ABSURD:
            with pytest.raises(Refused) as no:
                await a_service(session, owner, **change)
            assert (no.value.code, no.value.status) == (code, 400), change


async def test_a_service_described_again_is_changed(db: Database) -> None:
    async with db.begin() as session:
        owner = await a_professional(session)
        first = await a_service(session, owner)
        again = await a_service(session, owner, name="CÓRTE", minutes=45, price_cents=60_00)
        assert (again.id, again.minutes, again.price_cents, again.name) == (first.id, 45, 60_00, "Corte")


async def test_absurd_hours_are_refused_and_the_old_ones_stay(db: Database) -> None:
    absurd = [Window(7, 0, 60), Window(0, 600, 600), Window(0, 600, 540), Window(0, -1, 60), Window(0, 0, 1441)]
    async with World(db) as world:
        for window in absurd:
            with pytest.raises(Refused) as no:
                async with db.begin() as session:
                    await workweek.set_weekly_hours(session, world.owner.id, [window])
            assert no.value.code == "bad_window", window
        await world.book()


async def test_an_unknown_zone_is_refused(db: Database) -> None:
    with pytest.raises(Refused) as no:
        async with db.begin() as session:
            await a_professional(session, timezone="America/Pindamonhangaba")
    assert no.value.code == "unknown_zone"


def test_hours_read_like_a_sign_on_the_door() -> None:
    week = [Window(day, 540, 720) for day in range(5)] + [Window(2, 780, 1110), Window(5, 0, 1440)]
    assert workweek.hours_lines(week) == [
        "segunda e terça: 9h–12h",
        "quarta: 9h–12h e 13h–18h30",
        "quinta e sexta: 9h–12h",
        "sábado: 0h–24h",
    ]


async def test_professionals_are_found_by_link_name_and_profession(db: Database) -> None:
    async with db.begin() as session:
        await a_professional(session, name="Bia Souza")
        await a_professional(session, name="Fabiana Reis", number=97770001)

        async def found(query: str) -> list[str]:
            return [row.slug for row in await owners.search_professionals(session, query)]

        assert await found("bia-souza") == ["bia-souza"]
        assert await found("BIA") == ["bia-souza", "fabiana-reis"]
        assert await found("réis") == ["fabiana-reis"]
        assert await found("cabeleireira") == ["bia-souza", "fabiana-reis"]
        assert await found("%") == await found("") == await found("zeca") == []


async def test_a_client_known_by_phone_is_recognised_when_they_write(db: Database) -> None:
    async with World(db) as world, db.begin() as session:
        contact = await session.get_one(Contact, world.client.contact_id)
        assert contact.phone == "5511988887777"
