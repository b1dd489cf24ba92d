"""Rows named by a list of ids, in statements that are the same however many there are.

"IN ($1, $2, ...)" is another statement for each number of ids: each is put together, prepared and planned anew.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, JSON, Boolean, Dialect, TypeDecorator, Uuid, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class Ids(TypeDecorator[list[UUID]]):
    """A list of ids as one value: an array for Postgres, JSON for SQLite."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Uuid()) if dialect.name == "postgresql" else JSON())

    def process_bind_param(self, value: list[UUID] | None, dialect: Dialect) -> Any:
        if dialect.name == "postgresql" or value is None:
            return value
        return [each.hex for each in value]


class these(FunctionElement[bool]):
    """Tell whether a column is one of the ids that the statement is given: `these(column, NAMED)`."""

    name = "these"
    type = Boolean()
    inherit_cache = True


NAMED = bindparam("ids", type_=Ids())


@compiles(these, "postgresql")
def _by_postgres(element: these, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = element.clauses
    return f"{compiler.process(column, **kw)} = ANY ({compiler.process(ids, **kw)})"


@compiles(these, "sqlite")
def _by_sqlite(element: these, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = (compiler.process(each, **kw) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608 - our names
