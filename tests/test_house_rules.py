"""The rules of the house that a reader relies on, held by tests."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import packages_distributions
from pathlib import Path

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
    {"db", "engine", "queue", "ratelimit", "auth", "trace", "feed", "serving"},
    {"settings", "errors", "clock", "log", "phrases", "quiet", "text", "exact_json"}
    | {"metrics", "sentry", "cron_secret"},
]


def sources() -> Iterator[Path]:
    for name in ("bot", "tools", "web"):
        yield from sorted((ROOT / name).rglob("*.py"))
    yield ROOT / "worker.py"


@lru_cache(maxsize=1000)
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@lru_cache(maxsize=1000)
def imported(path: Path) -> tuple[str, ...]:
    """Return the absolute dotted names that a file imports, relative ones resolved."""
    package, names = path.relative_to(ROOT).with_suffix("").parts[:-1], []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            names += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return tuple(names)


def floor_of(dotted: str) -> int | None:
    name = dotted.split(".")[1] if dotted.startswith("bot.") else ""
    return next((level for level, floor in enumerate(FLOORS) if name in floor), None)


def test_imports_run_one_way() -> None:
    foreign = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources()
        for name in imported(path)
        if name.split(".")[0] in OURS - MAY_IMPORT[path.relative_to(ROOT).parts[0]]
    ]
    assert foreign == []


def test_a_floor_of_bot_imports_only_what_lies_below() -> None:
    above = []
    for path in sorted((ROOT / "bot").rglob("*.py")):
        if path == ROOT / "bot" / "__init__.py":
            continue
        mine = floor_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
        assert mine is not None, f"every folder of bot stands on a floor: add that of {path} to FLOORS"
        here = path.relative_to(ROOT / "bot").parts[0].removesuffix(".py")
        above += [
            f"{path.relative_to(ROOT)} imports {name}"
            for name in imported(path)
            if (theirs := floor_of(name)) is not None and theirs <= mine and name.split(".")[1] != here
            if not (theirs == mine and mine >= len(FLOORS) - 2)  # the ground floors know each other
        ]
    assert above == []


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
        for node in ast.walk(parsed(path)):
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


# What a reader is promised


def named_in(path: Path) -> list[str]:
    """Return the names of the tests in a file."""
    return re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)


def test_every_promise_has_its_test() -> None:
    """The forty-seven cases that the whole is held by, each under a name that begins with its number."""
    names = {name for path in (ROOT / "tests").rglob("test_*.py") for name in named_in(path)}
    numbers = {name[:8] for name in names}
    assert [f"T{number:02d}" for number in range(1, 48) if f"test_t{number:02d}" not in numbers] == []


def test_what_the_readme_names_is_there() -> None:
    """Files, folders and commands of the tests, in full or, behind another one of their folder, by name alone."""
    text, missing, folder = (ROOT / "README.md").read_text(), [], ROOT
    for name in re.findall(r"`((?:tests/[\w/.]+|test_\w+\.py)(?:::\w+)?)`", text):
        where, _, function = name.partition("::")
        path = ROOT / where if where.startswith("tests/") else folder / where
        folder = path.parent if path.suffix else path
        if not path.exists() or (function and function not in named_in(path)):
            missing.append(name)
    for module in re.findall(r"python -m (tests[\w.]+)", text):
        path = ROOT / module.replace(".", "/")
        if not (path.with_suffix(".py").exists() or (path / "__main__.py").exists()):
            missing.append(module)
    assert missing == []
