"""How often each door may be used: one table, counted in one place."""

import logging
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.errors import TooMany, Unavailable
from bot.ratelimit import Allowance, Counter, CounterAway, over

log = logging.getLogger(__name__)


class Limit(StrEnum):
    """The doors that are counted."""

    BOOKING = "booking"
    API = "api"
    REGISTER = "register"
    LOGIN = "login"
    ONBOARDING = "onboarding"
    CHAT = "chat"
    FEED = "feed"


@dataclass(frozen=True, slots=True)
class Rule:
    """An allowance, and whether the door shuts when nobody can count."""

    allowance: Allowance
    shut_when_away: bool = False


# A code can be guessed and an account be made at will where nobody counts: those doors shut with the counter.
RULES: Final = MappingProxyType(
    {
        Limit.BOOKING: Rule(Allowance(5, 600)),
        Limit.API: Rule(Allowance(60, 60)),
        Limit.REGISTER: Rule(Allowance(5, 3600), shut_when_away=True),
        # The page that waits for its reverse code asks every two or three seconds.
        Limit.LOGIN: Rule(Allowance(60, 60), shut_when_away=True),
        Limit.ONBOARDING: Rule(Allowance(5, 3600)),
        Limit.CHAT: Rule(Allowance(20, 60)),
        # A calendar comes twice an hour, and people have several of them.
        Limit.FEED: Rule(Allowance(20, 600)),
    }
)


async def admit(counter: Counter, limit: Limit, who: str) -> None:
    """Count a request, and raise `TooMany` beyond the allowance, or `Unavailable` at a door that shuts."""
    rule = RULES[limit]
    try:
        wait = await over(counter, limit.value, who, rule.allowance)
    except CounterAway as error:
        log.warning("nobody counts requests", extra={"limit": limit.value, "reason": str(error)})
        if rule.shut_when_away:
            raise Unavailable from error
        return
    if wait is not None:
        raise TooMany(retry_after=wait)
