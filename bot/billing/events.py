"""Stripe's events: stored once, applied by asking what is true now.

An event only says whose subscriptions to look at. What it says about them is never believed: it may be old, doubled,
out of order or of another shape.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import Database, insert_new
from ..errors import Unavailable
from ..models import BillingEvent, Notification, Professional, new_id
from ..models.enums import Plan
from ..settings import Settings
from ..whatsapp.tolerant import clean, our_id, text
from .entitlement import Entitlement, Standing, decide, id_of, read
from .gateway import CustomerGone, Gateway, prices

log = logging.getLogger(__name__)

# Every other kind is stored and left alone.
OURS: Final = frozenset(
    {"checkout.session.completed", "customer.subscription.updated", "customer.subscription.deleted"}
)
# Begins what is noted of an event that somebody else has to see to.
NOT_OURS: Final = "not ours: "
GRACE: Final = timedelta(days=7)
BATCH: Final = 100
# Whoever finds that somebody else set the plan meanwhile asks again; so often, then the event waits for its next turn.
ROUNDS: Final = 5
# At night: so many customers in a row that Stripe says nothing about, and it is away; tomorrow is another night.
SILENT: Final = 5
# Doubled with each failure: Stripe's own outages last minutes, a wrong key until somebody looks.
FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(hours=1)
_NAMES: Final = {Plan.FREE: "grátis", Plan.BASIC: "Basic", Plan.PRO: "Pro", Plan.PREMIUM: "Premium"}


class Follow(Protocol):
    """What hangs on the plan of a professional: done after each event, so that a crash in between loses nothing."""

    async def __call__(self, db: Database, professional_id: UUID, *, now: datetime) -> None: ...


async def _nothing(db: Database, professional_id: UUID, *, now: datetime) -> None:
    """Follow no plan."""


async def keep(session: AsyncSession, event: Mapping[str, Any], now: datetime) -> bool:
    """Store an event, once; False when it was here before. What no database takes in it is replaced."""
    kind = text(event.get("type"), 80)
    row = {
        "id": new_id(),
        "event_id": text(event["id"], 80),
        "type": kind,
        "payload": clean(dict(event)),
        "attempts": 0,
        "error": "",
        "received_at": now,
        "handled_at": None if kind in OURS else now,
    }
    return await session.scalar(insert_new(session, BillingEvent, row)) is not None


async def apply_waiting(
    db: Database, gateway: Gateway, settings: Settings, *, now: datetime, follow: Follow = _nothing
) -> int:
    """Apply every event that waits, and let what hangs on a plan `follow` it; return how many were dealt with."""
    # What failed before stands behind what is new: a hundred that never work hold up nobody.
    order = (BillingEvent.attempts, BillingEvent.received_at)
    waiting = select(BillingEvent).where(BillingEvent.handled_at.is_(None)).order_by(*order)
    async with db.begin() as session:
        rows = [row for row in await session.scalars(waiting.limit(BATCH)) if _due(row, now)]
    for row in rows:
        try:
            await _apply(db, gateway, settings, row, now, follow)
        except Unavailable:
            await _failed(db, row.id, "Stripe did not answer")
        except Exception as error:  # an event that nobody can read must not stop the others
            log.exception("a billing event could not be applied", extra={"event": row.event_id})
            await _failed(db, row.id, type(error).__name__)
    return len(rows)


async def reconcile(
    db: Database, gateway: Gateway, settings: Settings, *, now: datetime, follow: Follow = _nothing
) -> int:
    """Ask about every customer, for events that never came; return how many plans had drifted."""
    customers = select(Professional.id, Professional.stripe_customer_id).where(
        Professional.stripe_customer_id.is_not(None)
    )
    async with db.begin() as session:
        known = (await session.execute(customers)).all()
    drifted = silent = 0
    for professional_id, customer_id in known:
        try:
            _, changed = await _current(db, gateway, settings, professional_id, str(customer_id), now)
            if changed:
                await follow(db, professional_id, now=now)
        except CustomerGone:  # an answer, if an odd one: their plan stays until somebody looks
            log.error("stripe has no such customer", extra={"professional": str(professional_id)})
            silent = 0
            continue
        except Exception as error:  # one that nobody can read must not keep the others from being asked about
            surprise = not isinstance(error, Unavailable)
            extra = {"professional": str(professional_id)}
            log.warning("a customer could not be reconciled", exc_info=surprise, extra=extra)
            if (silent := silent + 1) >= SILENT:
                log.error("stripe is away: the plans were not reconciled")
                break
            continue
        drifted, silent = drifted + changed, 0
    if drifted:
        log.error("plans had drifted from Stripe", extra={"count": drifted})
    return drifted


async def lapse(db: Database, *, now: datetime) -> int:
    """End the plans whose grace is over, whatever Stripe says or does not say; return how many."""
    late = select(Professional).where(Professional.past_due_since <= now - GRACE, Professional.plan != Plan.FREE)
    async with db.begin() as session:
        rows = (await session.scalars(late.with_for_update(skip_locked=True))).all()
        for row in rows:
            row.plan, row.plan_until = Plan.FREE, None
            _tell(session, row, "plan_ended", "Seu plano voltou ao grátis", _LAPSED, now)
        return len(rows)


async def grant(session: AsyncSession, row: Professional, entitled: Entitlement, now: datetime) -> bool:
    """Give a professional what they are entitled to; say whether that changed anything.

    Nothing of theirs is hidden or deleted by a smaller plan: it only ends what the plan would do from now on.
    """
    current = entitled.subscription
    if current is not None and current.standing is Standing.UNKNOWN:
        return False
    before = (row.plan, row.plan_until, row.past_due_since, row.stripe_subscription_id)
    if current is None or current.plan is None or current.standing is Standing.SUSPENDED:
        row.plan, row.plan_until, row.past_due_since = Plan.FREE, None, None
        row.stripe_subscription_id = current.id if current else None
    else:
        late = current.standing is Standing.PAST_DUE
        row.past_due_since = (row.past_due_since or now) if late else None
        over = row.past_due_since is not None and row.past_due_since <= now - GRACE
        row.plan = Plan.FREE if over else current.plan
        row.plan_until, row.stripe_subscription_id = current.period_end, current.id
    if row.plan is not before[0]:
        _tell(session, row, "plan_changed", f"Seu plano agora é o {_NAMES[row.plan]}", _CHANGED, now)
    elif row.past_due_since and not before[2]:
        _tell(session, row, "payment_failed", "O pagamento do plano não foi aprovado", _LATE, now)
    return before != (row.plan, row.plan_until, row.past_due_since, row.stripe_subscription_id)


_CHANGED: Final = "O que já estava na sua agenda continua como está."
_LATE: Final = "Seu plano continua por mais 7 dias. Atualize o cartão para não perder nada."
_LAPSED: Final = "O pagamento não foi aprovado em 7 dias. Nada foi apagado; assine de novo quando quiser."


async def _apply(
    db: Database, gateway: Gateway, settings: Settings, event: BillingEvent, now: datetime, follow: Follow
) -> None:
    found = event.payload["data"]["object"]
    error, professional_id, customer_id = "", None, id_of(found.get("customer"))
    async with db.begin() as session:
        if _foreign(event.payload, found, settings):
            error = f"{NOT_OURS}another mode of payment or of the key"
        elif (professional_id := await _whose(session, found, customer_id)) is None:
            error = f"{NOT_OURS}nobody here is this customer"
    if professional_id is not None:
        entitled, _ = await _current(db, gateway, settings, professional_id, customer_id, now)
        await follow(db, professional_id, now=now)
        error = "; ".join(entitled.alerts)
    async with db.begin() as session:
        kept = await session.get_one(BillingEvent, event.id, with_for_update=True)
        kept.handled_at, kept.error = now, error
    if error:
        log.error("a billing event needs somebody's eyes", extra={"event": event.event_id, "reason": error[:200]})


async def _current(
    db: Database, gateway: Gateway, settings: Settings, professional_id: UUID, customer_id: str, now: datetime
) -> tuple[Entitlement, bool]:
    """Ask Stripe and give what it says; return that, and whether it changed anything.

    Who asked first may be answered last, with an older picture. So each asks again when somebody else has given
    something since the question: what is given in the end was asked after everything given before.
    """
    readings = select(Professional.stripe_readings).where(Professional.id == professional_id)
    for _ in range(ROUNDS):
        async with db.begin() as session:
            before = await session.scalar(readings)
        entitled = await _entitlement(gateway, settings, customer_id)
        async with db.begin() as session:
            row = await session.get(Professional, professional_id, with_for_update=True)
            if row is None:  # gone meanwhile, and with them whatever they were entitled to
                return entitled, False
            if row.stripe_readings == before:
                row.stripe_readings += 1
                row.stripe_customer_id = row.stripe_customer_id or customer_id
                return entitled, await grant(session, row, entitled, now)
    raise Unavailable


async def _failed(db: Database, event_id: UUID, why: str) -> None:
    async with db.begin() as session:
        kept = await session.get_one(BillingEvent, event_id, with_for_update=True)
        kept.attempts, kept.error = kept.attempts + 1, why


async def _entitlement(gateway: Gateway, settings: Settings, customer_id: str) -> Entitlement:
    known = prices(settings)
    return decide(read(each, known) for each in await gateway.subscriptions(customer_id))


def _foreign(event: Mapping[str, Any], found: Mapping[str, Any], settings: Settings) -> bool:
    """Tell what is not ours to act on: one-off payments, and the other mode's events."""
    live = "_live_" in settings.stripe_secret_key.get_secret_value()[:9]
    return bool(event.get("livemode")) is not live or found.get("mode") in ("payment", "setup")


async def _whose(session: AsyncSession, found: Mapping[str, Any], customer_id: str) -> UUID | None:
    """Find the professional: by the customer we made for them, else by the id we sent along."""
    if not customer_id:
        return None
    about = found.get("metadata") or {}
    claimed = our_id(found.get("client_reference_id")) or our_id(about.get("professional_id"))
    query = select(Professional.id, Professional.stripe_customer_id).where(
        or_(Professional.stripe_customer_id == customer_id, Professional.id == claimed)
    )
    rows = (await session.execute(query)).all()
    ours = [row.id for row in rows if row.stripe_customer_id == customer_id]
    unbound = [row.id for row in rows if row.stripe_customer_id is None]
    return next(iter(ours + unbound), None)


def _due(row: BillingEvent, now: datetime) -> bool:
    wait = min(FIRST_WAIT * (2 ** min(row.attempts, 12) - 1), LONGEST_WAIT)
    return row.received_at + wait <= now or row.attempts == 0


def _tell(session: AsyncSession, row: Professional, kind: str, title: str, body: str, now: datetime) -> None:
    session.add(Notification(user_id=row.user_id, kind=kind, title=title, body=body, created_at=now))
