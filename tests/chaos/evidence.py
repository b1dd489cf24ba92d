"""What is known from outside when it is over: the logs of Meta's side, and the database read by plain SQL."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

Row = Mapping[str, Any]

# Ids rise with the time of the machine, which is moved by nobody; the times in the rows are.
_QUERIES = {
    "inbound": "SELECT id::text, external_id, kind, lane, status, attempts, conversation_id, error, "
    "received_at, due_at, handled_at, event->>'type' AS type FROM inbound",
    "outbound": "SELECT id::text, conversation_id, contact_id, kind, transport, status, dedup_key, attempts, due_at, "
    "created_at, provider_id, error_code, error, appointment_id, appointment_start_at, lease_until FROM outbound",
    "appointments": "SELECT id, professional_id, client_id, start_at, end_at, status, created_at, idempotency_key "
    "FROM appointments",
    "events": "SELECT appointment_id, action, from_status, to_status, at FROM appointment_events ORDER BY id",
    "conversations": "SELECT id, contact_id, silent_until, turn_token, turn_lease_until FROM conversations",
}


@dataclass(frozen=True)
class Taken:
    """A message that Graph took: our id, Meta's, to whom, and when by a clock that never jumps."""

    opaque: str
    id: str
    to: str
    at: float


@dataclass(frozen=True)
class Blow:
    """Something that was done to the installation; what of ours was hit, and from when to when."""

    what: str
    began: float
    ended: float
    # How many processes that send were killed by it.
    killed: int = 0


@dataclass
class Evidence:
    """Everything an auditor may look at."""

    now: datetime
    # What was posted to the webhook, and how often each was answered 200.
    posted: set[str]
    acknowledged: Counter[str]
    taken: list[Taken]
    # Which of what was posted is a status: of which message of ours, and what it says.
    told: dict[str, tuple[str, str]]
    # What befell single messages at Graph, by our id.
    mishaps: dict[str, str]
    blows: list[Blow]
    rows: dict[str, Sequence[Row]] = field(default_factory=dict)
    # Of the processes: who ended by themselves, what logs say of leaks, who took too long to end.
    complaints: list[str] = field(default_factory=list)


async def read(connection: "asyncpg.Connection[Any]") -> dict[str, Sequence[Row]]:
    """Read every row that matters, as it is for this connection."""
    return {name: [dict(row) for row in await connection.fetch(query)] for name, query in _QUERIES.items()}
