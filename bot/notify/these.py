"""Many rows at once, in statements that are the same however many there are.

"IN ($1, $2, ...)" is another statement for each number of ids: each is put together, prepared and planned anew. And
what is done to each row alone is as many statements as there are rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, JSON, Boolean, Dialect, Executable, String, TypeDecorator, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from ..db import Swift


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


class EachOf:
    """The same done to many rows: one statement on Postgres; SQLite is no journey away, and is told row by row.

    `many` is the statement for Postgres, which reads the rows `FROM {new}`; `one` does it to a single row; `columns`
    are what each row has, and of what type.
    """

    def __init__(self, many: str, one: Executable, **columns: TypeEngine[Any]) -> None:
        names = ", ".join(columns)
        given = ", ".join(f":{name}" for name in columns)
        lists = [bindparam(name, type_=ARRAY(kind)) for name, kind in columns.items()]
        self._many = Swift(text(many.format(new=f"unnest({given}) AS new ({names})")).bindparams(*lists))
        self._one, self._names = one, tuple(columns)

    async def run(self, session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
        """Do it to these rows; each has a value for every column."""
        if not rows:
            return
        if session.get_bind().dialect.name == "sqlite":
            await (await session.connection()).execute(self._one, rows)
        else:
            await self._many.all(session, {name: [row[name] for row in rows] for name in self._names})


IDS = bindparam("ids", type_=Listed(Uuid()))
NAMES = bindparam("names", type_=Listed(String()))


@compiles(these, "postgresql")
def _by_postgres(element: these, compiler: SQLCompiler, **kw: Any) -> str:
    # By itself a list would be looked at before each execution, and be planned for by its length, which takes longer
    # than it takes to find a row; what a subquery gives is planned for once.
    column, ids = (compiler.process(each, **kw) for each in element.clauses)
    kind = compiler.dialect.type_compiler_instance.process(element.clauses.clauses[1].type)
    return f"{column} = ANY ((SELECT {ids})::{kind})"


@compiles(these, "sqlite")
def _by_sqlite(element: these, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = (compiler.process(each, **kw) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608 - our names
