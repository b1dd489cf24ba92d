"""T43: every column is classified, and whoever asks gets every one that is personal."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table

from bot.accounts import privacy
from bot.accounts.privacy_columns import COLUMNS
from bot.db import Database
from bot.models import (
    Appointment,
    AvailabilityException,
    Base,
    BillingEvent,
    ClientNote,
    Consent,
    Contact,
    Follow,
    Inbound,
    LoginCode,
    Message,
    Notification,
    Outbound,
    PendingAction,
    RecurringSchedule,
    Review,
    Session,
    Usage,
    User,
    WaitlistEntry,
)
from bot.models.enums import Author, Channel, ExceptionKind, Frequency, InboundKind, Role, Transport

from ..agenda.factories import NOW, a_client, a_conversation, a_professional, a_service, an_account, an_appointment

TABLES = [table for _ in (Appointment,) for table in Base.metadata.sorted_tables]
# The operator's own book, about the installation.
NOBODYS = {"service_health"}
# What only an agenda has: the papers of its owner.
OWNERS = {"professionals", "services", "availability_exceptions", "billing_events", "client_notes"}
SECRETS = {name: f"secret-{name}" for name in ("code_hash", "browser_hash", "token_hash", "previous_hash")}
CALENDAR = "secret-calendar-key"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_t43_every_column_is_classified_once(table: Table) -> None:
    known = COLUMNS[table.name]
    names = {column.name for column in table.columns}
    assert names - known.all == set(), "say in privacy_columns.py what a new column tells about a person"
    assert known.all - names == set(), "privacy_columns.py speaks of a column that is gone"
    assert len(known.personal) + len(known.secret) + len(known.plain) == len(names)


def test_t43_every_table_is_classified() -> None:
    assert set(COLUMNS) == {table.name for table in TABLES}


async def a_world(db: Database, *, of_owner: bool) -> tuple[UUID, UUID]:
    """Fill every table with a row of one person's; return their login, and their card where they are a client."""
    async with db.begin() as session:
        owner = await a_professional(session, stripe_customer_id="cus_1234567890", calendar_key=CALENDAR)
        client = await a_client(session, owner, email="julia@example.com")
        user = await session.get_one(User, owner.user_id) if of_owner else await an_account(session, client)
        assert user.contact_id is not None
        talk = await a_conversation(session, await session.get_one(Contact, user.contact_id))
        service = await a_service(session, owner)
        row = await an_appointment(session, owner, client, service)
        mine: dict[str, Any] = {"professional_id": owner.id, "client_id": client.id, "created_at": NOW}
        theirs: dict[str, Any] = {"user_id": user.id, "created_at": NOW}
        here: dict[str, Any] = {"conversation_id": talk.id, "created_at": NOW}
        due: dict[str, Any] = {"due_at": NOW, "created_at": NOW}
        series = {"starts_on": date(2026, 11, 26), "start_minute": 900, "minutes": 30, "frequency": Frequency.WEEKLY}
        login = {"contact_id": user.contact_id, "code_hash": SECRETS["code_hash"], "expires_at": NOW}
        came: dict[str, Any] = {"channel": Channel.CLOUD, "account": "100", "external_id": "w", "received_at": NOW}
        session.add_all(
            [
                ClientNote(**mine, text="Alérgica a amônia"),
                RecurringSchedule(**mine, **series),
                WaitlistEntry(**mine, service_id=service.id),
                Review(**mine, appointment_id=row.id, rating=5, comment="Ótima"),
                AvailabilityException(professional_id=owner.id, date=NOW.date(), kind=ExceptionKind.CLOSED),
                Message(**here, professional_id=owner.id, author=Author.CLIENT, text="oi"),
                PendingAction(**here, role=Role.CLIENT, tool="t", arguments={}, expires_at=NOW),
                Inbound(**came, kind=InboundKind.MESSAGE, event={}, conversation_id=talk.id, due_at=NOW),
                Outbound(**due, transport=Transport.WHATSAPP, kind="chat", payload={}, contact_id=user.contact_id),
                Notification(**theirs, kind="k", title="t"),
                Follow(**theirs, professional_id=owner.id),
                Session(
                    **theirs,
                    token_hash=SECRETS["token_hash"],
                    previous_hash=SECRETS["previous_hash"],
                    rotated_at=NOW,
                    expires_at=NOW + timedelta(days=60),
                ),
                LoginCode(**theirs, **login, browser_hash=SECRETS["browser_hash"]),
                Consent(contact_id=user.contact_id, given=False, text="PARAR", said_at=NOW),
                BillingEvent(event_id="e", type="t", payload={"customer": "cus_1234567890"}, received_at=NOW),
                Usage(professional_id=owner.id, month=NOW.date(), what="appointments"),
            ]
        )
        return user.id, client.id


def shown(kept: Any, single: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every exported row with the name of its table."""
    for name, value in kept.items():
        if name == "agenda":
            yield from shown(value, single)
        elif isinstance(value, list):
            yield from ((name, row) for row in value)
        else:
            yield single[name], value


SINGLE = {"user": "users", "contact": "contacts", "professional": "professionals"}


@pytest.mark.parametrize("of_owner", [True, False], ids=["professional", "client"])
async def test_t43_an_export_holds_every_personal_column_and_no_secret(db: Database, *, of_owner: bool) -> None:
    user_id, _ = await a_world(db, of_owner=of_owner)
    async with db.begin() as session:
        kept = await privacy.export_user(session, user_id)
    tables: dict[str, list[dict[str, Any]]] = {}
    for name, row in shown(kept, SINGLE):
        tables.setdefault(name, []).append(row)
    expected = {name for name, columns in COLUMNS.items() if columns.personal} - NOBODYS
    assert set(tables) >= expected - (set() if of_owner else OWNERS)
    assert not of_owner or set(tables) >= {"usage", "recurring_schedules", "waitlist_entries"}
    for name, rows in tables.items():
        for row in rows:
            assert set(row) == COLUMNS[name].personal | COLUMNS[name].plain, name
    text = json.dumps(kept, ensure_ascii=False)
    assert not any(secret in text for secret in (*SECRETS.values(), CALENDAR))
    # What a professional wrote about a client is not the client's to take.
    assert ("amônia" in text) is of_owner
    assert of_owner or not set(tables) & OWNERS


async def test_a_card_is_taken_away_with_its_notes(db: Database) -> None:
    _, client_id = await a_world(db, of_owner=False)
    async with db.begin() as session:
        kept = await privacy.export_client(session, client_id)
    text = json.dumps(kept, ensure_ascii=False)
    assert "amônia" in text
    assert kept["messages"][0]["text"] == "oi"
    # The login, its sessions and other agendas are not this professional's to see.
    assert not set(kept) & {"sessions", "login_codes", "users", "notifications", "contacts"}
