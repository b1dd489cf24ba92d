"""What to do about each way in which Evolution fails.

It answers 400 to nearly everything, so the words have to decide, and what they do not tell apart counts as "may
have gone out". Checks of the request and of the number come before sending; a closed socket takes nothing.
"""

import re
from collections.abc import Iterator

from ..faults import Action, Fault
from ..tolerant import items, mapping, text

LICENCE, DISCONNECTED, NO_INSTANCE, KEY = "licence_required", "disconnected", "no_instance", "api_key"
NOT_ON_WHATSAPP = "not_on_whatsapp"

# The socket to WhatsApp is closed or was never opened: nothing left.
_CLOSED = re.compile(r"connection closed|reading '(?:onWhatsApp|sendMessage|user)'|is not connected", re.IGNORECASE)
_NO_INSTANCE = re.compile(r"instance does not exist", re.IGNORECASE)
# An exception that was turned into words on its way out: it may have come after the message had left.
_EXCEPTION = re.compile(r"^\s*(?:\w*(?:Error|Exception)|Boom)\b")


def of_answer(status: int, body: object, *, to_lid: bool = False) -> Fault:
    """Return the fault of an answer that is no success; `to_lid` tells that no phone was known to send to."""
    answer = mapping(body)
    words = "; ".join(_words(answer))
    details = words[:500]
    if text(answer.get("code")) == "LICENSE_REQUIRED" or "LICENSE_REQUIRED" in words:
        return Fault(LICENCE, Action.STOP_ACCOUNT, details)
    if _nonexistent(answer):
        # A LID that Evolution has not seen lately "does not exist", though the person does.
        return Fault(NOT_ON_WHATSAPP, Action.DROP if to_lid else Action.UNREACHABLE)
    if _NO_INSTANCE.search(words):
        return Fault(NO_INSTANCE, Action.STOP_ACCOUNT, details)
    if _CLOSED.search(words):
        return Fault(DISCONNECTED, Action.STOP_ACCOUNT, details)
    return Fault(f"http_{status}", _of_status(status, words), details) if status not in {401, 403} else _key(details)


def _key(details: str) -> Fault:
    return Fault(KEY, Action.STOP_ACCOUNT, details)


def _of_status(status: int, words: str) -> Action:
    if status == 429:
        return Action.THROTTLED
    if status >= 500 or status < 300 or status == 408:
        return Action.AWAIT_STATUS
    if status == 400 and words:
        return Action.AWAIT_STATUS if _EXCEPTION.match(words) else Action.BUG
    return Action.BUG if words else Action.RETRY  # without a word it was not Evolution that answered


def _nonexistent(answer: dict[str, object]) -> bool:
    told = [answer, answer.get("message"), mapping(answer.get("response")).get("message")]
    return any(mapping(each).get("exists") is False for said in told for each in [said, *items(said)])


def _words(answer: dict[str, object]) -> Iterator[str]:
    """Yield every sentence of an error, however deep its version put them."""
    waiting: list[object] = [mapping(answer.get("response")).get("message"), answer.get("message"), answer.get("code")]
    for _ in range(20):
        if not waiting:
            return
        match waiting.pop(0):
            case str() as said if said:
                yield text(said, 300)
            case list() as several:
                waiting[:0] = several[:10]
