"""The database: one engine, one way to open a transaction."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, Dialect, Insert, Table, TypeDecorator, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class Instant(TypeDecorator[datetime]):
    """A moment: aware UTC on both databases; a naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime was about to be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def async_url(url: str) -> str:
    """Return `url` with the async driver named, so that plain postgres:// and sqlite:// URLs work."""
    parsed = make_url(url)
    drivers = {"postgres": "postgresql+asyncpg", "postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
    return parsed.set(drivername=drivers.get(parsed.drivername, parsed.drivername)).render_as_string(
        hide_password=False
    )


def _sqlite_engine(url: str) -> AsyncEngine:
    # One connection: SQLite's own lock queue is unfair, the pool's is first come, first served.
    engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=30)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # so that BEGIN IMMEDIATE below is the only BEGIN
        cursor = connection.cursor()
        # FULL: an answered message survives a power cut, not only a killed process.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgres_engine(url: str, pool_size: int) -> AsyncEngine:
    # A statement or a lock that takes longer than this is a fault; waiting for ever would spread it.
    limits = {"statement_timeout": "15000", "lock_timeout": "5000", "application_name": "odys"}
    return create_async_engine(
        url, pool_size=pool_size, max_overflow=0, pool_pre_ping=True, connect_args={"server_settings": limits}
    )


class Database:
    """Hold the engine and hand out transactions; `async with db.begin() as session` is one of them."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        url = async_url(url)
        self.sqlite = url.startswith("sqlite")
        self.engine = _sqlite_engine(url) if self.sqlite else _postgres_engine(url, pool_size)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=True)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that commits at the end of the block and rolls back on any exception.

        Never open a second one inside the first: SQLite has a single connection.
        """
        async with self._sessions.begin() as session:
            yield session

    async def close(self) -> None:
        await self.engine.dispose()


async def connection(session: AsyncSession) -> AsyncConnection:
    """Return what a session's transaction runs on, once everything that waits in it is written.

    For statements that are run all day long: here they cost half of what they cost with the mapping of objects.
    """
    await session.flush()
    return await session.connection()


class listed(FunctionElement[list[list[Any]]]):
    """Aggregate columns into one JSON list of rows, so that one statement brings home lists of several kinds.

    A moment comes as text, for `instant`; no row at all is None.
    """

    name = "listed"
    type = JSON()
    inherit_cache = True


@compiles(listed, "postgresql")
def _listed_by_postgres(element: listed, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **kw)}))"


@compiles(listed, "sqlite")
def _listed_by_sqlite(element: listed, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **kw)}))"


def instant(text: str) -> datetime:
    """Read a moment out of JSON that the database wrote; SQLite's are UTC and do not say so."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=64)
def _insert_new(dialect: str, table: Table) -> Insert:
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return build(table).on_conflict_do_nothing().returning(table.c.id)


async def add_new(session: AsyncSession, table: Any, row: Mapping[str, Any]) -> UUID | None:
    """Insert one row unless a unique key of it is taken; return its id, or None.

    For rows that are written all day long: the statement is put together once, which is half of its cost.
    """
    statement = _insert_new(session.get_bind().dialect.name, getattr(table, "__table__", table))
    added: UUID | None = await session.scalar(statement, dict(row))
    return added


def insert_new(session: AsyncSession, table: Any, rows: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> Insert:
    """Build an INSERT that passes over rows whose unique key is already taken, returning the new ids."""
    target: Table = getattr(table, "__table__", table)
    build = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = dict(rows) if isinstance(rows, Mapping) else [dict(row) for row in rows]
    return build(target).values(values).on_conflict_do_nothing().returning(target.c.id)


def skip_locked(session: AsyncSession) -> dict[str, bool]:
    """Return the `with_for_update` arguments for claiming rows; SQLite has one writer and ignores them."""
    return {"skip_locked": session.get_bind().dialect.name != "sqlite"}
