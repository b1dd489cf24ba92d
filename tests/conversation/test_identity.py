"""Who is speaking: whichever addresses come in which order, one person stays one, and nothing of theirs is lost."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation.identity import conversation_with, moved, own_agenda, recognise
from bot.db import Database
from bot.models import (
    Appointment,
    Base,
    Client,
    ClientNote,
    Contact,
    ContactIdentity,
    Conversation,
    Follow,
    Message,
    Outbound,
    PendingAction,
    Professional,
    RecurringSchedule,
    Service,
    User,
    WaitlistEntry,
)
from bot.models.enums import Author, Channel, Frequency, IdentityKind, Role, Status, Transport
from bot.whatsapp.phones import phone_key

from ..conftest import StillClock

NOW = StillClock().now()
PHONE, BSUID = "5531988887777", "BR.1502576394655843"
Sighting = tuple[Channel, dict[str, str | None]]


async def seen(session: AsyncSession, channel: Channel = Channel.CLOUD, **event: str | None) -> Contact:
    return await recognise(session, channel, {**event, "from": event.get("phone")}, NOW)


async def test_whoever_writes_can_be_reached_again(db: Database) -> None:
    async with db.begin() as session:
        contact = await seen(session, phone=PHONE)
        contact.unreachable_at = NOW
    async with db.begin() as session:  # a telephone of ours dialled them: that says nothing about them
        again = await recognise(session, Channel.CLOUD, {"from": PHONE}, NOW, dialled=True)
        assert (again.id, again.unreachable_at) == (contact.id, NOW)
    async with db.begin() as session:
        assert (await seen(session, phone=PHONE)).unreachable_at is None


async def partition(session: AsyncSession) -> set[frozenset[tuple[str, str]]]:
    """Return the addresses that mean a person, grouped by person."""
    people: dict[UUID, set[tuple[str, str]]] = {}
    for row in await session.scalars(select(ContactIdentity).where(ContactIdentity.kind != IdentityKind.USERNAME)):
        people.setdefault(row.contact_id, set()).add((row.kind, row.value))
    return {frozenset(addresses) for addresses in people.values()}


def expected(sightings: Iterable[Sighting]) -> set[frozenset[tuple[str, str]]]:
    """Say by hand who is one person: whoever was seen with one of the same addresses."""
    groups: list[set[tuple[str, str]]] = []
    for channel, event in sightings:
        # A phone is the same everywhere; the other ids belong to their channel.
        mine = {(kind, f"{'' if kind == 'phone' else channel}{value}") for kind, value in named(event)}
        joined = [group for group in groups if group & mine]
        groups = [group for group in groups if not group & mine] + [mine.union(*joined)]
    bare = [{(kind, value.removeprefix("cloud").removeprefix("evolution")) for kind, value in each} for each in groups]
    return {frozenset(group) for group in bare}


def named(event: dict[str, str | None]) -> list[tuple[str, str]]:
    return [(kind, phone_key(v) if kind == "phone" else v) for kind, v in event.items() if v and kind != "username"]


# Few addresses, so that they meet; both ninth-digit forms; a LID only where Evolution is.
cloud = st.fixed_dictionaries(
    {
        "phone": st.sampled_from([None, "5531988887777", "553188887777", "5511977776666", "351912345678"]),
        "bsuid": st.sampled_from([None, "BR.1", "BR.2", "BR.3"]),
        "username": st.sampled_from([None, "ana", "bia"]),
    }
).filter(lambda event: event["phone"] or event["bsuid"])
evolution = st.fixed_dictionaries(
    {
        "phone": st.sampled_from([None, "553188887777", "5511977776666"]),
        "lid": st.sampled_from([None, "1@lid", "2@lid"]),
    }
).filter(lambda event: event["phone"] or event["lid"])
sightings = st.lists(
    st.tuples(st.just(Channel.CLOUD), cloud) | st.tuples(st.just(Channel.EVOLUTION), evolution), min_size=1, max_size=8
)


@asynccontextmanager
async def undone(db: Database) -> AsyncIterator[AsyncSession]:
    """Hand out a transaction that is rolled back: a hundred examples in one database."""
    async with db.begin() as session:
        nested = await session.begin_nested()
        yield session
        await nested.rollback()


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(sightings, st.randoms(use_true_random=False))
async def test_people_are_the_same_in_whichever_order_they_are_seen(
    db: Database, order: Sequence[Sighting], chance: random.Random
) -> None:
    shuffled = list(order)
    chance.shuffle(shuffled)
    for each in (order, shuffled):
        async with undone(db) as session:
            said = 0
            for channel, event in [*each, *each[:2]]:
                contact = await seen(session, channel, **event)
                talk = await conversation_with(session, contact, channel, "1", NOW)
                session.add(Message(conversation_id=talk.id, author=Author.CLIENT, text="oi", created_at=NOW))
                await session.flush()
                said += 1
            assert await partition(session) == expected(each)
            people = await session.scalar(select(func.count()).select_from(Contact))
            assert people == len(expected(each))
            assert await session.scalar(select(func.count()).select_from(Message)) == said


# -- everything of a person moves


async def owner(session: AsyncSession, slug: str = "rafael", contact: Contact | None = None) -> Professional:
    user = User(name="Rafael", contact_id=contact.id if contact else None, created_at=NOW)
    session.add(user)
    await session.flush()
    professional = Professional(user_id=user.id, slug=slug, name="Rafael", created_at=NOW)
    session.add(professional)
    await session.flush()
    return professional


async def belongings(session: AsyncSession, agenda: Professional, contact: Contact, day: int, **card: Any) -> Client:
    """Give a contact one of everything that hangs on a person."""
    client = Client(professional_id=agenda.id, contact_id=contact.id, created_at=NOW, **{"name": "Ana", **card})
    service = Service(professional_id=agenda.id, name="Corte", minutes=30, created_at=NOW)
    session.add_all([client, service])
    talk = await conversation_with(session, contact, Channel.CLOUD, "1", NOW)
    await session.flush()
    start = NOW + timedelta(days=day)
    mine = {"professional_id": agenda.id, "client_id": client.id, "created_at": NOW}
    session.add_all(
        [
            Appointment(
                **mine,
                service_name="Corte",
                start_at=start,
                end_at=start + timedelta(minutes=30),
                status=Status.CONFIRMED,
                updated_at=NOW,
            ),
            ClientNote(**mine, text=f"nota {day}"),
            RecurringSchedule(**mine, frequency=Frequency.WEEKLY, starts_on=start.date(), start_minute=600, minutes=30),
            WaitlistEntry(**mine, service_id=service.id),
            Message(conversation_id=talk.id, author=Author.CLIENT, text=f"oi {day}", created_at=NOW),
            PendingAction(
                conversation_id=talk.id, role=Role.CLIENT, tool="x", arguments={}, expires_at=NOW, created_at=NOW
            ),
            Outbound(
                transport=Transport.WHATSAPP,
                contact_id=contact.id,
                conversation_id=talk.id,
                kind="chat",
                payload={},
                due_at=NOW,
                created_at=NOW,
            ),
        ]
    )
    await session.flush()
    return client


OF_A_CLIENT = (Appointment, ClientNote, RecurringSchedule, WaitlistEntry)
OF_A_TALK = (Message, PendingAction, Outbound)


async def test_an_id_first_and_a_number_later_are_one_person_with_all_that_was_theirs(db: Database) -> None:
    async with db.begin() as session:
        agenda = await owner(session)
        other = await owner(session, "bia")
        by_id = await seen(session, bsuid=BSUID)
        by_phone = await seen(session, phone=PHONE)
        assert by_id.id != by_phone.id
        await belongings(session, agenda, by_id, 1, name="Ana S.", name_key="ana s.", cpf="12345678901")
        await belongings(session, agenda, by_phone, 2, phone_key=phone_key(PHONE))
        apart = await belongings(session, other, by_id, 3)
        by_id.opted_out_at = NOW
    async with db.begin() as session:
        one = await seen(session, phone=PHONE, bsuid=BSUID, username="ana")
        assert (one.id, one.opted_out_at) == (by_phone.id, NOW)
    async with db.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Contact)) == 1
        clients = (await session.scalars(select(Client).order_by(Client.created_at, Client.id))).all()
        assert {(each.professional_id, each.contact_id) for each in clients} == {
            (agenda.id, one.id),
            (other.id, one.id),
        }
        (client,) = [each for each in clients if each.professional_id == agenda.id]
        assert (client.cpf, client.phone_key) == ("12345678901", phone_key(PHONE))
        (elsewhere,) = [each for each in clients if each.professional_id == other.id]
        # The other professional's card is theirs alone, and only gained the number it is found by.
        assert (elsewhere.id, elsewhere.cpf) == (apart.id, None)
        talk = (await session.scalars(select(Conversation))).one()
        for table in OF_A_CLIENT:
            rows: Sequence[Any] = (await session.scalars(select(table))).all()
            assert {row.client_id for row in rows} == {client.id, elsewhere.id}
            assert len(rows) == 3 + (table is ClientNote)  # the card that went is told of in a note
        for said in OF_A_TALK:
            lines: Sequence[Any] = (await session.scalars(select(said))).all()
            assert [row.conversation_id for row in lines] == [talk.id] * 3
        notes = (await session.scalars(select(ClientNote.text))).all()
        assert "Cadastro unido a este: Ana S." in notes


async def test_every_table_that_points_at_a_person_is_thought_of() -> None:
    """A new table that hangs on a person must be among those that move, or is known to stand on another key."""
    owners = {"contacts", "clients", "conversations", "users"}
    pointing = {
        (table.name, key.parent.name)
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in owners
    }
    single = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if (table.name, column.name) in pointing and (column.unique or column.primary_key)
    }
    # A key of one column that both have cannot just move: these are joined by hand.
    assert single == {("users", "contact_id"), ("professionals", "user_id")}


async def test_a_number_that_becomes_known_finds_the_card_that_was_entered_by_hand(db: Database) -> None:
    async with db.begin() as session:
        agenda = await owner(session)
        by_id = await seen(session, bsuid=BSUID)
        await belongings(session, agenda, by_id, 1)
        session.add(Client(professional_id=agenda.id, name="Ana", phone_key=phone_key(PHONE), created_at=NOW))
        session.add(User(name="Ana", phone_key=phone_key(PHONE), created_at=NOW))
    async with db.begin() as session:
        one = await seen(session, phone=PHONE, bsuid=BSUID)
        assert one.id == by_id.id
    async with db.begin() as session:
        client = (await session.scalars(select(Client))).one()
        assert (client.phone_key, client.contact_id) == (phone_key(PHONE), one.id)
        assert await session.scalar(select(Appointment.client_id)) == client.id


async def test_two_logins_of_one_person_are_one_and_the_agenda_stays(db: Database) -> None:
    async with db.begin() as session:
        by_id, by_phone = await seen(session, bsuid=BSUID), await seen(session, phone=PHONE)
        agenda = await owner(session, contact=by_id)
        liked = await owner(session, "bia")
        plain = User(name="Ana", contact_id=by_phone.id, phone_key=phone_key(PHONE), email="a@b.c", created_at=NOW)
        session.add(plain)
        await session.flush()
        session.add_all(
            [
                Follow(user_id=plain.id, professional_id=liked.id, created_at=NOW),
                Follow(user_id=agenda.user_id, professional_id=liked.id, created_at=NOW),
            ]
        )
    async with db.begin() as session:
        one = await seen(session, phone=PHONE, bsuid=BSUID)
        found = await own_agenda(session, one.id)
        assert found is not None
        assert found.id == agenda.id
        user = (await session.scalars(select(User).where(User.contact_id == one.id))).one()
        assert (user.id, user.phone_key, user.email) == (agenda.user_id, phone_key(PHONE), "a@b.c")
        assert (await session.scalars(select(Follow.user_id))).all() == [user.id]


async def test_two_agendas_are_never_made_one(db: Database) -> None:
    async with db.begin() as session:
        by_id, by_phone = await seen(session, bsuid=BSUID), await seen(session, phone=PHONE)
        first, second = await owner(session, "a", by_phone), await owner(session, "b", by_id)
    async with db.begin() as session:
        one = await seen(session, phone=PHONE, bsuid=BSUID)
        found = await own_agenda(session, one.id)
        assert found is not None
        assert found.id == first.id
        assert {each.id for each in await session.scalars(select(Professional))} == {first.id, second.id}


# -- at the same time


async def test_the_same_addresses_seen_at_once_make_one_person(db: Database) -> None:
    events: list[dict[str, str | None]] = [
        {"phone": PHONE},
        {"bsuid": BSUID},
        {"phone": "553188887777", "bsuid": BSUID},
        {"phone": PHONE, "bsuid": BSUID},
    ]

    async def see(event: dict[str, str | None]) -> None:
        async with db.begin() as session:
            contact = await seen(session, Channel.CLOUD, **event)
            talk = await conversation_with(session, contact, Channel.CLOUD, "1", NOW)
            session.add(Message(conversation_id=talk.id, author=Author.CLIENT, text="oi", created_at=NOW))

    for _ in range(5):
        done = await asyncio.gather(*(see(event) for event in events * 2), return_exceptions=True)
        # One that was overtaken in the very moment of a merge is tried again, as a turn is.
        again = [event for event, result in zip(events * 2, done, strict=True) if result is not None]
        for event in again:
            await see(event)
        async with db.begin() as session:
            assert await partition(session) == {frozenset({("phone", phone_key(PHONE)), ("bsuid", BSUID)})}
            assert await session.scalar(select(func.count()).select_from(Contact)) == 1
            assert await session.scalar(select(func.count()).select_from(Message)) == 8
            await session.execute(delete(Contact))


# -- another number, another id, a name that changed hands


async def test_whoever_gets_an_old_number_is_somebody_else(db: Database) -> None:
    async with db.begin() as session:
        agenda = await owner(session)
        ana = await seen(session, phone=PHONE, bsuid="BR.1", name="Ana")
        await belongings(session, agenda, ana, 1, phone_key=phone_key(PHONE))
        await moved(session, Channel.CLOUD, {"from": PHONE}, {"from": "5511977776666"}, NOW)
    async with db.begin() as session:
        assert (await seen(session, phone="5511977776666")).id == ana.id
        stranger = await seen(session, phone=PHONE, bsuid="BR.2", name="Caio")
        assert stranger.id != ana.id
        assert ana.id == (await seen(session, bsuid="BR.1")).id
        client = (await session.scalars(select(Client))).one()
        assert (client.contact_id, client.phone_key) == (ana.id, phone_key("5511977776666"))
        # Told twice, it changes nothing.
        await moved(session, Channel.CLOUD, {"from": "5561900000000"}, {"from": "5511977776666"}, NOW)
    async with db.begin() as session:
        assert len(await partition(session)) == 2


async def test_a_new_number_that_wrote_before_the_news_is_the_same_person(db: Database) -> None:
    async with db.begin() as session:
        agenda = await owner(session)
        ana, again = await seen(session, phone=PHONE), await seen(session, phone="5511977776666")
        await belongings(session, agenda, ana, 1, phone_key=phone_key(PHONE))
        await belongings(session, agenda, again, 2, phone_key=phone_key("5511977776666"))
        await moved(session, Channel.CLOUD, {"from": PHONE}, {"from": "5511977776666"}, NOW)
    async with db.begin() as session:
        assert await partition(session) == {frozenset({("phone", phone_key("5511977776666"))})}
        client = (await session.scalars(select(Client))).one()
        assert set(await session.scalars(select(Appointment.client_id))) == {client.id}


async def test_a_username_never_makes_two_people_one(db: Database) -> None:
    async with db.begin() as session:
        ana = await seen(session, phone=PHONE, username="flor")
        bia = await seen(session, phone="5511977776666", username="flor")
        assert ana.id != bia.id
        names = await session.scalars(
            select(ContactIdentity.contact_id).where(ContactIdentity.kind == IdentityKind.USERNAME)
        )
        assert names.all() == [bia.id]


@pytest.mark.parametrize("first", ["5531988887777", "553188887777"])
async def test_answers_go_to_the_form_that_came_last(db: Database, first: str) -> None:
    second = "553188887777" if first == "5531988887777" else "5531988887777"
    async with db.begin() as session:
        one = await seen(session, phone=first)
        assert one.phone == first
        assert (await seen(session, phone=second)).id == one.id
        assert one.phone == second
        # What we dialled ourselves says nothing about how they are registered.
        await recognise(session, Channel.CLOUD, {"from": first}, NOW, dialled=True)
        assert one.phone == second
