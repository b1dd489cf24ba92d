"""Attack every operation of the document with cases that schemathesis makes, as each kind of caller.

The suite runs a few cases of each; the long form is run by hand:

    python -m tests.web.api.fuzz --cases 400    # of each operation, as each of the four callers
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from bot.migrations.run import migrate

ROOT = Path(__file__).resolve().parents[3]
# A stream never ends by itself.
ENDLESS = "/api/notifications/stream"
# Whoever leaves, or is erased, cannot call any more.
FAREWELLS = {("DELETE", "/api/me"), ("DELETE", "/api/session")}
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.use_after_free,
]


@dataclass
class Report:
    """How many cases were tried, what the answers were, and everything wrong."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """Run the API on a fresh database in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/odys.sqlite3"
        migrate(url)
        command = [sys.executable, "-m", "tests.web.api.serve_api", url]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield json.loads(process.stdout.readline())
            finally:
                process.kill()


def callers(about: dict[str, str]) -> dict[str, dict[str, str]]:
    return {
        "nobody": {},
        "owner": {"Authorization": about["owner"]},
        "client": {"Authorization": about["client"]},
        "cron": {"x-cron-secret": about["cron"]},
    }


def attack(about: dict[str, str], cases: int, start: int = 1) -> Report:
    """Try every operation as every caller; the same `start` tries the same cases."""
    report = Report()
    document = schemathesis.openapi.from_url(about["url"] + "/openapi.json", timeout=30)
    document.config.update(base_url=about["url"])
    for result in document.get_all_operations():
        operation: Any = cast(Any, result).ok()
        if operation.path == ENDLESS:
            continue
        for who, headers in callers(about).items():
            if who in ("owner", "client") and (operation.method.upper(), operation.path) in FAREWELLS:
                continue
            _try(operation, who, headers, cases, start, report)
    return report


def _try(operation: Any, who: str, headers: dict[str, str], cases: int, start: int, report: Report) -> None:
    @seed(start)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        report.cases += 1
        for name, value in headers.items():
            case.headers[name] = value  # in place of what was made up for it
        answer = case.call()
        report.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as failures:
            for failure in failures.exceptions:
                report.wrong.append(f"{who} {operation.method.upper()} {operation.path}: {failure}"[:1500])

    one()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--start", type=int, default=1)
    options = parser.parse_args()
    with served() as about:
        report = attack(about, options.cases, options.start)
    print(f"{report.cases} cases, statuses {dict(sorted(report.statuses.items()))}, {len(report.wrong)} wrong")
    print("\n".join(dict.fromkeys(report.wrong)))
    raise SystemExit(bool(report.wrong))


if __name__ == "__main__":
    main()
