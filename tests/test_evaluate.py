"""`odys eval`: the figures by hand, and a run against a model on loopback that is right three times out of four."""

import asyncio
import json
import logging
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.commands.evaluation.figures import mean_pass, pass_hat, percentile, wilson
from bot.commands.evaluation.report import progress
from bot.commands.evaluation.scenario import load
from bot.conversation.llm.prices import PRICES, dollars
from bot.errors import Stop
from bot.settings import Settings

from .conversation.test_groq_dialogues import found, said
from .fakes.groq import KEY, Asked, Step, calls, groq, says

SCENARIO = """
- name: a booking
  seed: quiet
  live: true
  steps:
    - julia: "corte amanhã às 9h"
    - julia: "sim"
      hears: ["what only a script would say"]
  rows: [{client: Júlia Ramos, service: Corte, start: "2026-11-22T09:00", status: pending_confirmation}]
"""


def test_pass_hat_is_the_chance_that_k_of_the_trials_all_pass() -> None:
    assert [pass_hat(4, 3, k) for k in (1, 2, 3, 4)] == [0.75, 0.5, 0.25, 0.0]
    assert [pass_hat(4, 4, k) for k in (1, 4)] == [1.0, 1.0]
    assert mean_pass([(4, 4), (4, 2)], 2) == pytest.approx((1 + 1 / 6) / 2)
    with pytest.raises(ValueError, match="k must be"):
        pass_hat(4, 3, 5)


def test_intervals_hold_what_they_should() -> None:
    # Wilson's interval of 8 in 10, from the formula by hand.
    assert wilson(0.8, 10) == pytest.approx((0.4902, 0.9433), abs=2e-4)
    low, high = wilson(1.0, 120)
    assert (low, high) == pytest.approx((0.969, 1.0), abs=1e-3)
    assert wilson(0.0, 0) == (0.0, 1.0)


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([*range(1, 101)], 0.95) == 95
    assert percentile([], 0.5) == 0


def test_cached_tokens_cost_half_and_unknown_models_cost_nobody_knows() -> None:
    assert dollars("openai/gpt-oss-120b", 1_000_000, 0, 0) == pytest.approx(0.15)
    assert dollars("openai/gpt-oss-120b", 1_000_000, 1_000_000, 0) == pytest.approx(0.075)
    assert dollars("openai/gpt-oss-20b", 0, 0, 1_000_000) == pytest.approx(0.30)
    assert dollars("somebody/else", 1, 1, 1) is None
    defaults = Settings(_env_file=None)
    assert {defaults.groq_model, defaults.groq_fallback_model} <= PRICES.keys()


def test_the_bar_tells_how_far_it_is() -> None:
    assert progress(1, 2, 1, "client_booking: a thumb is a yes").startswith(
        "\r[███████████████···············] 1/2, 1 fail"
    )


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("- {name: a, steps: [{julia: oi, rafael: oi}]}", "one thing"),
        ("- {name: a, steps: [{nobody: oi}]}", "nobody can"),
        ("- {name: a, seed: mars, steps: []}", "no seed"),
        ("- {name: a, hope: 1, steps: []}", "nobody knows"),
        ("- {name: a, brains: [luck], steps: []}", "brains are"),
        ("- {name: a, steps: []}\n- {name: a, steps: []}", "two scenarios"),
        ("- {name: [", "cannot be read"),
        ("", "no scenarios"),
    ],
)
def test_a_scenario_that_is_not_understood_is_refused(tmp_path: Path, wrong: str, why: str) -> None:
    (tmp_path / "one.yaml").write_text(wrong)
    with pytest.raises(Stop, match=why):
        load(tmp_path)


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command sets up the logging of its process; here the process is everybody's."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    (tmp_path / "booking.yaml").write_text(SCENARIO)
    return tmp_path


@pytest.fixture
def numbers() -> Iterator[int]:
    return count(1)


async def test_a_model_that_is_right_three_times_of_four(
    scenarios: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], numbers: Iterator[int]
) -> None:
    def model(asked: Asked) -> Step:
        if "corte" not in said(asked):
            return says("Certo. Posso ajudar com mais alguma coisa?")
        free = found(asked, "list_free_slots")
        if free is None and next(numbers) % 4 == 0:
            return says("Qual serviço você quer?")
        if free is None:
            return calls("list_free_slots", {"when": "amanhã às 9h", "service": "corte"})
        return calls("book_appointment", {"slot": free["exact"]["token"]})

    async with groq() as fake:
        fake.improvise = model
        monkeypatch.setenv("GROQ_API_KEY", KEY)
        monkeypatch.setenv("GROQ_BASE_URL", fake.url)
        status = await asyncio.to_thread(main, arguments(scenarios, "--trials", "4", "--at-once", "1"))
        read = capsys.readouterr()
        assert status == 1
        assert read.err == ""
        shares = [line.split()[1] for line in read.out.splitlines() if line.startswith("pass^")]
        assert shares == ["75.0%", "50.0%", "25.0%", "0.0%"]
        assert "US$ " in read.out
        assert "FAILED (live, trial 4)" in read.out
        lines: list[dict[str, Any]] = [json.loads(line) for line in (scenarios / "told.jsonl").read_text().splitlines()]
        assert [line["passed"] for line in lines] == [True, True, True, False]
        assert lines[0]["tools"] == {"list_free_slots": 1, "book_appointment": 1}
        assert lines[0]["tokens"]["prompt"] > 500
        assert lines[0]["transcript"][0]["said"] == "corte amanhã às 9h"
        assert lines[3]["violations"][0]["kind"] == "rows"
        more = ("--trials", "4", "--k", "1", "--at-least", "0.7", "--at-once", "1")
        assert await asyncio.to_thread(main, arguments(scenarios, *more)) == 0
        assert "pass^2" not in capsys.readouterr().out


def test_without_a_key_the_rules_are_asked(scenarios: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(scenarios)) == 1
    out = capsys.readouterr().out
    assert "what only a script would say" in out
    assert "pass^1" in out


@pytest.mark.parametrize(
    "more", [("--only", "nothing of that name"), ("--trials", "2", "--k", "3"), ("--model", "openai/gpt-oss-20b")]
)
def test_what_cannot_be_run_is_said(scenarios: Path, more: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(scenarios, *more)) == 1
    assert "--" in capsys.readouterr().err


def arguments(scenarios: Path, *more: str) -> list[str]:
    return ["eval", "--scenarios", str(scenarios), "--jsonl", str(scenarios / "told.jsonl"), *more]
