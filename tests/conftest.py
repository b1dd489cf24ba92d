"""Fixtures: real databases, migrated by Alembic; a clock that stands still."""

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from redis.asyncio import Redis

from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Base

from . import servers
from .watchman import Watchman

# What starts processes and browsers.
_LONGEST = (
    "tests/chaos",
    "tests/worker",
    "tests/web/test_demo",
    "tests/web/test_docs_browser",
    "tests/web/test_simulador_browser",
    "tests/web/test_webhook_processes",
    "tests/jobs/test_reminder_storm",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest: they mostly wait, while others compute, and at the end nobody would wait beside them."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))


# No setting of the machine may reach a test.
for name in ("DATABASE_URL", "REDIS_URL", "GROQ_API_KEY", "WHATSAPP_TOKEN", "STRIPE_SECRET_KEY"):
    os.environ.pop(name, None)


class StillClock:
    """A clock that moves only when told; it starts on a Saturday morning in São Paulo."""

    def __init__(self, moment: datetime = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def jump(self, **by: float) -> None:
        """Move by a timedelta given as keywords."""
        self.moment += timedelta(**by)


@pytest.fixture(scope="session")
def watchman() -> Iterator[Watchman]:
    """Whoever reads the log for secrets and phone numbers."""
    reader = Watchman()
    yield reader
    logging.getLogger().removeHandler(reader)


@pytest.fixture(autouse=True)
def no_secret_is_logged(watchman: Watchman) -> Iterator[None]:
    """Fail the test in which a secret or a whole phone number was logged."""
    watchman.watch()
    yield
    assert watchman.report() == []


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of a real Postgres server, without a database name."""
    # Not in pytest's own folder: that one is private to root, whom the server refuses to run as.
    with tempfile.TemporaryDirectory(prefix="odys-postgres-") as folder, servers.postgres(Path(folder)) as address:
        yield address


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real Redis server."""
    with servers.redis(tmp_path_factory.mktemp("redis")) as address:
        yield address


@pytest.fixture
async def redis_database(redis_url: str) -> str:
    """A Redis database that nothing else in the suite uses, empty."""
    url = redis_url.rsplit("/", 1)[0] + "/9"
    client = Redis.from_url(url)
    await client.flushdb()
    await client.aclose()
    return url


def with_database(server: str, name: str) -> str:
    """Return the address of database `name` on `server`."""
    parts = urlsplit(server)
    return parts._replace(path=f"/{name}").geturl()


def create_database(server: str, name: str, template: str = "template1") -> str:
    """Create database `name` on `server` and return its address; call it outside a running loop."""

    async def create() -> None:
        connection = await asyncpg.connect(with_database(server, "postgres"))
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        finally:
            await connection.close()

    asyncio.run(create())
    return with_database(server, name)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """Name of a migrated database to copy: faster than migrating each time."""
    name = f"template_{uuid4().hex[:8]}"
    migrate(create_database(postgres_server, name))
    return name


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str, postgres_template: str) -> str:
    """Address of the database that the tests share, one after the other."""
    return create_database(postgres_server, f"odys_{uuid4().hex[:8]}", postgres_template)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def sqlite_database(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of the SQLite file that the tests share, one after the other."""
    path = tmp_path_factory.mktemp("shared") / "odys.sqlite3"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Address of a migrated database; every test that takes it runs on SQLite and on Postgres."""
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url


@pytest.fixture(scope="session")
async def opened() -> AsyncIterator[dict[str, Database]]:
    """The databases that are open: an engine compiles each statement once, so the tests share it."""
    databases: dict[str, Database] = {}
    yield databases
    for database in databases.values():
        await database.close()


# In one go: statement by statement this was a fifth of the time of a small test.
_EMPTY = "BEGIN; {} COMMIT".format(
    "".join(f'DELETE FROM "{table.name}"; ' for table in reversed(Base.metadata.sorted_tables))
)


@pytest.fixture
async def db(database_url: str, opened: dict[str, Database]) -> AsyncIterator[Database]:
    """An empty, migrated database, open."""
    database = opened.get(database_url) or opened.setdefault(database_url, Database(database_url))
    yield database
    # Emptied afterwards instead of rolled back: commits, locks and second connections are real in every test.
    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await (driver.executescript if database.sqlite else driver.execute)(_EMPTY)


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> str:
    """Address of a fresh, migrated Postgres database of this test's own, for real processes."""
    return create_database(postgres_server, f"odys_{uuid4().hex[:8]}", postgres_template)
