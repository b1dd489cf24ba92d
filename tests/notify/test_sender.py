"""What is owed is sent once, in order, within Meta's rules, or shows up as failed."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from bot.models import Appointment, Client, Contact, ContactIdentity, Conversation
from bot.models.enums import Channel, IdentityKind, OutboundStatus, Status
from bot.notify import numbers
from bot.notify.claim import claim
from bot.notify.delivery import STATUS_WAIT
from bot.notify.messages import LoginCode, Reminder24h
from bot.notify.sender import IN_FLIGHT
from bot.whatsapp.faults import ACTIONS, Action, Fault
from bot.whatsapp.outgoing import Choices, Image, Option, Template

from ..fakes.graph import ACCOUNT, Accept, AcceptThenCut, AcceptThenFail, Behaviour, Cut, Garbage, Refuse
from ..processes import until
from .crowd import Crowd
from .post_office import NOON, PostOffice, agenda_of, cloud_at, owed, statuses, within

QUEUED, SENDING, UNCERTAIN, SENT = (
    OutboundStatus.QUEUED,
    OutboundStatus.SENDING,
    OutboundStatus.UNCERTAIN,
    OutboundStatus.SENT,
)
FAILED, SKIPPED, DELIVERED = OutboundStatus.FAILED, OutboundStatus.SKIPPED, OutboundStatus.DELIVERED
ANA, RUI = "5511988887777", "5521977776666"


# -- what goes out


async def test_an_answer_goes_out_once_and_into_the_conversation(post: PostOffice) -> None:
    await post.say(await post.person(), "Oi, Ana!")
    assert await post.send() == 1
    assert await post.send() == 0
    row = await post.row()
    assert (row.status, row.provider_id, row.sent_at) == (SENT, post.graph.accepted[0].id, post.clock.now())
    assert post.graph.accepted[0].opaque == str(row.id)
    assert post.graph.texts_to(ANA) == ["Oi, Ana!"] == await post.lines()


async def test_a_notice_is_text_inside_the_window_and_a_template_outside(post: PostOffice) -> None:
    await post.owe(await post.person(wrote_ago=23.9))
    await post.owe(await post.person(RUI, wrote_ago=23.95))
    await post.owe(await post.person("5531966665555", wrote_ago=None))
    await post.send()
    assert "quinta, 26/11, às 15h" in post.graph.texts_to(ANA)[0]
    assert post.graph.texts_to(RUI) == ["[booking_confirmed]"] == post.graph.texts_to("5531966665555")
    named = post.graph.accepted[1].body["template"]["components"][0]["parameters"]
    assert {"type": "text", "parameter_name": "when", "text": "quinta, 26/11, às 15h"} in named
    # Both conversations show what it says, not the name of a template.
    assert len(await post.lines()) == 2
    assert len(set(await post.lines())) == 1


async def test_an_answer_after_the_window_shut_fails_visibly(post: PostOffice) -> None:
    await post.say(await post.person(wrote_ago=24), "tarde demais")
    await post.send()
    row = await post.row()
    assert (row.status, row.error_code) == (FAILED, "window_closed")
    assert post.graph.attempts == 0


async def test_choices_images_and_codes_reach_meta_in_its_own_form(post: PostOffice) -> None:
    ana = await post.person()
    few = Choices("Qual?", (Option("a", "Corte"), Option("b", "Barba")))
    many = Choices("Qual?", tuple(Option(f"s{n}", f"às {n}h", "quinta, 26/11") for n in range(10)), "Ver horários")
    picture = Image("iVBORw0KGgo=", "seu QR")
    for outgoing in (few, many, picture):
        await post.say(ana, outgoing=outgoing)
    await post.owe(await post.person(RUI, wrote_ago=None), LoginCode(code="482913"))
    await post.send()
    assert statuses(await post.rows()) == [SENT] * 4
    kinds = [sent.body["type"] for sent in post.graph.accepted if sent.to == ANA]
    assert kinds == ["interactive", "interactive", "image"]
    assert post.graph.uploads == [b"\x89PNG\r\n\x1a\n"]
    (code,) = [sent.body["template"] for sent in post.graph.accepted if sent.to == RUI]
    assert [part["parameters"][0]["text"] for part in code["components"]] == ["482913", "482913"]


async def test_a_person_without_a_phone_is_reached_by_the_id_meta_gave(post: PostOffice) -> None:
    bia = await post.person(phone=None)
    async with post.db.begin() as session:
        identity = {"channel": Channel.CLOUD, "kind": IdentityKind.BSUID, "value": "BR.77"}
        session.add(ContactIdentity(contact_id=bia, created_at=post.clock.now(), **identity))
    await post.say(bia, "oi")
    await post.owe(await post.person(phone=None))
    await post.send()
    assert post.graph.texts_to("BR.77") == ["oi"]
    assert [(row.status, row.error_code) for row in await post.rows()] == [(SENT, ""), (FAILED, "no_address")]


async def test_a_premium_professional_writes_from_their_own_number(post: PostOffice) -> None:
    async with post.db.begin() as session:
        professional = await agenda_of(session, account="777")
    await post.owe(await post.person(), professional_id=professional)
    await post.owe(await post.person(RUI))
    await post.send()
    assert {sent.to: sent.account for sent in post.graph.accepted} == {ANA: "777", RUI: ACCOUNT}


async def test_who_talks_to_a_professional_on_a_shared_number_is_answered_there(post: PostOffice) -> None:
    """The professional has a number of their own, to which neither of these has ever written; Rui talks to another."""
    async with post.db.begin() as session:
        bia, other = await agenda_of(session, account="777"), await agenda_of(session, slug="caio")
    ana, rui = await post.person(), await post.person(RUI)
    for contact, talks_to in ((ana, bia), (rui, other)):
        async with post.db.begin() as session:
            await session.execute(
                update(Conversation).where(Conversation.contact_id == contact).values(professional_id=talks_to)
            )
        await post.owe(contact, professional_id=bia)
    await post.send()
    assert {sent.to: (sent.account, sent.body["type"]) for sent in post.graph.accepted} == {
        ANA: (ACCOUNT, "text"),
        RUI: ("777", "template"),
    }
    post.clock.jump(hours=30)
    await post.owe(ana, professional_id=bia, dedup_key="later")
    await post.send()
    assert post.graph.accepted[-1].account == "777"


# -- order


async def test_one_person_gets_everything_in_order_and_one_at_a_time(post: PostOffice) -> None:
    ana, rui = await post.person(), await post.person(RUI)
    post.graph.next(Accept(0.05), Accept(0.05))
    await post.say(ana, *(str(n) for n in range(8)))
    await post.say(rui, *(str(n) for n in range(8)))
    await post.send()
    assert post.graph.texts_to(ANA) == post.graph.texts_to(RUI) == [str(n) for n in range(8)]
    assert post.graph.most_flying_to_one == 1
    assert post.graph.most_flying == 2


async def test_answers_overtake_notices_and_a_later_one_waits_for_a_retry(post: PostOffice) -> None:
    ana = await post.person()
    await post.owe(ana)
    await post.say(ana, "um")
    post.graph.next(Refuse(429, 130429))
    await post.say(ana, "dois")
    await post.send()
    # "um" was refused and comes back later; nothing of hers goes before it.
    assert post.graph.accepted == []
    post.clock.jump(seconds=3)
    await post.send()
    assert post.graph.texts_to(ANA)[:2] == ["um", "dois"]
    assert len(post.graph.accepted) == 3


async def test_a_message_for_tomorrow_holds_nobody_up(post: PostOffice) -> None:
    ana = await post.person()
    await post.owe(ana, due_at=post.clock.now() + timedelta(days=1))
    await post.owe(ana)
    assert await post.send() == 1
    assert statuses(await post.rows()) == [QUEUED, SENT]


async def test_two_senders_at_once_send_everything_once(post: PostOffice) -> None:
    people = [await post.person(f"55119{80000000 + n}") for n in range(20)]
    for person in people:
        await post.say(person, "um", "dois", "três")
    await asyncio.gather(*(post.send() for _ in range(4)))
    assert len(post.graph.accepted) == 60
    assert {row.status for row in await post.rows()} == {SENT}
    assert post.graph.most_flying_to_one == 1
    assert all(post.graph.texts_to(f"55119{80000000 + n}") == ["um", "dois", "três"] for n in range(20))


async def test_many_are_in_flight_together_but_not_too_many(post: PostOffice) -> None:
    post.graph.crowd = IN_FLIGHT // 2  # none of them leaves before, however long a claim takes
    post.graph.next(*[Accept(0.3)] * 230)
    crowd = Crowd(post.db)
    await crowd.gather(230, post.clock.now())
    await crowd.owe([(person, 0) for person in range(230)], post.clock.now())
    assert await post.send() == 230
    assert {row.status for row in await post.rows()} == {SENT}
    assert post.graph.most_flying <= IN_FLIGHT


# -- what is of no use any more


async def test_what_has_expired_is_skipped(post: PostOffice) -> None:
    ana = await post.person()
    await post.owe(ana, expires_at=post.clock.now())
    await post.owe(ana, expires_at=post.clock.now() + timedelta(seconds=1))
    assert await post.send() == 2
    assert [(row.status, row.error_code) for row in await post.rows()] == [(SKIPPED, "expired"), (SENT, "")]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({}, SENT),
        ({"status": Status.PENDING_CONFIRMATION}, SENT),
        ({"status": Status.CANCELLED}, SKIPPED),
        ({"status": Status.REJECTED}, SKIPPED),
        ({"move": timedelta(hours=1)}, SKIPPED),
    ],
)
async def test_a_reminder_speaks_only_of_what_still_holds(
    post: PostOffice, change: dict[str, object], outcome: OutboundStatus
) -> None:
    ana, start = await post.person(), post.clock.now() + timedelta(days=1)
    async with post.db.begin() as session:
        professional = await agenda_of(session)
        client = Client(professional_id=professional, contact_id=ana, name="Ana", created_at=NOON)
        session.add(client)
        await session.flush()
        times = {"start_at": start, "end_at": start + timedelta(hours=1), "created_at": NOON, "updated_at": NOON}
        appointment = Appointment(
            professional_id=professional, client_id=client.id, service_name="Corte", status=Status.CONFIRMED, **times
        )
        session.add(appointment)
        await session.flush()
    reminder = Reminder24h(
        client="Ana", professional="Bia", service="Corte", when="amanhã", address="", appointment_id=str(appointment.id)
    )
    await post.owe(ana, reminder, appointment=appointment, reminds=True)
    async with post.db.begin() as session:
        found = await session.get_one(Appointment, appointment.id)
        found.status = change.get("status", found.status)  # type: ignore[assignment]
        if isinstance(by := change.get("move"), timedelta):
            found.start_at, found.end_at = found.start_at + by, found.end_at + by
    await post.send()
    assert (await post.row()).status is outcome
    assert len(post.graph.accepted) == (outcome is SENT)


async def test_who_opted_out_gets_only_what_they_ask_for(post: PostOffice) -> None:
    ana = await post.person(opted_out_at=post.clock.now())
    await post.owe(ana)
    await post.say(ana, "Pronto, não envio mais nada.")
    await post.owe(ana, LoginCode(code="482913"))
    await post.send()
    assert sorted(statuses(await post.rows())) == [SENT, SENT, SKIPPED]
    assert len(post.graph.accepted) == 2


async def test_a_row_that_cannot_be_worded_fails_alone(post: PostOffice) -> None:
    await post.owe(await post.person())
    await post.change(kind="no_such_message")
    await post.say(await post.person(RUI), "oi")
    await post.send()
    assert sorted((row.status, row.error_code) for row in await post.rows()) == [(FAILED, "wording"), (SENT, "")]


# -- faults


# What Graph does, where the row ends, and after how many seconds it is looked at again (a quarter more, at most).
FAULTS: list[tuple[Behaviour, OutboundStatus, float]] = [
    (Refuse(429, 130429), QUEUED, 2),
    (Refuse(400, 4), QUEUED, 2),
    (Refuse(429, 131056), QUEUED, 4),
    (Refuse(429, 999), QUEUED, 2),
    (Refuse(400, 131053), QUEUED, 2),
    (Garbage(429, "slow down"), QUEUED, 2),
    (Garbage(404, "nginx"), QUEUED, 2),
    (Garbage(502), UNCERTAIN, 60),
    (Garbage(200, "OK"), UNCERTAIN, 60),
    (Refuse(500, 131000, transient=True), UNCERTAIN, 60),
    (Refuse(500, 1), UNCERTAIN, 60),
    (Refuse(400, 999, transient=True), UNCERTAIN, 60),
    (Refuse(503, 999), UNCERTAIN, 60),
    (AcceptThenFail(), UNCERTAIN, 60),
    (AcceptThenCut(), UNCERTAIN, 60),
    (Cut(), UNCERTAIN, 60),
    (Refuse(401, 190, subcode=463), QUEUED, 300),
    (Refuse(403, 10), QUEUED, 300),
    (Refuse(403, 999), QUEUED, 300),
    (Refuse(400, 131031), QUEUED, 300),
    (Refuse(400, 131042), QUEUED, 300),
    (Refuse(400, 131026), FAILED, 0),
    (Refuse(400, 131050), FAILED, 0),
    (Refuse(400, 131049), FAILED, 0),
    (Refuse(400, 132001), FAILED, 0),
    (Refuse(400, 100), FAILED, 0),
    (Refuse(400, 999), FAILED, 0),
]


async def test_each_fault_has_its_action(post: PostOffice) -> None:
    ana, start = await post.person(), post.clock.now()
    for behaviour, status, seconds in FAULTS:
        await post.forget()
        await post.owe(ana)
        post.graph.next(behaviour)
        await post.send()
        row = await post.row()
        assert (row.status, bool(row.error_code)) == (status, True), behaviour
        assert within(row, start, seconds, seconds * 1.25), behaviour
        # No hot loop: until it is due, nothing moves.
        assert await post.send() == 0
    assert post.graph.attempts == len(FAULTS)


def test_every_code_of_the_table_has_one_action() -> None:
    # "Again" without more is for what no code of Meta's tells: nobody was there, or something before it answered.
    assert set(ACTIONS.values()) == set(Action) - {Action.RETRY}
    assert ACTIONS["131047"] is Action.USE_TEMPLATE
    assert ACTIONS["250"] is Action.STOP_ACCOUNT


async def test_while_nobody_is_there_it_is_tried_for_half_an_hour_and_then_shown(post: PostOffice) -> None:
    """A breakdown of Meta's, or of our own line, is not about the message: it must not cost what was owed meanwhile."""
    await post.owe(await post.person())
    post.cloud, meta = cloud_at("http://127.0.0.1:9/v26.0", post.web), post.cloud  # discard: nobody listens
    tried: list[float] = []
    began = post.clock.now()
    while (row := await post.row()).status is QUEUED:
        tried.append((row.due_at - began).total_seconds())
        post.clock.moment = max(post.clock.moment, row.due_at)
        await post.send()
        if len(tried) == 8:
            assert tried[-1] > 120, "a breakdown of two minutes must be lived through"
    assert (row.status, row.attempts, row.error_code) == (FAILED, 12, "no_connection")
    assert 1800 < tried[-1] < 3600
    assert all(later - earlier >= 2 for earlier, later in pairwise(tried))
    post.cloud = meta
    await post.owe(await post.person(RUI))
    await post.send()
    assert statuses(await post.rows()) == [FAILED, SENT]


async def test_a_timeout_is_a_doubt(post: PostOffice) -> None:
    await post.say(await post.person(), "oi")
    post.graph.next(Accept(0.3))
    await post.send(deadline=0.1)
    assert ((await post.row()).status, (await post.row()).error_code) == (UNCERTAIN, "timeout")


async def test_131047_switches_to_the_template(post: PostOffice) -> None:
    ana = await post.person()
    await post.owe(ana)
    post.graph.next(Refuse(400, 131047))
    await post.send()
    assert post.graph.texts_to(ANA) == ["[booking_confirmed]"]
    assert (await post.row()).status is SENT
    await post.say(ana, "oi")
    await post.send()
    assert [row.error_code for row in await post.rows()] == ["", "window_closed"]


async def test_what_a_refusal_tells_about_a_person_is_remembered(post: PostOffice) -> None:
    ana, rui = await post.person(), await post.person(RUI)
    post.graph.next(Refuse(400, 131026), Refuse(400, 131050))
    await post.owe(ana)
    await post.send()
    await post.owe(rui)
    await post.send()
    async with post.db.begin() as session:
        first, second = await session.get_one(Contact, ana), await session.get_one(Contact, rui)
    assert (first.unreachable_at, first.opted_out_at) == (post.clock.now(), None)
    # What was told to WhatsApp is about offers: reminders of their own appointments still reach them.
    assert (second.unreachable_at, second.opted_out_at) == (None, None)
    assert second.marketing_stopped_at == post.clock.now()


async def test_a_number_that_is_shut_is_tried_with_one_message_and_loses_none(post: PostOffice) -> None:
    for n in range(10):
        await post.say(await post.person(f"55119{80000000 + n}"), "oi")
    post.graph.next(*[Refuse(401, 190)] * 11)
    await post.send()
    assert post.graph.attempts == 10  # those that were in flight when the first came back
    async with post.db.begin() as session:
        assert list(await numbers.stopped(session, post.clock.now())) == [ACCOUNT]
    await post.say(await post.person(RUI), "oi")
    await post.send()
    assert post.graph.attempts == 10
    post.clock.jump(minutes=5)
    await post.send()
    assert post.graph.attempts == 11
    post.clock.jump(minutes=6)
    await post.send()
    assert post.graph.attempts == 12
    await post.told(post.graph.accepted[0], "delivered")  # one gets through: the number is open again
    await post.send()
    assert {row.status for row in await post.rows()} == {SENT, DELIVERED}
    async with post.db.begin() as session:
        assert await numbers.stopped(session, post.clock.now()) == {}


async def test_a_shut_number_is_tried_by_one_sender_with_one_message(post: PostOffice) -> None:
    for n in range(10):
        await post.say(await post.person(f"55119{80000000 + n}"), "oi")
    async with post.db.begin() as session:
        await numbers.stop(session, ACCOUNT, Fault("190", Action.STOP_ACCOUNT), post.clock.now())

    async def leased() -> int:
        async with post.db.begin() as session:
            return len((await claim(session, now=post.clock.now(), account=ACCOUNT, limit=64)).jobs)

    assert [await leased(), await leased()] == [0, 0]
    post.clock.jump(minutes=5)
    assert [await leased(), await leased()] == [1, 0]
    # That sender dies. A lease later another one may try, and only one.
    post.clock.jump(seconds=31)
    assert [await leased(), await leased()] == [1, 0]


async def test_a_full_number_holds_no_other_up(post: PostOffice) -> None:
    async with post.db.begin() as session:
        own = await agenda_of(session, account="777")
    await post.owe(await post.person(), professional_id=own)
    await post.say(await post.person(RUI), "oi")
    async with post.db.begin() as session:
        found = await claim(session, now=post.clock.now(), account=ACCOUNT, limit=9, without={ACCOUNT})
    assert [job.account for job in found.jobs] == ["777"]


async def test_a_thousand_reminders_of_one_professional_keep_no_other_waiting(post: PostOffice) -> None:
    async with post.db.begin() as session:
        busy, other = await agenda_of(session), await agenda_of(session, slug="rui")
    for n in range(12):
        await post.owe(await post.person(f"55119{80000000 + n}"), professional_id=busy)
    post.clock.jump(seconds=1)
    await post.owe(await post.person(ANA), professional_id=other)
    await post.say(await post.person(RUI), "já respondo")
    async with post.db.begin() as session:
        found = await claim(session, now=post.clock.now(), account=ACCOUNT, limit=3)
    assert [job.to.phone for job in found.jobs] == [RUI, "5511980000000", ANA]


# -- doubts and crashes


async def test_a_doubt_is_settled_by_its_status_and_nothing_goes_out_twice(post: PostOffice) -> None:
    await post.say(await post.person(), "oi")
    post.graph.next(AcceptThenFail())
    await post.send()
    await post.told(post.graph.accepted[0], "sent")
    post.clock.jump(minutes=10)
    await post.send()
    row = await post.row()
    assert (row.status, row.provider_id, row.error_code) == (SENT, post.graph.accepted[0].id, "")
    assert len(post.graph.accepted) == 1
    assert await post.lines() == ["oi"]


async def test_a_doubt_without_a_status_is_sent_once_more_and_then_shown(post: PostOffice) -> None:
    await post.say(await post.person(), "oi")
    post.graph.next(Cut(), Refuse(429, 130429), Cut())
    await post.send()
    for _ in range(6):
        post.clock.jump(seconds=61)
        await post.send()
    row = await post.row()
    assert (row.status, row.error_code) == (FAILED, "unconfirmed")
    assert post.graph.attempts == 3
    # A status that comes later still tells the truth.
    await post.told(owed(ANA, row), "delivered")
    assert (await post.row()).status is DELIVERED


async def test_a_sender_that_died_leaves_a_doubt_not_a_duplicate(post: PostOffice) -> None:
    await post.say(await post.person(), "oi")
    async with post.db.begin() as session:
        assert len((await claim(session, now=post.clock.now(), account=ACCOUNT, limit=10)).jobs) == 1
    assert await post.send() == 0
    post.clock.jump(seconds=31)
    await post.send()
    assert ((await post.row()).status, post.graph.attempts) == (UNCERTAIN, 0)
    post.clock.jump(seconds=STATUS_WAIT.total_seconds())  # from when its death was noticed
    await post.send()
    assert (await post.row()).status is SENT
    assert post.graph.texts_to(ANA) == ["oi"]


async def test_a_sender_that_died_after_the_post_is_answered_for_by_the_status(post: PostOffice) -> None:
    await post.say(await post.person(), "oi")
    async with post.db.begin() as session:
        await claim(session, now=post.clock.now(), account=ACCOUNT, limit=10)
    await post.told(owed(ANA, await post.row()), "delivered")
    post.clock.jump(minutes=10)
    assert await post.send() == 0
    assert ((await post.row()).status, post.graph.attempts) == (DELIVERED, 0)


async def test_a_status_may_come_before_the_answer_to_the_post(post: PostOffice) -> None:
    await post.say(await post.person(), "oi")
    post.graph.next(Accept(0.2))
    sending = asyncio.create_task(post.send())
    await asyncio.wait_for(post.graph.busy.wait(), 5)
    row = await post.row()
    early = owed(ANA, row)
    early.id = "wamid.FAKE000000"  # what the answer will say
    await post.told(early, "sent", "delivered")
    await sending
    row = await post.row()
    assert (row.status, row.provider_id) == (DELIVERED, "wamid.FAKE000000")
    assert await post.lines() == ["oi"]


async def test_a_sender_that_is_stopped_waits_for_the_answers_on_their_way(post: PostOffice) -> None:
    ana, rui = await post.person(), await post.person(RUI)
    await post.say(ana, "um", "dois")
    await post.say(rui, "um")
    post.graph.next(Accept(0.5), Accept(0.5))
    sending = asyncio.create_task(post.send())
    await until(lambda: post.graph.flying == 2, 30)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    # Both that were out are noted, and nothing else has left.
    assert sorted(statuses(await post.rows())) == sorted([SENT, SENT, QUEUED])
    await post.send()
    assert post.graph.texts_to(ANA) == ["um", "dois"]
    assert len(post.graph.accepted) == 3


async def test_an_answer_that_does_not_come_in_time_is_told_by_its_status(post: PostOffice) -> None:
    await post.say(await post.person(), "oi")
    post.graph.next(Accept(0.3))
    sending = asyncio.create_task(post.send(last_call=0))
    await asyncio.wait_for(post.graph.busy.wait(), 5)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (await post.row()).status is SENDING
    await asyncio.sleep(0.35)
    await post.told(post.graph.accepted[0], "sent")
    post.clock.jump(minutes=5)
    await post.send()
    assert ((await post.row()).status, len(post.graph.accepted)) == (SENT, 1)


async def test_an_upload_that_fails_is_no_doubt(post: PostOffice) -> None:
    await post.say(await post.person(), outgoing=Image("iVBORw0KGgo="))
    post.graph.next(Refuse(500, 131000))
    await post.send()
    assert (await post.row()).status is QUEUED


async def test_a_template_of_ours_can_be_said_as_it_is(post: PostOffice) -> None:
    await post.say(await post.person(), outgoing=Template("reminder_2h", {"client": "Ana"}, ("a:1",)))
    await post.send()
    assert post.graph.texts_to(ANA) == ["[reminder_2h]"]
