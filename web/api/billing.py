"""The professional's own plan: what it is, what is left of it, where to pay."""

import logging
from datetime import datetime
from typing import Literal

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.billing.gateway import CustomerGone, StripeAway, prices
from bot.billing.plans import PLANS
from bot.billing.usage import Counted, used
from bot.errors import Conflict
from bot.models import BillingEvent, Professional, User
from bot.models.enums import Plan

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..keys import STRIPE
from ..schemas import Answer, Body, local

log = logging.getLogger(__name__)


class NothingToManage(Conflict):
    code = "nothing_to_manage"
    sentence = "Você ainda não tem uma assinatura. Escolha um plano primeiro."


class PlansNotSold(Conflict):
    """The installation has no Stripe account, or no price for this plan."""

    code = "plans_not_sold"
    sentence = "Os planos pagos não estão à venda por aqui no momento."


class Used(Answer):
    used: int
    # Null is no limit.
    limit: int | None


class PlanView(Answer):
    plan: Plan
    price_cents: int = Field(examples=[39_00])
    capabilities: list[str]
    appointments_a_month: int | None
    model_turns_a_month: int


class BillingView(Answer):
    plan: Plan
    until: datetime | None
    # Since when a payment has been failing; the plan goes on for seven days.
    past_due_since: datetime | None
    appointments: Used
    model_turns: Used
    plans: list[PlanView]


class BillingRequest(Body):
    """`checkout` opens the page to subscribe to `plan`; `portal` the one to change or end a subscription."""

    action: Literal["checkout", "portal"]
    plan: Literal[Plan.BASIC, Plan.PRO, Plan.PREMIUM] = Plan.BASIC


class PageToOpen(Answer):
    url: str = Field(examples=["https://checkout.stripe.com/c/pay/cs_123"])


@endpoint("GET", "/api/billing", who=Who.PROFESSIONAL)
async def show_billing(call: Call) -> BillingView:
    """Show the plan, what was used of it this month, and the plans there are."""
    async with call.db.begin() as session:
        row = await session.get_one(Professional, call.professional.professional_id)
        month = local(call.now, row.timezone).date().replace(day=1)
        booked = await used(session, row.id, Counted.APPOINTMENTS, month=month)
        turns = await used(session, row.id, Counted.MODEL_TURNS, month=month)
    terms = PLANS[row.plan]
    return BillingView(
        plan=row.plan,
        until=row.plan_until,
        past_due_since=row.past_due_since,
        appointments=Used(used=booked, limit=terms.appointments_a_month),
        model_turns=Used(used=turns, limit=terms.model_turns_a_month),
        plans=[
            PlanView(
                plan=plan,
                price_cents=each.price_cents,
                capabilities=sorted(each.capabilities),
                appointments_a_month=each.appointments_a_month,
                model_turns_a_month=each.model_turns_a_month,
            )
            for plan, each in PLANS.items()
        ],
    )


@endpoint("POST", "/api/billing", who=Who.PROFESSIONAL, refuses=(NothingToManage, PlansNotSold, StripeAway))
async def open_page(call: Call, body: BillingRequest) -> PageToOpen:
    """Return the address of the page to pay on; whoever has a live subscription changes it in the portal."""
    if not call.settings.stripe_secret_key.get_secret_value():
        raise PlansNotSold
    try:
        return await _page(call, body)
    except CustomerGone as error:
        await _customer(call, gone=error.customer_id)
    return await _page(call, body)


async def _page(call: Call, body: BillingRequest) -> PageToOpen:
    gateway, back = call.request.app[STRIPE], f"{call.settings.public_url.rstrip('/')}/"
    async with call.db.begin() as session:
        row = await session.get_one(Professional, call.professional.professional_id)
    if row.stripe_subscription_id is not None:
        return PageToOpen(url=await gateway.portal(await _customer(call), back))
    if body.action == "portal":
        raise NothingToManage
    price = next((price for price, plan in prices(call.settings).items() if plan is body.plan), None)
    if price is None:
        raise PlansNotSold
    customer = await _customer(call)
    async with call.db.begin() as session:
        before = await _checkouts(session, customer)
    # A second click on the same day is the same page: one session, one subscription. A page that was paid on is spent.
    key = f"checkout:{row.id}:{customer}:{body.plan}:{call.now:%Y-%m-%d}:{before}"
    urls = (f"{back}?assinatura=feita", f"{back}?assinatura=cancelada")
    return PageToOpen(url=await gateway.checkout(customer, row.id, price, urls, key))


async def _checkouts(session: AsyncSession, customer: str) -> int:
    """Count the pages that this customer has paid on."""
    whose = BillingEvent.payload["data"]["object"]["customer"].as_string()
    done = (BillingEvent.type == "checkout.session.completed", whose == customer)
    return await session.scalar(select(func.count()).select_from(BillingEvent).where(*done)) or 0


async def _customer(call: Call, gone: str | None = None) -> str:
    """Return the professional's customer id at Stripe, made and kept before anything is sold to them.

    One that is `gone` from there is replaced, and forgotten with the subscription it had.
    """
    owner = call.professional
    async with call.db.begin() as session:
        row = await session.get_one(Professional, owner.professional_id)
        if row.stripe_customer_id and row.stripe_customer_id != gone:
            return row.stripe_customer_id
        email = await _email(session, owner.user_id)
    made = await call.request.app[STRIPE].customer(owner.professional_id, owner.name, email, gone)
    async with call.db.begin() as session:
        row = await session.get_one(Professional, owner.professional_id, with_for_update=True)
        if row.stripe_customer_id in (None, gone):
            row.stripe_customer_id, row.stripe_subscription_id = made, None
            if gone:
                log.error("a customer was gone from stripe and made anew", extra={"gone": gone, "customer": made})
        return row.stripe_customer_id or made


async def _email(session: AsyncSession, user_id: object) -> str | None:
    return await session.scalar(select(User.email).where(User.id == user_id))


ENDPOINTS: tuple[Endpoint, ...] = (show_billing, open_page)
