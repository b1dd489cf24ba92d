"""Deliveries written by us: one of every shape, each with the rows that it must yield."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# Cases written elsewhere, beside the checkout; the suite stands without them.
SHARED = HERE.parents[2] / "shared" / "cases" / "whatsapp"


@dataclass(frozen=True)
class Case:
    """A body, and for each row it yields the kind, the status and what its event must say."""

    name: str
    body: Any
    yields: list[dict[str, Any]]


def own(name: str) -> Case:
    """Return the case in `NAME.json`."""
    data = json.loads((HERE / f"{name}.json").read_text())
    return Case(name, data["body"], data["yields"])


OWN = [own(path.stem) for path in sorted(HERE.glob("*.json"))]
