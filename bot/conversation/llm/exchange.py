"""Who is asked, when and again: the retry, the fallback model, the circuit breaker and the record of each request.

The SDK's own retry is off, because it ignores a long `retry-after` and may wait for minutes.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ... import metrics
from ...clock import Clock
from ...trace import TRACE
from ..brain import Asker, BrainFailed
from .breaker import Breaker
from .completions import Outcome, RequestFailed, Usage, complete
from .loop import Message, Said, ToolsMisused

if TYPE_CHECKING:
    from groq import AsyncGroq

log = logging.getLogger(__name__)

# What may be different a moment later; the rest is not worth asking the same model again.
_FLEETING = frozenset({Outcome.SERVER_ERROR, Outcome.UNREACHABLE, Outcome.NOT_JSON, Outcome.NO_ANSWER})
# What speaks against the model's health; a request it refused does not.
_SICK = _FLEETING | {Outcome.TOO_SLOW, Outcome.CUT_OFF, Outcome.RATE_LIMITED, Outcome.NO_CAPACITY}

# Messages of former turns that are kept where a request is too large: what was said last, and what that answered.
LEAST_HISTORY = 2


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One request: what it cost and how it ended; never what was said."""

    conversation_id: UUID
    professional_id: UUID | None
    model: str
    outcome: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    milliseconds: int
    request_id: str
    at: datetime


Record = Callable[[CallRecord], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, in seconds, to wait for what."""

    # A turn ends within 30 s whatever happens; the rules need some of them.
    turn: float = 25.0
    # A model answers a step in 1 to 3 s; at twelve it hangs, and the other one still fits into the turn.
    request: float = 12.0
    # A rate limit that lifts sooner than this is waited for once.
    retry_after: float = 5.0
    # Before asking again after a fleeting failure.
    pause: float = 0.25
    # A model that is gone, or a key that is refused, is looked at again after this.
    gone: float = 600.0
    # The longest rest that a rate limit may ask for.
    longest_rest: float = 300.0


class Completions:
    """The models in order of preference, with the health of each."""

    def __init__(
        self,
        client: "AsyncGroq",
        models: Sequence[str],
        record: Record,
        clock: Clock,
        *,
        patience: Patience,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client = client
        self.patience = patience
        self.monotonic = monotonic
        # An order without repeats: primary and fallback may be set to the same model.
        self.breakers = {model: Breaker(monotonic=monotonic) for model in dict.fromkeys(filter(None, models))}
        self._record = record
        self._clock = clock

    async def note(self, asker: Asker, model: str, outcome: Outcome, usage: Usage, seconds: float) -> None:
        """Record a request; a record that cannot be kept must not cost the person their answer."""
        metrics.asked(model, outcome.value, seconds, usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens)
        TRACE.note("turn", f"{model}: {outcome}", milliseconds=round(seconds * 1000), tokens=usage.prompt_tokens)
        try:
            await self._record(
                CallRecord(
                    conversation_id=asker.conversation_id,
                    professional_id=asker.professional_id,
                    model=model,
                    outcome=outcome,
                    prompt_tokens=usage.prompt_tokens,
                    cached_tokens=usage.cached_tokens,
                    completion_tokens=usage.completion_tokens,
                    milliseconds=round(seconds * 1000),
                    request_id=usage.request_id,
                    at=self._clock.now(),
                )
            )
        except Exception:
            log.exception("a model call could not be recorded")


class Exchange:
    """The requests of one turn: a model that failed in it is not asked again, and each gets one second chance.

    So many messages after the first are of former turns: `earlier`.
    """

    def __init__(
        self, completions: Completions, asker: Asker, tools: Sequence[Mapping[str, Any]], *, earlier: int = 0
    ) -> None:
        self._completions = completions
        self._asker = asker
        self._tools = list(tools)
        self._models = list(completions.breakers)
        self._retried: set[str] = set()
        self._earlier = earlier
        # Of those, the oldest ones that are left out from now on.
        self._forgotten = 0

    async def ask(self, messages: Sequence[Message], may_call: bool) -> Said:
        """Return the model's next message; raise `ToolsMisused`, or `BrainFailed` when no model is left."""
        why = "every model rests"
        while self._models:
            model = self._models[0]
            if self._completions.breakers[model].admits():
                try:
                    return await self._ask(model, messages, may_call)
                except RequestFailed as failure:
                    log.warning("a model failed", extra={"model": model, "why": str(failure)})
                    why = str(failure)
                    if failure.outcome is Outcome.KEY_REFUSED:
                        break
            self._models.pop(0)
        raise BrainFailed(why)

    async def _ask(self, model: str, messages: Sequence[Message], may_call: bool) -> Said:
        try:
            return await self._request(model, self._body(model, messages, may_call))
        except RequestFailed as failure:
            wait = self._second_chance(model, failure)
            if wait is None:
                raise
        await asyncio.sleep(wait)
        return await self._request(model, self._body(model, messages, may_call))

    def _second_chance(self, model: str, failure: RequestFailed) -> float | None:
        """Seconds after which the same model may be asked again, once a turn; None when it is not worth it."""
        patience = self._completions.patience
        if failure.outcome is Outcome.TOO_LARGE and self._earlier - self._forgotten > LEAST_HISTORY:
            self._forgotten = self._earlier - LEAST_HISTORY
            return 0.0
        if model in self._retried:
            return None
        self._retried.add(model)
        if failure.outcome in _FLEETING:
            return patience.pause
        if failure.retry_after is not None and failure.retry_after <= patience.retry_after:
            return failure.retry_after
        return None

    def _body(self, model: str, messages: Sequence[Message], may_call: bool) -> dict[str, Any]:
        body: dict[str, Any] = {
            "messages": [*messages[:1], *messages[1 + self._forgotten :]],
            # Groq's advice for tools is 0 to 0.5; a little above 0 lets a second try differ from the first.
            "temperature": 0.2,
            # Reasoning counts: less than this ends in mid-sentence.
            "max_completion_tokens": 1536,
        }
        if model.startswith("openai/gpt-oss"):
            body["reasoning_effort"] = "low"  # other models refuse the word
        if self._tools:
            choice = "auto" if may_call else "none"
            body |= {"tools": self._tools, "tool_choice": choice, "parallel_tool_calls": False}
        return body

    async def _request(self, model: str, body: Mapping[str, Any]) -> Said:
        """Send one request, tell the breaker and the record how it went."""
        completions, breaker = self._completions, self._completions.breakers[model]
        started, outcome, usage = completions.monotonic(), Outcome.CUT_OFF, Usage()
        try:
            said, usage = await complete(completions.client, model, body, completions.patience.request)
            outcome = Outcome.OK
        except ToolsMisused:
            outcome = Outcome.TOOLS_MISUSED
            raise
        except RequestFailed as failure:
            outcome, usage = failure.outcome, Usage(request_id=failure.request_id)
            self._rest(breaker, failure)
            raise
        else:
            return said
        finally:
            # CUT_OFF is what remains when the turn's deadline ends the wait.
            if outcome in {Outcome.OK, Outcome.TOOLS_MISUSED}:
                breaker.succeeded()
            elif outcome in _SICK:
                breaker.failed()
            await completions.note(self._asker, model, outcome, usage, completions.monotonic() - started)

    def _rest(self, breaker: Breaker, failure: RequestFailed) -> None:
        patience = self._completions.patience
        if failure.outcome in {Outcome.MODEL_GONE, Outcome.KEY_REFUSED}:
            breaker.rest(patience.gone)
        elif failure.retry_after is not None and failure.retry_after > patience.retry_after:
            breaker.rest(min(failure.retry_after, patience.longest_rest))
