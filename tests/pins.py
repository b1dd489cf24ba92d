"""Renew the pins: `python -m tests.pins` upgrades within the ranges and rewrites `constraint-dependencies`."""

import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
BLOCK = re.compile(r"\n\[tool\.uv\]\nconstraint-dependencies = \[\n.*?\n\]\n", re.DOTALL)


def main() -> None:
    """Resolve without the old pins, install the result and write it down."""
    text = BLOCK.sub("", PROJECT.read_text())
    PROJECT.write_text(text)
    subprocess.run(["uv", "lock", "--upgrade", "--quiet"], check=True, cwd=PROJECT.parent)
    subprocess.run(["uv", "sync", "--quiet"], check=True, cwd=PROJECT.parent)
    PROJECT.write_text(text.rstrip("\n") + "\n" + block(frozen()))


def frozen() -> list[str]:
    """Return what is installed, a requirement each, without ourselves."""
    shown = subprocess.run(
        ["uv", "pip", "freeze", "--exclude-editable"], check=True, cwd=PROJECT.parent, capture_output=True, text=True
    )
    return sorted(line for line in shown.stdout.splitlines() if "==" in line)


def block(pins: list[str]) -> str:
    lines = "\n".join(f'  "{pin}",' for pin in pins)
    return f"\n[tool.uv]\nconstraint-dependencies = [\n{lines}\n]\n"


if __name__ == "__main__":
    main()
