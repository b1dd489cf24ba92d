"""What a customer's subscriptions at Stripe are worth here: a pure reading of the objects as they are now.

The order and the number of events do not matter, because this never looks at an event.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from ..models.enums import Plan


class Standing(StrEnum):
    """What a subscription gives now."""

    LIVE = "live"
    PAST_DUE = "past_due"
    # Gives nothing, and can still be paid: a second one beside it would be paid twice.
    SUSPENDED = "suspended"
    ENDED = "ended"
    # A status or a price that is not known here: whoever has a plan keeps it, and the operator is told.
    UNKNOWN = "unknown"


_STANDING: Final[Mapping[str, Standing]] = {
    "active": Standing.LIVE,
    "trialing": Standing.LIVE,
    "past_due": Standing.PAST_DUE,
    "incomplete": Standing.ENDED,
    "incomplete_expired": Standing.ENDED,
    "unpaid": Standing.SUSPENDED,
    "canceled": Standing.ENDED,
    "paused": Standing.SUSPENDED,
}
_GIVES: Final = (Standing.LIVE, Standing.PAST_DUE)
_BY_SIZE: Final = tuple(Plan)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription as it matters here."""

    id: str
    standing: Standing
    plan: Plan | None
    period_end: datetime | None
    created: int
    # What nobody here knows, for the log: the status or the price.
    strange: str = ""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a customer is entitled to, and what is wrong about it; `subscription` is the one that counts."""

    subscription: Subscription | None
    alerts: tuple[str, ...] = ()


def read(found: Mapping[str, Any], prices: Mapping[str, Plan]) -> Subscription:
    """Read a subscription in any shape of the API; prices are told apart by id, never by amount."""
    items = [item for item in (found.get("items") or {}).get("data") or [] if isinstance(item, Mapping)]
    ids = [id_of(item.get("price") or item.get("plan")) for item in items]
    # Of several the largest: all of them are paid for.
    plan = max((prices[price] for price in ids if price in prices), key=_BY_SIZE.index, default=None)
    status = str(found.get("status") or "")
    standing = _STANDING.get(status, Standing.UNKNOWN)
    strange = "" if standing is not Standing.UNKNOWN else f"status {status[:40]}"
    if standing in _GIVES and plan is None:
        standing, strange = Standing.UNKNOWN, f"price {', '.join(ids)[:80] or 'none'}"
    return Subscription(
        id=str(found.get("id") or ""),
        standing=standing,
        plan=plan,
        period_end=_period_end(found, items),
        created=int(found.get("created") or 0),
        strange=strange,
    )


def decide(subscriptions: Iterable[Subscription]) -> Entitlement:
    """Choose the subscription that counts: the newest that gives something, else one nobody understands, or may pay."""
    known: Sequence[Subscription] = sorted(subscriptions, key=lambda each: (each.created, each.id), reverse=True)
    alerts = [f"{each.id}: {each.strange}" for each in known if each.strange]
    giving = [each for each in known if each.standing in _GIVES]
    if len(giving) > 1:
        alerts.append(f"{len(giving)} live subscriptions: {', '.join(each.id for each in giving)}")
    strange = [each for each in known if each.standing is Standing.UNKNOWN]
    suspended = [each for each in known if each.standing is Standing.SUSPENDED]
    return Entitlement(next(iter([*giving, *strange, *suspended]), None), tuple(alerts))


def id_of(thing: object) -> str:
    """Return the id of something that Stripe names by its id, or shows whole."""
    found = thing.get("id") if isinstance(thing, Mapping) else thing
    return found if isinstance(found, str) else ""


def _period_end(found: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> datetime | None:
    """Since 2025-03-31 the period stands with the items; before, with the subscription."""
    ends = [item.get("current_period_end") for item in items] + [found.get("current_period_end")]
    seconds = [end for end in ends if isinstance(end, int) and not isinstance(end, bool)]
    return datetime.fromtimestamp(max(seconds), UTC) if seconds else None
