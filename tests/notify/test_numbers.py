"""A number that Meta has shut: told by answers or only by statuses, for days, and nothing that is owed is lost."""

from sqlalchemy import select

from bot.models import ServiceHealth
from bot.models.enums import OutboundStatus
from bot.notify import numbers
from bot.notify.delivery import TRIES

from ..fakes.graph import ACCOUNT, Refuse
from .post_office import PostOffice, agenda_of

QUEUED, SENT = OutboundStatus.QUEUED, OutboundStatus.SENT
DELIVERED, FAILED = OutboundStatus.DELIVERED, OutboundStatus.FAILED
PAYMENT, SPAM, TOKEN = 131042, 131048, 190


async def owe(post: PostOffice, people: int) -> None:
    async with post.db.begin() as session:
        bia = await agenda_of(session)
    for n in range(people):
        await post.owe(await post.person(f"55119{80000000 + n}"), professional_id=bia)


async def posted(post: PostOffice) -> int:
    """Return how many messages a round of the sender posts."""
    before = post.graph.attempts
    await post.send()
    return post.graph.attempts - before


async def tell(post: PostOffice, count: int, *statuses: str | tuple[str, int]) -> None:
    """Let statuses of the last `count` messages come in."""
    for sent in post.graph.accepted[-count:]:
        await post.told(sent, *statuses)


async def how(post: PostOffice) -> set[OutboundStatus]:
    return {row.status for row in await post.rows()}


async def shut(post: PostOffice) -> bool:
    async with post.db.begin() as session:
        rows = select(ServiceHealth.state).where(
            ServiceHealth.check == numbers.check_name(ACCOUNT), ServiceHealth.ended_at.is_(None)
        )
        return await session.scalar(rows) == numbers.STOPPED


async def test_an_outage_that_only_statuses_tell_of_loses_nothing(post: PostOffice) -> None:
    """Without a payment method every message is taken, and fails afterwards: for days."""
    await owe(post, 6)
    assert await posted(post) == 6
    await tell(post, 6, ("failed", PAYMENT))
    for _ in range(2 * TRIES):
        post.clock.jump(minutes=5, seconds=1)
        # That the trial was taken says nothing yet, neither does "sent": the others stay here.
        assert [await posted(post), await posted(post)] == [1, 0]
        await tell(post, 1, "sent")
        assert (await posted(post), await shut(post)) == (0, True)
        await tell(post, 1, ("failed", PAYMENT))
    assert (await how(post), await post.notifications()) == ({QUEUED}, [])
    # Somebody paid.
    post.clock.jump(minutes=5, seconds=1)
    assert await posted(post) == 1
    await tell(post, 1, "delivered")
    assert (await posted(post), await shut(post)) == (5, False)
    await tell(post, 5, "delivered")
    assert await how(post) == {DELIVERED}


async def test_a_number_of_which_no_status_comes_is_not_shut_for_ever(post: PostOffice) -> None:
    await owe(post, 3)
    post.graph.next(*[Refuse(401, TOKEN)] * 3)
    assert await posted(post) == 3
    post.clock.jump(minutes=5)
    assert await posted(post) == 1
    post.clock.jump(minutes=4)
    assert await posted(post) == 0
    post.clock.jump(minutes=1)
    assert (await posted(post), await shut(post)) == (2, False)
    assert await how(post) == {SENT}


async def test_failures_told_too_late_cost_no_message_its_tries(post: PostOffice) -> None:
    """The number was opened on trust, and all that left then fails: nobody's fault but the number's."""
    await owe(post, 2)
    assert await posted(post) == 2
    await tell(post, 2, ("failed", PAYMENT))
    for _ in range(2 * TRIES):
        post.clock.jump(minutes=5, seconds=1)
        assert await posted(post) == 1
        post.clock.jump(minutes=5, seconds=1)
        assert await posted(post) == 1
        await tell(post, 2, ("failed", PAYMENT))
    assert await how(post) == {QUEUED}


async def pauses(post: PostOffice, code: int, *minutes: int) -> None:
    """Let each of the next trials be refused: none is made earlier than after so many minutes, and one then."""
    for pause in minutes:
        post.clock.jump(minutes=pause - 1)
        assert await posted(post) == 0, pause
        post.clock.jump(minutes=1)
        post.graph.next(Refuse(400, code))
        assert await posted(post) == 1, pause


async def test_what_asking_makes_worse_is_asked_less_and_less(post: PostOffice) -> None:
    await owe(post, 2)
    post.graph.next(*[Refuse(400, SPAM)] * 2)
    await posted(post)
    await pauses(post, SPAM, 5, 10, 20, 40, 80, 120, 120)
    # One arrives: whatever comes then is another trouble.
    post.clock.jump(minutes=120)
    assert await posted(post) == 1
    await tell(post, 1, "delivered")
    post.graph.next(Refuse(400, SPAM))
    assert await posted(post) == 1
    await pauses(post, SPAM, 5, 10)


async def test_what_somebody_can_mend_is_asked_for_at_an_even_pace(post: PostOffice) -> None:
    await owe(post, 1)
    post.graph.next(Refuse(401, TOKEN))
    await posted(post)
    await pauses(post, TOKEN, 5, 5, 5)


async def test_a_message_that_shuts_the_number_again_and_again_ends(post: PostOffice) -> None:
    """Others arrive, and whenever this one leaves the number is shut: that is about the message."""
    await owe(post, 1)
    other = await post.person()
    for _ in range(TRIES):
        assert await posted(post) == 1
        await tell(post, 1, ("failed", 200))
        await post.say(other, "oi")
        post.clock.jump(minutes=5, seconds=1)
        assert await posted(post) == 1  # what was asked for goes first, and arrives
        await tell(post, 1, "delivered")
    assert [row.status for row in await post.rows()] == [FAILED] + TRIES * [DELIVERED]
