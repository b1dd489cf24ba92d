"""A model whose answers are written in the scenario, behind a strict server that speaks Groq's protocol.

    model:
      - calls: list_free_slots
        with: {when: "amanhã de manhã", service: corte}
      - calls: book_appointment
        with: {slot: "@às 9h"}          # the token of what a tool showed under these words
        sees: "22/11"                   # what the last message before it must hold
      - says: "Amanhã de manhã tenho 9h e 10h."
      - fails: 503                      # also html, resets, hangs, broken_json, no_choices, half, tool_use_failed
      - down: 503                       # every request of this step

A request that nobody expected and an answer that nobody asked for are faults of the scenario.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any, Final

from ...errors import Stop

WHOLE: Final = frozenset({"html", "resets", "hangs", "broken_json", "no_choices", "half"})
# By what a record is known as one of a kind: an appointment has a status, a service has none.
MARKS: Final = {"appointment": "status", "slot": "hour"}
EXPECTED: Final = frozenset({"sees", "never", "offers", "tool_choice", "model"})


def server() -> Any:
    """Return the module of the strict server; it comes with the tests."""
    try:
        return import_module("tests.fakes.groq")
    except ImportError:
        raise Stop("scripted models need the tests of a checkout: run it there, or name a key for a real one") from None


class Script:
    """The script of one scenario, played by `fake`."""

    def __init__(self, fake: Any) -> None:
        self._fake = fake
        self._module = server()

    def expect(self, model: Sequence[Mapping[str, Any]], voice: str = "") -> None:
        """Answer the coming requests so."""
        self._fake.improvise = None
        if voice:
            self._fake.script_audio(self._module.hears(voice))
        for written in model:
            if "down" in written:
                self._fake.improvise = lambda _, status=written["down"]: self._module.fails(status)
            else:
                self._fake.script(self._step(written))

    def faults(self) -> list[str]:
        """Return what was not as expected since the last look, and forget it."""
        try:
            self._fake.assert_complete()
        except AssertionError as fault:
            self._fake.problems.clear()
            return [str(fault)]
        return []

    def _step(self, written: Mapping[str, Any]) -> Any:
        step = self._answer(written)
        expected = {name: value for name, value in written.items() if name in EXPECTED}
        return step.after(**expected) if expected else step

    def _answer(self, written: Mapping[str, Any]) -> Any:
        module = self._module
        match written:
            case {"says": text}:
                return module.says(str(text))
            case {"calls": name}:
                return self._call(str(name), written.get("with") or {})
            case {"fails": status}:
                return module.fails(
                    int(status), str(written.get("code", "")), retry_after=str(written.get("retry_after", ""))
                )
            case {"tool_use_failed": generation}:
                return module.tool_use_failed(generation)
        for name in WHOLE & written.keys():
            return getattr(module, name)()
        raise ValueError(f"a model cannot do {dict(written)}")

    def _call(self, name: str, arguments: Any) -> Any:
        """Call a tool; the tokens in its arguments are known only when it is asked."""
        step = self._module.calls(name, {})

        async def answer(fake: Any, request: Any, asked: Any) -> Any:
            known = _tokens(asked, arguments, fake.problems)
            return await self._module.calls(name, known).answer(fake, request, asked)

        return replace(step, answer=answer)


def _tokens(asked: Any, arguments: Any, problems: list[str]) -> Any:
    if not isinstance(arguments, Mapping):
        return arguments
    found = {}
    for name, value in arguments.items():
        if isinstance(value, str) and value.startswith("@"):
            token = next(_shown(asked.body["messages"], value[1:], MARKS.get(name, "token")), "")
            if not token:
                problems.append(f"nothing was shown as {value[1:]!r}")
            found[name] = token or "none"
        else:
            found[name] = value
    return found


def _shown(messages: Sequence[Mapping[str, Any]], words: str, mark: str) -> Iterator[str]:
    """Yield the tokens of what was shown under these words, the newest first."""
    for message in reversed(messages):
        try:
            content = json.loads(str(message.get("content") or "null"))
        except ValueError:
            continue
        if message["role"] == "tool":
            yield from _in(content, words, mark)
        elif message["role"] == "user" and isinstance(content, Mapping):
            offered = content.get("fichas_de_horario") or {}
            yield from (token for token, label in offered.items() if words in label)


def _in(data: Any, words: str, mark: str) -> Iterator[str]:
    if isinstance(data, Mapping):
        if data.keys() >= {"token", mark} and any(words in str(value) for value in data.values()):
            yield str(data["token"])
        for value in data.values():
            yield from _in(value, words, mark)
    elif isinstance(data, list):
        for value in data:
            yield from _in(value, words, mark)
