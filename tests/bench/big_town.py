"""A town in a Postgres, filled by Postgres itself: as many people, bookings and messages as one asks for.

Everybody has written, every appointment was asked for, confirmed and, where it is over, completed; those ahead have
their reminders waiting. Each professional has a hundred clients. Foreign keys are not checked and indexes are built
at the end, which is what makes a million appointments a matter of a minute or two; what is written keeps to them.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from bot.whatsapp.payloads import parse

from ..fakes.graph import ACCOUNT, Sent, status_body
from ..payloads import own

CLIENTS_EACH = 100
# Days between the first and the last appointment, and how many of them are over.
SPAN, OVER = 50, 30
# Where its clock stands if nobody says otherwise: afternoon in Brazil, and a holiday is coming.
NOW = datetime(2026, 12, 14, 18, 0, 30, tzinfo=UTC)
ZONES = "ARRAY['America/Sao_Paulo','America/Sao_Paulo','America/Sao_Paulo','America/Manaus','America/Rio_Branco']"


@dataclass(frozen=True)
class Size:
    """How many of each; every other table follows from these."""

    appointments: int = 1_000_000
    # Rows of `inbound`: a quarter are messages, the others the statuses of ours.
    heard: int = 1_000_000

    @property
    def clients(self) -> int:
        return self.appointments

    @property
    def professionals(self) -> int:
        return max(1, self.clients // CLIENTS_EACH)


def phone_of_client(number: int) -> str:
    """The phone that client `number` writes from; it belongs to professional `number % professionals`."""
    return f"55119{90_000_000 + number}" if number < 10_000_000 else ""


def phone_of_professional(number: int) -> str:
    return f"55119{80_000_000 + number}"


# Ids in the order of time, as `new_id` makes them, and the same for the same number.
_FUNCTIONS = """
CREATE FUNCTION v7(at timestamptz, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ('0' || to_hex((extract(epoch FROM at) * 1000)::bigint) || '7000' || to_hex(n | (2::bigint << 62)))::uuid $$;
CREATE FUNCTION person(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ('01942' || to_hex(x'1000000'::bigint + n) || '70008000000000000000')::uuid $$;
"""

# `now` is the moment the town stands still at; p counts professionals, c clients, n appointments.
_PEOPLE = (
    """INSERT INTO contacts (id, name, phone, created_at)
       SELECT person(p), 'Bia Souza ' || p, '55119' || (80000000 + p), {now} - INTERVAL '400 days'
       FROM generate_series(0, {professionals} - 1) p""",
    """INSERT INTO contacts (id, name, phone, created_at)
       SELECT person({professionals} + c), 'Ana Lima ' || c, '55119' || (90000000 + c), {now} - INTERVAL '300 days'
       FROM generate_series(0, {clients} - 1) c""",
    """INSERT INTO contact_identities (id, contact_id, channel, kind, value, created_at)
       SELECT person(x), person(x), 'cloud', 'phone', '5511' || right(phone, 8), created_at
       FROM (SELECT row_number() OVER (ORDER BY id) - 1 AS x, phone, created_at FROM contacts) one""",
    """INSERT INTO users (id, contact_id, name, phone_key, created_at)
       SELECT person(p), person(p), 'Bia Souza ' || p, '5511' || (80000000 + p), {now} - INTERVAL '400 days'
       FROM generate_series(0, {professionals} - 1) p""",
    """INSERT INTO professionals (id, user_id, slug, name, profession, address, timezone, buffer_before_minutes,
         buffer_after_minutes, min_notice_minutes, horizon_days, cancel_deadline_hours, late_policy, plan, channel,
         account, council_number, created_at)
       SELECT person(p), person(p), 'bia-' || p, 'Bia Souza ' || p, 'Cabeleireira', 'Rua das Flores, 10',
         ({zones})[1 + p % 5], 0, 0, 60, 60, 0, 'allow', (ARRAY['free','free','basic','pro','premium'])[1 + p / 5 % 5],
         'cloud', CASE WHEN p % 200 = 199 THEN '88' || p END, '', {now} - INTERVAL '400 days'
       FROM generate_series(0, {professionals} - 1) p""",
    """INSERT INTO services (id, professional_id, name, minutes, price_cents, active, position, created_at)
       SELECT person(p * 3 + s), person(p), (ARRAY['Corte','Escova','Cor'])[s + 1], 30, 5000, true, s,
         {now} - INTERVAL '400 days'
       FROM generate_series(0, {professionals} - 1) p, generate_series(0, 2) s""",
    """INSERT INTO availability (id, professional_id, weekday, start_minute, end_minute)
       SELECT person(p * 7 + d), person(p), d, 480, 1200
       FROM generate_series(0, {professionals} - 1) p, generate_series(0, 6) d""",
    """INSERT INTO clients (id, professional_id, contact_id, name, name_key, phone_key, created_at)
       SELECT person(c), person(c % {professionals}), person({professionals} + c), 'Ana Lima ' || c,
         'ana lima ' || c, '5511' || (90000000 + c), {now} - INTERVAL '300 days'
       FROM generate_series(0, {clients} - 1) c""",
    """INSERT INTO conversations (id, channel, account, contact_id, mode, professional_id, state, last_inbound_at,
         minute_count, created_at)
       SELECT person(x), 'cloud', '{account}', person(x), CASE WHEN x < {professionals} THEN 'professional'
         ELSE 'client' END, person(CASE WHEN x < {professionals} THEN x ELSE (x - {professionals}) % {professionals}
         END), '{{}}', {now} - (x % 5000) * INTERVAL '10 minutes', 0, {now} - INTERVAL '300 days'
       FROM generate_series(0, {professionals} + {clients} - 1) x""",
)

_BOOKINGS = (
    # The k-th of a professional: two a day, no two at the same hour.
    """INSERT INTO appointments (id, professional_id, client_id, service_id, service_name, price_cents, start_at,
         end_at, status, payment, source, note, sequence, created_at, updated_at)
       SELECT v7(start_at - INTERVAL '5 days', n), person(p), person(n), person(p * 3), 'Corte', 5000, start_at,
         start_at + INTERVAL '30 minutes',
         CASE WHEN start_at < {now} THEN (ARRAY['completed','completed','completed','cancelled','no_show'])[1 + n % 5]
              ELSE (ARRAY['confirmed','confirmed','confirmed','confirmed','pending_confirmation'])[1 + n % 5] END,
         'authorized', 'chat', '', 1, start_at - INTERVAL '5 days', start_at - INTERVAL '5 days'
       FROM (SELECT n, n % {professionals} AS p,
               date_trunc('day', {now}) + (n / {professionals} * {span} / {each} - {over}) * INTERVAL '1 day'
               + (12 + n / {professionals} % 2 * 4 + n % 4) * INTERVAL '1 hour' AS start_at
             FROM generate_series(0, {clients} - 1) n) one""",
    """INSERT INTO appointment_events (id, appointment_id, action, actor, from_status, to_status, details, at)
       SELECT gen_random_uuid(), id, what, 'client', was, became, '{{}}', created_at + later * INTERVAL '1 minute'
       FROM appointments, (VALUES ('book', NULL, 'pending_confirmation', 0),
         ('confirm', 'pending_confirmation', 'confirmed', 9)) AS e(what, was, became, later)""",
    # Every message about the booking that is over: sent and read.
    """INSERT INTO outbound (id, transport, contact_id, professional_id, appointment_id, appointment_start_at, kind,
         payload, dedup_key, priority, status, attempts, due_at, provider_id, error_code, error, created_at, sent_at,
         delivered_at, read_at)
       SELECT v7(due_at, row_number() OVER ()), 'whatsapp', person(x), professional_id, id, NULL, kind, payload,
         kind || ':' || id || ':' || due_at, 3, CASE WHEN x % 40 = 0 AND due_at < {now} - INTERVAL '2 days'
         THEN 'failed' WHEN x % 3 = 0 THEN 'delivered' ELSE 'read' END, 1, due_at, 'wamid.' || kind || x, '', '',
         due_at, due_at, due_at, due_at
       FROM (SELECT a.id, a.professional_id, n + {professionals} AS x, kind, {reminder} || {when} AS payload,
               start_at - before AS due_at
             FROM (SELECT row_number() OVER (ORDER BY id) - 1 AS n, * FROM appointments) a,
               (VALUES ('booking_confirmed', INTERVAL '4 days'), ('reminder_24h', INTERVAL '1 day'))
               AS m(kind, before)
             WHERE start_at - before < {now} - INTERVAL '1 hour' ORDER BY due_at) one""",
    # Reminders of what is ahead.
    """INSERT INTO outbound (id, transport, contact_id, professional_id, appointment_id, appointment_start_at, kind,
         payload, dedup_key, priority, status, attempts, due_at, expires_at, error_code, error, created_at)
       SELECT v7(created_at, n * 2 + (kind = 'reminder_2h')::int), 'whatsapp', person({professionals} + n),
         professional_id, id, start_at, kind,
         {reminder} || CASE WHEN kind = 'reminder_2h' THEN {hour} ELSE {when} END,
         kind || ':' || id || ':' || start_at, 7, 'queued', 0,
         start_at - before, start_at - useful, '', '', created_at
       FROM (SELECT row_number() OVER (ORDER BY id) - 1 AS n, * FROM appointments) a,
         (VALUES ('reminder_24h', INTERVAL '1 day', INTERVAL '3 hours'),
                 ('reminder_2h', INTERVAL '2 hours', INTERVAL '15 minutes')) AS r(kind, before, useful)
       WHERE status = 'confirmed' AND start_at - before > {now} + INTERVAL '1 hour'""",
    """INSERT INTO reviews (id, appointment_id, professional_id, client_id, rating, comment, created_at)
       SELECT id, id, professional_id, client_id, 5, 'Adorei.', start_at FROM appointments
       WHERE status = 'completed' AND price_cents = 5000 AND extract(minute FROM start_at) = 0 LIMIT {clients} / 10""",
    """INSERT INTO notifications (id, user_id, kind, title, body, appointment_id, created_at)
       SELECT id, professional_id, 'booking', 'Novo pedido', '', id, created_at FROM appointments
       WHERE start_at > {now} - INTERVAL '10 days'""",
    """INSERT INTO recurring_schedules (id, professional_id, client_id, service_id, frequency, starts_on, start_minute,
         minutes, price_cents, booked_through, ended_at, created_at)
       SELECT person(c), person(c % {professionals}), person(c), person(c % {professionals} * 3), 'weekly',
         ({now} - INTERVAL '100 days')::date, 600, 30, 5000, ({now} + INTERVAL '95 days')::date,
         CASE WHEN c % 3 = 0 THEN {now} END, {now} - INTERVAL '100 days'
       FROM generate_series(0, {clients} / 50 - 1) c""",
    """INSERT INTO waitlist_entries (id, professional_id, client_id, service_id, status, created_at)
       SELECT person(c), person(c % {professionals}), person(c), person(c % {professionals} * 3),
         (ARRAY['accepted','expired','cancelled'])[1 + c % 3], {now} - INTERVAL '20 days'
       FROM generate_series(0, {clients} / 50 - 1) c""",
)

_TALK = (
    """INSERT INTO inbound (id, channel, account, external_id, kind, lane, event, conversation_id, status, attempts,
         error, provider_at, received_at, due_at, handled_at)
       SELECT v7(at, n), 'cloud', '{account}', CASE WHEN n % 4 = 0 THEN 'wamid.IN' || n
           ELSE 'wamid.OUT' || n / 4 || ':' || (ARRAY['','sent','delivered','read'])[1 + n % 4] || ':' END,
         CASE WHEN n % 4 = 0 THEN 'message' ELSE 'status' END,
         CASE WHEN n % 4 = 0 THEN 'cloud:{account}:5511' || (90000000 + n % {clients}) ELSE '' END,
         CASE n % 4 WHEN 0 THEN {message} WHEN 1 THEN {sent} WHEN 2 THEN {delivered} ELSE {read} END,
         CASE WHEN n % 4 = 0 THEN person({professionals} + n % {clients}) END, 'done', 1, '', at, at, at, at
       FROM (SELECT n, {now} - INTERVAL '1 hour' - ({heard} - n) * INTERVAL '30 days' / {heard} AS at
             FROM generate_series(0, {heard} - 1) n) one""",
    """INSERT INTO outbound (id, transport, conversation_id, contact_id, professional_id, kind, payload, priority,
         status, attempts, due_at, provider_id, error_code, error, created_at, sent_at, delivered_at)
       SELECT v7(received_at, 1), 'whatsapp', conversation_id, conversation_id, NULL, 'chat',
         '{{"kind": "text", "body": "Quinta, 26/11, às 15h está livre. Confirmo?"}}', 0, 'delivered', 1, received_at,
         'wamid.ANSWER' || external_id, '', '', received_at, received_at, received_at
       FROM inbound WHERE kind = 'message'""",
    """INSERT INTO messages (id, conversation_id, author, text, created_at)
       SELECT v7(received_at, side), conversation_id, (ARRAY['client','bot'])[side],
         'Olá! Queria marcar um horário para amanhã às 15h, pode ser?', received_at
       FROM inbound, generate_series(1, 2) side WHERE kind = 'message'""",
    """INSERT INTO pending_actions (id, conversation_id, role, tool, arguments, question, status, expires_at,
         decided_at, created_at)
       SELECT id, conversation_id, 'client', 'book_appointment', '{{}}', 'Confirmo?', 'done', received_at, received_at,
         received_at
       FROM inbound WHERE kind = 'message' AND extract(second FROM received_at)::int % 2 = 0""",
    """INSERT INTO model_calls (id, conversation_id, model, outcome, prompt_tokens, cached_tokens, completion_tokens,
         milliseconds, request_id, at)
       SELECT id, conversation_id, 'openai/gpt-oss-120b', 'ok', 2000, 1500, 50, 400, '', received_at
       FROM inbound WHERE kind = 'message' AND extract(second FROM received_at)::int % 4 = 0""",
)


def _event(body: Mapping[str, object]) -> str:
    """What intake would store of a delivery, as an SQL literal."""
    event = json.dumps(parse(body).events[0].event(), ensure_ascii=False).replace("'", "''")
    return "'" + event.replace("{", "{{").replace("}", "}}") + "'::jsonb"


def _words(size: Size, now: datetime) -> dict[str, str]:
    statuses = {
        name: _event(status_body(Sent("wamid.OUT", ACCOUNT, {"to": "5511988887777"}), name, at=int(now.timestamp())))
        for name in ("sent", "delivered", "read")
    }
    reminder = {
        "client": "Ana",
        "professional": "Bia Souza",
        "service": "Corte",
        "address": "Rua das Flores, 10",
        "appointment_id": "00000000-0000-7000-8000-000000000000",
    }
    return {
        "now": f"TIMESTAMPTZ '{now.isoformat()}'",
        "professionals": str(size.professionals),
        "clients": str(size.clients),
        "heard": str(size.heard),
        "each": str(size.clients // size.professionals),
        "span": str(SPAN),
        "over": str(OVER),
        "zones": ZONES,
        "account": ACCOUNT,
        "message": _event(own("text").body),
        "when": '\'{{"when": "quinta, 26/11, às 15h"}}\'::jsonb',
        "hour": '\'{{"hour": "15h"}}\'::jsonb',
        "reminder": f"'{json.dumps(reminder, ensure_ascii=False)}'::jsonb",
        **statuses,
    }


async def fill(
    url: str,
    size: Size,
    now: datetime = NOW,
    say: Callable[[str], None] = lambda _: None,
    *,
    own_server: bool = True,
) -> None:
    """Fill a migrated, empty database; `now` is where its clock stands. A server of one's own may be hurried."""
    words = _words(size, now)
    connection = await asyncpg.connect(url, command_timeout=900)

    async def run(statement: str, what: str = "") -> None:
        began = time.monotonic()
        done = await connection.execute(statement)
        if what and time.monotonic() - began > 1:
            say(f"{what}: {done}, {time.monotonic() - began:.0f} s")

    try:
        await run(_FUNCTIONS)
        if own_server:
            for setting in _HASTE:
                await run(f"ALTER SYSTEM SET {setting}")
            await run("SELECT pg_reload_conf()")
        await run("SET session_replication_role = replica; SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'")
        walls = [(row["down"], row["up"]) for row in await connection.fetch(_WALLS)] if own_server else []
        for down, _ in walls:
            await run(down)
        for statement in (*_PEOPLE, *_BOOKINGS, *_TALK):
            filled = statement
            for name, value in words.items():
                filled = filled.replace("{" + name + "}", value)
            await run(filled.replace("{{", "{").replace("}}", "}"), " ".join(statement.split()[:3]))
        for _, up in walls:
            await run(up, up[:110])
        await run("VACUUM ANALYZE", "VACUUM ANALYZE")
        if own_server:
            await run("ALTER SYSTEM RESET ALL")
            await run("SELECT pg_reload_conf()")
            await run("CHECKPOINT")
    finally:
        await connection.close()


_HASTE = ("max_wal_size = '16GB'", "checkpoint_timeout = '30min'", "full_page_writes = off", "synchronous_commit = off")
# Every index but those of the primary keys, as the words that take it down and put it up again.
_WALLS = """
SELECT format('DROP INDEX %I', indexname) AS down, indexdef AS up FROM pg_indexes i
WHERE schemaname = 'public' AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)
UNION ALL
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
  format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype IN ('u', 'x') AND connamespace = 'public'::regnamespace
"""


async def bring_due(url: str, count: int, now: datetime, since: timedelta = timedelta(minutes=1)) -> int:
    """Move the times of `count` reminders, of as many people, so that they are due at `now`."""
    connection = await asyncpg.connect(url)
    try:
        done = await connection.execute(_BRING, count, now - since, timeout=600)
    finally:
        await connection.close()
    return int(done.split()[-1])


_BRING = """
UPDATE outbound SET due_at = $2 WHERE id IN (
  SELECT id FROM outbound WHERE status = 'queued' AND kind = 'reminder_24h' ORDER BY due_at LIMIT $1)
"""
