"""The database: one way to open a transaction, and the statements that are run in it all day long."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import JSON, ClauseElement, DateTime, Dialect, Executable, Insert, Table, TypeDecorator
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from .engine import Patience, async_url, postgres_engine, sqlite_engine


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


class Database:
    """Hold the engine and hand out transactions; `async with db.begin() as session` is one of them."""

    def __init__(self, url: str, *, pool_size: int = 10, patience: Patience | None = None) -> None:
        url = async_url(url)
        self.sqlite = url.startswith("sqlite")
        self.engine = sqlite_engine(url) if self.sqlite else postgres_engine(url, pool_size, patience or Patience())
        # How many transactions there can be at once.
        self.connections = 1 if self.sqlite else pool_size
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=True)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that commits at the end of the block and rolls back on any exception.

        Never open a second one inside the first: SQLite has a single connection.
        """
        session = self._sessions()
        try:
            async with session.begin():
                yield session
        except BaseException:
            await asyncio.shield(session.close())  # to its end, whoever is being cancelled
            raise
        finally:
            session.info.pop(_DRIVER, None)
        # With the commit the connection went back: nothing is left to wait for.
        session.sync_session.close()

    async def close(self) -> None:
        await self.engine.dispose()

    async def forget(self) -> None:
        """Clear what was erased out of SQLite's log too; Postgres does the same by itself, when it vacuums."""
        if self.sqlite:
            async with self.engine.connect() as connection:
                raw = await connection.get_raw_connection()
                driver: Any = raw.driver_connection
                await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_PASSING: Final = ("08", "53", "57", "40", "55P03", "25P03")


def passing(error: BaseException) -> bool:
    """Tell whether the database cannot do it now, and may in a moment: away, too slow, held by others, full.

    The first figures are SQLSTATE's: connections, resources, an operator at work, a lost race; a lock not had in time.
    """
    origin = getattr(error, "orig", None) or error
    state = str(getattr(origin, "sqlstate", None) or "")
    busy = isinstance(origin, sqlite3.OperationalError) and ("locked" in str(origin) or "busy" in str(origin))
    away = isinstance(error, TimeoutError | OSError | PoolTimeout) or getattr(error, "connection_invalidated", False)
    return bool(away or busy or (state and state.startswith(_PASSING)))


# Where a session keeps the driver's connection, once its transaction has begun.
_DRIVER: Final = "driver"


class Swift:
    """A statement that is run all day long: compiled once, then given to the driver without further ado.

    SQLAlchemy prepares an execution for every possible case, which costs more than the answer to a small question;
    here that is done once for a dialect. It runs in the session's transaction, once everything that waits in the
    session is written. Rows are plain tuples, and errors are the driver's own.
    """

    def __init__(self, statement: Executable) -> None:
        self.statement = statement
        self._ready: dict[str, _Ready] = {}

    async def all(self, session: AsyncSession, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return every row of the answer."""
        driver = session.info.get(_DRIVER)
        # The first statement below a savepoint is what sets it.
        if driver is None or driver.is_closed() or session.in_nested_transaction():
            return await session.run_sync(self._run, values)
        if session.new or session.dirty or session.deleted:
            await session.flush()
        ready = self._for(session.get_bind().dialect)
        try:
            return ready.rows(await driver.fetch(ready.sql, *ready.parameters(values)))
        except TimeoutError:  # as in `give_up`
            await (await session.connection()).invalidate()
            raise

    async def first(self, session: AsyncSession, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the first row of the answer, if it has one."""
        rows = await self.all(session, values)
        return rows[0] if rows else None

    def _run(self, session: Session, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it through SQLAlchemy, which begins the transaction; on Postgres the rest of it needs no go-between."""
        session.flush()
        connection = session.connection()
        ready = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(ready.sql, ready.parameters(values))
            rows = ready.rows(cursor.fetchall())
        except TimeoutError:  # as in `give_up`
            connection.invalidate()
            raise
        finally:
            cursor.close()
        if connection.dialect.name == "postgresql":
            session.info[_DRIVER] = connection.connection.driver_connection
        return rows

    def _for(self, dialect: Dialect) -> "_Ready":
        if (ready := self._ready.get(dialect.name)) is None:
            ready = self._ready[dialect.name] = _Ready.of(self.statement, dialect)
        return ready


@dataclass(frozen=True, slots=True)
class _Ready:
    """A compiled statement: its text, the names of its parameters in order, and what turns values into the driver's."""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    writers: Mapping[str, Callable[[Any], Any]]
    readers: tuple[tuple[int, Callable[[Any], Any]], ...]

    @classmethod
    def of(cls, statement: Executable, dialect: Dialect) -> "_Ready":
        compiled = cast(SQLCompiler, cast(ClauseElement, statement).compile(dialect=dialect))
        if untyped := [name for name, bind in compiled.binds.items() if isinstance(bind.type, NullType)]:
            raise TypeError(f"parameters without a type: {untyped}")  # one database in two would take them as they are
        kinds = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
        columns = [column.type.dialect_impl(dialect) for column in getattr(statement, "exported_columns", ())]
        return cls(
            compiled.string,
            tuple(compiled.positiontup or ()),
            {name: bind.value for name, bind in compiled.binds.items() if not bind.required},
            {name: turn for name, kind in kinds.items() if (turn := kind.bind_processor(dialect))},
            tuple((at, turn) for at, kind in enumerate(columns) if (turn := kind.result_processor(dialect, None))),
        )

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        found = {**self.constants, **values}
        for name, turn in self.writers.items():
            found[name] = turn(found[name])
        return tuple([found[name] for name in self.names])

    def rows(self, found: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        if not self.readers:
            return [tuple(row) for row in found]
        rows = []
        for each in found:
            row = list(each)
            for at, turn in self.readers:
                row[at] = turn(row[at])
            rows.append(tuple(row))
        return rows


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
