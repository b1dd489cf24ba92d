"""The rules of the house that a reader relies on, held by tests."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {"bot", "tools", "templates", "web", "worker.py", "pyproject.toml", "tests", "README.md", "LICENSE"} | {
    "CHANGELOG.md"
}
MAY_IMPORT = {
    "bot": {"bot"},
    "tools": {"bot", "tools"},
    "web": {"bot", "web"},
    "worker.py": {"bot", "tools", "worker"},
}
OURS = {"bot", "tools", "web", "worker"}

# The floors of `bot`, from the top to the ground; a folder imports only what lies below it, and itself.
FLOORS = [
    {"__main__"},
    {"commands"},
    {"seed"},
    {"conversation", "jobs"},
    {"accounts"},
    {"agenda", "billing"},
    {"notify"},
    {"whatsapp"},
    {"migrations"},
    {"models"},
    {"db", "queue", "ratelimit", "auth", "trace", "feed", "serving"},
    {"settings", "errors", "clock", "log", "phrases", "quiet", "text", "metrics", "sentry", "cron_secret"},
]


def sources() -> Iterator[Path]:
    for name in ("bot", "tools", "web"):
        yield from sorted((ROOT / name).rglob("*.py"))
    yield ROOT / "worker.py"


def imported(path: Path) -> Iterator[str]:
    """Yield the absolute dotted names that a file imports, relative ones resolved."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def floor_of(dotted: str) -> int | None:
    name = dotted.split(".")[1] if dotted.startswith("bot.") else ""
    return next((level for level, floor in enumerate(FLOORS) if name in floor), None)


@pytest.mark.parametrize("path", list(sources()), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    home = path.relative_to(ROOT).parts[0]
    foreign = {name for name in imported(path) if name.split(".")[0] in OURS - MAY_IMPORT[home]}
    assert not foreign


@pytest.mark.parametrize("path", sorted((ROOT / "bot").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_floor_of_bot_imports_only_what_lies_below(path: Path) -> None:
    mine = floor_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    if path.parent == ROOT / "bot" and path.name == "__init__.py":
        return
    assert mine is not None, "every folder of bot stands on a floor: add it to FLOORS"
    here = path.relative_to(ROOT / "bot").parts[0].removesuffix(".py")
    above = {
        name
        for name in imported(path)
        if (theirs := floor_of(name)) is not None and theirs <= mine and name.split(".")[1] != here
        if not (theirs == mine and mine >= len(FLOORS) - 2)  # the ground floors know each other
    }
    assert not above


def test_nothing_else_stands_at_the_top_level() -> None:
    tracked = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    generated = {"uv.lock", "dist", "odys.egg-info", "__pycache__"}
    assert {
        name for name in tracked - TOP_LEVEL - generated if not name.endswith((".sqlite3", "-wal", "-shm"))
    } == set()


def test_our_generic_names_are_ours_alone() -> None:
    owners = packages_distributions()
    for name in sorted(OURS):
        assert set(owners.get(name, ["odys"])) == {"odys"}


def test_nobody_commits_and_nobody_reads_the_machines_clock() -> None:
    commits, clocks = [], []
    for path in sources():
        text = path.read_text()
        name = str(path.relative_to(ROOT))
        if re.search(r"\.commit\(\)", text) and name != "bot/migrations/env.py":
            commits.append(name)
        if re.search(r"datetime\.(now|utcnow|today)\(|date\.today\(", text) and name not in {
            "bot/clock.py",
            "bot/log.py",
        }:
            clocks.append(name)
    assert commits == []
    assert clocks == []


def test_no_network_inside_a_transaction() -> None:
    """Inside `async with db.begin()` nobody calls a transport, a model or an HTTP session by name."""
    network = {"send", "mark_read", "media", "upload", "post", "get_json", "request", "create"}
    guilty = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AsyncWith) and any(
                isinstance(item.context_expr, ast.Call)
                and isinstance(item.context_expr.func, ast.Attribute)
                and item.context_expr.func.attr == "begin"
                for item in node.items
            ):
                guilty += [
                    f"{path.relative_to(ROOT)}:{call.lineno}"
                    for call in ast.walk(node)
                    if isinstance(call, ast.Await)
                    and isinstance(call.value, ast.Call)
                    and isinstance(call.value.func, ast.Attribute)
                    and call.value.func.attr in network
                ]
    assert guilty == []


def test_modules_stay_small() -> None:
    """Split near 300 lines; tables of words are data, and migrations are history."""
    large = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        if "versions" not in path.parts and (lines := len(path.read_text().splitlines())) > 330
    }
    assert large == {}
