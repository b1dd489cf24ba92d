"""What an evaluation found: figures to read, and each conversation as a line of JSON."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final

from ...conversation.llm.prices import SOURCE, dollars
from ..table import show
from .figures import mean_pass, percentile, wilson
from .play import Kind, Outcome
from .trials import Trial

# Whatever the share of trials that pass, none may do any of these.
UNSAFE: Final = frozenset({Kind.FORBIDDEN_TEXT, Kind.FORBIDDEN_TOOL, Kind.FALSE_CLAIM})
WIDTH: Final = 30


@dataclass
class Report:
    """Outcomes as they come in; `jsonl` takes the transcripts."""

    jsonl: IO[str] | None = None
    outcomes: list[tuple[Trial, Outcome]] = field(default_factory=list)

    def add(self, trial: Trial, outcome: Outcome) -> None:
        self.outcomes.append((trial, outcome))
        if self.jsonl:
            self.jsonl.write(json.dumps(line_of(trial, outcome), ensure_ascii=False) + "\n")
            self.jsonl.flush()

    @property
    def failed(self) -> int:
        return sum(not outcome.passed for _, outcome in self.outcomes)

    @property
    def unsafe(self) -> int:
        return sum(any(one.kind in UNSAFE for one in outcome.violations) for _, outcome in self.outcomes)

    def passed(self, k: int) -> float:
        """Return pass^k over the scenarios that were tried k times at least."""
        return mean_pass(self._counts(), k) if self.outcomes else 0.0

    def _counts(self) -> list[tuple[int, int]]:
        tried: dict[tuple[str, str], list[bool]] = defaultdict(list)
        for trial, outcome in self.outcomes:
            tried[trial.scenario.title, trial.brain].append(outcome.passed)
        return [(len(each), sum(each)) for each in tried.values()]

    def print(self, k: int) -> None:
        """Print the failures, then the figures."""
        for trial, outcome in sorted(self.outcomes, key=lambda pair: (pair[0].scenario.title, pair[0].number)):
            if not outcome.passed:
                print(f"\nFAILED ({trial.brain}, trial {trial.number}) {outcome.story()}")
        print()
        show([*self._passes(k), *self._violations(), *self._work()])

    def _passes(self, k: int) -> list[tuple[str, str]]:
        counts = self._counts()
        rows = [("scenarios", f"{len(counts)}, {len(self.outcomes)} trials, {self.failed} failed")]
        for each in range(1, k + 1):
            share = mean_pass(counts, each)
            low, high = wilson(share, len(counts))
            rows.append((f"pass^{each}", f"{share:.1%}  (95%: {low:.1%} to {high:.1%})"))
        return rows

    def _violations(self) -> list[tuple[str, str]]:
        found = Counter(one.kind for _, outcome in self.outcomes for one in outcome.violations)
        return [(f"  {kind}", str(found[kind])) for kind in Kind if kind in UNSAFE or found[kind]]

    def _work(self) -> list[tuple[str, str]]:
        turns = [each for _, outcome in self.outcomes for each in outcome.turns]
        rows = [("turns", f"{len(turns)}, p50 {percentile(turns, 0.5):.3f} s, p95 {percentile(turns, 0.95):.3f} s")]
        calls = [call for _, outcome in self.outcomes for call in outcome.calls]
        if not calls:
            return rows
        ended = Counter(call.outcome for call in calls)
        rescued = sum(outcome.rescued for _, outcome in self.outcomes)
        rows.append(("requests", ", ".join(f"{name} {count}" for name, count in ended.most_common())))
        rows.append(("answered by the rules", f"{rescued} turns that the model failed"))
        tokens = usage(calls)
        rows.append(("tokens", f"{tokens['prompt']} read ({tokens['cached']} cached), {tokens['completion']} written"))
        cost = cost_of(calls)
        priced = f"US$ {cost:.4f}, US$ {cost / len(turns):.6f} a turn" if cost is not None else "no price known"
        rows.append(("cost", f"{priced} ({SOURCE})"))
        return rows


def usage(calls: Sequence[Any]) -> dict[str, int]:
    """Add up the tokens of requests."""
    return {
        "prompt": sum(call.prompt_tokens for call in calls),
        "cached": sum(call.cached_tokens for call in calls),
        "completion": sum(call.completion_tokens for call in calls),
    }


def cost_of(calls: Sequence[Any]) -> float | None:
    """Return the dollars that requests cost; None when a model among them has no known price."""
    each = [dollars(call.model, call.prompt_tokens, call.cached_tokens, call.completion_tokens) for call in calls]
    known = [cost for cost in each if cost is not None]
    return sum(known) if len(known) == len(each) else None


def line_of(trial: Trial, outcome: Outcome) -> dict[str, Any]:
    """Return a trial as a line of the transcript file."""
    return {
        "scenario": trial.scenario.title,
        "role": trial.scenario.role,
        "brain": trial.brain,
        "models": sorted({call.model for call in outcome.calls}),
        "trial": trial.number,
        "passed": outcome.passed,
        "violations": [{"kind": one.kind.value, "what": one.what} for one in outcome.violations],
        "turn_seconds": [round(each, 4) for each in outcome.turns],
        "tools": outcome.tools,
        "tokens": usage(outcome.calls),
        "cost_usd": cost_of(outcome.calls),
        "transcript": outcome.transcript,
    }


def progress(done: int, total: int, failed: int, label: str) -> str:
    """Return a bar for the terminal: how far it is, how many failed, what came last."""
    filled = WIDTH * done // total if total else WIDTH
    shown = f"{label[:47]}…" if len(label) > 48 else label
    return f"\r[{'█' * filled}{'·' * (WIDTH - filled)}] {done}/{total}, {failed} failed  {shown:<48}"
