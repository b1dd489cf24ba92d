"""The day, the money and one client, as a professional asks for them."""

from datetime import UTC, datetime

from bot.agenda import clients, report
from bot.db import Database
from bot.models import ClientNote
from bot.models.enums import Action, Payment, Status

from .factories import (
    NOW,
    THURSDAY_15H,
    a_client,
    a_contact,
    a_past_appointment,
    a_professional,
    a_service,
)
from .world import DAY, HOUR, LATER, World

NOVEMBER = (datetime(2026, 11, 1, 3, tzinfo=UTC), datetime(2026, 12, 1, 3, tzinfo=UTC))


async def test_the_money_of_a_month(db: Database) -> None:
    async with World(db) as world, db.begin() as session:
        owner, client, cut = world.owner, world.client, world.service
        beard = await a_service(session, owner, name="Barba", price_cents=30_00)
        for start, service, fields in (
            (NOW - 5 * DAY, cut, {"status": Status.COMPLETED, "payment": Payment.PAID, "paid_at": NOW - 5 * DAY}),
            (NOW - 5 * DAY + HOUR, beard, {"payment": Payment.PAID}),  # paid, the moment was not kept
            (NOW - 4 * DAY, cut, {"status": Status.COMPLETED}),
            (NOW + 4 * DAY, beard, {"payment": Payment.AUTHORIZED}),
            (NOW + 5 * DAY, cut, {"status": Status.CANCELLED}),
            (NOW + 5 * DAY, cut, {"status": Status.REJECTED, "payment": Payment.REFUNDED}),
            (NOW - 3 * DAY, cut, {"status": Status.NO_SHOW}),
            (NOW - 30 * DAY, cut, {"payment": Payment.PAID, "paid_at": NOW - DAY}),  # October's, paid in November
            (NOW - 31 * DAY, cut, {"payment": Payment.PAID, "paid_at": NOW - 31 * DAY}),
            (NOW + 20 * DAY, cut, {}),
        ):
            await a_past_appointment(session, owner, client, service, start, **fields)
        other = await a_professional(session, name="Ana", number=97770001)
        theirs = await a_service(session, other)
        await a_past_appointment(session, other, await a_client(session, other), theirs, NOW, payment=Payment.PAID)
        found = await report.revenue(session, owner.id, *NOVEMBER)
        assert (found.received_cents, found.expected_cents) == (130_00, 80_00)
        assert (found.appointments, found.paid_count, found.no_shows) == (4, 3, 1)
        assert found.by_service == (report.Line("Barba", 2, 30_00, 30_00), report.Line("Corte", 2, 100_00, 50_00))
        empty = await report.revenue(session, owner.id, NOW + 300 * DAY, NOW + 301 * DAY)
        assert empty == report.Revenue(0, 0, 0, 0, 0, ())


async def test_the_agenda_of_a_day_is_in_order_and_without_what_fell_through(db: Database) -> None:
    async with World(db) as world:
        later, gone, first = await world.book(LATER), await world.book(LATER + HOUR), await world.book()
        await world.act(gone, Action.CANCEL)
        await world.book(THURSDAY_15H + DAY)
        async with db.begin() as session:
            day = await report.agenda(session, world.owner.id, THURSDAY_15H.replace(hour=3), THURSDAY_15H + 12 * HOUR)
        assert [(row.id, row.client) for row in day] == [(first.id, "Júlia Lima"), (later.id, "Júlia Lima")]


async def test_the_card_of_a_client(db: Database) -> None:
    async with World(db) as world, db.begin() as session:
        owner, client, service = world.owner, world.client, world.service
        (blank,) = await report.customer_cards(session, [client], now=NOW)
        assert (blank.visits, blank.no_shows, blank.last, blank.next, blank.notes) == (0, 0, None, None, 0)
        for start, fields in (
            (NOW - 20 * DAY, {"status": Status.COMPLETED, "payment": Payment.PAID}),
            (NOW - 10 * DAY, {}),  # confirmed and over, though nobody said so
            (NOW - 5 * DAY, {"status": Status.NO_SHOW}),
            (NOW - 4 * DAY, {"status": Status.PENDING_CONFIRMATION}),
            (NOW + 2 * DAY, {"status": Status.CANCELLED}),
            (NOW + 4 * DAY, {"status": Status.PENDING_CONFIRMATION}),
            (NOW + 9 * DAY, {}),
        ):
            await a_past_appointment(session, owner, client, service, start, **fields)
        session.add(ClientNote(professional_id=owner.id, client_id=client.id, text="prefere tesoura", created_at=NOW))
        await session.flush()
        stranger = await a_client(session, owner, name="Ana", number=88880000)
        other, card = await report.customer_cards(session, [stranger, client], now=NOW)
        assert (other.client, other.visits) == (stranger, 0)
        assert (card.visits, card.no_shows, card.notes, card.spent_cents) == (2, 1, 1, 50_00)
        assert (card.last, card.next) == (NOW - 10 * DAY, NOW + 4 * DAY)


async def test_clients_are_found_by_any_spelling(db: Database) -> None:
    async with World(db) as world, db.begin() as session:
        owner = world.owner
        for number, name in enumerate(["Ana Júlia Reis", "Juliana Prado", "João Ângelo", "100% Beleza_SA"], start=1):
            await a_client(session, owner, name=name, number=88880000 + number)
        other = await a_professional(session, name="Ana", number=97770001)
        await a_client(session, other, name="Júlia Secreta", number=88889999)

        async def found(said: str) -> list[str]:
            return [row.name for row in await clients.search(session, owner.id, said)]

        assert await found("julia") == ["Júlia Lima", "Ana Júlia Reis"]
        assert await found("JÚL") == ["Júlia Lima", "Juliana Prado", "Ana Júlia Reis"]
        assert await found("julia lima") == ["Júlia Lima"]
        assert await found("lima jul") == ["Júlia Lima"]
        assert await found("joao angelo") == ["João Ângelo"]
        assert await found("%") == ["100% Beleza_SA"] or await found("%") == []
        assert await found("_") == await found("") == await found("zeca") == []
        for said in (
            "11 98888-7777",
            "(11) 8888-7777",
            "+55 11 98888 7777",
            "5511988887777",
            "8888-7777",
            "98888-7777",
        ):
            assert await found(said) == ["Júlia Lima"], said
        assert await found("11 98888-9999") == []


async def test_a_client_is_entered_once_whatever_the_spelling_of_the_phone(db: Database) -> None:
    async with World(db) as world, db.begin() as session:
        again = await clients.add(session, world.owner.id, name="Julinha", phone="(11) 8888-7777", now=NOW)
        assert (again.id, again.name) == (world.client.id, "Júlia Lima")
        contact = await a_contact(session)
        assert (await clients.for_contact(session, world.owner.id, contact.id, now=NOW)).id == world.client.id
        unknown = await a_contact(session, name="Rui", number=88885555)
        entered = await clients.for_contact(session, world.owner.id, unknown.id, now=NOW)
        assert (entered.name, entered.name_key, entered.contact_id) == ("Rui", "rui", unknown.id)
        namesake = await clients.add(session, world.owner.id, name="Júlia Lima", now=NOW)
        assert namesake.id != world.client.id
        assert namesake.contact_id is None


async def test_a_client_known_by_phone_alone_is_linked_when_they_write(db: Database) -> None:
    async with World(db) as world, db.begin() as session:
        contact_id = world.client.contact_id
        client = await session.get_one(type(world.client), world.client.id)
        client.contact_id = None
        await session.flush()
        assert contact_id is not None
        linked = await clients.for_contact(session, world.owner.id, contact_id, now=NOW)
        assert (linked.id, linked.contact_id) == (world.client.id, contact_id)
