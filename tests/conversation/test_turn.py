"""The turn: one at a time, once, whatever dies in the middle of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from bot import phrases
from bot.__main__ import main
from bot.agenda import clients, waitlist
from bot.conversation import inbox, parking
from bot.conversation.brain import Answer, Heard
from bot.conversation.conclude import TOKENS
from bot.conversation.scene import HISTORY
from bot.db import Database
from bot.jobs import watchdog
from bot.jobs.findings import State
from bot.models import (
    Appointment,
    Client,
    Conversation,
    Inbound,
    Notification,
    Outbound,
    PendingAction,
    Professional,
    Service,
    User,
)
from bot.models.enums import InboundKind, InboundStatus, OutboundStatus, PendingStatus, Transport
from bot.whatsapp.outgoing import Text
from bot.whatsapp.phones import phone_key

from ..conftest import StillClock
from ..stage import CARLOS, JULIA, RAFAEL, STRANGER, Stage, stage
from .thinkers import Only, Slow

LEASE, LIMIT = timedelta(seconds=12), timedelta(seconds=4)


@pytest.fixture
async def here(db: Database, clock: StillClock) -> AsyncIterator[Stage]:
    async with stage(db, clock) as ready:
        yield ready


async def lane_of(db: Database) -> str:
    async with db.begin() as session:
        return (await session.scalars(select(Inbound.lane).where(Inbound.kind == InboundKind.MESSAGE))).all()[-1]


async def waiting(here: Stage, text: str) -> str:
    """Leave one message of Júlia's unanswered and return its lane."""
    await here.post(here.message(JULIA, type="text", text={"body": text}))
    here.clock.jump(seconds=2)
    return await lane_of(here.services.db)


async def take(here: Stage, lane: str) -> inbox.Held | None:
    async with here.services.db.begin() as session:
        return await inbox.take(session, lane, now=here.clock.now(), burst_limit=LIMIT, lease=LEASE)


class Broken:
    """A brain with a defect."""

    async def answer(self, heard: Heard) -> Answer:
        raise ZeroDivisionError("a defect")


async def test_two_workers_on_one_lane_answer_once(here: Stage) -> None:
    lane = await waiting(here, "quais os serviços?")
    turns = here.services.turns
    done = await asyncio.gather(*(turns.run(lane) for _ in range(4)))
    await here.services.send_due()
    assert sum(done) == 1
    assert len(here.heard_all(JULIA)) == 1


async def test_what_was_answered_while_somebody_waited_to_hold_it_is_not_taken_again(here: Stage) -> None:
    """The second worker has read the message as new, and waits for the first to let the conversation go."""
    lane = await waiting(here, "quais os serviços?")
    async with here.services.db.begin() as session:
        held = await inbox.take(session, lane, now=here.clock.now(), burst_limit=LIMIT, lease=LEASE)
        assert held is not None
        second = asyncio.create_task(take(here, lane))
        await asyncio.sleep(0.3)  # long enough to read; on SQLite it waits even for that
        await inbox.finish(session, held, now=here.clock.now())
    assert await second is None


async def test_nobody_else_gets_a_conversation_that_is_held(here: Stage) -> None:
    lane = await waiting(here, "oi")
    assert await take(here, lane) is not None
    assert await take(here, lane) is None


async def test_a_conversation_of_a_dead_process_is_free_when_its_lease_ran_out(here: Stage) -> None:
    lane = await waiting(here, "oi")
    assert await take(here, lane) is not None  # and nothing is heard of that process again
    assert await here.services.turns.run(lane) == 0
    here.clock.jump(seconds=13)
    assert await here.services.turns.run(lane) == 1
    await here.services.send_due()
    assert len(here.heard_all(JULIA)) == 1


async def test_a_process_that_was_overtaken_cannot_finish(here: Stage) -> None:
    lane = await waiting(here, "oi")
    slow_one = await take(here, lane)
    assert slow_one is not None
    here.clock.jump(seconds=13)
    assert await here.services.turns.run(lane) == 1
    with pytest.raises(inbox.Lost):
        async with here.services.db.begin() as session:
            await inbox.finish(session, slow_one, now=here.clock.now())


async def test_what_was_thought_after_the_lease_was_lost_is_not_said(here: Stage) -> None:
    lane = await waiting(here, "me conta uma coisa")
    slow = Slow()
    turns = replace(here.services.turns, brains=Only(slow), rules=slow)
    thinking = asyncio.create_task(turns.run(lane))
    await slow.thinking.wait()
    async with here.services.db.begin() as session:
        await session.execute(update(Conversation).values(turn_token=uuid4()))
    slow.go.set()
    assert await thinking == 0
    await here.services.send_due()
    assert here.heard_all(JULIA) == []


async def letter(here: Stage) -> Inbound:
    """Return the only message there is."""
    async with here.services.db.begin() as session:
        return (await session.scalars(select(Inbound))).one()


@pytest.fixture
def replayed(
    here: Stage, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], Awaitable[None]]:
    """Let an operator be alarmed, see the dead letter in the list and try it again; then it is answered."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    async def replay() -> None:
        findings = await watchdog.run(here.services.db, here.services.settings, now=here.clock.now(), light=True)
        assert next(each.state for each in findings if each.check == "dead_letters") is not State.OK
        identifier = str((await letter(here)).id)
        for command in (["list"], ["retry", identifier]):
            assert await asyncio.to_thread(main, ["deadletters", *command]) == 0
            assert identifier in capsys.readouterr().out
        async with here.services.db.begin() as session:  # the command's clock is the machine's, on any day
            await session.execute(update(Inbound).values(due_at=here.clock.now()))
        await here.settle()
        assert (await letter(here)).status is InboundStatus.DONE
        assert "R$ 50,00" in here.heard(JULIA)

    return replay


async def test_t27_poison_is_tried_five_times_parked_told_of_and_can_be_replayed(
    here: Stage, replayed: Callable[[], Awaitable[None]]
) -> None:
    lane = await waiting(here, "quais os serviços?")
    broken = replace(here.services.turns, brains=Only(Broken()), rules=Broken())
    for _ in range(parking.TRIES + 1):
        await broken.run(lane)
        here.clock.jump(minutes=2)
    row = await letter(here)
    assert (row.status, row.attempts) == (InboundStatus.DEAD, parking.TRIES)
    assert "ZeroDivisionError" in row.error
    await here.services.send_due()
    assert len(here.heard_all(JULIA)) == 1  # told that something of ours went wrong, once
    await replayed()
    await here.says(JULIA, "oi")
    assert len(here.heard_all(JULIA)) == 1


async def test_t27_poison_that_kills_whoever_touches_it_is_parked_too(
    here: Stage, replayed: Callable[[], Awaitable[None]]
) -> None:
    lane = await waiting(here, "quais os serviços?")
    for _ in range(parking.SILENT_TRIES):
        assert await take(here, lane) is not None  # and nothing is heard of that process again
        here.clock.jump(seconds=13)
    assert await here.services.turns.run(lane) == 0
    row = await letter(here)
    assert (row.status, row.attempts) == (InboundStatus.DEAD, parking.SILENT_TRIES)
    await here.services.send_due()
    assert len(here.heard_all(JULIA)) == 1
    await replayed()


async def test_what_somebody_answered_in_its_last_try_is_not_parked_by_whoever_read_it_before(here: Stage) -> None:
    lane = await waiting(here, "quais os serviços?")
    held = await take(here, lane)
    assert held is not None
    async with here.services.db.begin() as session:
        await session.execute(update(Inbound).values(attempts=parking.SILENT_TRIES))
    async with here.services.db.begin() as session:
        stale = (await session.scalars(select(Inbound))).all()
        done = update(Inbound).values(status=InboundStatus.DONE)
        await session.execute(done.execution_options(synchronize_session=False))
        assert await parking.without_the_worn(session, held.conversation, stale, here.clock.now()) == []
    assert (await letter(here)).status is InboundStatus.DONE


async def test_t27_poison_that_cannot_even_be_taken_is_parked_and_holds_up_nobody(here: Stage) -> None:
    lane = await waiting(here, "quais os serviços?")
    async with here.services.db.begin() as session:
        await session.execute(update(Inbound).values(event={"from": 7, "type": "text"}))
    for number in range(parking.TRIES + 1):
        await here.post(here.message(CARLOS, type="text", text={"body": "quais os serviços?"}))
        here.clock.jump(minutes=2)
        with pytest.raises(TypeError) if number < parking.TRIES else contextlib.nullcontext():
            await here.services.sweep()
        await here.services.send_due()
        assert len(here.heard_all(CARLOS)) == 1
    async with here.services.db.begin() as session:
        row = (await session.scalars(select(Inbound).where(Inbound.lane == lane))).one()
    assert (row.status, row.attempts) == (InboundStatus.DEAD, parking.TRIES)
    assert "TypeError" in row.error


async def test_two_people_are_answered_side_by_side(here: Stage) -> None:
    """A person whose turn takes long does not keep another one waiting."""
    lane = await waiting(here, "me conta uma coisa")
    slow = Slow()
    turns = replace(here.services.turns, brains=Only(slow), rules=slow)
    thinking = asyncio.create_task(turns.run(lane))
    await slow.thinking.wait()
    await here.says(CARLOS, "PARAR")
    assert len(here.heard_all(CARLOS)) == 1
    slow.go.set()
    assert await thinking == 1


async def test_a_yes_of_somebody_else_does_nothing(here: Stage) -> None:
    await here.says(JULIA, "marcar corte amanhã às 9h")
    async with here.services.db.begin() as session:
        pending = (await session.scalars(select(PendingAction))).one()
    await here.sends(
        CARLOS,
        type="interactive",
        interactive={"type": "button_reply", "button_reply": {"id": f"yes:{pending.id}", "title": "Sim"}},
    )
    assert len(here.heard_all(CARLOS)) == 1
    assert here.heard_all(RAFAEL) == []
    async with here.services.db.begin() as session:
        again = await session.get_one(PendingAction, pending.id)
        assert again.status is PendingStatus.OPEN


async def test_an_expired_question_is_not_answered_with_a_booking(here: Stage) -> None:
    await here.says(JULIA, "marcar corte amanhã às 9h")
    here.clock.jump(minutes=11)
    await here.taps(JULIA, "Sim")
    async with here.services.db.begin() as session:
        booked = await session.scalar(
            select(func.count()).select_from(Appointment).where(Appointment.created_at > here.began)
        )
    assert booked == 0
    assert here.heard_all(RAFAEL) == []
    assert len(here.heard_all(JULIA)) == 2


async def test_whoever_asked_for_no_login_code_is_told_that_nobody_enters_without_it(here: Stage) -> None:
    tapped = {"payload": "DID_NOT_REQUEST_CODE", "text": "I didn't request a code"}
    await here.sends(JULIA, type="button", button=tapped)
    assert "ninguém entra sem ele" in here.heard_all(JULIA)[0]


@pytest.mark.parametrize(
    "payload",
    ["", "slot:", "slot:zzzz", "yes:not-an-id", "confirm:", "pro:0", "x" * 256, "do:nothing", "💥", "cancel:abc"],
)
async def test_a_payload_that_means_nothing_gets_a_sensible_answer(here: Stage, payload: str) -> None:
    await here.sends(
        JULIA,
        type="interactive",
        interactive={"type": "button_reply", "button_reply": {"id": payload, "title": "toque"}},
    )
    assert len(here.heard_all(JULIA)) == 1
    async with here.services.db.begin() as session:
        assert (await session.scalars(select(Inbound.status))).all() == [InboundStatus.DONE]


@pytest.mark.parametrize("text", ["a" * 65_000, "oi\x00tudo bem\x00", "\ud83d", "\n\n\n", "😀" * 900, "{{7*7}} *_~`"])
async def test_odd_texts_get_one_answer(here: Stage, text: str) -> None:
    await here.says(JULIA, text)
    assert len(here.heard_all(JULIA)) == 1


async def test_calling_a_person_silences_the_bot_until_it_is_released(here: Stage) -> None:
    await here.says(JULIA, "quero falar com um atendente")
    assert len(here.heard_all(JULIA)) == 1
    assert "Júlia" in here.heard(RAFAEL)
    await here.says(JULIA, "alô?", "tem alguém aí?")
    assert here.heard_all(JULIA) == []
    async with here.services.db.begin() as session:
        assert (await session.scalars(select(Notification.kind))).all() == ["person_called"]
    await here.taps(RAFAEL, "Devolver")
    assert len(here.heard_all(JULIA)) == 1
    await here.says(JULIA, "oi")
    assert len(here.heard_all(JULIA)) == 1


async def test_an_owner_whom_no_text_reaches_is_called_by_letter(here: Stage) -> None:
    await here.says(RAFAEL, "oi")
    here.heard_all(RAFAEL)
    await here.later(days=2)
    here.heard_all(RAFAEL)
    async with here.services.db.begin() as session:
        owner = (await session.scalars(select(Professional))).one()
        (await session.get_one(User, owner.user_id)).email = "rafael@example.com"
    await here.says(JULIA, "quero falar com um atendente")
    assert "por até 12 horas" in here.heard(JULIA)
    async with here.services.db.begin() as session:
        letter = (await session.scalars(select(Outbound).where(Outbound.transport == Transport.EMAIL))).one()
        failed = (await session.scalars(select(Outbound.id).where(Outbound.error_code == "window_closed"))).all()
        assert "person_called" in (await session.scalars(select(Notification.kind))).all()
    assert failed == []
    assert letter.payload["to"] == "rafael@example.com"
    assert letter.payload["subject"] == "🙋 Júlia Ramos quer falar com você"
    assert "**Júlia Ramos** quer falar com você" in letter.payload["text"]


async def test_opting_out_stops_everything_but_answers(here: Stage) -> None:
    await here.says(JULIA, "marcar corte amanhã às 9h")
    await here.taps(JULIA, "Sim")
    await here.says(JULIA, "PARAR")
    here.heard_all(JULIA)
    await here.taps(RAFAEL, "Confirmar")
    assert here.heard_all(JULIA) == []
    async with here.services.db.begin() as session:
        on_whatsapp = (Outbound.kind == "booking_confirmed", Outbound.transport == Transport.WHATSAPP)
        statuses = (await session.scalars(select(Outbound.status).where(*on_whatsapp))).all()
    assert [status.value for status in statuses] == ["skipped"]
    await here.says(JULIA, "quais os serviços?")
    assert len(here.heard_all(JULIA)) == 1


async def wait_for_tomorrow(here: Stage) -> None:
    """Put Carlos on the waitlist for a cut tomorrow, and let the offer be made."""
    async with here.services.db.begin() as session:
        owner = (await session.scalars(select(Professional))).one()
        client = (await session.scalars(select(Client).where(Client.name == "Carlos Lima"))).one()
        service = (await session.scalars(select(Service).where(Service.name == "Corte"))).one()
        tomorrow = here.clock.now().date() + timedelta(days=1)
        await waitlist.join(
            session,
            professional_id=owner.id,
            client_id=client.id,
            service_id=service.id,
            day=tomorrow,
            now=here.clock.now(),
        )
    await here.later(minutes=1)


async def test_an_offer_of_the_waitlist_is_taken_with_a_tap(here: Stage) -> None:
    await wait_for_tomorrow(here)
    assert "Corte" in here.heard(CARLOS)
    await here.taps(CARLOS, "Quero")
    assert "22/11" in here.heard(CARLOS)
    assert "Carlos Lima" in here.heard(RAFAEL)
    await here.taps(CARLOS, "Quero")
    assert here.heard(RAFAEL) == ""
    async with here.services.db.begin() as session:
        booked = await session.scalars(select(Appointment).where(Appointment.created_at > here.began))
        assert len(booked.all()) == 1


async def test_an_offer_of_the_waitlist_can_be_refused(here: Stage) -> None:
    await wait_for_tomorrow(here)
    here.heard(CARLOS)
    await here.taps(CARLOS, "Não quero")
    assert len(here.heard_all(CARLOS)) >= 1
    async with here.services.db.begin() as session:
        assert await session.scalar(select(Appointment.id).where(Appointment.created_at > here.began)) is None


async def test_the_button_of_an_earlier_offer_does_not_take_a_later_one(here: Stage) -> None:
    await wait_for_tomorrow(here)
    await here.taps(CARLOS, "Não quero")
    await here.later(minutes=1)
    async with here.services.db.begin() as session:
        latest = select(Outbound).where(Outbound.kind == "waitlist_offer").order_by(Outbound.created_at, Outbound.id)
        first, second = await session.scalars(latest)
    assert first.payload["when"] != second.payload["when"]
    reply = {"id": f"accept:{first.payload['entry_id']}", "title": "Quero"}
    interactive = {"type": "button_reply", "button_reply": reply}
    here.heard(CARLOS)
    await here.sends(CARLOS, type="interactive", context={"id": first.provider_id}, interactive=interactive)
    assert "já não está guardada" in here.heard(CARLOS)
    await here.sends(CARLOS, type="interactive", context={"id": second.provider_id}, interactive=interactive)
    async with here.services.db.begin() as session:
        booked = (await session.scalars(select(Appointment).where(Appointment.created_at > here.began))).one()
    assert phrases.hour(booked.start_at.astimezone(ZoneInfo("America/Sao_Paulo"))) in second.payload["when"]


async def test_a_conversation_that_is_nobodys_any_more_is_given_back_once(here: Stage) -> None:
    await here.says(JULIA, "quero falar com um atendente")
    await here.taps(RAFAEL, "Devolver ao Odys")
    assert "Voltei" in here.heard(JULIA)
    await here.taps(RAFAEL, "Devolver ao Odys")
    assert here.heard(JULIA) == ""


class Talkative:
    """A brain that hands out more than anybody needs, and says how much it is shown."""

    def __init__(self) -> None:
        self.lines = 0

    async def answer(self, heard: Heard) -> Answer:
        self.lines = len(heard.history)
        tokens = {f"{len(heard.state.get('tokens', {}))}-{number}": {"kind": "slot"} for number in range(100)}
        return Answer(say=Text("pois é"), tokens=tokens)


async def test_what_a_conversation_remembers_is_bounded(here: Stage) -> None:
    talkative = Talkative()
    turns = replace(here.services.turns, brains=Only(talkative), rules=talkative)
    lane = await waiting(here, "me conta uma coisa")
    for number in range(8):
        assert await turns.run(lane) == 1
        await here.post(here.message(JULIA, type="text", text={"body": f"e mais uma, {number}"}))
        here.clock.jump(seconds=2)
        await here.services.send_due()
    async with here.services.db.begin() as session:
        states = (await session.scalars(select(Conversation.state))).all()
    assert max(len(each.get("tokens", {})) for each in states) == TOKENS
    assert talkative.lines == HISTORY


async def test_no_more_lanes_at_once_than_there_is_room_for(here: Stage) -> None:
    """Whoever comes when there is no room waits for it, and is then answered."""
    slow = Slow()
    turns = replace(here.services.turns, brains=Only(slow), rules=slow, room=asyncio.Semaphore(1))
    lanes = await here.left("me conta uma coisa", JULIA, CARLOS)
    running = [asyncio.create_task(turns.run(lane)) for lane in lanes]
    await slow.thinking.wait()
    async with here.services.db.begin() as session:
        held = await session.scalar(select(func.count()).where(Conversation.turn_token.is_not(None)))
    assert (held, slow.asked) == (1, 1)
    slow.go.set()
    assert await asyncio.gather(*running) == [1, 1]


async def test_a_new_address_is_in_the_reminders_that_wait(here: Stage) -> None:
    await here.says(JULIA, "marca um corte terça 11h pra mim")
    await here.says(JULIA, "sim")
    await here.taps(RAFAEL, "Confirmar")
    await here.says(RAFAEL, "meu endereço é Rua Nova, 99")
    async with here.services.db.begin() as session:
        waiting = (Outbound.kind.startswith("reminder"), Outbound.status == OutboundStatus.QUEUED)
        said = {row.payload["address"] for row in await session.scalars(select(Outbound).where(*waiting))}
    assert said == {"Rua Nova, 99"}


async def test_who_writes_is_called_what_they_say_not_what_a_stranger_typed_beside_their_number(here: Stage) -> None:
    """A name from the public page holds until the owner of the phone comes forward, or the professional corrects it."""
    typed = {STRANGER: "Palavrão Feio", "5521955551235": "Vanda Ramos", "5521955551236": "Corrigida"}
    async with here.services.db.begin() as session:
        owner = (await session.scalars(select(Professional))).one()
        for phone, name in typed.items():
            row = await clients.add(session, owner.id, name=name, phone=f"+{phone}", proved=False, now=here.clock.now())
            if name == "Corrigida":
                await clients.rename(session, row, "Vilma Rocha")
    for phone in typed:
        await here.says(phone, f"agendar {owner.slug}", name="Vanda")
        await here.says(phone, "oi", name="Vanda")
    async with here.services.db.begin() as session:
        found = await session.scalars(select(Client).where(Client.phone_key.in_([phone_key(each) for each in typed])))
        named = {row.phone_key: (row.name, row.unproved) for row in found}
    wanted = [("Vanda", False), ("Vanda Ramos", False), ("Vilma Rocha", False)]
    assert named == dict(zip([phone_key(each) for each in typed], wanted, strict=True))
