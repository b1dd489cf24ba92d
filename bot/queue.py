"""The bell: tell the worker that there is something to do. It is never the record."""

import asyncio
import json
import logging
from collections.abc import Awaitable
from typing import Any, Protocol, cast

from arq.connections import ArqRedis
from arq.constants import job_key_prefix
from arq.jobs import serialize_job
from arq.utils import timestamp_ms
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from . import metrics

log = logging.getLogger(__name__)


def pack(job: dict[str, Any]) -> bytes:
    """Write a job as JSON: arq's default, pickle, would let whoever writes to Redis run code in the worker."""
    return json.dumps(job, default=str).encode()


def unpack(data: bytes) -> dict[str, Any]:
    """Read what `pack` wrote."""
    return cast(dict[str, Any], json.loads(data))


class Bell(Protocol):
    """Anything that can wake the worker; ringing never fails and never waits long."""

    async def ring(self, job: str, *arguments: str, key: str, after: float = 0) -> None: ...


class ArqBell:
    """Wake the worker through arq; when Redis is away the sweep finds the row instead."""

    def __init__(self, redis: ArqRedis) -> None:
        self.redis = redis

    async def ring(self, job: str, *arguments: str, key: str, after: float = 0) -> None:
        """Enqueue `job` in `after` seconds; the same `key` waits only once. Arguments are ids, never data."""
        try:
            async with asyncio.timeout(1):  # the answer to Meta does not wait for a sick Redis
                await self._enqueue(job, arguments, f"{job}:{key}", after)
        except (RedisError, OSError, TimeoutError) as error:
            metrics.failed("bell", type(error).__name__)
            log.warning("the bell did not ring", extra={"job": job, "reason": type(error).__name__})

    async def _enqueue(self, job: str, arguments: tuple[str, ...], name: str, after: float) -> None:
        """Write what arq's own `enqueue_job` writes, in one trip to Redis instead of three."""
        now = timestamp_ms()
        wait = int(after * 1000)
        body = serialize_job(job, arguments, {}, None, now, serializer=self.redis.job_serializer)
        async with self.redis.pipeline(transaction=False) as pipe:
            # What waits already, or runs, is left as it is. The job goes first: a name in the queue must have one.
            pipe.set(job_key_prefix + name, body, px=wait + self.redis.expires_extra_ms, nx=True)
            pipe.zadd(self.redis.default_queue_name, {name: now + wait}, nx=True)
            await pipe.execute()

    async def close(self) -> None:
        await cast(Awaitable[Any], self.redis.aclose())


class SilentBell:
    """Wake nobody: for commands that only write rows, and for tests that run the jobs themselves."""

    async def ring(self, job: str, *arguments: str, key: str, after: float = 0) -> None:
        return


def client(url: str, **options: Any) -> ArqRedis:
    """Return what talks to the Redis at `url`, with options of redis-py's; it connects when it is first used."""
    redis: ArqRedis = ArqRedis.from_url(url, **options)
    redis.job_serializer, redis.job_deserializer = pack, unpack
    return redis


async def connect(url: str) -> ArqRedis:
    """Return what talks to the Redis at `url`, or to one inside this process when `url` is empty."""
    if url:
        # It connects when it is first used: what comes in is taken while Redis is away, a start included.
        return client(url, socket_connect_timeout=1)
    # Imported here: only the embedded mode pays for it.
    from fakeredis import FakeAsyncRedisConnection, FakeServer  # noqa: PLC0415

    connection: Any = FakeAsyncRedisConnection
    pool = ConnectionPool(connection_class=connection, server=FakeServer())
    return ArqRedis(pool_or_conn=pool, job_serializer=pack, job_deserializer=unpack)
