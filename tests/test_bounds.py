"""Whatever we wait for has an end: a server that takes everything and says nothing keeps nobody waiting for ever.

Each test makes somebody wait for a server on loopback that never answers, with limits of a fraction of a second, and
sees the right refusal. What the limits are in production stands with the constants that are named here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic, sleep
from urllib.parse import urlsplit

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import SecretStr
from redis.exceptions import RedisError
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bot.accounts import login
from bot.accounts.codes import Hasher
from bot.agenda import booking
from bot.auth import Supabase
from bot.billing.gateway import Gateway, StripeAway
from bot.db import Database, Swift, passing
from bot.engine import Patience
from bot.errors import Unavailable
from bot.jobs import page
from bot.jobs.steady import patient
from bot.models import Outbound, Professional
from bot.models.enums import OutboundStatus
from bot.notify.email.post import send_due_letters
from bot.notify.email.smtp import SmtpMail
from bot.queue import ArqBell, connect
from bot.ratelimit import CounterAway, RedisCounter
from bot.settings import Settings
from bot.whatsapp.cloud import CloudApi, MediaUnavailable
from bot.whatsapp.evolution.client import EvolutionApi, InstanceTrouble
from bot.whatsapp.faults import Action, SendFailed
from bot.whatsapp.outgoing import Text
from bot.whatsapp.transport import Address

from .agenda.factories import NOW, THURSDAY_15H
from .conftest import StillClock
from .servers import free_port
from .web.api.stage import api

SOON = 30  # seconds: far beyond the limits of the tests, far below for ever
HASTY = Patience(statement=0.3, lock=0.3, idle=0.3, answer=0.6, connection=0.6)


class Silence:
    """A way to a server that can be shut without anybody being told: what is sent vanishes, and nothing comes."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port, self.here, self.shut = host, port, free_port(), False
        self._tasks: set[asyncio.Task[None]] = set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inward, outward = await asyncio.open_connection(self.host, self.port)
        both = (self._pass(reader, outward), self._pass(inward, writer))
        self._tasks |= {asyncio.create_task(one) for one in both}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self.shut:
                writer.write(data)
        writer.close()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def silence(host: str, port: int) -> AsyncIterator[Silence]:
    way = Silence(host, port)
    server = await asyncio.start_server(way.carry, "127.0.0.1", way.here)
    try:
        yield way
    finally:
        server.close()
        await way.end()


@pytest.fixture
async def hasty(postgres_url: str) -> AsyncIterator[Database]:
    """A Postgres that is asked with little patience."""
    db = Database(postgres_url, pool_size=2, patience=HASTY)
    yield db
    await db.close()


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(hasty: Database) -> None:
    with pytest.raises(DBAPIError, match="statement timeout") as ended:
        async with hasty.begin() as session:
            await session.execute(text("SELECT pg_sleep(30)"))
    assert passing(ended.value)


@pytest.mark.parametrize("swift", [True, False])
async def test_nobody_waits_for_a_lock_for_ever(postgres_url: str, swift: bool) -> None:
    db, lock = Database(postgres_url, pool_size=2, patience=Patience(lock=0.3)), text("SELECT pg_advisory_xact_lock(7)")
    async with db.begin() as session:
        await session.execute(lock)
        with pytest.raises(Exception, match="lock timeout") as refused:
            async with db.begin() as waiting:
                await (Swift(lock).first(waiting, {}) if swift else waiting.execute(lock))
        assert passing(refused.value)
    await db.close()


async def test_who_asks_meanwhile_is_told_to_come_again(postgres_url: str) -> None:
    db = Database(postgres_url, pool_size=3, patience=Patience(lock=0.3))
    async with api(db) as stage:
        body = {"professional": stage.owner.slug, "service_id": str(stage.service.id), "name": "Ana Lima"}
        body |= {"phone": "11 98888-1111", "start": THURSDAY_15H.isoformat()}
        async with db.begin() as session:
            await booking.lock(session, stage.owner.id)
            async with await stage.call("POST", "/api/booking", json=body) as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
                assert (await answer.json())["error"]["code"] == "unavailable"
        assert (await stage.json("POST", "/api/booking", json=body))[0] == 201
    await db.close()


async def test_whoever_thinks_in_mid_transaction_lets_go_of_what_others_wait_for(hasty: Database) -> None:
    with pytest.raises(DBAPIError) as ended:
        async with hasty.begin() as session:
            await session.execute(text("SELECT 1"))
            await asyncio.sleep(1)
            await session.execute(text("SELECT 1"))
    assert passing(ended.value)
    async with hasty.begin() as session:  # and goes on with a new connection
        assert await session.scalar(text("SELECT 1")) == 1


async def test_a_machine_that_was_asleep_in_mid_transaction_goes_on(hasty: Database) -> None:
    with pytest.raises(DBAPIError) as ended:
        async with hasty.begin() as session:
            await session.execute(text("SELECT 1"))
            # Nothing in this process runs while the answer comes, and then the server's farewell.
            asyncio.get_running_loop().call_soon(sleep, 1)
            await session.execute(text("SELECT 1"))
    assert passing(ended.value)
    async with hasty.begin() as session:
        assert await session.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("kind", ["statement", "swift", "second swift", "orm"])
async def test_a_database_that_falls_silent_keeps_nobody_waiting(postgres_url: str, kind: str) -> None:
    parts, swift = urlsplit(postgres_url), Swift(select(Professional.id))
    async with silence(parts.hostname or "", parts.port or 0) as way:
        db = Database(
            parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{way.here}")).geturl(),
            pool_size=1,
            patience=HASTY,
        )

        async def ask(*, silent: bool) -> None:
            way.shut = silent and kind != "second swift"
            async with db.begin() as session:
                if "swift" in kind:
                    await swift.first(session, {})
                    way.shut = silent  # a second one goes straight to the driver
                    await swift.first(session, {})
                elif kind == "orm":
                    await session.scalars(select(Professional))
                else:
                    await session.execute(text("SELECT 1"))

        await ask(silent=False)
        began = monotonic()
        with pytest.raises(Exception) as silent:  # noqa: PT011 - whichever the driver raises
            await asyncio.wait_for(ask(silent=True), SOON)
        assert passing(silent.value), repr(silent.value)
        assert monotonic() - began < SOON / 2
        # There is one connection: it is there again for the next one, as soon as the server is.
        await asyncio.wait_for(ask(silent=False), SOON)
        await db.close()


@asynccontextmanager
async def nobody() -> AsyncIterator[int]:
    """A port that takes every connection and everything that is sent, and never says a word."""
    doors: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        doors.append(writer)
        await reader.read()

    port = free_port()
    server = await asyncio.start_server(take, "127.0.0.1", port)
    try:
        yield port
    finally:
        server.close()
        for door in doors:
            door.close()


async def test_a_redis_that_says_nothing_holds_nothing_up() -> None:
    """Neither the bell, nor the counting, nor the sweep, nor the queue itself."""
    async with nobody() as port, asyncio.timeout(SOON):
        redis = await connect(f"redis://127.0.0.1:{port}/0")
        await ArqBell(redis).ring("turn", "lane", key="lane")
        with pytest.raises(CounterAway):
            await RedisCounter(redis).hit("api:somebody", 60)
        await page.swept(redis)
        queue = patient(f"redis://127.0.0.1:{port}/0", seconds=0.2, retries=0)
        with pytest.raises(RedisError):
            await queue.zcard("arq:queue")
        await queue.aclose()
        await redis.aclose()


async def test_an_issuer_that_says_nothing_is_unavailable() -> None:
    async with nobody() as port, asyncio.timeout(SOON):
        settings = Settings(_env_file=None, supabase_jwks_url=f"http://127.0.0.1:{port}/.well-known/jwks.json")
        supabase = Supabase(settings, patience=aiohttp.ClientTimeout(total=0.2))
        key = ECKey.generate_key("P-256")
        token = jwt.encode({"alg": "ES256"}, {"sub": "x", "iss": "y"}, key, algorithms=["ES256"])
        with pytest.raises(Unavailable):
            await supabase.read(token, NOW)


async def test_a_stripe_that_says_nothing_is_away() -> None:
    async with nobody() as port, asyncio.timeout(SOON):
        settings = Settings(
            _env_file=None, stripe_secret_key=SecretStr("sk_test_1"), stripe_api_base=f"http://127.0.0.1:{port}"
        )
        gateway = Gateway(settings, patience=0.3)
        with pytest.raises(StripeAway):
            await gateway.subscriptions("cus_1")
        await gateway.close()


async def test_a_mail_server_that_says_nothing_gets_its_letter_later(db: Database, clock: StillClock) -> None:
    async with nobody() as port, asyncio.timeout(SOON):
        async with db.begin() as session:
            hashed = Hasher.of("a-secret")
            await login.ask_by_email(session, hashed, "julia@example.com", now=clock.now(), new=True)
        mail = SmtpMail(f"smtp://127.0.0.1:{port}", timeout=0.3)
        await send_due_letters(db, mail, clock, sender="Odys <odys@example.com>")
        async with db.begin() as session:
            row = (await session.scalars(select(Outbound))).one()
        assert (row.status, row.lease_until, row.due_at > clock.now()) == (OutboundStatus.QUEUED, None, True)


async def test_a_graph_that_says_nothing_leaves_doubt_and_no_wait() -> None:
    """What may have been taken waits for its status; who asks for a file is told that it cannot be had."""
    async with nobody() as port, asyncio.timeout(SOON), aiohttp.ClientSession() as http:
        settings = Settings(_env_file=None, whatsapp_api_url=f"http://127.0.0.1:{port}")
        cloud = CloudApi(http, settings, timeout=aiohttp.ClientTimeout(total=0.2))
        with pytest.raises(SendFailed) as failed:
            await cloud.send("1", Address("5511988887777"), Text("oi"), opaque="x")
        assert failed.value.fault.action is Action.AWAIT_STATUS
        with pytest.raises(MediaUnavailable):
            await cloud.media("123")


async def test_an_evolution_that_says_nothing_leaves_doubt_and_no_wait() -> None:
    async with nobody() as port, asyncio.timeout(SOON), aiohttp.ClientSession() as http:
        settings = Settings(_env_file=None, evolution_api_url=f"http://127.0.0.1:{port}")
        evolution = EvolutionApi(http, settings, timeout=aiohttp.ClientTimeout(total=0.2))
        with pytest.raises(SendFailed) as failed:
            await evolution.send("salon", Address("5511988887777"), Text("oi"), opaque="x")
        assert failed.value.fault.action is Action.AWAIT_STATUS
        with pytest.raises(InstanceTrouble):
            await evolution.instance("salon")
