"""What to do about each error of the Cloud API: one table, one action a code.

Codes decide, never texts. What matters most is whether the message may have gone out: there is no idempotency
key, so a send that may have worked is not repeated before its status had time to come.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import aiohttp

from .tolerant import mapping, text


class Action(StrEnum):
    """What the sender does with the message, and with the number it was to leave from."""

    RETRY = "retry"  # refused before it was processed: again, later each time
    THROTTLED = "throttled"  # too many from this number: again, later each time, and all of it slower
    SLOW_DOWN = "slow_down"  # too many for this person: again after 4^n seconds
    RETRY_ONCE = "retry_once"  # a media transfer went wrong
    AWAIT_STATUS = "await_status"  # may have gone out: its status tells
    USE_TEMPLATE = "use_template"  # the 24-hour window is shut
    STOP_ACCOUNT = "stop_account"  # nothing goes out from this number until somebody has looked
    UNREACHABLE = "unreachable"  # this person cannot get WhatsApp messages
    STOPPED_OFFERS = "stopped_offers"  # this person told WhatsApp that they want no offers
    TEMPLATE = "template"  # the template is wrong or switched off at Meta
    BUG = "bug"  # the request is wrong: again would be wrong again
    DROP = "drop"  # Meta will not deliver this one; nothing to repair


def _codes(action: Action, *codes: int) -> dict[str, Action]:
    return {str(code): action for code in codes}


ACTIONS: Mapping[str, Action] = {
    **_codes(Action.THROTTLED, 4, 80007, 130429),
    **_codes(Action.SLOW_DOWN, 131056),
    **_codes(Action.RETRY_ONCE, 131052, 131053),
    **_codes(Action.AWAIT_STATUS, 1, 2, 131000, 131016, 131057, 133004),
    **_codes(Action.USE_TEMPLATE, 131047),
    # Token and permission, then account and policy, then payment, then registration.
    **_codes(Action.STOP_ACCOUNT, 0, 3, 10, 190, *range(200, 300), 131005),
    **_codes(Action.STOP_ACCOUNT, 368, 130497, 131031, 131048, 131064),
    **_codes(Action.STOP_ACCOUNT, 131042),
    **_codes(Action.STOP_ACCOUNT, 131037, 131045, 133000, 133005, 133006, *range(133008, 133011), 133015, 133016),
    **_codes(Action.UNREACHABLE, 130403, 131021, 131026, 131030),
    **_codes(Action.STOPPED_OFFERS, 131050),
    **_codes(Action.DROP, 130472, 131049, 131055, 131062, 131063, 134100),
    **_codes(Action.TEMPLATE, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018, 132068, 132069),
    **_codes(Action.BUG, 33, 100, 131008, 131009, 131051, 135000, 137000),
}

# Spam, policy, a lock: every try counts against the number. A token or a bill is mended by somebody: asking is free.
WORSE_BY_ASKING = frozenset({"368", "131031", "131048", "131064"})

# Nobody there: it is not about the message, and may last until Meta's people have mended it.
NO_CONNECTION = "no_connection"

# "Malformed access token EAAB…": Meta repeats what it was given.
_QUOTED_TOKEN = re.compile(r"(?i)(access token:? )\S{16,}")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something was not sent: Meta's code (or ours, a word), what to do, and what was said about it."""

    code: str
    action: Action
    details: str = ""


class SendFailed(Exception):
    """A message was not accepted, or may not have been."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(f"{fault.code}: {fault.details}")


def of_code(code: str, details: str = "", otherwise: Action = Action.DROP) -> Fault:
    """Return the fault of an error code, as statuses carry it."""
    return Fault(code, ACTIONS.get(code, otherwise), details[:500])


def of_answer(status: int, body: object) -> Fault:
    """Return the fault of an HTTP answer; `body` is its decoded JSON, or None when it was none."""
    error = mapping(mapping(body).get("error"))
    code = text(error.get("code"), 24)
    details = text(mapping(error.get("error_data")).get("details")) or text(error.get("message"))
    details = _QUOTED_TOKEN.sub(r"\1***", details)
    if not error:
        return Fault(f"http_{status}", _of_status(status, known=False), details)
    if subcode := text(error.get("error_subcode"), 24):
        details = f"{details} ({subcode})"
    return of_code(code, details, otherwise=_otherwise(status, error))


def _otherwise(status: int, error: Mapping[str, Any]) -> Action:
    """Return the action for a code that is not in the table."""
    # What was too many was not taken, whatever else is said of it.
    doubtful = error.get("is_transient") is True and status != 429
    return Action.AWAIT_STATUS if doubtful else _of_status(status, known=True)


def _of_status(status: int, *, known: bool) -> Action:
    if status == 429:
        return Action.THROTTLED
    if status >= 500 or status < 300 or status == 408:  # a 200 that says nothing may still have sent
        return Action.AWAIT_STATUS
    if not known:  # not Meta that answered, but something before it
        return Action.RETRY
    return Action.STOP_ACCOUNT if status in {401, 403} else Action.BUG


def of_exception(error: Exception) -> Fault:
    """Return the fault of a request that got no answer; what never left may leave again."""
    name = type(error).__name__
    match error:
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Fault(NO_CONNECTION, Action.RETRY, name)
        case aiohttp.InvalidURL():
            return Fault("bad_address", Action.BUG, name)
        case TimeoutError():
            return Fault("timeout", Action.AWAIT_STATUS, name)
        case _:
            return Fault("cut_off", Action.AWAIT_STATUS, name)


def seconds_until_retry(action: Action, attempts: int) -> float:
    """Return how long to wait after the `attempts`-th try; jitter keeps a crowd from coming back together."""
    base = 4.0**attempts if action is Action.SLOW_DOWN else 2.0**attempts
    return min(base, 600) * random.uniform(1.0, 1.25)  # noqa: S311 - never earlier than Meta asks
