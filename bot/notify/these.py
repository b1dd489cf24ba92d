"""Rows named by a list of ids, in statements that are the same however many there are.

"IN ($1, $2, ...)" is another statement for each number of ids: each is put together, prepared and planned anew.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, JSON, Boolean, Dialect, String, TypeDecorator, Uuid, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class Listed(TypeDecorator[list[Any]]):
    """A list as one value: an array for Postgres, JSON for SQLite, which writes an id without its dashes."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: TypeEngine[Any]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.kind) if dialect.name == "postgresql" else JSON())

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        if dialect.name == "postgresql" or value is None:
            return value
        return [each.hex if isinstance(each, UUID) else each for each in value]


class these(FunctionElement[bool]):
    """Tell whether a column is one of those that the statement is given: `these(Outbound.id, IDS)`."""

    name = "these"
    type = Boolean()
    inherit_cache = True


IDS = bindparam("ids", type_=Listed(Uuid()))
NAMES = bindparam("names", type_=Listed(String()))


@compiles(these, "postgresql")
def _by_postgres(element: these, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = element.clauses
    return f"{compiler.process(column, **kw)} = ANY ({compiler.process(ids, **kw)})"


@compiles(these, "sqlite")
def _by_sqlite(element: these, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = (compiler.process(each, **kw) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608 - our names
