"""T08, the long form: `python -m tests.worker.mortal`: kill -9 at every single word to the database or the model.

A turn runs in a process of its own, whose words to Postgres and to the model go through a relay. At the n-th word the
relay kills the process: before the word has arrived, or when it has and the answer has not. Then somebody else finds
the lane, its lease over, and everything must be there once. Nothing of ours is patched, and the relay knows nothing
of turns. The suite plays some of the words, the long form all of them.
"""

import argparse
import asyncio
import itertools
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy import func, select, text

from bot.conversation import inbox
from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Appointment, Contact, Conversation, Inbound, Message, Outbound, PendingAction
from bot.models.enums import InboundStatus, PendingStatus
from worker import services

from .. import servers
from ..bench.village import Village, leave, tapped, typed
from ..conftest import StillClock, create_database
from ..fakes.groq import KEY, Asked, Step, calls, groq, says
from ..stage import stage_settings

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
# What the process says over the database when it is ready: from then on its words count.
READY = re.compile(rb"ready to die as (\d+)")
AFTER_LEASE = 13
WISH = "quero marcar um corte"


@asynccontextmanager
async def relay(target: tuple[str, int], deaths: "Deaths") -> AsyncIterator[int]:
    """Carry words between a process and a server, until the one at which it dies; yield the port to speak to."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(*target)
        answers = asyncio.create_task(_pour(back, writer))
        try:
            while word := await reader.read(1 << 20):
                if deaths.at(word, before=True):
                    break
                forth.write(word)
                await forth.drain()
                if deaths.at(word, before=False):
                    break
        except ConnectionError:
            pass
        finally:
            answers.cancel()
            for end in (forth, writer):
                end.close()

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while word := await reader.read(1 << 20):
            writer.write(word)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


@dataclass
class Deaths:
    """When the process dies: at which word, and on which side of it; 0 is never."""

    word: int = 0
    before: bool = True
    spoken: int = 0
    pid: int = 0

    def plan(self, word: int, *, before: bool) -> None:
        self.word, self.before, self.spoken, self.pid = word, before, 0, 0

    def at(self, said: bytes, *, before: bool) -> bool:
        """Count a word and say whether it was the last; each is asked about twice."""
        if not self.pid:
            found = READY.search(said)
            self.pid = int(found[1]) if found and not before else 0
            return False
        self.spoken += before
        if before is not self.before or self.spoken != self.word:
            return False
        os.kill(self.pid, signal.SIGKILL)
        return True


@dataclass
class Ward:
    """The people who write, and whoever answers them and may die of it."""

    db: Database
    deaths: Deaths
    nurse: asyncio.subprocess.Process
    people: Iterator[str]
    seconds: int = 0
    kills: int = 0
    asked: int = 0
    agreed: int = 0
    wrong: list[str] = field(default_factory=list)

    def somebody(self) -> str:
        """Return somebody who has not written yet."""
        return next(self.people)

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    async def told(self, line: str) -> int:
        """Say a line to the nurse, and return how whoever she sent has ended."""
        assert self.nurse.stdin
        assert self.nurse.stdout
        self.nurse.stdin.write(f"{line}\n".encode())
        return int(await asyncio.wait_for(self.nurse.stdout.readline(), 120))

    async def answered(self, word: int = 0, *, before: bool = True) -> bool:
        """Let a process answer what waits and perhaps die at a word; tell whether it came to its end."""
        self.deaths.plan(word, before=before)
        ended = await self.told(str(self.seconds))
        assert ended in (0, -signal.SIGKILL), ended
        return ended == 0

    async def dies_at(self, word: int, *, before: bool) -> bool:
        """Kill whoever answers at a word, then let somebody else come; tell whether there was such a word."""
        whole = await self.answered(word, before=before)
        if not whole:
            self.kills += 1
            self.seconds += AFTER_LEASE
            assert await self.answered()
        self.seconds += 1
        return not whole

    async def asks(self, phone: str) -> None:
        self.asked += 1
        await leave(self.db, [typed(phone, WISH, self.now)], self.now)

    async def agrees(self, phone: str) -> None:
        """Tap Sim under the question that waits for this person."""
        async with self.db.begin() as session:
            question = await session.scalar(
                select(PendingAction.id)
                .join(Conversation, Conversation.id == PendingAction.conversation_id)
                .join(Contact, Contact.id == Conversation.contact_id)
                .where(Contact.phone == phone, PendingAction.status == PendingStatus.OPEN)
            )
        self.agreed += 1
        await leave(self.db, [tapped(phone, f"yes:{question}", self.now)], self.now)

    async def audit(self) -> list[str]:
        """Return what is wrong: not everything handled, answered and written down once, or not booked once."""
        chat = (
            select(func.count())
            .select_from(Outbound)
            .where(Outbound.kind == "chat", Outbound.conversation_id.is_not(None))
        )
        done = select(func.count()).select_from(Inbound).where(Inbound.status == InboundStatus.DONE)
        mine = select(func.count()).select_from(Appointment).where(Appointment.created_at > NOW)
        lines = select(func.count()).select_from(Message)
        told = select(func.count()).select_from(Outbound).where(Outbound.kind == "booking_request_received")
        async with self.db.begin() as session:
            found = {
                "handled": (await session.scalar(done), self.asked + self.agreed),
                "written down": (await session.scalar(lines), self.asked + self.agreed),
                "answered": (await session.scalar(chat.where(Outbound.dedup_key.startswith("turn:"))), self.asked),
                "booked": (await session.scalar(mine), self.agreed),
                "told to the professional": (await session.scalar(told), self.agreed),
            }
        return [f"{what}: {is_}, not {should}" for what, (is_, should) in found.items() if is_ != should]


def improvise(asked: Asked) -> Step:
    """Look for a time first, then propose the first one there is: whoever asks again gets the same."""
    if asked.last["role"] != "tool":
        return calls("list_free_slots", {"when": "amanhã", "service": "corte"})
    slots = json.loads(asked.last["content"]).get("slots")
    return calls("book_appointment", {"slot": slots[0]["token"]}) if slots else says("Não há horários.")


@asynccontextmanager
async def ward(url: str, people: int) -> AsyncIterator[Ward]:
    """Open a ward on a database, with a model and a nurse who has warmed up."""
    deaths, db, parts = Deaths(), Database(url), urlsplit(url)
    village = Village(db, NOW)
    await village.settle(people // 2, 2)
    async with groq() as model, AsyncExitStack() as stack:
        model.improvise = improvise
        way = await stack.enter_async_context(relay((str(parts.hostname), parts.port or 5432), deaths))
        other = await stack.enter_async_context(relay(("127.0.0.1", urlsplit(model.url).port or 80), deaths))
        through = parts._replace(netloc=f"{parts.username}@127.0.0.1:{way}").geturl()
        nurse = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.worker.mortal", "--run", through, f"http://127.0.0.1:{other}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        here = Ward(db, deaths, nurse, iter(village.clients))
        await here.asks(here.somebody())
        assert await here.told("warm") == 0
        yield here
        assert nurse.stdin
        nurse.stdin.close()
        await nurse.wait()
    await db.close()


async def play(
    url: str, asking: Iterable[tuple[int, bool]], agreeing: Iterable[tuple[int, bool]], *, people: int = 400
) -> Ward:
    """Die at these words of a question, then of a yes: before each, or behind it; say how the ward looks then."""
    async with ward(url, people) as here:
        for word, before in asking:
            await here.asks(here.somebody())
            if not await here.dies_at(word, before=before):
                break
        for word, before in agreeing:
            person = here.somebody()
            await here.asks(person)
            assert await here.answered()
            await here.agrees(person)
            if not await here.dies_at(word, before=before):
                break
        here.wrong = await here.audit()
    return here


def every_word() -> Iterator[tuple[int, bool]]:
    """Return every place to die at: before the first word, behind it, before the second one."""
    return itertools.product(itertools.count(1), (True, False))


def run(url: str, model: str) -> None:
    """Be a process that answers, for each line that comes in: a child of this one, which may die.

    What is loaded and compiled only once was so before the first is born.
    """
    for line in sys.stdin:
        if line == "warm\n":
            asyncio.run(answer(url, model, NOW))
            print(0, flush=True)
            continue
        child = os.fork()
        if not child:
            asyncio.run(answer(url, model, NOW + timedelta(seconds=int(line))))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


async def answer(url: str, model: str, now: datetime) -> None:
    db, clock = Database(url, pool_size=3), StillClock(now)
    settings = stage_settings("http://127.0.0.1:9", groq_api_key=SecretStr(KEY), groq_base_url=model)
    async with services(settings, clock, db) as all_of:
        turns = replace(all_of.turns, presence=None)
        async with db.begin() as session:
            await session.execute(text(f"SELECT 'ready to die as {os.getpid()}'"))
        async with db.begin() as session:
            lanes = await inbox.due_lanes(session, now=now)
        for lane in lanes:
            await turns.run(lane)
    await db.close()


def main() -> None:
    """Die at every word there is, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        run(*asked.run)
        return
    with tempfile.TemporaryDirectory(prefix="odys-mortal-") as folder, servers.postgres(Path(folder)) as postgres:
        url = create_database(postgres, "mortal")
        migrate(url)
        here = asyncio.run(play(url, every_word(), every_word()))
    print(f"{here.kills} kills: {here.wrong or 'everything is there once'}")


if __name__ == "__main__":
    main()
