"""The database: one engine, one way to open a transaction."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import JSON, ClauseElement, DateTime, Dialect, Executable, Insert, Table, TypeDecorator, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType


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


_PRAGMAS = (
    "journal_mode=WAL",
    # An answered message survives a power cut, not only a killed process.
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=10000",
    # What is erased is overwritten, not only unlinked.
    "secure_delete=ON",
)


def _sqlite_engine(url: str) -> AsyncEngine:
    # One connection: SQLite's own lock queue is unfair, the pool's is first come, first served.
    engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=30, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # so that BEGIN IMMEDIATE below is the only BEGIN
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


# A firewall may forget a connection that rests; a new one now and then costs nothing.
_RECYCLE = 900  # seconds


@dataclass(frozen=True, slots=True)
class Patience:
    """How long anybody waits for Postgres, in seconds: what takes longer is a fault, and waiting would spread it."""

    statement: float = 15
    lock: float = 5
    # Between two statements of a transaction: whoever is stuck there lets go of what others wait for.
    idle: float = 30
    # Of a server that is there, its own refusal comes first; this is for one that is not, or hangs.
    answer: float = 20
    connection: float = 5


def _postgres_engine(url: str, pool_size: int, patience: Patience) -> AsyncEngine:
    # Compiling a plan takes a tenth of a second; our longest statement takes less.
    limits = {"application_name": "odys", "jit": "off"}
    # Nor is any of them worth two more processes, which take longer to start than it takes.
    limits["max_parallel_workers_per_gather"] = "0"
    limits["statement_timeout"] = f"{patience.statement * 1000:.0f}"
    limits["lock_timeout"] = f"{patience.lock * 1000:.0f}"
    limits["idle_in_transaction_session_timeout"] = f"{patience.idle * 1000:.0f}"
    driver = {"timeout": patience.connection, "command_timeout": patience.answer}
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_recycle=_RECYCLE,
        # An error goes to the log, and the parameters of a statement are what people wrote.
        hide_parameters=True,
        # All day long a few hundred statements are run; what falls out of the cache is planned anew.
        connect_args={"server_settings": limits, "prepared_statement_cache_size": 500, **driver},
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def alive(connection: Any, _record: Any, _proxy: Any) -> None:
        # The driver knows when the server hung up; to ask the server itself would be three round trips a transaction.
        if connection.driver_connection.is_closed():
            raise DisconnectionError

    @event.listens_for(engine.sync_engine, "handle_error")
    def give_up(context: Any) -> None:
        # A server that does not answer would not answer ROLLBACK either.
        if isinstance(context.original_exception, TimeoutError):
            context.is_disconnect = True

    return engine


class Database:
    """Hold the engine and hand out transactions; `async with db.begin() as session` is one of them."""

    def __init__(self, url: str, *, pool_size: int = 10, patience: Patience | None = None) -> None:
        url = async_url(url)
        self.sqlite = url.startswith("sqlite")
        self.engine = _sqlite_engine(url) if self.sqlite else _postgres_engine(url, pool_size, patience or Patience())
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
        return await session.run_sync(self._run, values)

    async def first(self, session: AsyncSession, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the first row of the answer, if it has one."""
        rows = await session.run_sync(self._run, values)
        return rows[0] if rows else None

    def _run(self, session: Session, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        session.flush()
        connection = session.connection()
        ready = self._ready.get(connection.dialect.name)
        if ready is None:
            ready = self._ready[connection.dialect.name] = _Ready.of(self.statement, connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(ready.sql, ready.parameters(values))
            return ready.rows(cursor.fetchall())
        except TimeoutError:  # as in `give_up`
            connection.invalidate()
            raise
        finally:
            cursor.close()


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
