"""What this process counts and times, in Prometheus' own format.

Labels are words of ours (a route's pattern, a tool, a code), never anything of a person's. Those that come from
outside, such as a provider's error codes, go through `word`, so that nobody can fill the memory with new ones.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
# A registry of our own: libraries that add themselves to the global one do not appear on our page.
REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

# From a commit (milliseconds) to the 30 s after which a waiting request is answered.
_QUICK = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# What asks another service: Meta mostly answers within 150 ms, a model within 3 s, a turn ends within 28 s.
_FAR = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 20, 30)
# How many different codes are told apart; Meta documents about a hundred.
_WORDS: Final = 200

HTTP: Final = Histogram(
    "odys_http_request_seconds",
    "Requests answered, by route pattern.",
    ["method", "route", "status"],
    buckets=_QUICK,
    registry=REGISTRY,
)
INTAKE: Final = Histogram(
    "odys_intake_seconds",
    "From a group of webhook deliveries at hand to its commit.",
    buckets=_QUICK,
    registry=REGISTRY,
)
RECEIVED: Final = Counter("odys_inbound_total", "Rows of webhook deliveries that were stored.", registry=REGISTRY)
TURN: Final = Histogram(
    "odys_turn_seconds",
    "From messages taken to the answer committed; the wait for the rest of a burst is not in it.",
    ["outcome"],
    buckets=_FAR,
    registry=REGISTRY,
)
TOOL: Final = Histogram(
    "odys_tool_seconds",
    "Calls of tools; the outcome is ok, or the code of the refusal.",
    ["tool", "outcome"],
    buckets=_QUICK,
    registry=REGISTRY,
)
MODEL: Final = Histogram(
    "odys_model_seconds",
    "Requests to language models.",
    ["model", "outcome"],
    buckets=_FAR,
    registry=REGISTRY,
)
TOKENS: Final = Counter("odys_model_tokens_total", "Tokens that models used.", ["model", "kind"], registry=REGISTRY)
SEND: Final = Histogram(
    "odys_send_seconds",
    "Messages handed to WhatsApp or to the mail server, the wait for their turn left out.",
    ["transport"],
    buckets=_FAR,
    registry=REGISTRY,
)
FAILURES: Final = Counter("odys_failures_total", "What went wrong, by code.", ["what", "code"], registry=REGISTRY)
SWEPT: Final = Gauge("odys_last_sweep_timestamp_seconds", "When this process last began a sweep.", registry=REGISTRY)


@cache
def _known() -> set[str]:
    return set()


def word(code: object) -> str:
    """Return a label for a code that came from outside: itself, or "other" once too many are known."""
    text, known = str(code)[:40] or "none", _known()
    if text in known or len(known) < _WORDS:
        known.add(text)
        return text
    return "other"


@contextmanager
def timed(histogram: Histogram, **labels: str) -> Iterator[dict[str, str]]:
    """Note how long the block took, under `labels`, which it may change while it runs."""
    began = perf_counter()
    try:
        yield labels
    finally:
        (histogram.labels(**labels) if labels else histogram).observe(perf_counter() - began)


@cache
def _answers(method: str, route: str, status: int) -> Histogram:
    return HTTP.labels(method, route, status)


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """Note an answer to a request; `route` is a pattern, of which there are as many as in the code."""
    _answers(method, route, status).observe(seconds)


def asked(model: str, outcome: str, seconds: float, prompt: int, cached: int, completion: int) -> None:
    """Note a request to a model, and the tokens it used; `cached` ones are part of `prompt`."""
    MODEL.labels(model, outcome).observe(seconds)
    for kind, count in (("prompt", prompt), ("cached", cached), ("completion", completion)):
        if count > 0:
            TOKENS.labels(model, kind).inc(count)


def failed(what: str, code: object) -> None:
    """Count a failure; `what` is a word of ours."""
    FAILURES.labels(what, word(code)).inc()


def page() -> bytes:
    """Return everything as text."""
    return generate_latest(REGISTRY)
