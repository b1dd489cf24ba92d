"""What each plan costs and allows: one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from .enums import Plan


class Capability(StrEnum):
    """Something that only some plans have."""

    REMINDER_2H = "reminder_2h"
    SERIES = "series"
    DAILY_AGENDA = "daily_agenda"
    VOICE = "voice"
    WAITLIST = "waitlist"
    PIX_REQUEST = "pix_request"
    OWN_NUMBER = "own_number"


@dataclass(frozen=True, slots=True)
class Terms:
    """One plan: centavos a month, what it counts, what it has. None is no limit."""

    price_cents: int
    appointments_a_month: int | None
    model_turns_a_month: int
    capabilities: frozenset[Capability]


_BASIC: Final = frozenset({Capability.REMINDER_2H, Capability.SERIES, Capability.DAILY_AGENDA})
_PRO: Final = _BASIC | {Capability.VOICE, Capability.WAITLIST, Capability.PIX_REQUEST}

PLANS: Final[Mapping[Plan, Terms]] = MappingProxyType(
    {
        Plan.FREE: Terms(0, 30, 50, frozenset()),
        Plan.BASIC: Terms(39_00, None, 500, _BASIC),
        Plan.PRO: Terms(79_00, None, 3_000, _PRO),
        Plan.PREMIUM: Terms(149_00, None, 10_000, _PRO | {Capability.OWN_NUMBER}),
    }
)


def allows(plan: Plan, capability: Capability) -> bool:
    """Say whether a plan has a capability."""
    return capability in PLANS[plan].capabilities


def plans_with(capability: Capability) -> list[Plan]:
    """List the plans that have a capability, the cheapest first."""
    return [plan for plan in PLANS if allows(plan, capability)]
