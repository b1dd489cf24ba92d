"""T44: after an erasure nothing names the person, in any table, in the file, in the queues; the figures stay."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.accounts import privacy
from bot.conversation import inbox
from bot.db import Database
from bot.jobs import retention
from bot.models import (
    Appointment,
    Client,
    ClientNote,
    Contact,
    ContactIdentity,
    Conversation,
    Inbound,
    LoginCode,
    Outbound,
    PendingAction,
    Professional,
    Review,
    User,
)
from bot.models.enums import Channel, IdentityKind, InboundKind, InboundStatus, PendingStatus, Status
from bot.notify.settle import settle

from ..conftest import StillClock
from ..fakes.graph import ACCOUNT, Accept, status_body
from ..stage import JULIA, RAFAEL, Stage, stage
from .dump import file_holds, found, rows

# Everything that would tell on her: names, every spelling of the phone, addresses, words of her own.
NAMES = ("Júlia Ramos", "júlia", "julia")
PHONES = ("5511988887777", "551188887777", "88887777", "8888-7777")
WORDS = ("julia.ramos@example.com", "52998224725", "franja", "amônia", "BR.123456", "sigilo-da-julia")
EVERYTHING = (*NAMES, *PHONES, *WORDS)


@pytest.fixture
async def here(db: Database, clock: StillClock) -> AsyncIterator[Stage]:
    async with stage(db, clock) as ready:
        yield ready


async def contact_of(here: Stage, phone: str) -> Contact:
    async with here.services.db.begin() as session:
        return (await session.scalars(select(Contact).where(Contact.phone == phone))).one()


async def books(here: Stage) -> None:
    """Let Júlia ask for tomorrow at nine, and Rafael confirm it."""
    await here.says(RAFAEL, "oi")
    await here.says(JULIA, "quero corte amanhã às 9h")
    await here.says(JULIA, "sim")
    await here.taps(RAFAEL, "Confirmar")
    assert "confirmado" in here.heard(JULIA)
    here.clock.jump(seconds=10)


async def a_life(here: Stage) -> Contact:
    """Let Júlia leave traces wherever somebody can: what she said, what was said about her, what went wrong."""
    db, now = here.services.db, here.clock.now()
    await books(here)
    for words in ("quem tenho amanhã?", "qual o telefone da Júlia Ramos?", "(11) 98888-7777 é da julia?"):
        await here.says(RAFAEL, words)
    await here.says(JULIA, "quero a franja mais curta")
    julia = await contact_of(here, JULIA)
    async with db.begin() as session:
        card = (await session.scalars(select(Client).where(Client.contact_id == julia.id))).one()
        card.email, card.cpf = "julia.ramos@example.com", "52998224725"
        user = User(name="Júlia Ramos", contact_id=julia.id, phone_key="551188887777", created_at=now)
        done = (
            await session.scalars(
                select(Appointment).where(Appointment.client_id == card.id, Appointment.status == Status.COMPLETED)
            )
        ).first()
        assert done is not None
        done.note, done.idempotency_key = "Júlia pediu silêncio", "sigilo-da-julia"
        neighbour = (await session.scalars(select(Client).where(Client.name == "Carlos Lima"))).one()
        session.add_all(
            [
                user,
                ClientNote(client_id=card.id, professional_id=card.professional_id, text="amônia", created_at=now),
                ClientNote(
                    client_id=neighbour.id,
                    professional_id=card.professional_id,
                    text="Indicado pela Júlia  Ramos, tel. 11 98888-7777",
                    created_at=now,
                ),
                Review(
                    appointment_id=done.id,
                    professional_id=card.professional_id,
                    client_id=card.id,
                    rating=5,
                    comment="Adorei a franja",
                    reply="Obrigado, Júlia!",
                    created_at=now,
                ),
                LoginCode(code_hash="x", browser_hash="y", phone_key="551188887777", expires_at=now, created_at=now),
                ContactIdentity(
                    contact_id=julia.id,
                    channel=Channel.CLOUD,
                    kind=IdentityKind.BSUID,
                    value="BR.1234567890",
                    created_at=now,
                ),
                # A delivery nobody could read, parked where a person looks.
                Inbound(
                    channel=Channel.CLOUD,
                    account=ACCOUNT,
                    external_id="hash:1",
                    kind=InboundKind.MESSAGE,
                    event={"raw": {"from": JULIA, "text": "franja"}},
                    status=InboundStatus.DEAD,
                    error="no id",
                    received_at=now,
                    due_at=now,
                ),
            ]
        )
    for sent in here.graph.accepted:
        await here.post(status_body(sent, "delivered"))
    await settle(db, here.clock)
    # And something she sent that nobody has answered yet.
    await here.post(here.message(JULIA, type="text", text={"body": "esqueci: franja!"}))
    return julia


async def figures(db: Database) -> list[tuple[object, ...]]:
    """Return what the professional's books are made of."""
    async with db.begin() as session:
        found = await session.execute(
            select(func.count(), func.sum(Appointment.price_cents), Appointment.status)
            .where(Appointment.status.in_([Status.COMPLETED, Status.NO_SHOW]))
            .group_by(Appointment.status)
            .order_by(Appointment.status)
        )
        return [tuple(row) for row in found]


async def test_t44_nothing_names_a_person_who_was_erased(here: Stage, caplog: pytest.LogCaptureFixture) -> None:
    db = here.services.db
    julia = await a_life(here)
    assert {hit.split(" in ")[0] for hit in await found(db, *EVERYTHING)} >= {*NAMES, *WORDS[:5]}
    before = await figures(db)
    async with db.begin() as session:
        await privacy.erase_user(
            session,
            (await session.scalars(select(User.id).where(User.contact_id == julia.id))).one(),
            now=here.clock.now(),
        )
    assert await found(db, *EVERYTHING) == []
    assert await figures(db) == before
    if db.sqlite:
        assert await file_holds(db, *EVERYTHING) == []
    # Her time is free again, and Rafael hears of it without her name.
    await here.settle()
    assert any("Cliente removido" in bubble for bubble in here.heard_all(RAFAEL))
    assert await found(db, *EVERYTHING) == []
    async with db.begin() as session:
        mine = select(Appointment).join(Client).where(Client.name == privacy.GONE)
        states = {row.status for row in await session.scalars(mine) if row.start_at > here.clock.now()}
        assert states == {Status.CANCELLED}
    # Nobody else lost anything.
    assert await found(db, "Carlos Lima", "551166665555") != []
    assert not any(needle in line for line in caplog.messages for needle in EVERYTHING)


async def test_whoever_writes_after_it_is_a_new_person(here: Stage) -> None:
    julia = await a_life(here)
    async with here.services.db.begin() as session:
        await privacy.erase_contact(session, julia.id, now=here.clock.now())
    await here.settle()
    assert here.heard(JULIA) != ""  # of before: nothing new was answered, for what waited is gone
    async with here.services.db.begin() as session:
        waiting = select(func.count()).select_from(Inbound).where(Inbound.status == InboundStatus.NEW)
        assert await session.scalar(waiting) == 0
    await here.says(JULIA, "oi", name="Jú")
    assert here.heard(JULIA) != ""
    fresh = await contact_of(here, JULIA)
    assert (fresh.id != julia.id, fresh.name) == (True, "Jú")
    async with here.services.db.begin() as session:
        assert (await session.scalars(select(Client).where(Client.contact_id == fresh.id))).all() == []


async def test_t44_a_turn_that_runs_meanwhile_leaves_nothing_behind(here: Stage, clock: StillClock) -> None:
    db = here.services.db
    await here.says(JULIA, "oi")
    julia = await contact_of(here, JULIA)
    await here.post(here.message(JULIA, type="text", text={"body": "quero franja amanhã"}))
    clock.jump(seconds=2)
    async with db.begin() as session:
        lane = (await inbox.due_lanes(session, now=clock.now()))[0]
        held = await inbox.take(
            session, lane, now=clock.now(), burst_limit=timedelta(seconds=4), lease=timedelta(seconds=12)
        )
    assert held is not None
    async with db.begin() as session:
        await privacy.erase_contact(session, julia.id, now=clock.now())
    with pytest.raises(inbox.Lost):
        async with db.begin() as session:
            await inbox.finish(session, held, now=clock.now())
    assert await found(db, "franja", *PHONES) == []


async def test_t44_turns_and_erasures_side_by_side_end_clean(here: Stage, clock: StillClock) -> None:
    db = here.services.db
    await here.says(JULIA, "oi")
    julia = await contact_of(here, JULIA)
    for words in ("quero corte amanhã", "às 9h"):
        await here.post(here.message(JULIA, type="text", text={"body": words}))
    clock.jump(seconds=2)

    async def erase() -> None:
        async with db.begin() as session:
            await privacy.erase_contact(session, julia.id, now=clock.now())

    await asyncio.gather(here.settle(), erase())
    async with db.begin() as session:
        left = (await session.scalars(select(Contact).where(Contact.id == julia.id))).all()
    assert left == []
    # Whether the turn came first or last: all that can be there now is a new person's.
    for table in ("messages", "outbound", "pending_actions"):
        for row in (await rows(db))[table]:
            assert str(julia.id) not in json.dumps(row, default=str)


async def test_t44_a_message_on_its_way_out_leaves_nothing_behind(here: Stage, clock: StillClock) -> None:
    """The answer is at Meta, who has not said yet that it was taken, when the person is erased."""
    db = here.services.db
    await here.says(JULIA, "oi")
    julia = await contact_of(here, JULIA)
    await here.post(here.message(JULIA, type="text", text={"body": "quero franja amanhã"}))
    here.graph.busy.clear()
    here.graph.next(Accept(after=0.5))
    answering = asyncio.create_task(here.settle())
    await asyncio.wait_for(here.graph.busy.wait(), 30)
    async with db.begin() as session:
        await privacy.erase_contact(session, julia.id, now=clock.now())
    await answering
    for sent in here.graph.accepted:  # its statuses come afterwards, to nobody's row
        await here.post(status_body(sent, "delivered"))
    await settle(db, clock)
    left = await found(db, "franja", *NAMES, *PHONES)
    assert left == [], "\n".join(left)
    if db.sqlite:
        assert await file_holds(db, "franja", *NAMES, *PHONES) == []


async def test_a_client_of_one_agenda_alone_is_told_and_then_gone(here: Stage, clock: StillClock) -> None:
    db = here.services.db
    await books(here)
    async with db.begin() as session:
        card = (await session.scalars(select(Client).where(Client.name == "Júlia Ramos"))).one()
        card.email = "julia.ramos@example.com"
        await session.flush()
        await privacy.erase_client(session, card.id, now=clock.now())
    await here.settle()
    await here.services.send_letters()
    assert "cancel" in here.heard(JULIA).lower()
    letters = [row for row in (await rows(db))["outbound"] if row["transport"] == "email"]
    assert [row["status"] for row in letters if "cancelled" in row["kind"]] == ["sent"]
    # Nobody knows her any more: when her last message is as old as what is kept raw, she goes altogether.
    clock.jump(days=here.services.settings.retention_days + 2)
    await retention.let_go(db, here.services.settings, now=clock.now())
    assert await found(db, *NAMES, *PHONES) == []


async def test_somebody_who_was_entered_and_never_wrote_goes_at_once(here: Stage, clock: StillClock) -> None:
    db = here.services.db
    async with db.begin() as session:
        card = (await session.scalars(select(Client).where(Client.name == "Carlos Lima"))).one()
        coming = (Appointment.client_id == card.id, Appointment.start_at > clock.now())
        await session.execute(update(Appointment).where(*coming).values(status=Status.CANCELLED))
        await privacy.erase_client(session, card.id, now=clock.now())
    assert await found(db, "Carlos Lima", "carlos", "66665555") == []


async def test_a_professional_goes_and_their_clients_are_told_once_each(here: Stage, clock: StillClock) -> None:
    db = here.services.db
    await books(here)
    async with db.begin() as session:
        user = (await session.scalars(select(User).where(User.name == "Rafael Nogueira"))).one()
        agenda = (await session.scalars(select(Professional))).one()
        coming = (
            select(Client.contact_id)
            .join(Appointment, Appointment.client_id == Client.id)
            .where(
                Appointment.start_at > clock.now(),
                Appointment.status.in_([Status.CONFIRMED, Status.PENDING_CONFIRMATION]),
            )
        )
        expecting = len(set(await session.scalars(coming)))
        await privacy.erase_user(session, user.id, now=clock.now())
    assert await found(db, RAFAEL, "77776666", "rafael@exemplo", "Rua Augusta", str(agenda.id)) == []
    async with db.begin() as session:
        owed = (await session.scalars(select(Outbound))).all()
        assert {row.kind for row in owed if row.status == "queued"} == {"booking_cancelled_by_professional"}
        assert len({row.contact_id for row in owed}) == len(owed) == expecting
    for _ in range(3):
        await here.settle()
        clock.jump(seconds=10)
    [told] = [each for each in here.heard_all(JULIA) if "cancel" in each.lower()]
    assert "Rafael Nogueira" in told
    assert await found(db, RAFAEL, "77776666") == []


async def test_a_question_that_waits_for_a_yes_names_nobody_afterwards(here: Stage, clock: StillClock) -> None:
    await here.says(RAFAEL, "marca corte para a Júlia Ramos amanhã às 10h30")
    julia = await contact_of(here, JULIA)
    async with here.services.db.begin() as session:
        await privacy.erase_contact(session, julia.id, now=clock.now())
        open_ones = select(PendingAction).where(PendingAction.status == PendingStatus.OPEN)
        assert "[removido]" in (await session.scalars(open_ones)).one().question
        assert (await session.scalars(select(Conversation))).all() != []
