"""Fixtures of sending."""

from collections.abc import AsyncIterator

import pytest

from bot.db import Database

from ..conftest import StillClock
from ..fakes.graph import graph
from .post_office import PostOffice, open_office


@pytest.fixture
async def post(db: Database, clock: StillClock) -> AsyncIterator[PostOffice]:
    """A post office with a Graph of its own; whatever breaks one of Meta's rules fails the test."""
    async with graph() as fake, open_office(db, clock, fake) as office:
        yield office
        assert fake.violations == []
