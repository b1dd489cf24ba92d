"""Run migrations from code: a wheel has no pyproject.toml for Alembic to read."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema; call it outside a running event loop."""
    command.upgrade(_config(url), "head")


def check(url: str) -> None:
    """Raise when the models say something else than the migrated database."""
    command.check(_config(url))


def head() -> str:
    """Return the newest revision that this code knows."""
    return ScriptDirectory.from_config(_config("")).get_current_head() or ""
