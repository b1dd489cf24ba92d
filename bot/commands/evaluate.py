"""`odys eval`: play the conversation scenarios, and say how many pass, how often, how fast and at what cost.

Without a key every scenario is played as in CI: by the rules, and by models whose answers are written in it. With
`GROQ_API_KEY` a real model answers, at Groq or at any address that speaks its protocol (`GROQ_BASE_URL`).
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from ..errors import Stop
from ..log import setup
from ..settings import Settings
from .evaluation.agendas import Agendas
from .evaluation.play import Outcome
from .evaluation.report import Report, progress
from .evaluation.scenario import Scenario, load
from .evaluation.stage import Groq
from .evaluation.trials import Trial, run_all

FOLDER = Path("tests") / "conversations"


def run(options: argparse.Namespace) -> int:
    # What goes wrong in a conversation is in its outcome.
    setup("CRITICAL")
    groq = _service(options)
    trials = _trials(options, load(_folder(options)), live=groq is not None)
    if not trials:
        raise Stop("no scenario is left: look at --only and --brain")
    k = options.k or options.trials
    if not 1 <= k <= options.trials:
        raise Stop(f"--k must be 1 to {options.trials}, the number of trials")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="odys-eval-")))
        jsonl = stack.enter_context(Path(options.jsonl).open("w", encoding="utf-8")) if options.jsonl else None
        report = Report(jsonl)
        agendas = Agendas(folder)
        agendas.migrate()
        asyncio.run(_play(trials, agendas, groq, report, options.at_once))
    report.print(k)
    return 0 if report.passed(1) >= options.at_least and not report.unsafe else 1


def _folder(options: argparse.Namespace) -> Path:
    if options.scenarios:
        return Path(options.scenarios)
    checkout = Path(__file__).resolve().parents[2] / FOLDER
    return checkout if checkout.is_dir() else FOLDER


def _service(options: argparse.Namespace) -> Groq | None:
    """Return where a real model is asked; None without a key, or where none is wanted."""
    settings = Settings()
    key = settings.groq_api_key.get_secret_value()
    if options.brain == "rules" or options.scripted or not key:
        if options.model:
            raise Stop("--model needs GROQ_API_KEY, and neither --scripted nor --brain rules")
        return None
    # No fallback: the figures are one model's.
    return Groq(key, options.base_url or settings.groq_base_url, options.model or settings.groq_model)


def _trials(options: argparse.Namespace, scenarios: Sequence[Scenario], *, live: bool) -> list[Trial]:
    chosen = [each for each in scenarios if options.only.casefold() in each.title.casefold()]
    if live:
        pairs = [(each, "live") for each in chosen if each.live]
    else:
        brains = (options.brain,) if options.brain else ("rules", "model")
        names = {"rules": "rules", "model": "scripted"}
        pairs = [(each, names[brain]) for each in chosen for brain in brains if brain in each.brains]
    # Round after round, so that a run that is broken off has tried everything equally often.
    return [Trial(each, brain, number) for number in range(1, options.trials + 1) for each, brain in pairs]


async def _play(trials: Sequence[Trial], agendas: Agendas, groq: Groq | None, report: Report, at_once: int) -> None:
    watched = sys.stderr.isatty()

    def tell(trial: Trial, outcome: Outcome) -> None:
        report.add(trial, outcome)
        if watched:
            bar = progress(len(report.outcomes), len(trials), report.failed, trial.scenario.title)
            print(bar, end="", file=sys.stderr, flush=True)

    try:
        await run_all(trials, agendas, groq, at_once, tell)
    finally:
        await agendas.close()
        if watched:
            print(file=sys.stderr)
