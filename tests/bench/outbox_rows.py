"""An outbox of any size, written by Postgres itself: what was sent long ago, and what is ahead."""

from datetime import datetime

import asyncpg

from ..fakes.graph import ACCOUNT

_PEOPLE = """
INSERT INTO contacts (id, name, phone, created_at)
SELECT gen_random_uuid(), 'Ana ' || n, '55119' || (80000000 + n), now() FROM generate_series(0, $1 - 1) n
"""
_TALKS = """
INSERT INTO conversations (id, channel, account, contact_id, mode, state, last_inbound_at, created_at, minute_count)
SELECT gen_random_uuid(), 'cloud', $1, id, 'client', '{}', now(), now(), 0 FROM contacts
"""
_SENT = """
INSERT INTO outbound (id, transport, contact_id, kind, payload, priority, status, attempts, due_at, error_code, error,
                      created_at, sent_at, delivered_at, provider_id)
SELECT gen_random_uuid(), 'whatsapp', people.id, 'chat', '{"kind": "text", "body": "oi"}',
       (ARRAY[0, 3, 7, 8])[1 + n % 4], 'read', 1, at, '', '', at, at, at, 'wamid.' || n
FROM generate_series(1, $1) n, LATERAL (SELECT now() - make_interval(secs => n) AS at) times,
     LATERAL (SELECT id FROM people WHERE place = 1 + n % (SELECT count(*) FROM people)) people
"""
_AHEAD = """
INSERT INTO outbound (id, transport, contact_id, kind, payload, priority, status, attempts, due_at, error_code, error,
                      created_at)
SELECT gen_random_uuid(), 'whatsapp', people.id, 'chat', '{"kind": "text", "body": "oi"}', 7 + n % 2, 'queued', 0,
       now() + make_interval(mins => 60 + n % 10000), '', '', now()
FROM generate_series(1, $1) n,
     LATERAL (SELECT id FROM people WHERE place = 1 + n % (SELECT count(*) FROM people)) people
"""


async def fill(url: str, *, sent: int, ahead: int, people: int) -> None:
    """Write messages that were read long ago and reminders to come, shared out among so many people.

    Postgres knows nothing of how many there are, before somebody has it count.
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET synchronous_commit = off")
        for table in ("outbound", "contacts", "conversations"):
            await connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        await connection.execute(_PEOPLE, people)
        await connection.execute(_TALKS, ACCOUNT)
        await connection.execute("CREATE TEMP TABLE people AS SELECT id, row_number() OVER () AS place FROM contacts")
        await connection.execute("CREATE INDEX ON people (place)")
        await connection.execute("ANALYZE people")
        await connection.execute(_SENT, sent)
        await connection.execute(_AHEAD, ahead)
    finally:
        await connection.close()


async def count(url: str) -> None:
    """Let Postgres count and tidy up, as it does by itself after a while."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def make_due(url: str, *, at: datetime) -> None:
    """Make everything that is ahead due at one moment, as after an outage."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("UPDATE outbound SET due_at = $1 WHERE status = 'queued'", at)
    finally:
        await connection.close()
