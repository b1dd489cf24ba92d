"""Lists, in one way everywhere: `limit` and `cursor` in, `items` and `next` out.

A cursor is the sort key and the id of the last item that was shown. Rows that come or go meanwhile do not shift
what follows, and no page costs more than the one before.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import MAXYEAR, datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, String, literal, tuple_

from bot.db import Instant
from bot.errors import Invalid

from .schemas import Answer, Digits, Query

Item = TypeVar("Item")
Row = TypeVar("Row")


class BadCursor(Invalid):
    """A cursor that this list did not give out."""

    code = "bad_cursor"
    sentence = "Essa página não existe."


# The longest is that of a client by name: 120 signs of four bytes each, and a third more in base64.
LONGEST: Final = 900
# What an INTEGER column holds on Postgres.
_HIGHEST: Final = 2**31 - 1


class Paged(Query):
    limit: Annotated[int, Field(ge=1, le=100), Digits] = 50
    cursor: Annotated[str, StringConstraints(max_length=LONGEST)] | None = None


class Page(Answer, Generic[Item]):
    """Some of a list; `next` is the cursor of what follows, or null at its end."""

    items: list[Item]
    next: str | None = None


Key = tuple[datetime | str | int, UUID]


def after_cursor(query: Any, asked: Paged, column: Any, identifier: Any, *, falling: bool) -> Any:
    """Order a query by `column`, then by `identifier`, and begin behind the cursor; one row more than asked."""
    if asked.cursor is not None:
        key, last = _read(asked.cursor)
        if type(key) is not _kind(column):
            raise BadCursor
        here = tuple_(column, identifier)
        there = tuple_(*_typed(key, column), *_typed(last, identifier))
        query = query.where(here < there if falling else here > there)
    order = (column.desc(), identifier.desc()) if falling else (column.asc(), identifier.asc())
    return query.order_by(*order).limit(asked.limit + 1)


def page(rows: Sequence[Row], asked: Paged, key: Callable[[Row], Key], show: Callable[[Row], Item]) -> Page[Item]:
    """Show the rows of one page; the row too many only tells that there is a next one."""
    shown = rows[: asked.limit]
    more = len(rows) > asked.limit
    return Page(items=[show(row) for row in shown], next=_write(key(shown[-1])) if more else None)


def _kind(column: Any) -> type:
    if isinstance(column.type, Instant):
        return datetime
    return str if isinstance(column.type, String) else int


def _typed(value: Any, column: ColumnElement[Any]) -> tuple[ColumnElement[Any]]:
    return (literal(value, column.type),)


def _write(key: Key) -> str:
    value, identifier = key
    kind, shown = ("t", value.isoformat()) if isinstance(value, datetime) else ("v", value)
    raw = json.dumps([kind, shown, identifier.hex], ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(cursor: str) -> Key:
    try:
        raw = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        kind, value, identifier = json.loads(raw)
        found: Any = datetime.fromisoformat(value) if kind == "t" else value
        if not _storable(found):
            raise BadCursor
        return found, UUID(identifier)
    except (ValueError, TypeError, AttributeError, UnicodeError, binascii.Error, RecursionError):
        raise BadCursor from None


def _storable(value: Any) -> bool:
    """Tell whether a database can compare with this: what it cannot hold was never given out."""
    match value:
        case datetime():
            return value.tzinfo is not None and 1 < value.year < MAXYEAR
        case str():
            value.encode()  # half of a surrogate pair is a UnicodeError
            return "\x00" not in value
    return isinstance(value, int) and abs(value) <= _HIGHEST
