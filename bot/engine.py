"""The engines: how SQLite and Postgres are reached, and how long anybody waits for them."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .exact_json import dumps, loads


def async_url(url: str) -> str:
    """Return `url` with the async driver named, so that plain postgres:// and sqlite:// URLs work."""
    parsed = make_url(url)
    drivers = {"postgres": "postgresql+asyncpg", "postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
    return parsed.set(drivername=drivers.get(parsed.drivername, parsed.drivername)).render_as_string(
        hide_password=False
    )


# In place of Python's own JSON, which takes a twelfth of a turn.
_JSON: Final[Any] = {"json_serializer": dumps, "json_deserializer": loads}

_PRAGMAS = (
    "journal_mode=WAL",
    # An answered message survives a power cut, not only a killed process.
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=10000",
    # What is erased is overwritten, not only unlinked.
    "secure_delete=ON",
    # The log is emptied at 32 MB instead of 4, and 16 MB of pages are held instead of 2: a seventh more deliveries.
    "wal_autocheckpoint=8000",
    "cache_size=-16384",
)


def sqlite_engine(url: str) -> AsyncEngine:
    """Build the engine of a file."""
    # One connection: SQLite's own lock queue is unfair, the pool's is first come, first served.
    engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=30, hide_parameters=True, **_JSON)

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


# The driver's own cache of statements: as many as SQLAlchemy's, for as long, and long ones too.
_KEPT: Final = {"statement_cache_size": 500, "max_cached_statement_lifetime": 0, "max_cacheable_statement_size": 0}
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


def postgres_engine(url: str, pool_size: int, patience: Patience) -> AsyncEngine:
    """Build the engine of a server, with so many connections."""
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
        **_JSON,
        # All day long a few hundred statements are run; what falls out of the cache is planned anew.
        connect_args={"server_settings": limits, "prepared_statement_cache_size": 500, **_KEPT, **driver},
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
