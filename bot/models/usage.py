"""How much of a plan was used in a month: counted by the database, so exact however many count at once."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from .account import Usage
from .base import new_id


class Counted(StrEnum):
    """What a plan counts."""

    APPOINTMENTS = "appointments"
    MODEL_TURNS = "model_turns"
    # Once a month the owner hears that the turns are used up.
    TOLD_OF_TURNS = "told_of_turns"


async def count(
    session: AsyncSession, professional_id: UUID, what: Counted, *, month: date, limit: int | None, by: int = 1
) -> bool:
    """Use up a part of a month's limit; False, and nothing counted, where less than that is left.

    `month` is its first day in the professional's zone. A negative `by` gives back what was not used after all.
    """
    if limit is not None and by > limit:
        return False
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Usage).values(
        id=new_id(), professional_id=professional_id, month=month, what=what.value, count=max(by, 0)
    )
    counted = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=[Usage.professional_id, Usage.month, Usage.what],
            set_={"count": Usage.count + by},
            where=None if limit is None else Usage.count + by <= limit,
        )
        .returning(Usage.count)
        .execution_options(populate_existing=True)
    )
    return counted is not None


async def used(session: AsyncSession, professional_id: UUID, what: Counted, *, month: date) -> int:
    """Say how much of a month's limit is used up."""
    found = await session.scalar(
        select(Usage.count).where(
            Usage.professional_id == professional_id, Usage.month == month, Usage.what == what.value
        )
    )
    return found or 0
