"""The plan of every statement that a database runs, as Postgres itself tells it (its module auto_explain)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event

from bot.db import Database

_SETTINGS = (
    "LOAD 'auto_explain'",
    "SET auto_explain.log_min_duration = 0",
    "SET auto_explain.log_analyze = on",
    "SET auto_explain.log_buffers = on",
    "SET auto_explain.log_format = json",
    "SET auto_explain.log_level = notice",
)


@dataclass(frozen=True)
class Plan:
    """One statement that ran: its text, its milliseconds in the server, what it did."""

    sql: str
    milliseconds: float
    root: dict[str, Any]

    def nodes(self, of: dict[str, Any] | None = None, depth: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
        """Walk through the tree from the top, with each node's depth."""
        node = self.root if of is None else of
        yield depth, node
        for below in node.get("Plans", ()):
            yield from self.nodes(below, depth + 1)

    @property
    def pages(self) -> int:
        """Pages of 8 kB that were looked at."""
        return int(self.root.get("Shared Hit Blocks", 0)) + int(self.root.get("Shared Read Blocks", 0))

    @property
    def read_whole(self) -> set[str]:
        """The tables that were read from end to end."""
        whole = [node for _, node in self.nodes() if node["Node Type"] == "Seq Scan" and node["Actual Loops"]]
        return {str(node["Relation Name"]) for node in whole}

    def __str__(self) -> str:
        lines = [f"{' '.join(self.sql.split())[:150]}  ({self.milliseconds:.2f} ms, {self.pages} pages)"]
        for depth, node in self.nodes():
            what = " ".join(str(node[name]) for name in ("Node Type", "Relation Name", "Index Name") if name in node)
            lost = node.get("Rows Removed by Filter", 0)
            more = f", {lost} filtered out" if lost else ""
            lines.append(f"{'  ' * (depth + 1)}{what}: {node['Actual Rows']} rows × {node['Actual Loops']}{more}")
        return "\n".join(lines)


class Plans(list[Plan]):
    """Collects the plans of all connections that a database opens from now on."""

    def __init__(self, db: Database) -> None:
        super().__init__()

        @event.listens_for(db.engine.sync_engine, "connect")
        def listen(connection: Any, _record: Any) -> None:
            connection.driver_connection.add_log_listener(self._told)
            cursor = connection.cursor()
            for setting in _SETTINGS:
                cursor.execute(setting)
            cursor.close()

    def _told(self, _connection: Any, message: Any) -> None:
        before, plan, tree = message.message.partition("plan:\n")
        if plan:
            found = json.loads(tree)
            self.append(Plan(found["Query Text"], float(before.split()[1]), found["Plan"]))
