"""Tell the trace which rows are written: the demo's panel shows the database at work."""

import re
from typing import Any

from sqlalchemy import event

from ..db import Database
from ..trace import TRACE, Kind

_WRITE = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE)
# What a business is made of, and the two queues; the bookkeeping of statuses and leases would bury the rest.
_NEW = {"inbound", "outbound", "messages", "pending_actions", "appointments", "appointment_events", "clients"} | {
    "contacts",
    "conversations",
    "notifications",
    "professionals",
    "services",
    "availability",
    "model_calls",
}
_CHANGED = {"appointments", "pending_actions", "professionals", "services", "clients"}
_VERBS = {"insert into": "linha nova", "update": "linha mudou", "delete from": "linha apagada"}


def tell_rows(db: Database) -> None:
    """Note each insert, update and delete of `db`; which table, not which values: those are shown where they matter."""

    @event.listens_for(db.engine.sync_engine, "after_cursor_execute")
    def tell(_connection: Any, cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool) -> None:
        found = _WRITE.match(statement)
        touched = int(getattr(cursor, "rowcount", 0) or 0)
        if found and touched and found[2] in (_CHANGED if found[1].lower() == "update" else _NEW):
            TRACE.note(Kind.ROW, f"{found[2]}: {_VERBS[found[1].lower()]}", linhas=abs(touched))
