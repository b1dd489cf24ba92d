"""One INSERT for everything that came in together, said to the driver itself.

A webhook is answered when its rows are committed, so this statement is what a webhook costs. Put together by
SQLAlchemy, a row of fourteen columns costs more than everything else that is done for it; here the rows travel as one
parameter a column (Postgres) or one after the other (SQLite), and a statement alone is its own transaction.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from ..db import Database

Row = dict[str, Any]
Insert = Callable[[Iterable[Row]], Awaitable[set[UUID]]]

_TYPES: Final = {
    "id": "uuid",
    "channel": "text",
    "account": "text",
    "external_id": "text",
    "kind": "text",
    "lane": "text",
    "event": "text",
    "status": "text",
    "attempts": "int",
    "error": "text",
    "provider_at": "timestamptz",
    "received_at": "timestamptz",
    "due_at": "timestamptz",
    "handled_at": "timestamptz",
}
_COLUMNS: Final = ", ".join(_TYPES)
_PARAMETERS: Final = ", ".join(f"${place}::{type_}[]" for place, type_ in enumerate(_TYPES.values(), start=1))
_POSTGRES: Final = (
    f"INSERT INTO inbound ({_COLUMNS}) SELECT {_COLUMNS.replace('event', 'event::jsonb')} "  # noqa: S608 - our names
    f"FROM unnest({_PARAMETERS}) AS new ({_COLUMNS}) ON CONFLICT DO NOTHING RETURNING id"
)
_ROW: Final = f"({', '.join('?' * len(_TYPES))})"
# SQLite takes 32,766 parameters.
_AT_ONCE: Final = 1000
_values = itemgetter(*_TYPES)
# NaN is no JSON, and no database takes it; made once, for `json.dumps` makes one for every call that is not plain.
_json = json.JSONEncoder(allow_nan=False, check_circular=False, separators=(",", ":")).encode


async def store(session: AsyncSession, rows: Iterable[Row]) -> set[UUID]:
    """Insert the rows whose external id is new, as part of a transaction, and return their ids."""
    insert = await _insert_over(await session.connection())
    return await insert(rows)


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


async def _insert_sqlite(driver: Any, rows: Iterable[Row]) -> set[UUID]:
    ordered = _ordered(rows)
    parts = [ordered[at : at + _AT_ONCE] for at in range(0, len(ordered), _AT_ONCE)]
    return {UUID(hex=found[0]) for part in parts for found in await driver.execute_fetchall(*_sqlite(part))}


async def _insert_postgres(driver: Any, rows: Iterable[Row]) -> set[UUID]:
    columns: Sequence[Sequence[Any]] = list(zip(*map(_values, _ordered(rows)), strict=True))
    events = [_json(event) for event in columns[6]]
    return {found[0] for found in await driver.fetch(_POSTGRES, *columns[:6], events, *columns[7:])}


def _sqlite(rows: Sequence[Row]) -> tuple[str, list[Any]]:
    """Return the statement that inserts rows, and their values one after the other."""
    return _sqlite_statement(len(rows)), [_kept(value) for row in rows for value in _values(row)]


@lru_cache(maxsize=128)
def _sqlite_statement(rows: int) -> str:
    values = ", ".join([_ROW] * rows)
    return f"INSERT INTO inbound ({_COLUMNS}) VALUES {values} ON CONFLICT DO NOTHING RETURNING id"  # noqa: S608


def _kept(value: Any) -> Any:
    """Return a value as SQLite keeps it by the types of the model."""
    if isinstance(value, datetime):  # aware UTC, without its offset
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    if isinstance(value, UUID):
        return value.hex
    return _json(value) if isinstance(value, dict) else value
