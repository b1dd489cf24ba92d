"""What an operator may set is written down where an operator looks."""

import re
from pathlib import Path

from bot.settings import Settings

EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"


def test_the_example_names_every_setting_and_nothing_else() -> None:
    named = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_shows_the_defaults() -> None:
    shown, default = Settings(_env_file=EXAMPLE), Settings(_env_file=None)
    assert shown == default
