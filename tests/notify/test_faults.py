"""T13: every error code of the Cloud API, by the answer to the POST and by a status; and no fault makes a hot loop."""

from collections.abc import Awaitable, Callable, Iterator

import pytest
from sqlalchemy import select

from bot.models import Contact, Outbound, Professional, User
from bot.models.enums import OutboundStatus
from bot.notify import numbers
from bot.notify.claim import LEASE
from bot.notify.delivery import STATUS_WAIT
from bot.notify.pace import AHEAD
from bot.notify.sender import DEADLINE, LAST_CALL
from bot.whatsapp.cloud import TIMEOUT
from bot.whatsapp.faults import ACTIONS, Action, seconds_until_retry

from ..fakes.graph import (
    ACCOUNT,
    AcceptThenCut,
    AcceptThenFail,
    Behaviour,
    Cut,
    Garbage,
    Misnamed,
    Nameless,
    Refuse,
)
from .post_office import PostOffice, agenda_of, within

QUEUED, UNCERTAIN = OutboundStatus.QUEUED, OutboundStatus.UNCERTAIN
SENT, FAILED = OutboundStatus.SENT, OutboundStatus.FAILED

# What Meta's documentation and its users say of each code, written down without a look at our table: where a message
# ends, after how many seconds it is looked at again, and what else is remembered.
AGAIN, SLOWER, DOUBT, TEMPLATE, STOP = "again", "slower", "doubt", "template", "stop"
GONE, OFFERS, DEAD = "gone", "offers", "dead"
CODES: dict[str, tuple[int, ...]] = {
    AGAIN: (4, 80007, 130429, 131052, 131053),
    SLOWER: (131056,),
    DOUBT: (1, 2, 131000, 131016, 131057, 133004),
    TEMPLATE: (131047,),
    STOP: (
        *(0, 3, 10, 190, *range(200, 300), 131005, 368, 130497, 131031, 131048, 131064, 131042, 131037, 131045),
        *(133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016),
    ),
    GONE: (130403, 131021, 131026, 131030),
    OFFERS: (131050,),
    DEAD: (
        *(130472, 131049, 131055, 131062, 131063, 134100, 132000, 132001, 132005, 132007, 132008, 132012, 132015),
        *(132016, 132018, 132068, 132069, 33, 100, 131008, 131009, 131051, 135000, 137000),
    ),
}
ENDS = {
    AGAIN: (QUEUED, 2),
    SLOWER: (QUEUED, 4),
    DOUBT: (UNCERTAIN, 60),
    TEMPLATE: (SENT, 0),
    STOP: (QUEUED, 300),
    GONE: (FAILED, 0),
    OFFERS: (FAILED, 0),
    DEAD: (FAILED, 0),
}


def cases(*, all_of_them: bool) -> Iterator[tuple[int, str]]:
    """Yield codes: all on one database; on the other one of each kind, for its rows are all that differs."""
    for kind, codes in CODES.items():
        # A hundred permission codes are one: three of them will do.
        few = [code for code in codes if not 200 < code < 299 or code == 230]
        yield from ((code, kind) for code in (few if all_of_them else few[:1]))


def test_the_table_knows_every_code_and_no_other() -> None:
    assert {str(code) for codes in CODES.values() for code in codes} == set(ACTIONS)


@pytest.fixture
async def one(post: PostOffice) -> Callable[[], Awaitable[None]]:
    """Owe Ana a confirmation from Bia, with nothing else in the world."""
    ana = await post.person()
    async with post.db.begin() as session:
        bia = await agenda_of(session)

    async def owe() -> None:
        await post.forget()
        await post.owe(ana, professional_id=bia)

    return owe


One = Callable[[], Awaitable[None]]


async def not_silent(post: PostOffice, row: Outbound, code: int, kind: str) -> None:
    """Whatever did not arrive is seen: by the professional when it is over, by the operator when a number is shut."""
    told = await post.notifications()
    assert len(told) == (1 if row.status is FAILED else 0), (code, told)
    if told:
        assert told[0][0] == "Não consegui avisar Ana"
        assert "a confirmação do horário não foi entregue" in told[0][1]
        assert str(code) not in told[0][1]
    async with post.db.begin() as session:
        assert list(await numbers.stopped(session, post.clock.now())) == ([ACCOUNT] if kind == STOP else []), code
        contact = (await session.scalars(select(Contact))).one()
    assert (contact.unreachable_at is not None) is (kind == GONE), code
    assert (contact.marketing_stopped_at is not None) is (kind == OFFERS), code
    assert contact.opted_out_at is None


async def test_t13_each_code_as_the_answer_to_the_post(post: PostOffice, one: One) -> None:
    for code, kind in cases(all_of_them=post.db.sqlite):
        await one()
        before, start = post.graph.attempts, post.clock.now()
        post.graph.next(Refuse(400, code))
        await post.send()
        row, (status, seconds) = await post.row(), ENDS[kind]
        assert row.status is status, (code, kind)
        assert within(row, start, seconds, 1.25 * seconds), (code, row.due_at - start)
        assert (row.error_code == str(code)) is (status is not SENT), code
        await not_silent(post, row, code, kind)
        # No hot loop, and no blind second try: until it is due nothing moves.
        tries = 2 if kind == TEMPLATE else 1
        assert (await post.send(), post.graph.attempts) == (0, before + tries), code


async def test_t13_each_code_as_a_status_that_comes_later(post: PostOffice, one: One) -> None:
    """Then it is certain that the message did not arrive: a doubt is none any more, and may go out once again."""
    for code, kind in cases(all_of_them=post.db.sqlite):
        await one()
        before = len(post.graph.accepted)
        await post.send()
        await post.told(post.graph.accepted[-1], "sent", ("failed", code))
        row = await post.row()
        expected = QUEUED if kind in (DOUBT, TEMPLATE) else ENDS[kind][0]
        assert row.status is expected, (code, kind)
        await not_silent(post, row, code, kind)
        # The same status again, and an older one, change nothing.
        attempts = row.attempts
        await post.told(post.graph.accepted[-1], "sent", ("failed", code))
        assert ((await post.row()).status, (await post.row()).attempts) == (expected, attempts), code
        if kind in (DOUBT, TEMPLATE, AGAIN, SLOWER):
            post.clock.jump(seconds=6)
            await post.send()
            assert (await post.row()).status is SENT, code
            assert len(post.graph.accepted) == before + 2, code


@pytest.mark.parametrize(
    "behaviour",
    [AcceptThenFail(500), AcceptThenFail(502), AcceptThenFail(503), AcceptThenCut(), Garbage(200, "OK"), Garbage(504)],
    ids=str,
)
async def test_what_may_have_gone_out_waits_for_its_status_and_not_for_luck(
    post: PostOffice, one: One, behaviour: AcceptThenFail | AcceptThenCut | Garbage
) -> None:
    await one()
    post.graph.next(behaviour)
    await post.send()
    assert (await post.row()).status is UNCERTAIN
    post.clock.jump(seconds=55)
    await post.send()
    assert post.graph.attempts == 1
    if not post.graph.accepted:  # Meta never had it: without a status it goes out once more
        post.clock.jump(seconds=10)
        await post.send()
        assert ((await post.row()).status, post.graph.attempts) == (SENT, 2)
        return
    # The status came in, and waits unread: nothing goes out before it was read.
    await post.told(post.graph.accepted[0], "delivered")
    post.clock.jump(hours=1)
    await post.send()
    assert ((await post.row()).status, post.graph.attempts) == (OutboundStatus.DELIVERED, 1)


async def test_a_failure_is_told_once_and_taken_back_when_it_arrived_after_all(post: PostOffice, one: One) -> None:
    await one()
    await post.send()
    sent = post.graph.accepted[0]
    await post.told(sent, ("failed", 131026), ("failed", 131000))
    ((title, body),) = await post.notifications()
    assert (title, "esse número não recebe mensagens no WhatsApp" in body) == ("Não consegui avisar Ana", True)
    # Somebody has it tried again, and it fails again: that is not another piece of news.
    await post.change(status=QUEUED, attempts=0, error_code="", provider_id=None)
    post.graph.next(Refuse(400, 131026))
    await post.send()
    assert len(await post.notifications()) == 1
    await post.told(sent, "delivered")
    assert await post.notifications() == []
    assert (await post.row()).status is OutboundStatus.DELIVERED


async def test_a_professional_is_told_what_did_not_reach_themselves(post: PostOffice) -> None:
    bia = await post.person()
    async with post.db.begin() as session:
        professional = await agenda_of(session)
        owner = await session.get_one(Professional, professional)
        (await session.get_one(User, owner.user_id)).contact_id = bia
    await post.owe(bia, professional_id=professional)
    post.graph.next(Refuse(400, 132001))
    await post.send()
    ((title, body),) = await post.notifications()
    assert title == "Não consegui falar com você no WhatsApp"
    assert "o modelo dessa mensagem não está liberado" in body
    assert "Confira na agenda." in body


# For ever the same: what a provider may do for minutes on end.
ENDLESS: tuple[Behaviour, ...] = (
    Refuse(429, 130429),
    Refuse(429, 131056),
    Refuse(500, 131000, transient=True),
    Refuse(401, 190),
    Refuse(400, 131053),
    Refuse(400, 131047),
    Garbage(502),
    Cut(),
    AcceptThenCut(),
    Nameless(),
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("behaviour", ENDLESS, ids=lambda behaviour: type(behaviour).__name__)
async def test_t13_no_fault_is_met_more_than_once_a_second(post: PostOffice, behaviour: Behaviour) -> None:
    """A sender that looks all the time, and two minutes of the same: what keeps trying waits longer each time."""
    await post.owe(await post.person())
    post.graph.next(*[behaviour] * 200)
    tries: list[int] = []
    for second in (*range(20), *range(20, 300, 20)):
        before = post.graph.attempts
        await post.send()
        tries.append(post.graph.attempts - before)
        post.clock.jump(seconds=1 if second < 20 else 20)
    # The other form of a message is another message: when the window is shut it goes out at once as a template.
    assert max(tries) <= (2 if behaviour == Refuse(400, 131047) else 1)
    assert sum(tries) <= 6
    assert len(post.graph.accepted) <= 2


async def test_an_answer_that_names_no_message_is_a_doubt_that_its_status_settles(post: PostOffice) -> None:
    await post.say(await post.person(), "oi")
    post.graph.next(Nameless())
    await post.send()
    assert ((await post.row()).status, (await post.row()).error_code) == (UNCERTAIN, "no_message_id")
    await post.told(post.graph.accepted[0], "delivered")
    post.clock.jump(minutes=10)
    await post.send()
    assert ((await post.row()).status, post.graph.attempts) == (OutboundStatus.DELIVERED, 1)


async def test_an_answer_with_the_name_of_another_message_misleads_nobody(post: PostOffice) -> None:
    """Our own id comes back with each status: it says whose it is, whatever the answers said."""
    ana, rui = await post.person(), await post.person("5521977776666")
    await post.say(ana, "para Ana")
    await post.send()
    post.graph.next(Misnamed(post.graph.accepted[0].id))
    await post.say(rui, "para Rui")
    await post.send()
    first, second = post.graph.accepted
    await post.told(first, "sent", "delivered", "read")
    assert [row.status for row in await post.rows()] == [OutboundStatus.READ, SENT]
    await post.told(second, "sent", "delivered")
    assert [row.status for row in await post.rows()] == [OutboundStatus.READ, OutboundStatus.DELIVERED]
    post.clock.jump(minutes=10)
    assert (await post.send(), post.graph.attempts) == (0, 2)


def test_each_is_more_patient_than_what_it_waits_for() -> None:
    """A request ends before the sender gives up on it, and that before anybody else takes its message."""
    assert TIMEOUT.total is not None
    assert TIMEOUT.total < DEADLINE
    assert LEASE.total_seconds() > AHEAD + DEADLINE + LAST_CALL
    # A message whose lease ran out waits for its status longer than Meta takes to tell one.
    assert STATUS_WAIT.total_seconds() >= 60
    waits = [seconds_until_retry(action, tries) for action in Action for tries in range(1, 40)]
    assert (min(waits), max(waits)) >= (2, 600)
    assert max(waits) <= 600 * 1.25
