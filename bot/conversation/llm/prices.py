"""What models cost: one table, with where it is from and when it was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens: read, read out of the service's cache, written."""

    prompt: float
    cached: float
    completion: float


SOURCE: Final = "console.groq.com/docs/models, read 2026-11-21"
PRICES: Final[Mapping[str, Price]] = MappingProxyType(
    {
        "openai/gpt-oss-120b": Price(0.15, 0.075, 0.60),
        "openai/gpt-oss-20b": Price(0.075, 0.0375, 0.30),
        "openai/gpt-oss-safeguard-20b": Price(0.075, 0.0375, 0.30),
        "qwen/qwen3.8-27b": Price(0.80, 0.40, 4.00),
    }
)


def dollars(model: str, prompt: int, cached: int, completion: int) -> float | None:
    """Return what tokens cost; `cached` are part of `prompt`. None for a model that is not in the table."""
    if (price := PRICES.get(model)) is None:
        return None
    fresh = max(prompt - cached, 0)
    return (fresh * price.prompt + cached * price.cached + completion * price.completion) / 1_000_000
