"""T14: gates give out turns by rates, never more than a rate allows, and none lost; the Redis one is the same.

What is promised is the turn, the moment from which a message may leave. From a number never more than 80 turns lie in
any second, however it is cut. To a person the even pace is one in six seconds, and what Meta lends (45 at once) is
paid back: in any stretch of time no more than 44 and one for each six seconds. A process that stalls and lets late
ones leave together may still be refused; then the number rests a second and goes at half the rate for a minute.
"""

import math
import random
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from bot.models.enums import Author
from bot.notify.claim import Job
from bot.notify.gate import Gate, LocalGate, Rate, RedisGate, Turn
from bot.notify.pace import pace_of
from bot.whatsapp.outgoing import Text
from bot.whatsapp.transport import Address

from ..fakes.graph import ACCOUNT, Refuse
from ..fakes.graph_limits import Limits
from ..servers import free_port
from .post_office import PostOffice

NUMBER, PERSON = Rate(1 / 78, burst=2), Rate(6, burst=44)
A_JOB = Job(
    id=uuid4(),
    attempt=1,
    account="n",
    to=Address("5511988887777"),
    outgoing=Text("oi"),
    contact_id=None,
    said="oi",
    author=Author.BOT,
)


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def turns_of(minutes: float, dice: random.Random, number: Rate) -> list[tuple[float, str]]:
    """Let two senders ask by turns for everybody and for one who is written to all the time; return the turns."""
    clock = Hand()
    gate, ends = LocalGate(clock), clock.now + 60 * minutes
    people = [f"p{each}" for each in range(2000)] + ["eager"] * 1000
    given: list[tuple[float, str]] = []
    while clock.now < ends:
        wishes = [dice.choice(people) for _ in range(dice.randrange(1, 60))]
        turns = await gate.take([(("n", number), (person, PERSON)) for person in wishes], within=0.8)
        given += [
            (clock.now + turn.seconds, person) for person, turn in zip(wishes, turns, strict=True) if not turn.shut
        ]
        # Sometimes nobody asks for long: what was saved up meanwhile is no more than a burst.
        clock.now += dice.choice((0.05, 0.05, 0.05, 0.2, 1, 20))
    return sorted(given)


@pytest.mark.parametrize(("number", "most"), [(NUMBER, 80), (Rate(2 * NUMBER.every, NUMBER.burst), 41)])
async def test_t14_no_second_has_more_than_80_turns_and_no_six_more_than_a_person_may_get(
    number: Rate, most: int
) -> None:
    given = await turns_of(20, random.Random(11), number)
    moments = [moment for moment, _ in given]
    assert max(bisect_left(moments, moment + 1) - at for at, moment in enumerate(moments)) in range(most - 3, most + 1)
    eager = [moment for moment, person in given if person == "eager"]
    assert len(eager) > 200
    assert stretch(eager) <= PERSON.burst + 1e-6
    assert max(bisect_left(eager, moment + 6) - at for at, moment in enumerate(eager)) <= 45


def stretch(moments: Sequence[float]) -> float:
    """Return by how many the fullest stretch of time has more than one turn for each six seconds."""
    lowest, most = math.inf, 0.0
    for at, moment in enumerate(moments):
        lowest = min(lowest, at - moment / PERSON.every)
        most = max(most, at + 1 - moment / PERSON.every - lowest)
    return most


async def test_t14_meta_never_counts_too_many_and_the_number_is_never_idle() -> None:
    """Two senders take turns ahead of time for ten minutes; messages arrive up to a tenth of a second late."""
    clock, dice = Hand(), random.Random(3)
    gate = LocalGate(clock)
    people = [f"p{number}" for number in range(4000)] + ["eager"] * 1000
    leaving: list[tuple[float, str]] = []
    start = clock.now
    while clock.now < start + 600:
        wishes = [dice.choice(people) for _ in range(30)]
        turns = await gate.take([(("n", NUMBER), (person, PERSON)) for person in wishes], within=0.4)
        for person, turn in zip(wishes, turns, strict=True):
            if not turn.shut:
                leaving.append((clock.now + turn.seconds + dice.uniform(0, 0.1), person))
        clock.now += 0.1
    arrivals = Hand()
    limits = Limits(clock=arrivals)
    for arrivals.now, person in sorted(leaving):
        limits.broken("n", person)
    assert limits.refused == []
    assert len(limits.taken) > 0.95 * 80 * 600
    # Not only on average: a limit that counts each second for itself would hardly have noticed.
    first = limits.taken
    assert (
        max(
            sum(moment <= other < moment + 1 for other in first[at : at + 120])
            for at, moment in enumerate(first[:5000])
        )
        < 90
    )
    assert sum(person == "eager" for _, person in leaving) <= 44 + 600 / 6 + 1


async def test_a_person_who_has_to_wait_costs_the_number_nothing() -> None:
    clock = Hand()
    gate = LocalGate(clock)
    wish = (("n", Rate(1)), ("p", Rate(6)))
    assert await gate.take([wish, wish, (("n", Rate(1)), ("q", Rate(6)))], within=1) == [
        Turn(0),
        Turn(6, "p"),
        Turn(1),
    ]
    # Two seconds ahead is too far; when it is near enough, it is given out.
    assert await gate.take([(("n", Rate(1)),)], within=1) == [Turn(2, "n")]
    clock.now += 1
    assert await gate.take([(("n", Rate(1)),)], within=1) == [Turn(1)]


async def test_a_number_that_meta_trusts_more_goes_as_fast_as_the_setting_says() -> None:
    for per_second in (78, 1000):
        pace, _ = pace_of("", per_second=per_second)
        turns = await pace.turns([A_JOB] * 51)
        # One at once beyond the even pace, and the gate is asked within a moment.
        assert turns[-1].seconds == pytest.approx(49 / per_second, abs=0.05)


async def test_a_person_who_got_too_many_is_sent_nothing_for_a_while_whatever_is_owed(post: PostOffice) -> None:
    """What was refused waits in its row; an answer, which goes before everything, would overtake it at once."""
    pace, _ = pace_of("", per_second=78)
    ana = await post.person()
    await post.owe(ana)
    post.graph.next(Refuse(400, 131056))
    await post.send(pace=pace)
    await post.say(ana, "oi")
    await post.say(await post.person("5521977776666"), "para outra pessoa")
    await post.send(pace=pace)
    assert [sent.text for sent in post.graph.accepted] == ["para outra pessoa"]
    assert [(row.status, row.attempts) for row in await post.rows()] == [("queued", 1), ("queued", 0), ("sent", 1)]


@pytest.mark.parametrize("code", [130429, 999_999])
async def test_a_number_from_which_too_many_came_rests_whatever_the_code(post: PostOffice, code: int) -> None:
    pace, _ = pace_of("", per_second=78)
    await post.owe(await post.person())
    post.graph.next(Refuse(429, code, transient=True))
    await post.send(pace=pace)
    assert ((await post.row()).status, (await post.row()).error_code) == ("queued", str(code))
    job = replace(A_JOB, account=ACCOUNT)
    assert (await pace.turns([job]))[0].shut == ACCOUNT


@pytest.fixture
async def shared(redis_url: str) -> AsyncIterator[RedisGate]:
    redis: Redis = Redis.from_url(redis_url)
    await redis.flushdb()
    yield RedisGate(redis)
    await redis.aclose()


async def test_redis_gives_out_the_same_turns(shared: RedisGate) -> None:
    """In one batch no time passes: then both gates must answer alike."""
    dice = random.Random(5)
    wishes = [
        (("n", Rate(0.05, 3)), (f"p{dice.randrange(4)}", Rate(1, dice.choice((1, 4)))))[: dice.choice((1, 2, 2))]
        for _ in range(200)
    ]
    expected = await LocalGate(Hand()).take(wishes, within=2)
    turns = await shared.take(wishes, within=2)
    assert [turn.shut for turn in turns] == [turn.shut for turn in expected]
    assert [turn.seconds for turn in turns] == pytest.approx([turn.seconds for turn in expected], abs=1e-4)
    assert {turn.shut for turn in turns} > {"", "n"}
    # Another process goes on where this one stopped.
    (next_turn,) = await shared.take([(("n", Rate(0.05, 3)),)], within=60)
    assert next_turn.seconds > 0.5


async def test_what_is_shut_stays_shut(shared: RedisGate) -> None:
    gates: list[Gate] = [shared, LocalGate()]
    for gate in gates:
        await gate.shut("n", Rate(0.1, 5), 30)
        (turn,) = await gate.take([(("n", Rate(0.1, 5)),)], within=1)
        assert turn.shut == "n"
        assert 29 < turn.seconds <= 30


async def test_without_redis_the_process_paces_itself_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    gate = RedisGate(Redis.from_url(f"redis://127.0.0.1:{free_port()}"))
    for expected in (0, 10):
        (turn,) = await gate.take([(("n", Rate(10)),)], within=60)
        assert turn.seconds == pytest.approx(expected, abs=5)
    await gate.shut("n", Rate(10), 1)
    assert [record.message for record in caplog.records] == ["Redis is away: each process paces itself"]
