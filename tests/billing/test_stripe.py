"""Plans and Stripe, T29 to T39: whatever is delivered, in whatever order, the plan ends right, once.

The events are the project's own; where the recorded ones lie beside the checkout they are delivered too.
`ODYS_LONG=1` shuffles the life of a subscription five hundred times.
"""

import asyncio
import itertools
import json
import os
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe as library
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Text, cast, func, select

from bot.agenda.refusals import NotTaking
from bot.agenda.reminders import follow_plan
from bot.billing import events
from bot.billing.entitlement import Standing, decide, id_of, read
from bot.billing.gateway import CustomerGone, Gateway, StripeAway
from bot.billing.plans import PLANS
from bot.billing.signature import sign, verify
from bot.db import Database
from bot.jobs import watchdog
from bot.jobs.findings import Finding, State
from bot.models import BillingEvent, Notification, Outbound, Professional
from bot.models.account import Usage
from bot.models.enums import Actor, Plan

from ..agenda.factories import THURSDAY_15H, a_professional, active, an_appointment
from ..fakes.stripe import KEY, Stripe, stripe
from ..web.api.stage import Api, api

SECRET = "whsec_the_secret_of_the_tests"
PRICES = {"price_basic": Plan.BASIC, "price_pro": Plan.PRO, "price_premium": Plan.PREMIUM}
CASES = Path(__file__).resolve().parents[3] / "shared" / "cases" / "stripe"
NOW = datetime(2026, 11, 21, 13, 1, tzinfo=UTC)
CUSTOMER = "cus_of_bia"
LONG = bool(os.environ.get("ODYS_LONG"))


@dataclass
class Till:
    """The API, a Stripe and the job between them."""

    api: Api
    fake: Stripe
    gateway: Gateway

    async def deliver(self, event: dict[str, Any], *, secret: str = SECRET, at: float | None = None) -> int:
        raw = json.dumps(event).encode()
        header = sign(raw, secret, int(self.api.clock.now().timestamp() if at is None else at))
        headers = {"Stripe-Signature": header}
        async with await self.api.call("POST", "/webhooks/stripe", headers, data=raw) as answer:
            return answer.status

    async def apply(self) -> None:
        now = self.api.clock.now()
        await events.apply_waiting(self.api.db, self.gateway, self.api.settings, now=now, follow=follow_plan)

    async def owner(self) -> Professional:
        async with self.api.db.begin() as session:
            return await session.get_one(Professional, self.api.owner.id)

    async def waiting(self) -> int:
        """Count the events that nobody has dealt with."""
        async with self.api.db.begin() as session:
            waits = select(func.count()).select_from(BillingEvent).where(BillingEvent.handled_at.is_(None))
            return await session.scalar(waits) or 0

    async def become(self, **values: Any) -> None:
        async with self.api.db.begin() as session:
            row = await session.get_one(Professional, self.api.owner.id)
            for name, value in values.items():
                setattr(row, name, value)


@pytest.fixture
async def till(db: Database) -> AsyncIterator[Till]:
    async with stripe() as fake:
        chosen: dict[str, Any] = {
            "stripe_secret_key": SecretStr(KEY),
            "stripe_webhook_secret": [SecretStr("whsec_an_older_one"), SecretStr(SECRET)],
            "stripe_api_base": fake.url,
            "stripe_price_basic": "price_basic",
            "stripe_price_pro": "price_pro",
            "stripe_price_premium": "price_premium",
            "alert_email": "alerta@example.com",
        }
        async with api(db, **chosen) as stage:
            gateway = Gateway(stage.settings)
            one = Till(stage, fake, gateway)
            await one.become(plan=Plan.FREE, stripe_customer_id=CUSTOMER)
            yield one
            await gateway.close()


def event(number: int, kind: str, **found: Any) -> dict[str, Any]:
    return {
        "id": f"evt_{number}",
        "object": "event",
        "api_version": "2026-06-24.dahlia",
        "livemode": False,
        "type": kind,
        "data": {"object": {"customer": CUSTOMER, **found}},
    }


def updated(number: int, **found: Any) -> dict[str, Any]:
    return event(number, "customer.subscription.updated", object="subscription", **found)


# -- T29


@pytest.mark.parametrize("shape", ["good", "two", "v0", "future", "old", "letters", "empty", "bytes", "none"])
async def test_t29_only_what_stripe_signed_lately_gets_in(till: Till, shape: str) -> None:
    raw, at = json.dumps(updated(1)).encode(), int(till.api.clock.now().timestamp())
    good = sign(raw, SECRET, at)
    headers = {
        "good": good,
        "two": f"{good},v1={'0' * 64}",
        "v0": good.replace("v1=", "v0="),
        "future": sign(raw, SECRET, at + 301),
        "old": sign(raw, SECRET, at - 301),
        "letters": f"t={at},v1=çççç",
        "empty": sign(raw, "", at),
        "bytes": sign(raw + b" ", SECRET, at),
        "none": "",
    }
    async with await till.api.call(
        "POST", "/webhooks/stripe", {"Stripe-Signature": headers[shape]}, data=raw
    ) as answer:
        assert answer.status == (200 if shape in ("good", "two") else 400)
    async with till.api.db.begin() as session:
        kept = await session.scalar(select(func.count()).select_from(BillingEvent))
    assert kept == (1 if shape in ("good", "two") else 0)


async def test_t29_without_a_secret_there_is_no_door(db: Database) -> None:
    async with api(db) as stage, await stage.call("POST", "/webhooks/stripe", data=b"{}") as answer:
        assert answer.status == 404


def mangled(header: str, dice: random.Random) -> str:
    """Change a header as a broken proxy, an attacker or another version of Stripe might."""
    place, sign_ = dice.randrange(len(header) + 1), dice.choice("0123456789abcdefABCF=,.v t+-_")
    time, _, signature = header.partition(",")
    return dice.choice(
        [
            header,
            header[:place] + sign_ + header[place:],
            header[:place] + header[place + 1 :],
            header[:place] + sign_ + header[place + 1 :],
            header[:place],
            header.upper(),
            header.replace(",", ", "),
            f"{signature},{time}",
            f"{header},{dice.choice(['', 'x', 'v1', 't', 'v1=00', 'v0=00', 't=1', '=,=', 'v1='])}",
            f"{header},v2={signature[3:]}",
            f"{dice.choice(['t=1', 'v1=00', 'x=y', ' '])},{header}",
            f"{header}={dice.choice('0=')}",
            header.replace("t=", dice.choice(["t= ", "t=+", "t=0", "t=-", "T="])),
            header.replace("v1=", dice.choice(["v0=", "V1=", "v1 =", "v11="])),
        ]
    )


def test_t29_our_reading_agrees_with_the_library_on_a_thousand_headers() -> None:
    """Whatever it takes we take, and nothing else; only times of the future and signs beyond ASCII we refuse alone."""
    dice, at, agreed = random.Random(29), int(NOW.timestamp()), {True: 0, False: 0}
    for number in range(1500):
        raw = dice.randbytes(dice.randrange(40)).decode(errors="replace").encode()
        header = sign(raw, dice.choice([SECRET, SECRET, SECRET, "another"]), at)
        for _ in range(number % 3):
            header = mangled(header, dice)
        try:
            library.WebhookSignature.verify_header(raw.decode(), header, SECRET)
            theirs = True
        except library.SignatureVerificationError:
            theirs = False
        assert verify(raw, header, [SECRET], NOW) is theirs, header
        agreed[theirs] += 1
    assert min(agreed.values()) > 300


@given(st.binary(max_size=40), st.text(max_size=60), st.sampled_from(["", "t=", "v1=", "t=1,v1="]))
def test_t29_no_header_breaks_the_reading(raw: bytes, text: str, before: str) -> None:
    assert not verify(raw, before + text, [SECRET], NOW)
    assert not verify(raw, f"t={'9' * 4000},v1={text}", [SECRET], NOW)


# -- T30 to T33


async def test_t30_any_order_and_any_number_of_deliveries_end_alike(till: Till) -> None:
    """The life of a subscription, shuffled and doubled: what counts is what Stripe has now."""
    till.fake.subscribe(CUSTOMER, "price_pro")
    life = [
        event(1, "customer.subscription.updated", status="incomplete"),
        updated(2, status="active"),
        event(3, "checkout.session.completed", mode="subscription", payment_status="paid"),
        updated(4, status="past_due"),
        event(5, "customer.subscription.deleted", status="canceled"),
        event(6, "invoice.paid"),
    ]
    dice = random.Random(30)
    for _ in range(500 if LONG else 6):
        await till.become(plan=Plan.FREE, stripe_subscription_id=None, plan_until=None)
        async with till.api.db.begin() as session:
            for row in await session.scalars(select(BillingEvent)):
                await session.delete(row)
        for one in dice.choices(life, k=9):
            assert await till.deliver(one) == 200
            if dice.random() < 0.5:
                await till.apply()
        await till.deliver(life[1])
        await till.apply()
        owner = await till.owner()
        assert (owner.plan, owner.plan_until) == (Plan.PRO, datetime.fromtimestamp(1_800_000_000, UTC))
    async with till.api.db.begin() as session:
        kept = (await session.scalars(select(BillingEvent.event_id))).all()
    assert len(kept) == len(set(kept))


def test_t30_the_choice_does_not_depend_on_the_order() -> None:
    shapes = [("active", "price_basic", 3), ("canceled", "price_pro", 5), ("past_due", "price_pro", 1)]
    found = [
        {"id": f"sub_{n}", "status": status, "created": created, "items": {"data": [{"price": {"id": price}}]}}
        for n, (status, price, created) in enumerate(shapes)
    ]
    chosen = {decide(read(each, PRICES) for each in order).subscription for order in itertools.permutations(found)}
    assert len(chosen) == 1
    assert next(iter(chosen)).plan is Plan.BASIC  # type: ignore[union-attr]


def test_t31_the_period_end_is_read_in_both_shapes() -> None:
    item = {"price": {"id": "price_basic"}, "current_period_end": 1_785_499_200}
    new = {"id": "s", "status": "active", "items": {"data": [item]}}
    old = {
        "id": "s",
        "status": "active",
        "current_period_end": 1_785_499_200,
        "items": {"data": [{"price": {"id": "price_basic"}}]},
    }
    assert read(new, PRICES) == read(old, PRICES)
    assert read(new, PRICES).period_end == datetime.fromtimestamp(1_785_499_200, UTC)


async def test_t32_an_old_event_does_not_bring_an_ended_plan_back(till: Till) -> None:
    subscription = till.fake.subscribe(CUSTOMER, "price_pro")
    await till.deliver(updated(1))
    await till.apply()
    assert (await till.owner()).plan is Plan.PRO
    subscription["status"] = "canceled"
    await till.deliver(event(2, "customer.subscription.deleted"))
    await till.apply()
    assert (await till.owner()).plan is Plan.FREE
    await till.deliver(event(3, "checkout.session.completed", mode="subscription", payment_status="paid"))
    await till.deliver(updated(4, status="active"))
    await till.apply()
    assert (await till.owner()).plan is Plan.FREE


async def test_t32_an_older_picture_that_comes_late_is_not_believed(till: Till) -> None:
    """Two workers ask at once, and the first one's answer, from before the plan ended, is the last to arrive."""
    subscription = till.fake.subscribe(CUSTOMER, "price_pro")
    await till.deliver(updated(1))
    till.fake.slow = held = asyncio.Event()
    late = asyncio.create_task(till.apply())
    await asyncio.wait_for(till.fake.asked.wait(), 30)
    till.fake.slow = None
    subscription["status"] = "canceled"
    await till.deliver(event(2, "customer.subscription.deleted"))
    await till.apply()
    assert (await till.owner()).plan is Plan.FREE
    held.set()
    await late
    assert (await till.owner()).plan is Plan.FREE
    assert await till.waiting() == 0


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        ("active", Standing.LIVE),
        ("trialing", Standing.LIVE),
        ("past_due", Standing.PAST_DUE),
        ("incomplete", Standing.ENDED),
        ("incomplete_expired", Standing.ENDED),
        ("unpaid", Standing.SUSPENDED),
        ("canceled", Standing.ENDED),
        ("paused", Standing.SUSPENDED),
        ("invented_in_2031", Standing.UNKNOWN),
        ("", Standing.UNKNOWN),
    ],
)
def test_t33_every_status_has_a_standing(status: str, standing: Standing) -> None:
    found = {"id": "s", "status": status, "items": {"data": [{"price": {"id": "price_basic"}}]}}
    assert read(found, PRICES).standing is standing


# -- T34 to T39


async def test_what_is_booked_already_is_reminded_of_as_a_larger_plan_promises(till: Till) -> None:
    async with till.api.db.begin() as session:
        row = await an_appointment(session, till.api.owner, till.api.client, till.api.service, actor=Actor.PROFESSIONAL)
    waiting = select(Outbound.kind).where(Outbound.appointment_id == row.id, Outbound.kind.startswith("reminder"))
    till.fake.subscribe(CUSTOMER, "price_basic")
    for number in range(2):
        await till.deliver(updated(number))
        await till.apply()
        async with till.api.db.begin() as session:
            assert set(await session.scalars(waiting)) == {"reminder_24h", "reminder_2h"}


async def test_a_price_that_nobody_knows_is_told_to_who_runs_the_server(till: Till) -> None:
    async def plans() -> Finding:
        found = await watchdog.run(till.api.db, till.api.settings, now=till.api.clock.now(), light=True)
        return next(each for each in found if each.check == "plans")

    async def told() -> int:
        alerts = select(func.count()).select_from(Outbound).where(cast(Outbound.payload, Text).contains("price_new"))
        async with till.api.db.begin() as session:
            return await session.scalar(alerts) or 0

    assert (await plans()).state is State.OK
    foreign = event(8, "customer.subscription.updated") | {"livemode": True}
    await till.deliver(foreign)
    await till.apply()
    assert (await plans()).state is State.OK
    till.fake.subscribe(CUSTOMER, "price_new")
    await till.deliver(updated(9))
    await till.apply()
    for _ in range(2):
        finding = await plans()
        assert (finding.state, "price_new" in finding.text) == (State.WARN, True)
        assert await told() == 1


async def test_t34_a_late_payment_keeps_the_plan_for_seven_days_to_the_minute(till: Till) -> None:
    till.fake.subscribe(CUSTOMER, "price_basic", status="past_due")
    await till.deliver(updated(1))
    await till.apply()
    owner = await till.owner()
    assert (owner.plan, owner.past_due_since) == (Plan.BASIC, till.api.clock.now())
    till.api.clock.moment += timedelta(days=7) - timedelta(minutes=1)
    assert await events.lapse(till.api.db, now=till.api.clock.now()) == 0
    till.api.clock.moment += timedelta(minutes=1)
    assert await events.lapse(till.api.db, now=till.api.clock.now()) == 1
    assert (await till.owner()).plan is Plan.FREE
    # News of the same unpaid subscription gives nothing back; a payment does.
    await till.deliver(updated(2))
    await till.apply()
    assert (await till.owner()).plan is Plan.FREE
    next(iter(till.fake.subscriptions.values()))["status"] = "active"
    await till.deliver(updated(3))
    await till.apply()
    owner = await till.owner()
    assert (owner.plan, owner.past_due_since) == (Plan.BASIC, None)


@pytest.mark.parametrize(
    ("change", "price"),
    [
        ({}, "price_of_another_product"),
        ({"livemode": True}, "price_basic"),
        ({"mode": "payment"}, "price_basic"),
        ({"customer": "cus_nobody"}, "price_basic"),
        ({"customer": None}, "price_basic"),
    ],
)
async def test_t35_what_is_not_ours_is_kept_and_changes_nothing(till: Till, change: dict[str, Any], price: str) -> None:
    await till.become(plan=Plan.PRO)
    till.fake.subscribe(CUSTOMER, price)
    body = event(1, "checkout.session.completed", mode="subscription")
    body["livemode"] = change.get("livemode", False)
    body["data"]["object"] |= {name: value for name, value in change.items() if name != "livemode"}
    assert await till.deliver(body) == 200
    await till.apply()
    assert (await till.owner()).plan is Plan.PRO
    async with till.api.db.begin() as session:
        kept = (await session.scalars(select(BillingEvent))).one()
    assert kept.handled_at is not None
    assert kept.error


async def test_t36_a_boleto_gives_the_plan_when_it_is_paid(till: Till) -> None:
    subscription = till.fake.subscribe(CUSTOMER, "price_basic", status="incomplete")
    await till.deliver(event(1, "checkout.session.completed", mode="subscription", payment_status="unpaid"))
    await till.apply()
    assert (await till.owner()).plan is Plan.FREE
    subscription["status"] = "active"
    await till.deliver(updated(2))
    await till.apply()
    assert (await till.owner()).plan is Plan.BASIC


async def test_t36_a_boleto_that_nobody_paid_gives_nothing(till: Till) -> None:
    subscription = till.fake.subscribe(CUSTOMER, "price_basic", status="incomplete")
    await till.deliver(event(1, "checkout.session.completed", mode="subscription", payment_status="unpaid"))
    await till.apply()
    subscription["status"] = "incomplete_expired"
    await till.deliver(event(2, "checkout.session.async_payment_failed", mode="subscription", payment_status="unpaid"))
    await till.deliver(updated(3, status="incomplete_expired"))
    await till.apply()
    owner = await till.owner()
    assert (owner.plan, owner.stripe_subscription_id) == (Plan.FREE, None)


async def test_t37_what_a_smaller_plan_has_no_room_for_stays_and_nothing_is_added(till: Till) -> None:
    """Forty appointments of a premium month: all of them stay when the plan ends, and the next one is refused."""
    stage, most = till.api, PLANS[Plan.FREE].appointments_a_month or 0
    subscription = till.fake.subscribe(CUSTOMER, "price_premium")
    await till.deliver(updated(1))
    await till.apply()
    async with stage.db.begin() as session:
        for place in range(2):
            start = THURSDAY_15H + place * timedelta(minutes=30)
            await an_appointment(session, stage.owner, stage.client, stage.service, start=start)
        month = stage.clock.now().date().replace(day=1)
        session.add(Usage(professional_id=stage.owner.id, month=month, what="appointments", count=most + 10))
    subscription["status"] = "canceled"
    await till.deliver(event(2, "customer.subscription.deleted"))
    await till.apply()
    async with stage.db.begin() as session:
        owner = await session.get_one(Professional, stage.owner.id)
        assert (owner.plan, len(await active(session, owner))) == (Plan.FREE, 2)
        told = (await session.scalars(select(Notification).order_by(Notification.id.desc()).limit(1))).one()
        assert (told.user_id, told.title) == (stage.owner.user_id, "Seu plano agora é o grátis")
        with pytest.raises(NotTaking):
            later = THURSDAY_15H + timedelta(hours=2)
            await an_appointment(session, stage.owner, stage.client, stage.service, start=later)


async def test_t37_a_smaller_plan_is_told_and_hides_nothing(till: Till) -> None:
    subscription = till.fake.subscribe(CUSTOMER, "price_premium")
    await till.deliver(updated(1))
    await till.apply()
    subscription["items"]["data"][0]["price"]["id"] = "price_basic"
    await till.deliver(updated(2))
    await till.apply()
    assert (await till.owner()).plan is Plan.BASIC
    async with till.api.db.begin() as session:
        titles = list(
            await session.scalars(select(Notification.title).order_by(Notification.created_at, Notification.id))
        )
    assert titles == ["Seu plano agora é o Premium", "Seu plano agora é o Basic"]


async def test_the_portal_asks_for_no_price_and_makes_no_customer(db: Database) -> None:
    portal = {"action": "portal"}
    async with stripe() as fake, api(db, stripe_secret_key=SecretStr(KEY), stripe_api_base=fake.url) as bare:
        status, shown = await bare.json("POST", "/api/billing", bare.as_owner, json=portal)
        assert (status, shown["error"]["code"]) == (409, "nothing_to_manage")
        status, shown = await bare.json("POST", "/api/billing", bare.as_owner, json={"action": "checkout"})
        assert (status, shown["error"]["code"]) == (409, "plans_not_sold")
        assert fake.customers == {}
        async with bare.db.begin() as session:
            row = await session.get_one(Professional, bare.owner.id)
            row.stripe_customer_id, row.stripe_subscription_id = "cus_of_old", "sub_of_old"
        assert (await bare.json("POST", "/api/billing", bare.as_owner, json=portal))[0] == 200


async def test_t38_a_second_click_is_the_same_page_and_a_live_plan_goes_to_the_portal(till: Till) -> None:
    await till.become(stripe_customer_id=None)
    asked = {"action": "checkout", "plan": "pro"}
    first, second = [await till.api.json("POST", "/api/billing", till.api.as_owner, json=asked) for _ in range(2)]
    assert first == second
    assert len(till.fake.sessions) == len(till.fake.customers) == 1
    assert till.fake.sessions[0]["price"] == "price_pro"
    customer = next(iter(till.fake.customers))
    till.fake.subscribe(customer, "price_pro")
    body = event(1, "checkout.session.completed", mode="subscription", customer=customer)
    await till.deliver(body)
    await till.apply()
    _, shown = await till.api.json("POST", "/api/billing", till.api.as_owner, json=asked)
    assert shown["url"] == f"https://portal.test/{customer}"
    _, shown = await till.api.json("GET", "/api/billing", till.api.as_owner)
    assert (shown["plan"], shown["appointments"]["limit"]) == ("pro", None)


async def test_t38_whoever_ended_a_plan_can_subscribe_again_on_the_same_day(till: Till) -> None:
    asked = {"action": "checkout", "plan": "pro"}
    _, first = await till.api.json("POST", "/api/billing", till.api.as_owner, json=asked)
    subscription = till.fake.subscribe(CUSTOMER, "price_pro")
    await till.deliver(event(1, "checkout.session.completed", mode="subscription"))
    await till.apply()
    subscription["status"] = "canceled"
    await till.deliver(event(2, "customer.subscription.deleted"))
    await till.apply()
    _, again = await till.api.json("POST", "/api/billing", till.api.as_owner, json=asked)
    assert again["url"] != first["url"]


async def test_a_customer_that_was_deleted_at_stripe_is_made_anew_once(till: Till) -> None:
    """With the same click, which then is the same page again."""
    await till.become(stripe_customer_id=None)
    asked = {"action": "checkout", "plan": "pro"}
    _, first = await till.api.json("POST", "/api/billing", till.api.as_owner, json=asked)
    old = str((await till.owner()).stripe_customer_id)
    till.fake.deleted.add(old)
    asked = {"action": "checkout", "plan": "basic"}  # the same click would be answered as before, for a day
    pages = [await till.api.json("POST", "/api/billing", till.api.as_owner, json=asked) for _ in range(2)]
    assert pages[0] == pages[1]
    assert pages[0][1]["url"] != first["url"]
    new = (await till.owner()).stripe_customer_id
    assert list(till.fake.customers) == [old, new]
    assert [each["customer"] for each in till.fake.sessions] == [old, new]


async def test_a_plan_whose_customer_was_deleted_at_stripe_is_nothing_to_manage_and_can_be_bought_again(
    till: Till,
) -> None:
    await till.become(plan=Plan.PRO, stripe_subscription_id="sub_of_bia")
    till.fake.deleted.add(CUSTOMER)
    status, shown = await till.api.json("POST", "/api/billing", till.api.as_owner, json={"action": "portal"})
    assert (status, shown["error"]["code"]) == (409, "nothing_to_manage")
    status, _ = await till.api.json("POST", "/api/billing", till.api.as_owner, json={"action": "checkout"})
    assert (status, len(till.fake.sessions), len(till.fake.customers)) == (200, 1, 1)
    # What the plan was worth ends as it would have: Stripe is asked about the one that there is now.
    await events.reconcile(till.api.db, till.gateway, till.api.settings, now=till.api.clock.now())
    assert (await till.owner()).plan is Plan.FREE


async def test_a_stripe_that_knows_no_customer_is_not_asked_for_ever(till: Till) -> None:
    till.fake.deleted |= {CUSTOMER, "cus_1"}
    status, shown = await till.api.json("POST", "/api/billing", till.api.as_owner, json={"action": "checkout"})
    assert (status, shown["error"]["code"]) == (503, "stripe_away")
    paths = [path for _, path in till.fake.requests]
    assert paths == ["/v1/checkout/sessions", "/v1/customers", "/v1/checkout/sessions"]


async def test_t38_asking_again_after_no_answer_is_the_same_page(till: Till) -> None:
    """A Stripe that takes the order and never answers is given up soon; what comes of it later is one page."""
    hasty = Gateway(till.api.settings, patience=0.3)
    urls = ("https://odys.test/?assinatura=feita", "https://odys.test/?assinatura=cancelada")
    till.fake.slow = asyncio.Event()
    with pytest.raises(StripeAway):
        await hasty.checkout(CUSTOMER, till.api.owner.id, "price_pro", urls, "checkout:one")
    till.fake.slow.set()
    till.fake.slow = None
    url = await till.gateway.checkout(CUSTOMER, till.api.owner.id, "price_pro", urls, "checkout:one")
    assert [url] == [each["url"] for each in till.fake.sessions]
    await hasty.close()


@pytest.mark.parametrize("status", ["unpaid", "paused"])
async def test_t38_what_can_still_be_paid_goes_to_the_portal_and_is_not_sold_again(till: Till, status: str) -> None:
    till.fake.subscribe(CUSTOMER, "price_pro", status=status)
    await till.deliver(updated(1))
    await till.apply()
    assert (await till.owner()).plan is Plan.FREE
    for action in ("checkout", "portal"):
        _, shown = await till.api.json("POST", "/api/billing", till.api.as_owner, json={"action": action})
        assert shown["url"] == f"https://portal.test/{CUSTOMER}"
    assert till.fake.sessions == []


async def test_t38_a_fault_that_stripe_repeats_to_the_same_key_does_not_last_a_day(till: Till) -> None:
    till.fake.faulty = 1
    asked = {"action": "checkout", "plan": "pro"}
    _, shown = await till.api.json("POST", "/api/billing", till.api.as_owner, json=asked)
    assert [shown["url"]] == [each["url"] for each in till.fake.sessions]


async def test_t38_two_live_subscriptions_are_told_and_the_newer_counts(till: Till) -> None:
    till.fake.subscribe(CUSTOMER, "price_premium")
    till.fake.subscribe(CUSTOMER, "price_basic")
    await till.deliver(updated(1))
    await till.apply()
    assert (await till.owner()).plan is Plan.BASIC
    async with till.api.db.begin() as session:
        assert "2 live subscriptions" in (await session.scalars(select(BillingEvent.error))).one()


async def test_t39_what_was_never_delivered_is_found_at_night(till: Till) -> None:
    till.fake.subscribe(CUSTOMER, "price_pro")
    now = till.api.clock.now()
    settings = till.api.settings
    assert await events.reconcile(till.api.db, till.gateway, settings, now=now) == 1
    assert (await till.owner()).plan is Plan.PRO
    assert await events.reconcile(till.api.db, till.gateway, settings, now=now) == 0


async def test_t39_whatever_a_third_of_the_events_would_have_told_is_found_at_night(till: Till) -> None:
    dice, owners = random.Random(39), {CUSTOMER: till.api.owner.id}
    async with till.api.db.begin() as session:
        for number in range(4):
            other = await a_professional(session, name=f"Caio {number}", number=96660000 + number)
            other.stripe_customer_id = f"cus_{number}"
            owners[f"cus_{number}"] = other.id
    lives = {customer: till.fake.subscribe(customer, "price_pro") for customer in owners}
    for number in range(200 if LONG else 24):
        customer = dice.choice(list(owners))
        lives[customer]["status"] = dice.choice(["active", "past_due", "canceled", "unpaid"])
        lives[customer]["items"]["data"][0]["price"]["id"] = dice.choice(list(PRICES))
        if dice.random() >= 0.3:
            body = updated(number)
            body["data"]["object"]["customer"] = customer
            await till.deliver(body)
        if dice.random() < 0.3:
            await till.apply()
    await till.apply()
    asked, now = (till.api.db, till.gateway, till.api.settings), till.api.clock.now()
    await events.reconcile(*asked, now=now)
    assert await events.reconcile(*asked, now=now) == 0
    async with till.api.db.begin() as session:
        for customer, owner_id in owners.items():
            found = read(lives[customer], PRICES)
            plan = found.plan if found.standing in (Standing.LIVE, Standing.PAST_DUE) else Plan.FREE
            assert (await session.get_one(Professional, owner_id)).plan is plan


async def test_t39_a_night_without_stripe_is_given_up_soon(till: Till) -> None:
    async with till.api.db.begin() as session:
        for number in range(12):
            other = await a_professional(session, name=f"Caio {number}", number=96660000 + number)
            other.stripe_customer_id = f"cus_{number}"
    asked = Unanswered()
    assert await events.reconcile(till.api.db, asked, till.api.settings, now=till.api.clock.now()) == 0
    assert asked.times == events.SILENT


class Unanswered(Gateway):
    """A Stripe that is away, at once."""

    def __init__(self) -> None:
        self.times = 0

    async def subscriptions(self, customer_id: str) -> list[Mapping[str, Any]]:
        self.times += 1
        raise StripeAway


async def test_an_event_waits_while_stripe_is_away(till: Till) -> None:
    till.fake.subscribe(CUSTOMER, "price_pro")
    await till.deliver(updated(1))
    till.fake.broken = 503
    await till.apply()
    assert (await till.owner()).plan is Plan.FREE
    till.fake.broken = 0
    await till.apply()  # not at once: it waits a little longer after each failure
    assert (await till.owner()).plan is Plan.FREE
    till.api.clock.jump(seconds=30)
    await till.apply()
    assert (await till.owner()).plan is Plan.PRO


@pytest.mark.skipif(not CASES.is_dir(), reason="the recorded events are not beside the checkout")
async def test_recorded_events_are_taken_and_change_nothing_by_themselves(till: Till) -> None:
    await till.become(plan=Plan.PRO)
    recorded = sorted(CASES.glob("s*.json"))
    assert len(recorded) >= 20
    for path in recorded:
        assert await till.deliver(json.loads(path.read_text())) == 200
    await till.apply()
    assert (await till.owner()).plan is Plan.PRO
    async with till.api.db.begin() as session:
        waiting = select(func.count()).select_from(BillingEvent).where(BillingEvent.handled_at.is_(None))
        assert await session.scalar(waiting) == 0


# -- What the list of cases does not have


@pytest.mark.parametrize("prices", [["basic", "addon", "premium"], ["premium", "basic"]])
def test_of_several_things_that_are_paid_for_the_largest_plan_is_given(prices: list[str]) -> None:
    items = [{"price": {"id": f"price_{name}"}} for name in prices]
    assert read({"id": "sub_1", "status": "active", "items": {"data": items}}, PRICES).plan is Plan.PREMIUM


def test_a_price_and_a_customer_are_read_by_name_or_whole() -> None:
    for item in ({"price": "price_pro"}, {"plan": {"id": "price_pro"}}, {"price": None, "plan": "price_pro"}):
        assert read({"id": "sub_1", "status": "active", "items": {"data": [item]}}, PRICES).plan is Plan.PRO
    assert [id_of(each) for each in (CUSTOMER, {"id": CUSTOMER, "object": "customer"}, None, 7, {})] == [
        *(CUSTOMER, CUSTOMER),
        *("", "", ""),
    ]


async def test_an_event_with_what_no_database_takes_is_kept_and_applied(till: Till) -> None:
    """One that is refused comes again for three days, and one that cannot be read back holds up all others."""
    till.fake.subscribe(CUSTOMER, price="price_pro")
    assert await till.deliver({**updated(1), "type": ["x"]}) == 200
    assert await till.deliver(updated(2, metadata={"a\0": "x\0y"}, description="\ud83d")) == 200
    await till.apply()
    assert (await till.owner()).plan is Plan.PRO
    assert await till.waiting() == 0


async def test_an_event_that_nobody_can_read_holds_no_other_back(till: Till) -> None:
    till.fake.subscribe(CUSTOMER, price="price_pro")
    unreadable: list[Any] = [None, [], {"object": None}, {"object": {"customer": CUSTOMER, "metadata": "x"}}]
    for number, data in enumerate(unreadable):
        assert await till.deliver({**updated(number), "data": data}) == 200
    assert await till.deliver(updated(9)) == 200
    await till.apply()
    assert (await till.owner()).plan is Plan.PRO
    async with till.api.db.begin() as session:
        waiting = (await session.scalars(select(BillingEvent).where(BillingEvent.handled_at.is_(None)))).all()
    assert {each.event_id: each.attempts for each in waiting} == {f"evt_{number}": 1 for number in range(4)}


async def test_an_event_that_waits_for_an_hour_is_told_to_who_runs_the_server(till: Till) -> None:
    """Somebody may have paid and have nothing for it."""

    async def plans() -> Finding:
        found = await watchdog.run(till.api.db, till.api.settings, now=till.api.clock.now(), light=True)
        return next(each for each in found if each.check == "plans")

    await till.deliver({**updated(1), "data": None})
    await till.apply()
    assert (await plans()).state is State.OK  # Stripe's own outages last minutes
    till.api.clock.jump(hours=1, seconds=1)
    finding = await plans()
    assert (finding.state, "TypeError" in finding.text) == (State.WARN, True)


async def test_t39_a_customer_that_nobody_can_read_or_that_is_gone_keeps_no_other_from_being_asked_about(
    till: Till,
) -> None:
    async with till.api.db.begin() as session:
        for number in range(8):
            other = await a_professional(session, name=f"Caio {number}", number=96660000 + number)
            other.stripe_customer_id = f"cus_{number}"
    asked = Odd({f"cus_{number}": CustomerGone(f"cus_{number}") for number in range(7)} | {"cus_7": KeyError("x")})
    assert await events.reconcile(till.api.db, asked, till.api.settings, now=till.api.clock.now()) == 0
    assert asked.times == 9


class Odd(Gateway):
    """A Stripe that answers what it likes."""

    def __init__(self, answers: Mapping[str, Exception]) -> None:
        self.answers, self.times = answers, 0

    async def subscriptions(self, customer_id: str) -> list[Mapping[str, Any]]:
        self.times += 1
        if customer_id in self.answers:
            raise self.answers[customer_id]
        return []
