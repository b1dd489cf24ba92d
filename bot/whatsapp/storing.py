"""One INSERT for everything that came in together, said to the driver itself.

A webhook is answered when its rows are committed, so this statement is what a webhook costs. Put together by
SQLAlchemy, a row of fourteen columns costs more than everything else that is done for it; here the rows travel as one
JSON text (Postgres) or one value after the other (SQLite), and a statement alone is its own transaction.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from ..db import Database
from ..exact_json import dumps

Row = dict[str, Any]
Insert = Callable[[Iterable[Row]], Awaitable[list[UUID]]]

_TYPES: Final = {
    "id": "uuid",
    "channel": "text",
    "account": "text",
    "external_id": "text",
    "kind": "text",
    "lane": "text",
    "event": "jsonb",
    "status": "text",
    "attempts": "int",
    "error": "text",
    "provider_at": "timestamptz",
    "received_at": "timestamptz",
    "due_at": "timestamptz",
    "handled_at": "timestamptz",
}
_COLUMNS: Final = ", ".join(_TYPES)
# As jsonb it is read once: of json, the events inside would be read again for their column.
_POSTGRES: Final = (
    f"INSERT INTO inbound ({_COLUMNS}) SELECT {_COLUMNS} FROM jsonb_to_recordset($1::text::jsonb) "  # noqa: S608
    f"AS new ({', '.join(map(' '.join, _TYPES.items()))}) ON CONFLICT DO NOTHING RETURNING id"
)
_ROW: Final = f"({', '.join('?' * len(_TYPES))})"
# SQLite takes 32,766 parameters.
_AT_ONCE: Final = 1000
_values = itemgetter(*_TYPES)
_MOMENTS: Final = [name for name, type_ in _TYPES.items() if type_ == "timestamptz"]


async def store(session: AsyncSession, rows: Iterable[Row]) -> set[UUID]:
    """Insert the rows whose external id is new, as part of a transaction, and return their ids."""
    insert = await _insert_over(await session.connection())
    return set(await insert(rows))


@asynccontextmanager
async def at_hand(db: Database, patience: float) -> AsyncIterator[Insert]:
    """Hold a connection and hand out what stores rows over it, committed on return.

    Raise `TimeoutError` when there is none within `patience` seconds; one that failed is not used again.
    """
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(patience):
            connection = await stack.enter_async_context(db.engine.connect())
        try:
            yield await _insert_over(connection)
        except TimeoutError:
            # It may still be at it: whoever got it next would wait for that.
            await connection.invalidate()
            raise


async def _insert_over(connection: AsyncConnection) -> Insert:
    """Return what stores rows with the driver's own connection."""
    driver = (await connection.get_raw_connection()).driver_connection
    return partial(_insert_sqlite if connection.dialect.name == "sqlite" else _insert_postgres, driver)


def _ordered(rows: Iterable[Row]) -> list[Row]:
    # In one order everywhere: two processes that store the same delivery would else wait for each other.
    return sorted(rows, key=itemgetter("external_id"))


async def _insert_sqlite(driver: Any, rows: Iterable[Row]) -> list[UUID]:
    ordered = _ordered(rows)
    parts = [ordered[at : at + _AT_ONCE] for at in range(0, len(ordered), _AT_ONCE)]
    return [UUID(hex=found[0]) for part in parts for found in await driver.execute_fetchall(*_sqlite(part))]


async def _insert_postgres(driver: Any, rows: Iterable[Row]) -> list[UUID]:
    return [found[0] for found in await driver.fetch(_POSTGRES, dumps(_ordered(rows)))]


def _sqlite(rows: Sequence[Row]) -> tuple[str, list[Any]]:
    """Return the statement that inserts rows, and their values one after the other."""
    return _sqlite_statement(len(rows)), [value for row in rows for value in _kept(row)]


@lru_cache(maxsize=128)
def _sqlite_statement(rows: int) -> str:
    values = ", ".join([_ROW] * rows)
    return f"INSERT INTO inbound ({_COLUMNS}) VALUES {values} ON CONFLICT DO NOTHING RETURNING id"  # noqa: S608


def _kept(row: Row) -> Iterable[Any]:
    """Return the values of a row as SQLite keeps them by the types of the model."""
    at = {name: _moment(row[name]) for name in _MOMENTS}
    kept: tuple[Any, ...] = _values({**row, "id": row["id"].hex, "event": dumps(row["event"]), **at})
    return kept


def _moment(value: datetime | None) -> str | None:
    """Return an aware UTC moment without its offset."""
    return value.isoformat(" ", "microseconds")[:26] if value else None
