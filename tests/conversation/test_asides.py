"""What comes beside a conversation: edits, deletions, quotes, a person of ours who types, a flood, another number."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.conversation import inbox
from bot.db import Database
from bot.models import (
    Appointment,
    Client,
    Contact,
    Conversation,
    Inbound,
    Message,
    Notification,
    Outbound,
    PendingAction,
    Professional,
    User,
)
from bot.models.enums import Author, InboundStatus, PendingStatus, Plan
from bot.notify import outbox
from bot.notify.messages import Reminder24h
from bot.whatsapp.outgoing import Text

from ..conftest import StillClock
from ..fakes.graph import ACCOUNT
from ..stage import CARLOS, JULIA, RAFAEL, STRANGER, Stage, stage

# What is said and not said is the same on both databases; what is stored at once is tried elsewhere, on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def here(db: Database, clock: StillClock) -> AsyncIterator[Stage]:
    async with stage(db, clock) as ready:
        yield ready


async def wamid(here: Stage, phone: str) -> str:
    """Return the provider's id of the last message a phone got."""
    return [sent.id for sent in here.graph.accepted if sent.to == phone][-1]


async def typed_by_hand(here: Stage, text: str, to: str = JULIA, **more: Any) -> None:
    """A person of ours types on the phone itself, and nothing is answered for it."""
    body = here.message(to, type="text", text={"body": text}, **more)
    change = body["entry"][0]["changes"][0]
    (message,) = change["value"].pop("messages")
    change["field"] = "smb_message_echoes"
    change["value"]["message_echoes"] = [{**message, "from": "551140000000", "to": to}]
    await here.post(body)
    await here.settle()


async def rows(here: Stage) -> Sequence[Inbound]:
    async with here.services.db.begin() as session:
        return (await session.scalars(select(Inbound).order_by(Inbound.id))).all()


async def talk_of(here: Stage, phone: str) -> Conversation:
    async with here.services.db.begin() as session:
        joined = select(Conversation).join(Contact, Contact.id == Conversation.contact_id)
        return (await session.scalars(joined.where(Contact.phone == phone))).one()


# -- edits and deletions


async def test_the_edit_of_a_message_that_waits_takes_its_place(here: Stage) -> None:
    first = here.message(JULIA, type="text", text={"body": "quero corte amanhã às 9h"})
    identifier = first["entry"][0]["changes"][0]["value"]["messages"][0]["id"]
    inside = {"type": "text", "text": {"body": "quero corte amanhã às 10h"}}
    await here.post(first)
    await here.post(here.message(JULIA, type="edit", edit={"original_message_id": identifier, "message": inside}))
    await here.settle()
    assert "10h" in here.heard(JULIA)
    stored, _ = await rows(here)
    assert (stored.event["text"], stored.event["before"]) == ("quero corte amanhã às 10h", ["quero corte amanhã às 9h"])


async def test_the_edit_of_an_answered_message_gets_a_hint_and_changes_nothing(here: Stage) -> None:
    await here.says(JULIA, "quero corte amanhã às 9h")
    asked = here.heard(JULIA)
    inside = {"type": "text", "text": {"body": "sim"}}
    for _ in range(2):
        await here.sends(JULIA, type="edit", edit={"original_message_id": "wamid.STAGE00001", "message": inside})
    assert "editou" in here.heard(JULIA)
    async with here.services.db.begin() as session:
        assert await session.scalar(select(PendingAction.status)) is PendingStatus.OPEN
    assert "9h" in asked


async def test_a_message_taken_back_in_time_is_not_answered(here: Stage) -> None:
    first = here.message(JULIA, type="text", text={"body": "PARAR"})
    identifier = first["entry"][0]["changes"][0]["value"]["messages"][0]["id"]
    await here.post(first)
    await here.post(here.message(JULIA, type="revoke", revoke={"original_message_id": identifier}))
    await here.settle()
    assert here.heard_all(JULIA) == []
    taken_back, _ = await rows(here)
    assert (taken_back.status, taken_back.error) == (InboundStatus.DONE, "deleted by its sender")
    async with here.services.db.begin() as session:
        assert await session.scalar(select(Contact.opted_out_at).where(Contact.phone == JULIA)) is None
    # The conversation is free for the next message.
    await here.says(JULIA, "oi")
    assert len(here.heard_all(JULIA)) == 1


async def test_a_reaction_agrees_to_nothing_and_gets_no_answer(here: Stage) -> None:
    await here.says(JULIA, "quero corte amanhã às 9h")
    here.heard(JULIA)
    before = (await talk_of(here, JULIA)).last_inbound_at
    here.clock.jump(minutes=1)
    await here.sends(JULIA, type="reaction", reaction={"message_id": await wamid(here, JULIA), "emoji": "👍"})
    assert here.heard_all(JULIA) == []
    assert (await talk_of(here, JULIA)).last_inbound_at == before
    async with here.services.db.begin() as session:
        assert await session.scalar(select(PendingAction.status)) is PendingStatus.OPEN


async def test_somebody_elses_words_passed_on_agree_to_nothing(here: Stage) -> None:
    await here.says(JULIA, "quero corte amanhã às 9h")
    here.heard(JULIA)
    for words in ("sim", "1"):
        await here.sends(JULIA, type="text", text={"body": words}, context={"forwarded": True})
    async with here.services.db.begin() as session:
        made = select(func.count()).select_from(Appointment).where(Appointment.created_at > here.began)
        assert await session.scalar(made) == 0


async def test_an_album_is_answered_once(here: Stage) -> None:
    for _ in range(4):
        await here.sends(JULIA, type="image", image={"id": "1", "mime_type": "image/jpeg"})
    assert len(here.heard_all(JULIA)) == 1
    await here.sends(JULIA, type="request_welcome")
    await here.sends(JULIA, type="hologram", hologram={"id": "1"})
    assert len(here.heard_all(JULIA)) == 1  # of a type nobody knows yet


# -- quotes


async def remind(here: Stage, which: int = 0) -> Appointment:
    """Remind Júlia of one of her appointments."""
    now = here.clock.now()
    async with here.services.db.begin() as session:
        julia = (await session.scalars(select(Contact).where(Contact.phone == JULIA))).one()
        talk = (await session.scalars(select(Conversation).where(Conversation.contact_id == julia.id))).one()
        cards = select(Client.id).where(Client.contact_id == julia.id)
        mine = select(Appointment).where(
            Appointment.start_at > now, Appointment.status == "confirmed", Appointment.client_id.in_(cards)
        )
        row = (await session.scalars(mine.order_by(Appointment.start_at))).all()[which]
        words = Reminder24h(
            client="Júlia",
            professional="Rafael",
            service=row.service_name,
            when="amanhã",
            address="Rua A",
            appointment_id=str(row.id),
        )
        await outbox.owe(
            session,
            words,
            contact_id=julia.id,
            professional_id=row.professional_id,
            now=now,
            conversation_id=talk.id,
            appointment=row,
        )
    await here.settle()
    return row


async def book(here: Stage, words: str) -> None:
    await here.says(JULIA, words)
    await here.says(JULIA, "sim")
    async with here.services.db.begin() as session:
        await session.execute(update(Appointment).where(Appointment.status != "completed").values(status="confirmed"))
    here.heard(JULIA)


@pytest.mark.parametrize("quoting", [True, False])
async def test_confirmo_under_a_reminder_is_a_yes_to_it(here: Stage, quoting: bool) -> None:
    await book(here, "quero corte amanhã às 9h")
    row = await remind(here)
    if quoting:
        # Something else was said in between: only the quote tells what is meant.
        await here.says(JULIA, "qual o endereço?")
    context = {"context": {"from": "551140000000", "id": await reminder_id(here)}} if quoting else {}
    here.heard(JULIA)
    await here.sends(JULIA, type="text", text={"body": "Confirmo!"}, **context)
    async with here.services.db.begin() as session:
        again = await session.get_one(Appointment, row.id)
    assert again.attendance_confirmed_at is not None
    assert len(here.heard_all(JULIA)) == 1


async def reminder_id(here: Stage) -> str:
    async with here.services.db.begin() as session:
        sent = (Outbound.kind == "reminder_24h", Outbound.provider_id.is_not(None))
        found = await session.scalar(select(Outbound.provider_id).where(*sent).order_by(Outbound.sent_at.desc()))
    assert found
    return found


async def test_a_quoted_reminder_says_which_appointment_is_to_be_moved(here: Stage) -> None:
    await book(here, "quero corte amanhã às 9h")
    await book(here, "quero corte amanhã às 11h")
    row = await remind(here, which=-1)
    here.heard(JULIA)
    context = {"from": "551140000000", "id": await reminder_id(here)}
    await here.sends(JULIA, type="text", text={"body": "preciso cancelar esse"}, context=context)
    async with here.services.db.begin() as session:
        asked = (await session.scalars(select(PendingAction).where(PendingAction.status == "open"))).one()
    assert (asked.tool, str(row.id)) == ("cancel_appointment", str(asked.arguments.get("appointment_id")))


async def test_a_yes_under_an_older_question_is_not_a_yes_to_the_new_one(here: Stage) -> None:
    await here.says(JULIA, "quero corte amanhã às 9h")
    older = await wamid(here, JULIA)
    await here.says(JULIA, "não, às 11h")
    here.heard(JULIA)
    await here.sends(JULIA, type="text", text={"body": "sim"}, context={"from": "551140000000", "id": older})
    async with here.services.db.begin() as session:
        made = select(func.count()).select_from(Appointment).where(Appointment.created_at > here.began)
        assert await session.scalar(made) == 0
    assert len(here.heard_all(JULIA)) == 1


# -- a person of ours types on the phone itself


async def test_the_bot_steps_back_where_a_person_of_ours_types(here: Stage) -> None:
    await here.says(JULIA, "quero corte amanhã às 9h")
    here.heard(JULIA)
    before = (await talk_of(here, JULIA)).last_inbound_at
    await typed_by_hand(here, "Oi Júlia, pode ser às 9h30?")
    await typed_by_hand(here, "Me diz")
    await here.says(JULIA, "sim")
    assert here.heard_all(JULIA) == []
    talk = await talk_of(here, JULIA)
    async with here.services.db.begin() as session:
        lines = await session.scalars(
            select(Message).where(Message.conversation_id == talk.id).order_by(Message.created_at, Message.id)
        )
        said = [(line.author, line.text) for line in lines if line.author is not Author.BOT]
        told = (await session.scalars(select(Notification.kind))).all()
        made = select(func.count()).select_from(Appointment).where(Appointment.created_at > here.began)
        assert await session.scalar(made) == 0  # the yes was said to a person
    assert said[-3:] == [
        (Author.PROFESSIONAL, "Oi Júlia, pode ser às 9h30?"),
        (Author.PROFESSIONAL, "Me diz"),
        (Author.CLIENT, "sim"),
    ]
    assert told.count("typed_by_hand") == 1
    assert before is not None
    assert talk.last_inbound_at is not None  # Júlia's own answer opened the window, the echoes did not
    await here.taps(RAFAEL, "Devolver ao Odys")
    here.heard(JULIA)
    await here.says(JULIA, "qual o endereço?")
    assert len(here.heard_all(JULIA)) == 1


async def test_an_echo_does_not_open_the_window_and_its_sender_is_nobody_new(here: Stage) -> None:
    await typed_by_hand(here, "Bom dia!", to=STRANGER)
    talk = await talk_of(here, STRANGER)
    assert talk.last_inbound_at is None
    await here.says(STRANGER, "bom dia")
    assert here.heard_all(STRANGER) == []
    await typed_by_hand(here, "Odys, assume", to=STRANGER)
    await here.says(STRANGER, "bom dia")
    assert len(here.heard_all(STRANGER)) == 1


async def test_our_own_message_that_comes_back_as_an_echo_silences_nobody(here: Stage) -> None:
    await here.says(JULIA, "oi")
    here.heard(JULIA)
    await typed_by_hand(here, "qualquer", id=await wamid(here, JULIA))
    await here.says(JULIA, "qual o endereço?")
    assert len(here.heard_all(JULIA)) == 1


# -- a flood


async def test_a_flood_is_put_off_told_of_once_and_answered_as_one(here: Stage) -> None:
    await here.says(JULIA, "oi")
    here.heard(JULIA)
    async with here.services.db.begin() as session:  # and 27 more within the minute
        await session.execute(update(Conversation).values(minute_count=inbox.RATE - 2))
    reply = {"type": "button_reply", "button_reply": {"id": "do:help", "title": "Ajuda"}}
    for _ in range(4):  # a tap is a turn of its own
        await here.post(here.message(JULIA, type="interactive", interactive=reply))
    for word in range(20):
        await here.post(here.message(JULIA, type="text", text={"body": f"palavra {word}"}))
    await here.settle()
    heard = here.heard_all(JULIA)
    assert ["pouco tempo" in bubble for bubble in heard] == [False, False, True]
    await here.says(JULIA, "cadê?")
    assert here.heard_all(JULIA) == []
    await here.says(CARLOS, "oi")
    assert len(here.heard_all(CARLOS)) == 1  # nobody else waits
    await here.later(minutes=1)
    assert len(here.heard_all(JULIA)) == 3  # two taps, and all the words at once
    assert all(row.status is InboundStatus.DONE for row in await rows(here))


# -- several numbers of ours


async def test_a_professionals_own_number_is_their_agenda_and_nobody_elses(here: Stage) -> None:
    own = "223344556677"
    async with here.services.db.begin() as session:
        user = User(name="Bia", created_at=here.began)
        session.add(user)
        await session.flush()
        # The plan has run out meanwhile: the number goes on.
        bia = Professional(
            user_id=user.id, slug="bia", name="Bia Souza", account=own, plan=Plan.FREE, created_at=here.began
        )
        session.add(bia)
    await say_to(here, own, JULIA, "oi")
    await say_to(here, own, JULIA, "agendar rafael-nogueira")
    await here.says(JULIA, "oi")
    async with here.services.db.begin() as session:
        talks = await session.execute(
            select(Conversation.account, Professional.slug)
            .join(Professional, Professional.id == Conversation.professional_id)
            .join(Contact, Contact.id == Conversation.contact_id)
            .where(Contact.phone == JULIA)
        )
        assert {(row[0], row[1]) for row in talks} == {(own, "bia"), (ACCOUNT, "rafael-nogueira")}
        leaving = [(sent.account, sent.text) for sent in here.graph.accepted if sent.to == JULIA]
    assert [account for account, _ in leaving] == [own, own, ACCOUNT]
    assert "Bia Souza" in leaving[1][1]


async def say_to(here: Stage, account: str, phone: str, text: str) -> None:
    body = here.message(phone, type="text", text={"body": text})
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = account
    await here.post(body)
    await here.settle()


# -- another number


async def test_a_changed_number_takes_everything_along(here: Stage) -> None:
    await here.says(JULIA, "oi")
    here.heard(JULIA)
    new = "5511900001111"
    await here.sends(JULIA, type="system", system={"type": "user_changed_number", "wa_id": new, "body": "x"})
    assert here.heard_all(JULIA) == []
    await here.says(new, "meus horários")
    async with here.services.db.begin() as session:
        contact = (await session.scalars(select(Contact).where(Contact.phone == new))).one()
        assert contact.name.startswith("Júlia")
        talks = select(func.count()).select_from(Conversation).where(Conversation.contact_id == contact.id)
        assert await session.scalar(talks) == 1
    await here.says(JULIA, "oi", name="Caio")
    async with here.services.db.begin() as session:
        assert await session.scalar(select(Contact.name).where(Contact.phone == JULIA)) == "Caio"


async def test_news_of_a_number_nobody_knows_enters_nobody(here: Stage) -> None:
    async with here.services.db.begin() as session:
        before = await session.scalar(select(func.count()).select_from(Contact))
    await here.sends(
        STRANGER, type="system", system={"type": "user_changed_number", "wa_id": "5511900001111", "body": "x"}
    )
    async with here.services.db.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Contact)) == before
    assert [row.status for row in await rows(here)] == [InboundStatus.DONE]


# -- opting out


async def test_sair_in_a_sign_up_leaves_the_sign_up_only(here: Stage) -> None:
    await here.says(STRANGER, "sou profissional", "sair")
    assert "VOLTAR" not in here.heard(STRANGER)
    async with here.services.db.begin() as session:
        assert await session.scalar(select(Contact.opted_out_at).where(Contact.phone == STRANGER)) is None


async def test_whoever_opted_out_gets_answers_and_nothing_else(here: Stage) -> None:
    await book(here, "quero corte amanhã às 9h")
    await here.says(JULIA, "parar")
    here.heard(JULIA)
    await remind(here)
    assert here.heard_all(JULIA) == []
    await here.says(JULIA, "qual o endereço?")
    assert len(here.heard_all(JULIA)) == 1
    await here.says(JULIA, "VOLTAR")
    here.heard(JULIA)
    async with here.services.db.begin() as session:
        talk = (await session.scalars(select(Conversation).where(Conversation.contact_id.is_not(None)).limit(1))).one()
        await outbox.say(session, Text("ignorada"), talk, now=here.clock.now())
    await remind(here)
    assert any("amanhã" in bubble for bubble in here.heard_all(JULIA))
