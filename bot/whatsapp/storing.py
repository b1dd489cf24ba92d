"""One INSERT for everything that came in together, said to the driver itself.

A webhook is answered when its rows are committed, so this statement is what a webhook costs. Put together by
SQLAlchemy, a row of fourteen columns costs more than everything else that is done for it; here the rows travel as one
parameter a column (Postgres) or as one JSON text (SQLite), and a statement alone is its own transaction.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
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
_EXTRACTED: Final = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(_TYPES)))
_SQLITE: Final = (
    f"INSERT INTO inbound ({_COLUMNS}) SELECT {_EXTRACTED} FROM json_each(?) WHERE true "  # noqa: S608
    "ON CONFLICT DO NOTHING RETURNING id"
)
_values = itemgetter(*_TYPES)
# NaN is no JSON, and no database takes it; made once, for `json.dumps` makes one for every call that is not plain.
_json = json.JSONEncoder(allow_nan=False, check_circular=False, separators=(",", ":")).encode


async def store(session: AsyncSession, rows: Iterable[Row]) -> set[UUID]:
    """Insert the rows whose external id is new, as part of a transaction, and return their ids."""
    return await _insert(await session.connection(), rows)


@asynccontextmanager
async def at_hand(db: Database) -> AsyncIterator[Insert]:
    """Hold a connection and hand out what stores rows over it: all or none, committed on return."""
    async with db.engine.connect() as connection:
        yield partial(_insert, connection)


async def _insert(connection: AsyncConnection, rows: Iterable[Row]) -> set[UUID]:
    # In one order everywhere: two processes that store the same delivery would else wait for each other.
    ordered = sorted(rows, key=itemgetter("external_id"))
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if connection.dialect.name == "sqlite":
        written = _json([_sqlite_values(row) for row in ordered])
        return {UUID(hex=found[0]) for found in await driver.execute_fetchall(_SQLITE, (written,))}
    columns: Sequence[Sequence[Any]] = list(zip(*map(_values, ordered), strict=True))
    events = [_json(event) for event in columns[6]]
    return {found[0] for found in await driver.fetch(_POSTGRES, *columns[:6], events, *columns[7:])}


def _sqlite_values(row: Row) -> list[Any]:
    """Return the values of a row as they are kept by the types of the model."""
    return [_sqlite(value) for value in _values(row)]


def _sqlite(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        # Aware UTC, kept without its offset.
        return f"{value.replace(tzinfo=None).isoformat(' ', 'microseconds')}"
    return value
