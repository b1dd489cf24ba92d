"""An appointment and all that comes with it, written in one statement where the database can.

Postgres takes the rows of every table as one JSON document: one round trip and one parameter, whatever is owed. The
appointment's row decides: where it meets the wall, none of the others is written. SQLite takes a statement a table.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import String, bindparam, column, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient_to_detached

from ..db import Swift, add_new
from ..exact_json import dumps
from ..models import Appointment, new_id
from .parties import table

# The name of the constraint on Postgres and of the triggers' message on SQLite.
WALL: Final = "no_overlap"

_EMPTY: Final[dict[str, Any]] = dict.fromkeys(table(Appointment).c.keys()) | {"note": "", "sequence": 0}

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

Rows = list[tuple[type[Any], Mapping[str, Any]]]
"""Rows to be written: the model of each, and a value for every column that has no NULL."""


def hit_the_wall(error: IntegrityError) -> bool:
    """Say whether it was the overlap that the database refused."""
    return WALL in str(error.orig)


def draft(**values: Any) -> Appointment:
    """Make an appointment that is not written yet; every column has a value, as the database would give it."""
    return Appointment(**_EMPTY | {"id": new_id()} | values)


async def enter(session: AsyncSession, row: Appointment, others: Rows) -> bool:
    """Write a draft and what comes with it; False, and nothing written, where the wall stands in the way."""
    values = {name: getattr(row, name) for name in _EMPTY}
    if session.get_bind().dialect.name == "postgresql":
        entered = bool(await _together(session, [(Appointment, values), *others], depending=True))
    elif entered := await _insert(session, Appointment, values):
        await _one_by_one(session, others)
    if entered:
        # From here on the session knows the row as it was written, without reading it again.
        make_transient_to_detached(row)
        session.add(row)
    return entered


async def write(
    session: AsyncSession, rows: Rows, then: Swift | None = None, values: Mapping[str, Any] = NOTHING
) -> list[tuple[Any, ...]]:
    """Write what comes with a change, and return what a statement answers that comes `then`, with these values.

    A message that is owed already stays as it is.
    """
    if rows and session.get_bind().dialect.name == "postgresql":
        return await _together(session, rows, then=then, values=values)
    await _one_by_one(session, rows)
    return await then.all(session, values) if then is not None else []


async def _together(
    session: AsyncSession,
    rows: Rows,
    *,
    depending: bool = False,
    then: Swift | None = None,
    values: Mapping[str, Any] = NOTHING,
) -> list[tuple[Any, ...]]:
    """Insert rows into several tables; `depending` lets the first table's decide about the others."""
    lists: dict[str, list[Mapping[str, Any]]] = {}
    for model, columns in rows:
        lists.setdefault(model.__tablename__, []).append(columns)
    shape = tuple((name, tuple(of_one_table[0])) for name, of_one_table in lists.items())
    document = dumps(lists, _plain)
    return await _statement(shape, depending, then).all(session, {"rows": document, **values})


@lru_cache(maxsize=64)
def _statement(shape: tuple[tuple[str, tuple[str, ...]], ...], depending: bool, then: Swift | None) -> Swift:
    """Put together an INSERT into each table, from its list in the document; a unique key that is taken stays."""
    written = []
    for place, (name, keys) in enumerate(shape):
        columns = ", ".join(keys)
        source = f"json_populate_recordset(NULL::{name}, CAST(:rows AS json) -> '{name}')"
        where = "WHERE EXISTS (SELECT FROM written_0)" if depending and place else ""
        insert = f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {source} {where} ON CONFLICT DO NOTHING"  # noqa: S608
        part = text(f"{insert} RETURNING id").bindparams(bindparam("rows", type_=String))
        written.append(part.columns(column("id")).cte(f"written_{place}"))
    last: Any = select(column("id")).select_from(written[0]) if then is None else then.statement
    return Swift(last.add_cte(*written))


def _plain(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a naive datetime was about to be stored")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a row")


async def _one_by_one(session: AsyncSession, rows: Rows) -> None:
    for model, values in rows:
        await _insert(session, model, values)


async def _insert(session: AsyncSession, model: type[Any], values: Mapping[str, Any]) -> bool:
    try:
        return await add_new(session, model, values) is not None
    except IntegrityError as error:  # the wall's trigger aborts the statement alone, the transaction goes on
        if not hit_the_wall(error):
            raise
        return False
