"""An installation that the tests of faults share, for it takes long to found; each leaves it calm and audited."""

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .trial import Trial, trial


@pytest.fixture(scope="session")
async def installation() -> AsyncIterator[Trial]:
    """A city and its installation, with nobody working yet."""
    # Not in pytest's own folder: that one is private to root, whom Postgres refuses to run as.
    with tempfile.TemporaryDirectory(prefix="odys-chaos-") as folder:
        os.chmod(folder, 0o755)
        async with trial(Path(folder), seed=7, professionals=6) as whole:
            yield whole


@pytest.fixture
async def running(installation: Trial) -> Trial:
    """The same, with one web process and two workers."""
    await installation.open(webs=1, workers=2)
    return installation
