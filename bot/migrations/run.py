"""Run migrations from code: a wheel has no pyproject.toml for Alembic to read.

Alembic takes a fifth of a second to import: only what migrates pays for it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config


def _config(url: str) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema; call it outside a running event loop."""
    from alembic import command  # noqa: PLC0415 - see above

    command.upgrade(_config(url), "head")


def check(url: str) -> None:
    """Raise when the models say something else than the migrated database."""
    from alembic import command  # noqa: PLC0415 - see above

    command.check(_config(url))


def head() -> str:
    """Return the newest revision that this code knows; the files are numbered in one line, so Alembic need not say."""
    files = (Path(__file__).parent / "versions").glob("[0-9]*_*.py")
    return max(file.stem.partition("_")[0] for file in files)
