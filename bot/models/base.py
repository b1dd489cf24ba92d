"""What every table shares: the declarative base, ids in time order, column types."""

import os
import time
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from msgspec import convert
from sqlalchemy import JSON, Enum, Index, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, configure_mappers, make_transient_to_detached, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from ..db import Instant

# Names are fixed so that a migration can name what it drops, on both databases.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Document = JSON().with_variant(JSONB(), "postgresql")


class _Newest:
    value = 0


def new_id() -> UUID:
    """Return a version 7 UUID (RFC 9562): milliseconds first, so that new rows are neighbours in the index.

    Within a process each id is greater than the one before: rows of one instant keep the order they were made in.
    """
    moment = (time.time_ns() // 1_000_000) << 74 | int.from_bytes(os.urandom(10)) >> 6
    _Newest.value = value = max(moment, _Newest.value + 1)
    number = value >> 74 << 80 | 0x7 << 76 | (value >> 62 & 0xFFF) << 64 | 0x2 << 62 | value & (1 << 62) - 1
    return convert(number.to_bytes(16), UUID)  # twice as fast as UUID's own constructor


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Instant(), dict[str, Any]: Document, list[Any]: Document}  # noqa: RUF012

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


Model = TypeVar("Model", bound=Base)


@cache
def _prepared() -> None:
    """Set up the mapped classes, as the first query would."""
    configure_mappers()


def unattached(model: type[Model], values: Sequence[Any]) -> Model | None:
    """Make an object of a table's row, its columns in order: one that no session knows, to be read and never written.

    None where an outer join found nothing.
    """
    if values[0] is None:
        return None
    _prepared()
    row: Model = model.__mapper__.class_manager.new_instance()
    row.__dict__.update(zip(model.__table__.c.keys(), values, strict=True))
    return row


def attached(session: AsyncSession, model: type[Model], values: Sequence[Any]) -> Model:
    """Make an object of a row that was just read, as the session's own; one that it knows already is brought up."""
    row = unattached(model, values)
    if row is None:
        raise ValueError("a row without an id")
    known: Model | None = session.identity_map.get(model.__mapper__.identity_key_from_primary_key((row.id,)))
    if known is None:
        attach(session, row)
        return row
    for name, value in row.__dict__.items():
        if name != "_sa_instance_state":
            set_committed_value(known, name, value)
    return known


def attach(session: AsyncSession, row: Base) -> None:
    """Let a session know an object of a row that was just read, so that what is changed about it is written."""
    make_transient_to_detached(row)
    session.add(row)


def some(name: str, *columns: str, where: str) -> Index:
    """Return an index of a few rows of a large table; it is used where a query says `where` in the same words."""
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


def choice(values: type[StrEnum]) -> Enum:
    """Return a column type that stores the members of `values` as short text."""
    return Enum(
        values,
        native_enum=False,
        length=24,
        create_constraint=False,
        values_callable=lambda members: [member.value for member in members],
    )
