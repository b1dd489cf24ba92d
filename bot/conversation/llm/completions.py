"""One chat completion at Groq: sent through the SDK, its failures told apart, its shape checked before it is believed.

The SDK returns the text of an HTML page as a `str`, objects with holes, and a plain `JSONDecodeError`.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .loop import Call, Said, ToolsMisused

if TYPE_CHECKING:
    from groq import AsyncGroq


class Outcome(StrEnum):
    """How a request ended."""

    OK = "ok"
    TOOLS_MISUSED = "tool_use_failed"
    RATE_LIMITED = "rate_limited"
    NO_CAPACITY = "no_capacity"
    SERVER_ERROR = "server_error"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    CUT_OFF = "cut_off"
    NOT_JSON = "not_json"
    NO_ANSWER = "no_answer"
    MODEL_GONE = "model_gone"
    KEY_REFUSED = "key_refused"
    TOO_LARGE = "too_large"
    REJECTED = "rejected"


_PATH = "/openai/v1/chat/completions"
_BY_STATUS = {
    401: Outcome.KEY_REFUSED,
    402: Outcome.KEY_REFUSED,
    403: Outcome.KEY_REFUSED,
    404: Outcome.MODEL_GONE,
    413: Outcome.TOO_LARGE,
    429: Outcome.RATE_LIMITED,
    498: Outcome.NO_CAPACITY,
}
# What the model generated was no call, or no answer, that the service could read.
_MISUSED = {"tool_use_failed", "output_parse_failed"}
# Of the whole account, in a 400: it is restricted, or what it may spend is spent.
_ACCOUNT = ("organization_", "spend_", "blocked_api_access")
# A duration as Go writes it: "547ms", "7.66s", "2m59.56s".
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?", re.ASCII)
_AGAIN_IN = re.compile(r"try again in ([\dhms.]+?)\.?(?:\s|$)", re.ASCII)


class RequestFailed(Exception):
    """A request that gave no answer."""

    def __init__(self, outcome: Outcome, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"{outcome}: {detail}"[:300])
        self.outcome = outcome
        self.retry_after = retry_after
        self.request_id = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the service says a request used."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    request_id: str = ""


async def complete(client: "AsyncGroq", model: str, body: Mapping[str, Any], seconds: float) -> tuple[Said, Usage]:
    """Send one request through the SDK; raise `ToolsMisused` or `RequestFailed`.

    The SDK's `post` takes and gives plain JSON: the typed `create` walks all arguments recursively, 0.18 ms of CPU
    for each message of the history, and builds typed answers that are checked here anyway, to arrive at the same.
    """
    import groq  # noqa: PLC0415 - half a second, paid where a key is set

    try:
        async with asyncio.timeout(seconds):
            reply: object = await client.post(_PATH, cast_to=object, body={"model": model, **body})
    except TimeoutError:
        raise RequestFailed(Outcome.TOO_SLOW, f"{seconds} s") from None
    except groq.APIStatusError as error:
        raise refused(error) from error
    except groq.APITimeoutError as error:
        # The aiohttp transport reports a connection that broke or never came as a connect time-out.
        slow = type(error.__cause__).__name__ == "ReadTimeout"
        raise RequestFailed(Outcome.TOO_SLOW if slow else Outcome.UNREACHABLE) from error
    except groq.APIConnectionError as error:
        raise RequestFailed(Outcome.UNREACHABLE, type(error.__cause__).__name__) from error
    except (groq.APIError, ValueError, TypeError, AttributeError, RecursionError) as error:
        # A body that is no JSON, or JSON in no shape of a completion, breaks the SDK in its own ways.
        raise RequestFailed(Outcome.NOT_JSON, type(error).__name__) from error
    return _said(reply), _usage(reply)


def refused(error: Any) -> Exception:
    """Turn an error answer into what the loop or the fallback can act on."""
    code, text = str(_get(error.body, "error", "code") or ""), str(_get(error.body, "error", "message") or "")
    generation = _get(error.body, "error", "failed_generation")
    if code in _MISUSED or (error.status_code == 400 and generation):
        return ToolsMisused(generation if isinstance(generation, str) else json.dumps(generation or ""), text)
    headers = error.response.headers
    wait = _retry_after(headers, text)
    failure = RequestFailed(_outcome(error.status_code, code), f"{error.status_code} {code}", wait)
    failure.request_id = str(headers.get("x-request-id") or "")[:80]
    return failure


def _outcome(status: int, code: str) -> Outcome:
    """Return how a request ended, by what the service calls it and else by the status of its answer."""
    if status >= 500 or status == 408:
        return Outcome.SERVER_ERROR
    if code.startswith("model_"):  # not there, retired, blocked for us, waiting for its terms to be accepted
        return Outcome.MODEL_GONE
    if code.startswith(_ACCOUNT):
        return Outcome.KEY_REFUSED
    if code == "context_length_exceeded":
        return Outcome.TOO_LARGE
    return _BY_STATUS.get(status, Outcome.REJECTED)


def _retry_after(headers: Mapping[str, str], text: str) -> float | None:
    """Return after how many seconds to ask again, as a header or else the text says; None where nothing does."""
    if (seconds := _seconds(headers.get("retry-after", ""))) is not None:
        return seconds
    if again := _AGAIN_IN.search(text):
        return _seconds(again[1])
    used_up = [what for what in ("requests", "tokens") if headers.get(f"x-ratelimit-remaining-{what}") == "0"]
    waits = [_seconds(headers.get(f"x-ratelimit-reset-{what}", "")) for what in used_up]
    return max((wait for wait in waits if wait is not None), default=None)


def _seconds(written: str) -> float | None:
    """Read a number of seconds or a duration; a date is neither, and Groq sends none."""
    try:
        seconds = float(written)
    except ValueError:
        found = _DURATION.fullmatch(written)
        if not (found and written):
            return None
        hours, minutes, rest, thousandths = (float(part or 0) for part in found.groups())
        seconds = hours * 3600 + minutes * 60 + rest + thousandths / 1000
    return seconds if 0 <= seconds < float("inf") else None


def _get(thing: object, *names: str) -> Any:
    """Follow attributes or keys; None where the path breaks. Nothing about a reply's shape is taken for granted."""
    for name in names:
        thing = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
    return thing


def _said(reply: object) -> Said:
    """Read the model's message out of a reply; raise `RequestFailed` where there is none."""
    if isinstance(reply, str | bytes):
        raise RequestFailed(Outcome.NOT_JSON, "a page instead of JSON")
    choices = _get(reply, "choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message, why = _get(choice, "message"), _get(choice, "finish_reason")
    if why == "length":
        # Half a sentence, or a call that lacks what came behind: it is no use however whole it looks.
        raise RequestFailed(Outcome.NO_ANSWER, "the tokens were used up")
    text = _get(message, "content")
    calls = _get(message, "tool_calls")
    read = tuple(_call(call) for call in calls) if isinstance(calls, list) else ()
    text = text.strip() if isinstance(text, str) else ""
    if not text and not read:
        raise RequestFailed(Outcome.NO_ANSWER, str(why) if message else "no message")
    reasoning = _get(message, "reasoning")
    return Said(text, read, reasoning[:8000] if isinstance(reasoning, str) else "")


def _call(call: object) -> Call:
    identity, name, arguments = (
        _get(call, *path) for path in (["id"], ["function", "name"], ["function", "arguments"])
    )
    return Call(
        identity if isinstance(identity, str) else "",
        name if isinstance(name, str) else "",
        # Anything but text is unreadable on purpose: the loop explains it to the model.
        arguments if isinstance(arguments, str) else "" if arguments is None else "?",
    )


def _usage(reply: object) -> Usage:
    def count(*names: str) -> int:
        value = _get(reply, "usage", *names)
        return value if isinstance(value, int) else 0

    return Usage(
        count("prompt_tokens"),
        count("prompt_tokens_details", "cached_tokens"),
        count("completion_tokens"),
        str(_get(reply, "x_groq", "id") or "")[:80],
    )
