"""Databases of a test's own, for tests that break something in them."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "postgres"])
def scratch_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database of this test's own."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    copy = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "wall.sqlite3")
    return f"sqlite:///{copy}"
