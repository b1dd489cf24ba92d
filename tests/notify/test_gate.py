"""Gates give out turns by rates: never more than a rate allows, and none lost; the Redis one is the same."""

import random
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.notify.gate import Gate, LocalGate, Rate, RedisGate, Turn

from ..fakes.graph_limits import Limits
from ..servers import free_port

NUMBER, PERSON = Rate(1 / 78, burst=2), Rate(6, burst=44)


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_meta_never_counts_too_many_and_the_number_is_never_idle() -> None:
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
