"""The API for a test: on both databases, or on SQLite alone where the database is not the point."""

from collections.abc import AsyncIterator

import pytest

from bot.db import Database

from .stage import Api, api


@pytest.fixture
async def web_api(db: Database) -> AsyncIterator[Api]:
    async with api(db) as stage:
        yield stage
