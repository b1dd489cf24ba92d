"""Alembic environment: the same models and migrations on SQLite and Postgres."""

import asyncio
from datetime import timedelta
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, Enum

from bot.db import Database, Instant
from bot.engine import Patience
from bot.models import Base
from bot.settings import Settings


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types as plain SQLAlchemy ones, so that a migration imports nothing of ours."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect() -> None:
    # An index of a large table takes as long as it takes; only for a lock nobody waits, with everybody else behind.
    patience = Patience(statement=0, idle=0, answer=timedelta(days=1).total_seconds())
    database = Database(context.config.attributes.get("url") or Settings().database_url, patience=patience)
    async with database.engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await database.close()


asyncio.run(connect())
