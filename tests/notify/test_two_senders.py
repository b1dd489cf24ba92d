"""T12 and T15: senders side by side repeat nothing; one that is killed in mid-send loses nothing and repeats little.

The suite plays short ones. Twenty kills and more, with a thousand messages, are run by hand:

    uv run python -m tests.notify.killed_sender --messages 1000 --kills 30
"""

import asyncio
from pathlib import Path

import aiohttp
import asyncpg

from bot.clock import SystemClock
from bot.db import Database
from bot.notify.sender import send_due

from ..fakes.graph import ACCOUNT, Accept, graph
from .crowd import ANSWER, Crowd
from .killed_sender import fall
from .post_office import cloud_at


async def test_t12_a_killed_sender_loses_nothing_and_repeats_at_most_what_nobody_told(
    postgres_url: str, tmp_path: Path
) -> None:
    """The status of one message a kill is lost: all others were told of, and none of them goes out again."""
    found = await fall(postgres_url, tmp_path, messages=60, kills=3, withhold=True)
    assert (found.kills, found.lost, found.failed) == (3, 0, 0)
    assert found.twice <= found.withheld <= 3
    assert found.in_flight > 0, "nobody was killed in mid-send"


async def test_t15_two_senders_send_nothing_twice(postgres_url: str, tmp_path: Path) -> None:
    found = await fall(postgres_url, tmp_path, messages=120, kills=0)
    assert (found.twice, found.lost, found.failed) == (0, 0, 0)


# Leases are granted and not written down: nobody can see that somebody else has a row.
NO_LEASES = """
CREATE FUNCTION forget_the_lease() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.status := 'queued'; RETURN NEW; END $$;
CREATE TRIGGER no_leases BEFORE UPDATE ON outbound FOR EACH ROW WHEN (NEW.status = 'sending')
EXECUTE FUNCTION forget_the_lease();
"""


async def two_senders(url: str, messages: int) -> list[str]:
    """Let two senders take as many messages as there are at most, each; return what an auditor finds wrong."""
    db, clock = Database(url), SystemClock()
    async with graph() as fake, aiohttp.ClientSession() as http:
        fake.next(*[Accept(0.05)] * 2 * messages)
        crowd = Crowd(db)
        await crowd.gather(messages, clock.now())
        await crowd.owe([(person, ANSWER) for person in range(messages)], clock.now())
        cloud = cloud_at(fake.url, http)
        await asyncio.gather(*(send_due(db, cloud, clock, account=ACCOUNT, limit=messages) for _ in range(2)))
    await db.close()
    return crowd.audit(fake.accepted)


async def test_t15_the_wall_without_leases_two_senders_send_twice_and_it_shows(postgres_url: str) -> None:
    assert await two_senders(postgres_url, 20) == []
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("DELETE FROM outbound; DELETE FROM contacts")
    await connection.execute(NO_LEASES)
    await connection.close()
    assert await two_senders(postgres_url, 20) == ["20 were taken twice"]
