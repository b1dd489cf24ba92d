"""The watchdog: what it notices, what it does not cry wolf about, and whom it tells how often."""

import asyncio
import logging
import string
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from bot.db import Database
from bot.jobs import reach, watchdog
from bot.jobs.findings import Finding, State
from bot.jobs.words import SENTENCES
from bot.models import (
    Appointment,
    Client,
    Contact,
    ContactIdentity,
    Conversation,
    Inbound,
    Notification,
    Outbound,
    Professional,
    ServiceHealth,
    User,
)
from bot.models.enums import (
    Channel,
    IdentityKind,
    InboundKind,
    InboundStatus,
    OutboundStatus,
    Transport,
)
from bot.notify import numbers
from bot.settings import Settings
from bot.whatsapp.faults import of_code
from bot.whatsapp.management import Management
from bot.whatsapp.rows import status_id

from ..conftest import StillClock
from ..fakes.graph_management import APP, BUSINESS, NUMBER, TOKEN, Meta, management

PHONE = "5511988887777"


@pytest.fixture
async def meta() -> AsyncIterator[Meta]:
    async with management() as fake:
        yield fake


def configured(meta: Meta | None = None, **more: Any) -> Settings:
    known: dict[str, Any] = {"whatsapp_phone_number_id": NUMBER, "alert_email": "dona@example.com"}
    if meta is not None:
        known |= {
            "whatsapp_api_url": meta.url,
            "whatsapp_token": SecretStr(TOKEN),
            "whatsapp_business_account_id": BUSINESS,
        }
    return Settings(_env_file=None, **(known | more))


async def light(db: Database, clock: StillClock, **more: Any) -> dict[str, Finding]:
    findings = await watchdog.run(db, configured(**more), now=clock.now(), light=True)
    return {finding.check: finding for finding in findings}


async def full(db: Database, meta: Meta, clock: StillClock, **more: Any) -> dict[str, Finding]:
    findings = await watchdog.run(db, configured(meta, **more), now=clock.now())
    return {finding.check: finding for finding in findings}


async def asked(meta: Meta, clock: StillClock, **more: Any) -> dict[str, Finding]:
    """What Meta alone tells, without a database."""
    settings = configured(meta, **more)
    async with aiohttp.ClientSession() as http:
        findings = await reach.look(Management(http, settings), settings, [NUMBER], clock.now())
    return {finding.check: finding for finding in findings}


async def mails(db: Database) -> list[dict[str, Any]]:
    async with db.begin() as session:
        rows = await session.scalars(
            select(Outbound).where(Outbound.transport == Transport.EMAIL).order_by(Outbound.id)
        )
        return [row.payload for row in rows]


async def add(db: Database, *rows: Any) -> None:
    async with db.begin() as session:
        for row in rows:
            session.add(row)
            await session.flush()


def heard(clock: StillClock, at: int, *, minutes: float = 0, **more: Any) -> Inbound:
    """Something that came in `minutes` ago."""
    when = clock.now() - timedelta(minutes=minutes)
    values: dict[str, Any] = {
        "channel": Channel.CLOUD,
        "account": NUMBER,
        "external_id": f"wamid.IN{at}",
        "kind": InboundKind.MESSAGE,
        "lane": f"cloud:{NUMBER}:551188887777",
        "event": {"text": "oi"},
        "status": InboundStatus.DONE,
        "received_at": when,
        "due_at": when,
    }
    return Inbound(**(values | more))


def owed(clock: StillClock, *, minutes: float = 0, **more: Any) -> Outbound:
    """Something that was due `minutes` ago; `sent` minutes count from then."""
    when = clock.now() - timedelta(minutes=minutes)
    values: dict[str, Any] = {
        "transport": Transport.WHATSAPP,
        "kind": "chat",
        "payload": {"kind": "text", "body": "Oi!"},
        "due_at": when,
        "created_at": when,
    }
    if more.get("status") in (OutboundStatus.SENT, OutboundStatus.DELIVERED):
        values["sent_at"] = when
    return Outbound(**(values | more))


# -- what the database tells


@pytest.mark.parametrize(
    ("minutes", "state"), [(1, State.OK), (3, State.WARN), (11, State.BAD)], ids=["just now", "late", "nobody there"]
)
async def test_a_message_without_an_answer_is_noticed(
    db: Database, clock: StillClock, minutes: int, state: State
) -> None:
    await add(db, heard(clock, 1, minutes=minutes, status=InboundStatus.NEW), heard(clock, 2, minutes=600))
    finding = (await light(db, clock))["answers"]
    assert finding.state is state
    if state is not State.OK:
        assert f"há {minutes} min" in finding.text
        assert "odys worker" in finding.text


@pytest.mark.parametrize(
    ("minutes", "status", "state"),
    [
        (1, OutboundStatus.QUEUED, State.OK),
        (2, OutboundStatus.QUEUED, State.WARN),
        (45, OutboundStatus.UNCERTAIN, State.BAD),
        (45, OutboundStatus.SKIPPED, State.OK),
        (-90, OutboundStatus.QUEUED, State.OK),  # due later
    ],
)
async def test_a_message_that_should_have_left_is_noticed(
    db: Database, clock: StillClock, minutes: int, status: OutboundStatus, state: State
) -> None:
    await add(db, owed(clock, minutes=minutes, status=status))
    assert (await light(db, clock))["owed"].state is state


async def test_a_long_queue_that_moves_is_no_alarm_for_a_while(db: Database, clock: StillClock) -> None:
    just_sent = owed(clock, minutes=0.5, status=OutboundStatus.SENT)
    await add(db, owed(clock, minutes=4, status=OutboundStatus.QUEUED), just_sent)
    assert (await light(db, clock))["owed"].state is State.OK
    clock.jump(minutes=2)
    assert (await light(db, clock))["owed"].state is State.WARN


async def test_a_slow_answer_to_one_in_twenty_is_told_and_one_who_writes_without_end_is_one(
    db: Database, clock: StillClock
) -> None:
    def answered(at: int, seconds: float, lane: str = "") -> Inbound:
        came = clock.now() - timedelta(minutes=3)
        return heard(clock, at, minutes=3, lane=lane or f"cloud:{at}", handled_at=came + timedelta(seconds=seconds))

    await add(db, *(answered(at, 2) for at in range(25)), *(answered(100 + at, 60, "cloud:x") for at in range(30)))
    assert (await light(db, clock))["latency"].details == {"seconds": 2}
    await add(db, answered(200, 45), answered(201, 45))
    slow = (await light(db, clock))["latency"]
    assert (slow.state, slow.details) == (State.WARN, {"seconds": 45, "people": 28})


async def test_e_mails_are_late_only_where_a_mail_server_is_named(db: Database, clock: StillClock) -> None:
    await add(db, owed(clock, minutes=45, transport=Transport.EMAIL))
    assert "owed_email" not in await light(db, clock)
    found = await light(db, clock, smtp_url=SecretStr("smtp://localhost"))
    assert found["owed_email"].state is State.WARN
    assert found["owed"].state is State.OK


def told(clock: StillClock, provider_id: str, recipient: str, **more: Any) -> Inbound:
    """A status "sent" that came in just now."""
    external = status_id(provider_id, "sent", recipient)
    return heard(clock, 0, external_id=external, kind=InboundKind.STATUS, lane="", **more)


async def test_messages_that_meta_fell_silent_about_are_noticed(db: Database, clock: StillClock) -> None:
    person = Contact(name="Júlia", phone=PHONE, created_at=clock.now())
    hidden = Contact(name="Ana", created_at=clock.now())
    await add(db, person, hidden)
    identity = ContactIdentity(
        contact_id=hidden.id, channel=Channel.CLOUD, kind=IdentityKind.BSUID, value="BR.1", created_at=clock.now()
    )
    sent = {"status": OutboundStatus.SENT, "contact_id": person.id}
    await add(
        db,
        identity,
        owed(clock, minutes=30, provider_id="wamid.A", **sent),
        owed(clock, minutes=30, provider_id="wamid.B", **sent),
        owed(clock, minutes=30, provider_id="wamid.C", status=OutboundStatus.SENT, contact_id=hidden.id),
        owed(clock, minutes=5, provider_id="wamid.D", **sent),  # too early to tell
        owed(clock, minutes=30, provider_id="wamid.E", status=OutboundStatus.DELIVERED, contact_id=person.id),
    )
    silent = (await light(db, clock))["statuses"]
    assert (silent.state, silent.details["missing"]) == (State.BAD, 3)
    assert "webhook" in silent.text

    # The ninth digit and the id are the same person; one message was never heard of, though others were.
    await add(db, told(clock, "wamid.A", "551188887777"), told(clock, "wamid.C", "BR.1"))
    one = (await light(db, clock))["statuses"]
    assert (one.state, one.details["missing"]) == (State.WARN, 1)

    await add(db, told(clock, "wamid.B", PHONE))
    assert (await light(db, clock))["statuses"].state is State.OK


async def test_a_silence_is_told_only_when_it_is_longer_than_any(db: Database, clock: StillClock) -> None:
    # Thirty messages, the last one 10 hours ago; the nights are 9 hours long.
    assert (await light(db, clock))["silence"].state is State.OK
    rows = [
        heard(clock, day * 3 + part, minutes=60 * (10 + day * 24 + part * 7)) for day in range(10) for part in range(3)
    ]
    await add(db, *rows)
    assert (await light(db, clock))["silence"].state is State.OK
    clock.jump(hours=12)
    quiet = (await light(db, clock))["silence"]
    assert (quiet.state, quiet.details) == (State.WARN, {"hours": 22, "usual": 10})
    clock.jump(days=3)
    assert (await light(db, clock))["silence"].state is State.WARN, "never worse: nobody may be writing"


async def test_dead_letters_of_the_day_are_told_and_old_ones_only_counted(db: Database, clock: StillClock) -> None:
    await add(db, heard(clock, 1, minutes=3 * 24 * 60, status=InboundStatus.DEAD))
    old = (await light(db, clock))["dead_letters"]
    assert (old.state, old.details["total"]) == (State.OK, 1)
    await add(db, heard(clock, 2, minutes=60, status=InboundStatus.DEAD, error="KeyError"))
    assert (await light(db, clock))["dead_letters"].state is State.WARN
    assert "odys deadletters" in (await mails(db))[0]["text"]


async def test_failures_are_told_by_what_they_need(db: Database, clock: StillClock) -> None:
    def failed(code: str) -> Outbound:
        return owed(clock, minutes=60, status=OutboundStatus.FAILED, error_code=code)

    await add(db, *(owed(clock, minutes=60, status=OutboundStatus.DELIVERED) for _ in range(20)))
    assert (await light(db, clock))["failures"].said == "failures_none"
    await add(db, failed("131026"), failed("131026"))
    few = (await light(db, clock))["failures"]
    assert (few.state, few.details["codes"]) == (State.OK, "131026 × 2")
    await add(db, failed("131026"), failed("window_closed"), failed("131026"))
    assert (await light(db, clock))["failures"].state is State.WARN
    await add(db, failed("132001"))
    serious = (await light(db, clock))["failures"]
    assert (serious.state, serious.details["serious"]) == (State.BAD, "132001")
    # Another code to mend is another piece of news, though it was bad already.
    await add(db, failed("100"))
    await light(db, clock)
    assert [mail["text"].count("132001") > 0 for mail in await mails(db)] == [False, True, True]


async def test_a_number_that_the_sender_had_to_stop_is_told_at_once(db: Database, clock: StillClock) -> None:
    async with db.begin() as session:
        await numbers.stop(session, NUMBER, of_code("190", "Session has expired"), clock.now())
    found = (await light(db, clock))[f"blocked:{NUMBER}"]
    assert found.state is State.BAD
    assert "WHATSAPP_TOKEN" in found.text
    clock.jump(minutes=10)
    async with db.begin() as session:
        await numbers.reopen(session, NUMBER, clock.now())
    assert (await light(db, clock))[f"blocked:{NUMBER}"].state is State.OK
    sent = await mails(db)
    assert [mail["subject"].split(":")[0] for mail in sent] == ["[Odys] Problema", "[Odys] Resolvido"]
    assert "Durou 10 min." in sent[1]["text"]


async def test_the_free_thousand_is_counted_for_each_number(db: Database, clock: StillClock) -> None:
    person = Contact(name="Júlia", phone=PHONE, created_at=clock.now())
    user = User(name="Rafael", created_at=clock.now())
    await add(db, person, user)
    talk = Conversation(channel=Channel.CLOUD, account="777", contact_id=person.id, created_at=clock.now())
    rafael = Professional(user_id=user.id, slug="rafael", name="Rafael", account="888", created_at=clock.now())
    await add(db, talk, rafael)
    client = Client(professional_id=rafael.id, contact_id=person.id, name="Júlia", created_at=clock.now())
    await add(db, client)
    start = clock.now() + timedelta(days=3)
    booking = Appointment(
        professional_id=rafael.id,
        client_id=client.id,
        service_name="Corte",
        start_at=start,
        end_at=start + timedelta(hours=1),
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    delivered: dict[str, Any] = {"status": OutboundStatus.DELIVERED, "minutes": 60}
    await add(
        db,
        booking,
        owed(clock, conversation_id=talk.id, **delivered),
        owed(clock, professional_id=rafael.id, **delivered),
        owed(clock, **delivered),
        owed(clock, **(delivered | {"minutes": 40 * 24 * 60})),  # last month's
        owed(clock, minutes=60, status=OutboundStatus.FAILED),
    )
    found = await light(db, clock)
    assert {name: finding.details["used"] for name, finding in found.items() if name.startswith("cost:")} == {
        "cost:777": 1,
        "cost:888": 1,
        f"cost:{NUMBER}": 1,
    }
    assert "3 por agendamento" in found["cost:777"].text


async def test_metas_own_prices_count_before_our_guess_and_both_marks_are_told(db: Database, clock: StillClock) -> None:
    def priced(at: int, category: str = "service", status: str = "delivered") -> Inbound:
        event = {"id": f"wamid.P{at}", "status": status, "category": category, "billable": False}
        key = status_id(f"wamid.P{at}", status, PHONE)
        return heard(clock, 0, external_id=key, kind=InboundKind.STATUS, lane="", event=event)

    async with db.begin() as session:
        session.add_all([priced(at) for at in range(800)])
        session.add_all([priced(at, status="read") for at in range(50)])  # the same messages
        session.add_all([priced(5000 + at, category="utility") for at in range(50)])
        session.add_all([priced(6000 + at, status="sent") for at in range(50)])
    near = (await light(db, clock))[f"cost:{NUMBER}"]
    assert (near.state, near.details["used"]) == (State.WARN, 800)
    await light(db, clock)
    # What came since is added; of a message known already, whatever else is told is no other message.
    clock.jump(minutes=10)
    async with db.begin() as session:
        session.add_all([priced(at, status="read") for at in range(100, 300)])
        session.add_all([priced(10_000 + at, status="read") for at in range(199)])
    assert (await light(db, clock))[f"cost:{NUMBER}"].details["used"] == 999
    clock.jump(minutes=10)
    async with db.begin() as session:
        session.add_all([priced(10_000 + at) for at in range(200)])
    assert (await light(db, clock))[f"cost:{NUMBER}"].said == "cost_over"
    assert len(await mails(db)) == 2
    clock.moment = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
    assert (await light(db, clock))[f"cost:{NUMBER}"].state is State.OK


# -- what Meta tells


async def test_all_is_well_and_nobody_is_told(db: Database, meta: Meta, clock: StillClock) -> None:
    found = await full(db, meta, clock)
    assert {name: finding.state for name, finding in found.items() if finding.state is not State.OK} == {
        "endpoint": State.UNKNOWN  # asked in production only
    }
    assert {"token", f"number:{NUMBER}", f"webhook:{NUMBER}", f"health:{NUMBER}", "subscription", "templates"} <= set(
        found
    )
    assert await mails(db) == []


async def test_without_a_token_nothing_is_asked_and_nothing_alarms(db: Database, meta: Meta, clock: StillClock) -> None:
    found = await full(db, meta, clock, whatsapp_token=SecretStr(""))
    unknown = [finding for finding in found.values() if finding.unset and finding.check != "endpoint"]
    assert {finding.check for finding in unknown} == {
        "token",
        f"number:{NUMBER}",
        f"health:{NUMBER}",
        "subscription",
        "templates",
    }
    assert {finding.english for finding in unknown} == {"not configured"}
    assert meta.asked == []
    assert await mails(db) == []


async def test_an_invalid_token_is_one_alarm_not_six(db: Database, meta: Meta, clock: StillClock) -> None:
    found = await full(db, meta, clock, whatsapp_token=SecretStr("EAAGexpired"))
    assert found["token"].state is State.BAD
    others = [found[name].state for name in (f"number:{NUMBER}", f"health:{NUMBER}", "subscription", "templates")]
    assert set(others) == {State.UNKNOWN}
    (mail,) = await mails(db)
    assert mail["to"] == "dona@example.com"
    assert mail["subject"] == "[Odys] Problema: Token do WhatsApp"
    assert "troque WHATSAPP_TOKEN" in mail["text"]


@pytest.mark.parametrize(
    ("token", "state", "said"),
    [
        ({"is_valid": False, "error": {"message": "logged out"}}, State.BAD, "token_refused"),
        ({"expires_at": 1_795_600_000}, State.WARN, "token_expires"),
        ({"expires_at": 0, "data_access_expires_at": 1_795_600_000}, State.WARN, "token_expires"),
        ({"expires_at": 1_800_000_000}, State.OK, "token_fine_until"),
        ({"expires_at": 1_794_000_000}, State.BAD, "token_expires"),
        ({"scopes": ["whatsapp_business_messaging"]}, State.WARN, "token_lacks"),
        ({"scopes": ["whatsapp_business_management"]}, State.BAD, "token_lacks"),
        (
            {"granular_scopes": [{"scope": "whatsapp_business_messaging", "target_ids": [42]}]},
            State.WARN,
            "token_lacks",
        ),
        (
            {"granular_scopes": [{"scope": "whatsapp_business_messaging", "target_ids": [int(BUSINESS)]}]},
            State.OK,
            "token_fine",
        ),
        ({"scopes": None, "granular_scopes": None}, State.OK, "token_fine"),
    ],
)
async def test_a_token_is_read_closely(
    meta: Meta, clock: StillClock, token: dict[str, Any], state: State, said: str
) -> None:
    meta.token |= token  # 1_795_600_000 is four days after the clock
    found = (await asked(meta, clock))["token"]
    assert (found.state, found.said) == (state, said)


async def test_a_token_that_may_not_look_at_itself_is_tried(meta: Meta, clock: StillClock) -> None:
    meta.fail("debug_token", 100)
    assert (await asked(meta, clock))["token"].said == "token_accepted"


@pytest.mark.parametrize(
    ("number", "state"),
    [
        ({"quality_rating": "YELLOW"}, State.WARN),
        ({"quality_rating": "RED"}, State.BAD),
        ({"quality_rating": "UNKNOWN"}, State.OK),
        ({"status": "FLAGGED"}, State.WARN),
        ({"status": "BANNED", "quality_rating": "GREEN"}, State.BAD),
        ({"status": None, "quality_rating": None}, State.OK),
    ],
)
async def test_a_number_is_judged_by_status_and_quality(
    meta: Meta, clock: StillClock, number: dict[str, Any], state: State
) -> None:
    meta.number |= number
    assert (await asked(meta, clock))[f"number:{NUMBER}"].state is state


async def test_every_number_is_looked_at(db: Database, meta: Meta, clock: StillClock) -> None:
    user = User(name="Rafael", created_at=clock.now())
    await add(db, user)
    await add(db, Professional(user_id=user.id, slug="r", name="Rafael", account="4242", created_at=clock.now()))
    found = await full(db, meta, clock)
    assert found["number:4242"].state is State.BAD, "Meta does not know that number"
    assert found[f"number:{NUMBER}"].state is State.OK


async def test_a_webhook_that_leads_elsewhere_is_told(meta: Meta, clock: StillClock) -> None:
    meta.number["webhook_configuration"]["phone_number"] = "https://outro.example/webhook"
    found = (await asked(meta, clock))[f"webhook:{NUMBER}"]
    assert found.state is State.WARN
    assert "https://outro.example/webhook" in found.text


async def test_meta_says_why_it_does_not_let_send(meta: Meta, clock: StillClock) -> None:
    error = {
        "error_code": 141006,
        "error_description": "There is an error with the payment method",
        "possible_solution": "Add one in Billing Hub",
    }
    meta.health = {
        "can_send_message": "BLOCKED",
        "entities": [
            {"entity_type": "PHONE_NUMBER", "can_send_message": "AVAILABLE"},
            {"entity_type": "WABA", "can_send_message": "BLOCKED", "errors": [error]},
        ],
    }
    found = (await asked(meta, clock))[f"health:{NUMBER}"]
    assert found.state is State.BAD
    assert "WABA BLOCKED: 141006" in found.text
    assert "Billing Hub" in found.text
    assert "PHONE_NUMBER" not in found.text
    meta.health = {
        "can_send_message": "LIMITED",
        "entities": [{"entity_type": "WABA", "can_send_message": "LIMITED", "additional_info": ["Not verified"]}],
    }
    assert (await asked(meta, clock))[f"health:{NUMBER}"].state is State.WARN


async def test_a_lost_subscription_is_told(meta: Meta, clock: StillClock) -> None:
    meta.apps = ["another"]
    assert (await asked(meta, clock))["subscription"].state is State.BAD
    meta.apps = []
    assert (await asked(meta, clock))["subscription"].state is State.BAD


async def test_a_lost_subscription_is_taken_up_again_and_told_once(db: Database, meta: Meta, clock: StillClock) -> None:
    meta.apps = ["another"]
    found = (await full(db, meta, clock))["subscription"]
    assert (found.state, found.said, meta.apps) == (State.WARN, "subscribed_again", ["another", APP])
    for told in (2, 2):  # and that all is well
        clock.jump(days=1)
        assert (await full(db, meta, clock))["subscription"].state is State.OK
        assert len(await mails(db)) == told


async def test_templates_that_cannot_be_sent_are_named(db: Database, meta: Meta, clock: StillClock) -> None:
    meta.page = 7  # several pages
    meta.template("reminder_2h")["status"] = "PENDING"
    found = (await full(db, meta, clock))["templates"]
    assert (found.state, found.details["names"]) == (State.WARN, "reminder_2h (PENDING)")
    meta.template("reminder_24h")["category"] = "MARKETING"
    assert (await full(db, meta, clock))["templates"].said == "templates_changed"
    meta.template("booking_confirmed").update(status="REJECTED", rejected_reason="INVALID_FORMAT")
    meta.templates.remove(meta.template("login_code"))
    found = (await full(db, meta, clock))["templates"]
    assert found.state is State.BAD
    assert found.details["names"] == "booking_confirmed (REJECTED INVALID_FORMAT), login_code (MISSING)"
    # The same name in another language is not ours.
    meta.template("review_request")["language"] = "en_US"
    assert "review_request (MISSING)" in str((await full(db, meta, clock))["templates"].details["names"])
    assert len(await mails(db)) == 4, "each time something else was wrong"


@pytest.mark.parametrize(("code", "status"), [(0, 502), (2, 500), (4, 400), (80008, 400)])
async def test_when_meta_is_unwell_nothing_is_known_and_nobody_is_alarmed(
    db: Database, meta: Meta, clock: StillClock, code: int, status: int
) -> None:
    meta.fail("", code, status=status)
    found = await full(db, meta, clock)
    asked = ("token", f"number:{NUMBER}", f"health:{NUMBER}", "subscription", "templates")
    assert {found[name].state for name in asked} == {State.UNKNOWN}
    assert await mails(db) == []


async def test_when_nobody_is_there_nothing_is_known(db: Database, clock: StillClock) -> None:
    nobody = Meta(url="http://127.0.0.1:9/v26.0")
    found = await full(db, nobody, clock)
    assert found["token"].state is State.UNKNOWN
    assert found["answers"].state is State.OK


async def test_a_token_that_meta_repeats_is_never_written_down(
    db: Database, meta: Meta, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    meta.fail("debug_token", 190, status=401, message=f"Malformed access token {TOKEN}")
    found = await full(db, meta, clock)
    assert found["token"].state is State.BAD
    async with db.begin() as session:
        kept = [row.details for row in await session.scalars(select(ServiceHealth))]
    assert TOKEN not in f"{found} {kept} {await mails(db)} {caplog.text} {[vars(each) for each in caplog.records]}"


# -- how it is told


async def test_the_operator_hears_once_of_trouble_and_once_of_its_end(
    db: Database, meta: Meta, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    meta.number["quality_rating"] = "YELLOW"
    caplog.set_level(logging.INFO)
    for _ in range(3):
        await full(db, meta, clock)
        clock.jump(days=1)
    assert len(await mails(db)) == 1
    meta.number["quality_rating"] = "RED"
    await full(db, meta, clock)
    meta.number["quality_rating"] = "GREEN"
    clock.jump(days=1)
    await full(db, meta, clock)
    await full(db, meta, clock)
    first, worse, over = await mails(db)
    assert first["subject"] == f"[Odys] Atenção: Número {NUMBER}"
    assert worse["subject"] == f"[Odys] Problema: Número {NUMBER}"
    assert over["subject"] == f"[Odys] Resolvido: Número {NUMBER}"
    alerts = [record for record in caplog.records if record.getMessage() == "alert"]
    assert [(record.levelname, vars(record)["state"]) for record in alerts] == [("ERROR", "warn"), ("ERROR", "bad")]


async def test_not_knowing_for_a_while_is_no_news(db: Database, meta: Meta, clock: StillClock) -> None:
    meta.number["quality_rating"] = "RED"
    await full(db, meta, clock)
    meta.fail(NUMBER, 0, status=502)
    await full(db, meta, clock)
    await full(db, meta, clock)
    meta.mend()
    await full(db, meta, clock)
    assert len(await mails(db)) == 1, "still the same trouble"
    meta.number["quality_rating"] = "GREEN"
    meta.fail(NUMBER, 0, status=502)
    await full(db, meta, clock)
    assert len(await mails(db)) == 1, "nobody knows yet"
    meta.mend()
    await full(db, meta, clock)
    assert len(await mails(db)) == 2


async def test_health_is_kept_as_a_history_of_what_changed(db: Database, clock: StillClock) -> None:
    async def history() -> list[tuple[str, datetime, datetime | None]]:
        async with db.begin() as session:
            rows = await session.scalars(
                select(ServiceHealth).where(ServiceHealth.check == "answers").order_by(ServiceHealth.since)
            )
            return [(row.state, row.since, row.ended_at) for row in rows]

    began = clock.now()
    await light(db, clock)
    clock.jump(minutes=10)
    await light(db, clock)
    assert await history() == [("ok", began, None)]
    waits = heard(clock, 1, minutes=5, status=InboundStatus.NEW)
    await add(db, waits)
    fell = clock.now()
    await light(db, clock)
    clock.jump(minutes=3)
    await light(db, clock)
    assert await history() == [("ok", began, fell), ("warn", fell, None)]
    async with db.begin() as session:
        await session.execute(update(Inbound).values(status=InboundStatus.DONE))
    rose = clock.now()
    await asyncio.gather(light(db, clock), light(db, clock))  # two watchdogs at once
    assert await history() == [("ok", began, fell), ("warn", fell, rose), ("ok", rose, None)]
    assert "Durou 3 min." in (await mails(db))[-1]["text"]
    assert len(await mails(db)) == 2


async def test_one_run_is_one_e_mail_and_without_an_address_there_is_only_the_log(
    db: Database, meta: Meta, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    meta.templates.remove(meta.template("login_code"))
    meta.number["quality_rating"] = "YELLOW"
    await full(db, meta, clock)
    (mail,) = await mails(db)
    assert mail["subject"] == "[Odys] Problema: Modelos de mensagem (e mais 1)"
    assert mail["text"].index("PROBLEMA · Modelos") < mail["text"].index("ATENÇÃO · Número")
    assert "sábado, 21/11, às 10h" in mail["text"]

    async with db.begin() as session:
        await session.execute(update(ServiceHealth).values(details={}, state="ok"))
    caplog.clear()
    await full(db, meta, clock, alert_email="")
    assert len(await mails(db)) == 1
    assert [record.levelname for record in caplog.records if record.getMessage() == "alert"] == ["ERROR", "ERROR"]


async def test_two_watchdogs_at_once_tell_it_once(db: Database, clock: StillClock) -> None:
    await add(db, heard(clock, 1, minutes=20, status=InboundStatus.NEW))
    await asyncio.gather(*(light(db, clock) for _ in range(4)))
    assert len(await mails(db)) == 1


async def test_an_alert_is_an_e_mail_that_goes_out_soon_or_not_at_all(db: Database, clock: StillClock) -> None:
    await add(db, heard(clock, 1, minutes=20, status=InboundStatus.NEW))
    await light(db, clock)
    async with db.begin() as session:
        row = (await session.scalars(select(Outbound))).one()
    assert (row.transport, row.kind, row.status) == (Transport.EMAIL, "alert", OutboundStatus.QUEUED)
    assert (row.due_at, row.expires_at) == (clock.now(), clock.now() + timedelta(days=1))


def test_every_sentence_is_there_twice_and_asks_for_the_same_facts() -> None:
    def facts(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert {name for name, said in SENTENCES.items() if facts(said.portuguese) != facts(said.english)} == set()


async def test_serious_changes_are_told_inside_the_application_once(
    db: Database, meta: Meta, clock: StillClock
) -> None:
    """To the operator's own login, and to the professional whose number it is; warnings are only mailed."""
    operator = User(name="Dona", email="Dona@example.com", created_at=clock.now())
    owner, stranger = (User(name=name, created_at=clock.now()) for name in ("Rafael", "Bia"))
    await add(db, operator, owner, stranger)
    await add(
        db,
        Professional(user_id=owner.id, slug="rafael", name="Rafael", account="777", created_at=clock.now()),
        Professional(user_id=stranger.id, slug="bia", name="Bia", created_at=clock.now()),
    )

    async def told() -> list[tuple[str, str]]:
        async with db.begin() as session:
            rows = await session.execute(
                select(User.name, Notification.title).join(User, User.id == Notification.user_id).order_by(User.name)
            )
            return [(name, title.split(":")[0]) for name, title in rows]

    async with db.begin() as session:
        await numbers.stop(session, "777", of_code("190", "Session has expired"), clock.now())
    await add(db, heard(clock, 1, minutes=3, status=InboundStatus.NEW))  # a warning
    for _ in range(2):
        await light(db, clock)
    assert await told() == [("Dona", "Problema"), ("Rafael", "Problema")]
    async with db.begin() as session:
        await numbers.reopen(session, "777", clock.now())
        await session.execute(update(Inbound).values(status=InboundStatus.DONE))
    await light(db, clock)
    assert sorted(await told()) == [(name, word) for name in ("Dona", "Rafael") for word in ("Problema", "Resolvido")]


async def test_news_from_meta_makes_the_light_look_a_full_one(db: Database, meta: Meta, clock: StillClock) -> None:
    async def look() -> dict[str, Finding]:
        findings = await watchdog.run(db, configured(meta), now=clock.now(), light=True)
        return {finding.check: finding for finding in findings}

    assert "token" not in await look()
    await full(db, meta, clock)
    meta.number["quality_rating"] = "RED"
    clock.jump(minutes=10)
    assert f"number:{NUMBER}" not in await look()
    event = {"field": "phone_number_quality_update", "value": {"event": "FLAGGED"}}
    news = heard(clock, 7, kind=InboundKind.NOTICE, lane="", event=event)
    await add(db, news)
    assert (await look())[f"number:{NUMBER}"].state is State.BAD
    assert "RED" in (await mails(db))[-1]["text"]
    clock.jump(minutes=10)
    assert f"number:{NUMBER}" not in await look(), "asked once about each piece of news"
