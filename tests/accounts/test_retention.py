"""T45: what was kept long enough goes at night, in short transactions; what is needed stays."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, text

from bot.db import Database
from bot.jobs import retention
from bot.models import (
    Appointment,
    BillingEvent,
    Contact,
    Conversation,
    Inbound,
    LoginCode,
    Message,
    ModelCall,
    Notification,
    Outbound,
    PendingAction,
    Session,
    new_id,
)
from bot.models.enums import (
    Author,
    Channel,
    InboundKind,
    InboundStatus,
    OutboundStatus,
    PendingStatus,
    Role,
    Transport,
)
from bot.settings import Settings
from bot.whatsapp.rows import OLDEST

from ..agenda.factories import (
    NOW,
    a_client,
    a_contact,
    a_conversation,
    a_professional,
    a_service,
    an_account,
    an_appointment,
)

SETTINGS = Settings(_env_file=None)
OLD, YOUNG = NOW - timedelta(days=SETTINGS.retention_days + 1), NOW - timedelta(days=SETTINGS.retention_days - 1)
ANCIENT = NOW - timedelta(days=800)


def came(at: datetime, **fields: Any) -> Inbound:
    values = {"channel": Channel.CLOUD, "account": "1", "external_id": str(new_id()), "kind": InboundKind.MESSAGE}
    return Inbound(**{**values, "event": {"text": "oi"}, "received_at": at, "due_at": at, **fields})


def went(at: datetime, **fields: Any) -> Outbound:
    values = {
        "transport": Transport.WHATSAPP,
        "kind": "chat",
        "payload": {"text": "oi"},
        "created_at": at,
        "due_at": at,
    }
    return Outbound(**{**values, **fields})


async def test_t45_each_table_lets_go_of_the_old_and_keeps_the_rest(db: Database) -> None:
    done, sent = {"status": InboundStatus.DONE}, {"status": OutboundStatus.READ}
    async with db.begin() as session:
        owner = await a_professional(session)
        client = await a_client(session, owner)
        user = await an_account(session, client)
        talk = await a_conversation(session, await a_contact(session))
        asked = {"conversation_id": talk.id, "role": Role.CLIENT, "tool": "t", "arguments": {}, "expires_at": OLD}
        login = {"code_hash": "x", "browser_hash": "y"}
        alive = {"user_id": user.id, "rotated_at": OLD, "created_at": ANCIENT}
        told = {"user_id": user.id, "kind": "k", "title": "t"}
        said = {"conversation_id": talk.id, "author": Author.BOT, "text": "oi"}
        goes = [
            came(OLD, **done),
            came(ANCIENT, status=InboundStatus.DEAD),
            went(OLD, **sent),
            went(ANCIENT, status=OutboundStatus.FAILED),
            PendingAction(**asked, status=PendingStatus.DONE, created_at=OLD),
            LoginCode(**login, created_at=OLD, expires_at=OLD, phone_key="551188887777"),
            Session(**alive, token_hash="1", expires_at=OLD),
            Session(**alive, token_hash="2", expires_at=NOW + timedelta(days=9), revoked_at=OLD),
            BillingEvent(event_id="1", type="t", payload={}, received_at=ANCIENT, handled_at=ANCIENT),
            Notification(**told, created_at=OLD, read_at=OLD),
            Notification(**told, created_at=ANCIENT),
            Message(**said, created_at=ANCIENT),
            ModelCall(model="m", outcome="ok", at=ANCIENT),
        ]
        stays = [
            came(YOUNG, **done),
            came(OLD, status=InboundStatus.DEAD),  # somebody may still want to look at it
            came(ANCIENT, status=InboundStatus.NEW),  # nothing that waits is ever thrown away
            went(YOUNG, **sent),
            went(OLD, status=OutboundStatus.FAILED),
            went(OLD, status=OutboundStatus.QUEUED),
            went(OLD, **sent, due_at=YOUNG),  # a reminder, owed long before its day
            PendingAction(**asked, status=PendingStatus.OPEN, created_at=OLD),
            PendingAction(**asked, status=PendingStatus.DONE, created_at=YOUNG),
            LoginCode(**login, created_at=NOW, expires_at=NOW),
            Session(**alive, token_hash="3", expires_at=NOW + timedelta(days=9)),
            BillingEvent(event_id="2", type="t", payload={}, received_at=OLD, handled_at=OLD),
            BillingEvent(event_id="3", type="t", payload={}, received_at=ANCIENT),
            Notification(**told, created_at=OLD),
            Notification(**told, created_at=YOUNG, read_at=YOUNG),
            Message(**said, created_at=OLD),
            ModelCall(model="m", outcome="ok", at=OLD),
        ]
        for each in (*goes, *stays):
            session.add(each)
            await session.flush()
    gone = await retention.let_go(db, SETTINGS, now=NOW)
    assert sum(gone.values()) == len(goes)
    async with db.begin() as session:
        for each in goes:
            assert await session.get(type(each), each.id) is None, each
        for each in stays:
            assert await session.get(type(each), each.id) is not None, each
    assert sum((await retention.let_go(db, SETTINGS, now=NOW)).values()) == 0


def test_a_raw_message_outlives_every_second_delivery() -> None:
    assert all(timedelta(days=SETTINGS.retention_days) > oldest for oldest in OLDEST.values())
    assert Settings.model_fields["retention_days"].metadata[0].ge > OLDEST[Channel.CLOUD].days


async def test_whom_nobody_knows_goes_after_a_while_of_silence(db: Database) -> None:
    async with db.begin() as session:
        owner = await a_professional(session)
        known = await a_client(session, owner, number=88880001)
        people = [await a_contact(session, name=f"Estranho {n}", number=88880010 + n) for n in range(4)]
        for person in people:
            person.created_at = ANCIENT
        silent, talking, opted_out, owed = people
        (await a_conversation(session, silent)).last_inbound_at = OLD
        (await a_conversation(session, talking)).last_inbound_at = YOUNG
        opted_out.opted_out_at = OLD
        session.add(went(NOW, contact_id=owed.id))
        known_contact = await session.get_one(Contact, known.contact_id)
        known_contact.created_at = ANCIENT
    gone = await retention.let_go(db, SETTINGS, now=NOW)
    assert gone["contacts"] == 1
    async with db.begin() as session:
        left = set(await session.scalars(select(Contact.id)))
        assert left >= {talking.id, opted_out.id, owed.id, known_contact.id}
        assert silent.id not in left
        assert await session.scalar(select(func.count()).select_from(Conversation)) == 1


async def test_no_transaction_takes_more_than_a_page_and_the_table_is_read_by_its_key(db: Database) -> None:
    count = retention.PAGE * 2 + 10
    async with db.begin() as session:
        rows = [
            {
                "id": new_id(),
                "channel": Channel.CLOUD,
                "account": "1",
                "external_id": str(n),
                "lane": "",
                "kind": InboundKind.STATUS,
                "event": {},
                "status": InboundStatus.DONE,
                "attempts": 0,
                "error": "",
                "received_at": OLD,
                "due_at": OLD,
            }
            for n in range(count)
        ]
        await session.execute(insert(Inbound), rows)
    assert (await retention.let_go(db, SETTINGS, now=NOW))["inbound"] == count
    first = "SELECT id, received_at < '2026-01-01' FROM inbound WHERE id > :last ORDER BY id LIMIT 1000"
    async with db.begin() as session:
        await session.execute(insert(Inbound), [{**row, "received_at": NOW} for row in rows])
        if not db.sqlite:
            await session.execute(text("ANALYZE inbound"))
            await session.execute(text("SET LOCAL enable_seqscan = off"))
            # Where a vacuum came in between, rows may lie in another order, and it would rather sort so few.
            await session.execute(text("SET LOCAL enable_bitmapscan = off"))
        explain = "EXPLAIN QUERY PLAN " if db.sqlite else "EXPLAIN "
        last = str(rows[0]["id"]).replace("-", "" if db.sqlite else "-")
        plan = " ".join(str(row) for row in (await session.execute(text(explain + first), {"last": last})).all())
    assert "USING INDEX sqlite_autoindex_inbound_1" in plan if db.sqlite else "Index Scan using pk_inbound" in plan


async def test_appointments_and_figures_are_never_let_go(db: Database) -> None:
    async with db.begin() as session:
        owner = await a_professional(session)
        client = await a_client(session, owner)
        row = await an_appointment(session, owner, client, await a_service(session, owner))
        session.add(went(OLD, status=OutboundStatus.READ, appointment_id=row.id))
    await retention.let_go(db, SETTINGS, now=NOW + timedelta(days=2000))
    async with db.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Appointment)) == 1
