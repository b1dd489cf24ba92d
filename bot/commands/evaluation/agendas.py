"""Agendas to begin on: seeded once, then copied, for each scenario begins on an untouched one."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

from ...db import Database
from ...migrations.run import migrate
from .cast import SEEDS, give
from .scenario import Scenario


class Agendas:
    """SQLite files of scenarios, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._empty = folder / "empty.sqlite3"
        self._seeded: dict[tuple[str, datetime], Path] = {}
        self._lock = asyncio.Lock()
        # Files and engines that are not in use: an engine compiles each statement once.
        self._free: list[tuple[Path, Database]] = []
        self._count = 0

    def migrate(self) -> None:
        """Make the empty database; call it outside a running event loop."""
        migrate(f"sqlite:///{self._empty}")

    async def close(self) -> None:
        for _, db in self._free:
            await db.close()

    @asynccontextmanager
    async def of(self, scenario: Scenario) -> AsyncIterator[Database]:
        """Yield a database on which the scenario can begin."""
        async with self._lock:
            start = await self._start(scenario.seed, scenario.now)
        path, db = self._free.pop() if self._free else self._another()
        # The pool lets go of the file, the compiled statements stay.
        await db.engine.dispose()
        _copy(start, path)
        try:
            await prepare(db, scenario)
            yield db
        finally:
            self._free.append((path, db))

    def _another(self) -> tuple[Path, Database]:
        self._count += 1
        path = self._folder / f"played-{self._count}.sqlite3"
        db = Database(f"sqlite:///{path}")

        @event.listens_for(db.engine.sync_engine, "connect")
        def hurry(connection: Any, _record: Any) -> None:
            # Nobody's book: a power cut would lose a trial, not an appointment.
            connection.execute("PRAGMA synchronous=OFF").close()

        return path, db

    async def _start(self, seed: str, now: datetime) -> Path:
        if (known := self._seeded.get((seed, now))) is not None:
            return known
        path = self._folder / f"seeded-{len(self._seeded)}.sqlite3"
        shutil.copy(self._empty, path)
        db = Database(f"sqlite:///{path}")
        await fill(db, seed, now)
        # Closing the last connection writes the log back into the file.
        await db.close()
        self._seeded[seed, now] = path
        return path


def _copy(start: Path, path: Path) -> None:
    for tail in ("-wal", "-shm"):
        Path(f"{path}{tail}").unlink(missing_ok=True)
    shutil.copy(start, path)


async def fill(db: Database, seed: str, now: datetime) -> None:
    """Seed an empty database."""
    async with db.begin() as session:
        await SEEDS[seed](session, now)


async def prepare(db: Database, scenario: Scenario) -> None:
    """Add what the scenario gives besides its seed."""
    if scenario.given:
        async with db.begin() as session:
            for wish in scenario.given:
                await give(session, wish, scenario.now)
