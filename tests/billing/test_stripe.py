"""Plans and Stripe, T29 to T39: whatever is delivered, in whatever order, the plan ends right, once.

The events are the project's own; where the recorded ones lie beside the checkout they are delivered too.
"""

import itertools
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe as library
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.billing import events
from bot.billing.entitlement import Standing, decide, read
from bot.billing.gateway import Gateway
from bot.billing.signature import sign, verify
from bot.db import Database
from bot.models import BillingEvent, Notification, Professional
from bot.models.enums import Plan

from ..fakes.stripe import KEY, Stripe, stripe
from ..web.api.stage import Api, api

SECRET = "whsec_the_secret_of_the_tests"
PRICES = {"price_basic": Plan.BASIC, "price_pro": Plan.PRO, "price_premium": Plan.PREMIUM}
CASES = Path(__file__).resolve().parents[3] / "shared" / "cases" / "stripe"
NOW = datetime(2026, 11, 21, 13, 1, tzinfo=UTC)
CUSTOMER = "cus_of_bia"


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
        await events.apply_waiting(self.api.db, self.gateway, self.api.settings, now=now)

    async def owner(self) -> Professional:
        async with self.api.db.begin() as session:
            return await session.get_one(Professional, self.api.owner.id)

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


@given(
    st.binary(max_size=200),
    st.integers(-400, 400),
    st.sampled_from(["", "x", ",", "v1=00", " ", "t=1", "=,=", "v1="]),
    st.booleans(),
)
def test_t29_our_reading_agrees_with_the_library(body: bytes, shift: int, extra: str, right: bool) -> None:
    raw = body.decode(errors="replace").encode()
    at = int(NOW.timestamp()) + shift
    header = sign(raw, SECRET if right else "another", at)
    header = f"{header},{extra}" if extra else header
    try:
        library.WebhookSignature.verify_header(raw.decode(), header, SECRET)
        theirs = True
    except (library.SignatureVerificationError, ValueError, TypeError):
        theirs = False
    ours = verify(raw, header, [SECRET], datetime.fromtimestamp(at, UTC))
    assert ours or not theirs or extra == "t=1"
    assert not verify(raw, header, [SECRET], NOW) or (right and abs(shift) <= 300)


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
    for _ in range(12):
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


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        ("active", Standing.LIVE),
        ("trialing", Standing.LIVE),
        ("past_due", Standing.PAST_DUE),
        ("incomplete", Standing.ENDED),
        ("incomplete_expired", Standing.ENDED),
        ("unpaid", Standing.ENDED),
        ("canceled", Standing.ENDED),
        ("paused", Standing.ENDED),
        ("invented_in_2031", Standing.UNKNOWN),
        ("", Standing.UNKNOWN),
    ],
)
def test_t33_every_status_has_a_standing(status: str, standing: Standing) -> None:
    found = {"id": "s", "status": status, "items": {"data": [{"price": {"id": "price_basic"}}]}}
    assert read(found, PRICES).standing is standing


# -- T34 to T39


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
