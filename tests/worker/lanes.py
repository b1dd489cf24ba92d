"""T06, the long form: `python -m tests.worker.lanes [--conversations 200] [--messages 20] [--workers 4]`.

Many conversations wait with many messages each, left in random order, while real workers are rung for every lane at
the same time. The database itself keeps the diary: two triggers, of this test's own database, write down each change
of who holds a conversation and each message that is handled. The short form runs in the suite.
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import asyncpg
from sqlalchemy import func, select, text

from bot.clock import SystemClock
from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Inbound
from bot.models.enums import InboundStatus
from bot.queue import ArqBell, connect
from bot.whatsapp.payloads import parse
from bot.whatsapp.rows import rows_of, store

from .. import servers
from ..bench.village import Village, delivery, tapped
from ..conftest import create_database
from ..fakes.graph import ACCOUNT, SECRET, TOKEN, graph
from ..processes import installation, until

DIARY = """
CREATE TABLE diary (at timestamptz DEFAULT clock_timestamp(), step bigserial, talk uuid, before uuid, after uuid,
    lane text, said text);
CREATE FUNCTION holds() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.turn_token IS DISTINCT FROM OLD.turn_token THEN
        INSERT INTO diary (talk, before, after) VALUES (NEW.id, OLD.turn_token, NEW.turn_token);
    END IF; RETURN NEW; END $$;
CREATE TRIGGER holds BEFORE UPDATE ON conversations FOR EACH ROW EXECUTE FUNCTION holds();
CREATE FUNCTION handles() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.status = 'done' AND OLD.status = 'new' THEN
        INSERT INTO diary (lane, said) VALUES (NEW.lane, NEW.external_id);
    END IF; RETURN NEW; END $$;
CREATE TRIGGER handles AFTER UPDATE ON inbound FOR EACH ROW EXECUTE FUNCTION handles();
"""
# The lane's wall taken down: whoever comes finds every conversation free.
NO_LEASE = """
CREATE FUNCTION no_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.turn_lease_until := NULL; RETURN NEW; END $$;
CREATE TRIGGER no_lease BEFORE UPDATE ON conversations FOR EACH ROW EXECUTE FUNCTION no_lease();
"""


async def prepare(url: str, *scripts: str) -> None:
    """Put triggers into a database of the test's own."""
    connection = await asyncpg.connect(url)
    for script in scripts:
        await connection.execute(script)
    await connection.close()


@dataclass
class Lanes:
    """What was written, in the order its senders gave it, by lane."""

    db: Database
    said: dict[str, list[str]] = field(default_factory=dict)

    async def leave(self, phones: Sequence[str], messages: int, dice: random.Random) -> None:
        """Leave so many taps from everybody, each a turn of its own, in any order; a second lies between two."""
        began = SystemClock().now() - timedelta(seconds=messages + 5)
        rows = []
        for phone in phones:
            taps = [tapped(phone, "nothing", began + timedelta(seconds=place)) for place in range(messages)]
            found = rows_of(parse(delivery(taps)), now=SystemClock().now())
            self.said[str(found[0]["lane"])] = [str(row["external_id"]) for row in found]
            rows += found
        dice.shuffle(rows)
        async with self.db.begin() as session:
            await store(session, rows)

    async def left(self) -> int:
        async with self.db.begin() as session:
            waiting = select(func.count()).select_from(Inbound).where(Inbound.status != InboundStatus.DONE)
            return await session.scalar(waiting) or 0

    async def audit(self) -> list[str]:
        """Return what is wrong: messages out of order or not handled, and conversations held by two at a time."""
        async with self.db.begin() as session:
            handled = await session.execute(text("SELECT lane, said FROM diary WHERE lane IS NOT NULL ORDER BY step"))
            order: dict[str, list[str]] = {}
            for lane, said in handled:
                order.setdefault(lane, []).append(said)
            held = await session.execute(
                text("SELECT talk, before, after FROM diary WHERE talk IS NOT NULL ORDER BY step")
            )
            steps: dict[UUID, list[tuple[UUID | None, UUID | None]]] = {}
            for talk, before, after in held:
                steps.setdefault(talk, []).append((before, after))
        wrong = [f"out of order in {lane}" for lane, said in self.said.items() if order.get(lane) != said]
        for talk, changes in steps.items():
            overtaken = sum(before is not None and after is not None for before, after in changes)
            torn = any(one[1] != other[0] for one, other in pairwise(changes))
            if overtaken or torn:
                wrong.append(f"{overtaken} turns of {talk} began inside another one")
        return wrong


def environment(url: str, redis: str, graph_url: str) -> dict[str, str]:
    """Return what workers are told; leases last longer than the test, so that only a turn's end frees a lane."""
    return {
        "DATABASE_URL": url,
        "REDIS_URL": redis,
        "WHATSAPP_API_URL": graph_url,
        "WHATSAPP_TOKEN": TOKEN,
        "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT,
        "WHATSAPP_APP_SECRET": SECRET,
        "WHATSAPP_VERIFY_TOKEN": "verificar",
        "TURN_LEASE_SECONDS": "300",
    }


async def play(
    url: str, redis: str, folder: Path, *, conversations: int, messages: int, workers: int, seed: int = 7
) -> tuple[list[str], timedelta]:
    """Let workers loose on the lanes; return what the audit says and how long they took."""
    dice, db = random.Random(seed), Database(url)
    village = Village(db, SystemClock().now())
    await village.settle(1, conversations)
    await prepare(url, DIARY)
    lanes = Lanes(db)
    await lanes.leave(village.clients, messages, dice)
    async with graph() as meta, installation(environment(url, redis, meta.url), folder) as whole:
        for _ in range(workers):
            await whole.start("worker")
        began = datetime.now()  # noqa: DTZ005 - how long, not when
        bell = ArqBell(await connect(redis))
        names = [lane for lane in lanes.said for _ in range(workers)]
        dice.shuffle(names)
        for place, lane in enumerate(names):
            await bell.ring("turn", lane, key=f"{lane}:{place}")

        async def done() -> bool:
            return await lanes.left() == 0

        await until(done, 120 + conversations * messages / 20, whole.logs)
        took = datetime.now() - began  # noqa: DTZ005
        await bell.close()
        for worker in whole.processes:  # what they still send is of no interest
            worker.kill()
    found = await lanes.audit()
    await db.close()
    return found, took


def main() -> None:
    """Play the long form and say how it ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--messages", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="odys-lanes-") as name:
        folder = Path(name)
        (folder / "postgres").mkdir()
        (folder / "redis").mkdir()
        folder.chmod(0o755)
        with servers.postgres(folder / "postgres") as postgres, servers.redis(folder / "redis") as redis:
            url = create_database(postgres, "lanes")
            migrate(url)
            found, took = asyncio.run(
                play(
                    url,
                    redis,
                    folder,
                    conversations=asked.conversations,
                    messages=asked.messages,
                    workers=asked.workers,
                )
            )
    count = asked.conversations * asked.messages
    print(f"{count} turns of {asked.conversations} conversations by {asked.workers} workers in {took}: {found or 'ok'}")


if __name__ == "__main__":
    main()
