"""What waits at the webhook is bounded: slow senders, many of them, a database that hangs or is away.

ODYS_LONG=1 waits for the real patience instead of a short one.
"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot import serving
from bot.db import Database
from bot.queue import SilentBell
from bot.settings import Settings
from bot.whatsapp.events import Batch, Message, MessageType
from bot.whatsapp.intake import Intake, NotStored
from bot.whatsapp.ringing import LANES, MOST, Ringing
from bot.whatsapp.rows import rows_of
from bot.whatsapp.signature import sign
from web.app import create
from web.bodies import PATIENCE, READING
from web.webhooks import LIMIT

from ..conftest import StillClock
from ..fakes.graph import SECRET
from ..payloads import own
from ..processes import until
from .hook import HeardBell
from .test_webhook_processes import doors

LONG = bool(os.environ.get("ODYS_LONG"))
SLOW = 60
PIECE = 128 * 1024  # of each slow body; together they are more than there is room for
BRIEF = 0.3  # seconds of patience with what certainly never comes
RAW = own("text").body


def message(identifier: str, phone: str = "5511988887777") -> Batch:
    return Batch((Message(account="1", id=identifier, phone=phone, bsuid=None, type=MessageType.TEXT, text="oi"),))


# -- slow senders


@pytest.mark.parametrize(
    ("said", "then", "answer"),
    [
        (b"", b"", b""),
        (b"POST /webhooks/whatsapp HTTP/1.1\r\nHost: a\r\nX-A: ", b"a", b""),
        (b"POST /webhooks/whatsapp HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n", b"a", b"HTTP/1.1 408"),
        (
            b"POST /webhooks/whatsapp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1\r\na\r\n",
            b"HTTP/1.1 408",
        ),
    ],
    ids=["silent", "header by header", "byte by byte", "chunk by chunk"],
)
async def test_t05_body_limits_who_sends_too_slowly_is_let_go(
    sqlite_template: Path, tmp_path: Path, said: bytes, then: bytes, answer: bytes
) -> None:
    assert PATIENCE + serving.LINGER <= 30
    assert serving.IDLE <= 30
    db = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'odys.sqlite3')}")
    app = create(Settings(_env_file=None), db, SilentBell(), StillClock())
    idle = serving.IDLE if LONG else BRIEF
    app[READING].patience = PATIENCE if LONG else BRIEF
    async with serving.serve(app, "127.0.0.1", 0, grace=1, idle=idle) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        dripping = asyncio.create_task(drip(writer, then))
        async with asyncio.timeout(60):
            # To who still talks, the end of a connection may be a reset.
            with suppress(ConnectionError):
                assert (await reader.read(12)).startswith(answer)
                await reader.read()
        dripping.cancel()
        writer.transport.abort()
        assert app[READING].held == 0
    await db.close()


async def drip(writer: asyncio.StreamWriter, drop: bytes) -> None:
    while drop and not writer.is_closing():
        writer.write(drop)
        await asyncio.sleep(0.02)


async def test_t05_body_limits_many_who_send_much_and_slowly_take_no_memory_and_no_turn(
    sqlite_template: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'odys.sqlite3')}"
    head = f"POST /webhooks/whatsapp HTTP/1.1\r\nHost: a\r\nContent-Length: {LIMIT}\r\n\r\n".encode()
    with doors(url, 1) as [(process, hook)]:
        async with aiohttp.ClientSession() as session:
            assert await post(session, hook, 1) == 200
            before = most_memory(process.pid)
            slow = [await asyncio.open_connection("127.0.0.1", make_url(hook).port) for _ in range(SLOW)]
            for _, writer in slow:
                writer.write(head + b" " * PIECE)
            heard = [asyncio.create_task(reader.read(12)) for reader, _ in slow]
            done, _ = await asyncio.wait(heard, return_when=asyncio.FIRST_COMPLETED)
            assert {each.result() for each in done} == {b"HTTP/1.1 503"}
            # As long as they are there, whoever is in order is served.
            for number in range(2, 12):
                assert await post(session, hook, number) == 200
            grown = most_memory(process.pid) - before
            for _, writer in slow:
                writer.transport.abort()
            await asyncio.gather(*heard, return_exceptions=True)
    assert grown < 20 * 1024, f"{grown} KiB"


async def post(session: aiohttp.ClientSession, url: str, number: int) -> int:
    body = str(RAW).replace("'", '"').replace("wamid.T1", f"wamid.{number}").encode()
    async with session.post(url, data=body, headers={"X-Hub-Signature-256": sign(body, SECRET)}) as answer:
        return answer.status


def most_memory(pid: int) -> int:
    """Return the most memory that a process ever had, in KiB."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


# -- a database that hangs or is away


@asynccontextmanager
async def hanging(db: Database) -> AsyncIterator[None]:
    """Let nobody write into the inbox until the block ends."""
    if db.sqlite:
        other = sqlite3.connect(str(db.engine.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()
        return
    elsewhere = Database(db.engine.url.render_as_string(hide_password=False))
    async with elsewhere.begin() as session:
        await session.execute(text("LOCK TABLE inbound IN ACCESS EXCLUSIVE MODE"))
        yield
    await elsewhere.close()


async def test_a_database_that_hangs_is_a_quick_no_for_all_who_wait_and_works_when_it_is_back(
    db: Database, clock: StillClock
) -> None:
    intake = Intake(db, SilentBell(), clock, burst_wait=0, patience=BRIEF)
    async with hanging(db):
        puts = [asyncio.create_task(intake.put(message(f"early {n}"))) for n in range(20)]
        answers = await asyncio.gather(*puts, return_exceptions=True)
        assert {type(answer) for answer in answers} == {NotStored}
    patient = Intake(db, SilentBell(), clock, burst_wait=0)
    await asyncio.gather(*(patient.put(message(f"late {n}")) for n in range(20)))
    await patient.close()
    await intake.close()
    await until(lambda: db.engine.pool.checkedout() == 0)  # type: ignore[attr-defined]


async def test_who_comes_when_too_many_wait_is_sent_away_at_once(db: Database, clock: StillClock) -> None:
    intake = Intake(db, SilentBell(), clock, burst_wait=0, patience=60, most=10)
    async with hanging(db):
        early = [asyncio.create_task(intake.put(message(f"early {n}"))) for n in range(15)]
        await until(lambda: sum(put.done() for put in early) == 5)
        assert {type(put.exception()) for put in early if put.done()} == {NotStored}
    answers = await asyncio.gather(*early, return_exceptions=True)
    assert answers.count(None) == 10
    await intake.put(message("afterwards"))
    await intake.close()


class Relay:
    """A way to a server that can be cut, or fall silent."""

    def __init__(self, port: int) -> None:
        self._port, self._open = port, asyncio.Event()
        self._server: asyncio.Server | None = None
        self._ways: set[asyncio.StreamWriter] = set()
        self.port = 0
        self._open.set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End every connection, and take no new one."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._ways):
            writer.transport.abort()
        await self._server.wait_closed()

    def silence(self) -> None:
        self._open.clear()

    def speak(self) -> None:
        self._open.set()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        further, on = await asyncio.open_connection("127.0.0.1", self._port)
        self._ways |= {writer, on}
        try:
            await asyncio.gather(self._pass(reader, on), self._pass(further, writer))
        finally:
            self._ways -= {writer, on}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await self._open.wait()
                writer.write(data)
        writer.transport.abort()


async def test_postgres_that_is_silent_or_gone_is_a_quick_no_and_nothing_is_left_of_it(
    postgres_database: str, clock: StillClock
) -> None:
    address = make_url(postgres_database)
    relay = Relay(address.port or 5432)
    await relay.start()
    db = Database(address.set(host="127.0.0.1", port=relay.port).render_as_string(hide_password=False))
    intake = Intake(db, SilentBell(), clock, burst_wait=0, patience=BRIEF * 5)
    await intake.put(message("before"))

    relay.silence()
    answers = await asyncio.gather(*(intake.put(message(f"silent {n}")) for n in range(5)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {NotStored}
    await until(lambda: db.engine.pool.checkedout() == 0)  # type: ignore[attr-defined]
    relay.speak()
    await relay.cut()
    with pytest.raises(NotStored):
        await intake.put(message("gone"))

    await relay.start()
    patient = Intake(db, SilentBell(), clock, burst_wait=0)

    async def taken() -> bool:
        with suppress(NotStored):
            await patient.put(message("back"))
            return True
        return False

    await until(taken)
    await intake.close()
    await patient.close()
    await until(lambda: db.engine.pool.checkedout() == 0)  # type: ignore[attr-defined]
    await db.close()
    await relay.cut()


# -- a bell that is not heard


class StuckBell(HeardBell):
    """A bell whose first ring takes until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()

    async def ring(self, job: str, *arguments: str, key: str, after: float = 0) -> None:
        await super().ring(job, *arguments, key=key, after=after)
        await self.free.wait()


async def test_what_is_stored_while_a_ring_is_on_its_way_goes_with_the_next(clock: StillClock) -> None:
    bell = StuckBell()
    ringing = Ringing(bell)

    def tell(*numbers: int) -> None:
        for number in numbers:
            batch = message(f"{number}", phone=f"55119{number:08}")
            ringing.tell(rows_of(batch, now=clock.now(), burst_wait=timedelta(seconds=1)))

    tell(0)
    await until(lambda: len(bell.rings) == 1)
    tell(*range(1, LANES + 3), 1, 2)
    bell.free.set()
    await ringing.close()
    assert [len(lanes) for _, lanes, _ in bell.rings] == [1, LANES, 2]
    assert len({lane for _, lanes, _ in bell.rings for lane in lanes}) == LANES + 3


async def test_lanes_that_cannot_be_rung_for_take_no_memory(clock: StillClock) -> None:
    bell = StuckBell()
    ringing = Ringing(bell)
    many: Any = [
        row
        for n in range(MOST + 500)
        for row in rows_of(message(f"{n}", f"55119{n:08}"), now=clock.now(), burst_wait=timedelta(seconds=1))
    ]
    ringing.tell(many)
    bell.free.set()
    await ringing.close()
    assert sum(len(lanes) for _, lanes, _ in bell.rings) == MOST
