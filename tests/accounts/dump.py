"""Everything that a database holds, as text to search."""

import asyncio
import json
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.db import Database
from bot.models import Base


async def rows(db: Database) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table."""
    async with db.begin() as session:
        return {
            table.name: [dict(row) for row in (await session.execute(select(table))).mappings()]
            for table in Base.metadata.sorted_tables
        }


async def found(db: Database, *needles: str) -> list[str]:
    """Return the rows that hold one of these texts, in any case."""
    hits = []
    for table, each in (await rows(db)).items():
        for row in each:
            text = json.dumps(row, ensure_ascii=False, default=str).lower()
            hits += [f"{needle} in {table}: {text}"[:600] for needle in needles if needle.lower() in text]
    return hits


async def file_holds(db: Database, *needles: str) -> list[str]:
    """Return the texts that the bytes of an SQLite database still hold, its log included."""
    await db.forget()
    path = Path(str(db.engine.url.database))
    # In another process: whoever closes the file here lets go of all locks that SQLite holds on it for us, and the next
    # process that ends would then take our log away.
    read = await asyncio.create_subprocess_exec("cat", *path.parent.glob(path.name + "*"), stdout=PIPE)
    data = (await read.communicate())[0].lower()
    return [needle for needle in needles if needle.lower().encode() in data]
