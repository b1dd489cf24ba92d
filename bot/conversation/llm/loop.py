"""The tool loop: let a model read through the toolbox until it proposes a write or has something to say.

It knows no service: whoever asks the model is handed in. A model's mistake (an unknown tool, broken arguments, the
same call again) goes back to it as JSON; a proposal ends the loop at once, whatever else the model wanted to add.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ...whatsapp.outgoing import Outgoing
from ..brain import BrainFailed, Proposal, Toolbox, ToolResult
from .speech import printable

log = logging.getLogger(__name__)

Message = dict[str, Any]

# A model that needs more has lost its way; six covers the longest real dialogue (look up, list, list again, propose).
STEPS = 6
# Tool calls the service could not read: twice it is worth explaining, the third time it will not learn.
REPAIRS = 2
# We ask for one call at a time; a model that sends more gets a few, not a flood of transactions.
CALLS_IN_ONE_MESSAGE = 4
_ARGUMENTS_LIMIT = 4_000
# A tool result of this many characters is a fifth of the free tier's minute; longer lists are cut, and say so.
_RESULT_LIMIT, _ROWS = 8_000, 64
_GENERATION_LIMIT = 2_000
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as the model wrote it; the arguments are unread JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the model: text, calls, or both; the reasoning goes back to it within the turn only."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    reasoning: str = ""


class ToolsMisused(Exception):
    """The service refused what the model generated as a tool call: `generation` is that, `complaint` says why."""

    def __init__(self, generation: str, complaint: str) -> None:
        super().__init__(complaint)
        self.generation = generation
        self.complaint = complaint


# Ask the model: the messages so far, and whether it may still call tools.
Ask = Callable[[Sequence[Message], bool], Awaitable[Said]]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a loop ended: with a text or a proposal, and with everything the tools had shown on the way."""

    text: str = ""
    proposal: Proposal | None = None
    tokens: Mapping[str, Any] = field(default_factory=dict)
    # What was found, refusals left out: only that proves how things stand.
    seen: Sequence[Mapping[str, Any]] = ()
    refused: Sequence[Mapping[str, Any]] = ()
    # A picture or a file that a tool made for the person: there is nothing to add to it.
    say: Outgoing | None = None


class Loop:
    """One turn of a model with a toolbox."""

    def __init__(self, ask: Ask, toolbox: Toolbox, messages: Sequence[Message], *, steps: int = STEPS) -> None:
        self._ask = ask
        self._toolbox = toolbox
        self._messages: list[Message] = list(messages)
        self._steps = steps
        self._names = {schema["function"]["name"] for schema in toolbox.schemas()}
        self._repairs = 0
        self._done: set[tuple[str, str]] = set()
        self._tokens: dict[str, Any] = {}
        self._seen: list[Mapping[str, Any]] = []
        self._refused: list[Mapping[str, Any]] = []

    async def run(self) -> Ended:
        """Return how the turn ended; raise `BrainFailed` when the model comes to no end."""
        for left in reversed(range(self._steps)):
            try:
                said = await self._ask(self._messages, left > 0)
            except ToolsMisused as mistake:
                self._explain(mistake)
                continue
            if not said.calls:
                if not _machine_talk(said.text):
                    return self._ended(text=said.text)
                self._explain(ToolsMisused(said.text, "text instead of a tool call or an answer for a person"))
            elif left == 0:
                break
            elif last := await self._run_calls(said):
                return self._ended(proposal=last.proposal, say=last.say)
        raise BrainFailed(f"no end after {self._steps} steps")

    def _ended(self, *, text: str = "", proposal: Proposal | None = None, say: Outgoing | None = None) -> Ended:
        return Ended(text, proposal, self._tokens, self._seen, self._refused, say)

    async def _run_calls(self, said: Said) -> ToolResult | None:
        """Run the calls in order until one ends the turn: it proposes, or has something for the person.

        Each of the others gets its answer, or the next request would be refused.
        """
        calls = _with_ids(said.calls, len(self._messages))
        message: Message = {"role": "assistant", "tool_calls": [_as_json(call) for call in calls]}
        if said.text:
            message["content"] = said.text
        if said.reasoning:
            message["reasoning"] = said.reasoning
        self._messages.append(message)
        for place, call in enumerate(calls):
            if place < CALLS_IN_ONE_MESSAGE:
                result = await self._run(call)
            else:
                result = _mistake("too_many_calls", "Chame uma ferramenta por vez.")
            if result.proposal or result.say:
                return result
            self._answer(call.id, result.data)
        return None

    def _answer(self, call_id: str, data: Mapping[str, Any]) -> None:
        content = _dumped(data)
        shown = _ROWS
        while len(content) > _RESULT_LIMIT and shown:
            shown //= 2
            content = _dumped({**_first(data, shown), "cut": True})
        self._messages.append({"role": "tool", "tool_call_id": call_id, "content": printable(content)})

    async def _run(self, call: Call) -> ToolResult:
        if call.name not in self._names:
            return _mistake("unknown_tool", "Use só as ferramentas desta lista.", tools=sorted(self._names))
        try:
            arguments = _read(call.arguments)
        except (ValueError, RecursionError):
            return _mistake("invalid_arguments", "Os argumentos devem ser um objeto JSON válido, e nada além dele.")
        key = (call.name, json.dumps(arguments, sort_keys=True))
        if key in self._done:
            return _mistake("already_called", "Esta chamada já foi feita: use o resultado acima.")
        self._done.add(key)
        try:
            result = await self._toolbox.call(call.name, arguments)
        except Exception:
            log.exception("a tool broke", extra={"tool": call.name})
            return _mistake("internal", "A ferramenta falhou. Não tente de novo.")
        self._tokens.update(result.tokens)
        (self._refused if result.data.get("ok") is False else self._seen).append(result.data)
        return result

    def _explain(self, mistake: ToolsMisused) -> None:
        """Put the failed generation and what was wrong with it into the conversation, as the model's next lesson."""
        self._repairs += 1
        if self._repairs > REPAIRS:
            raise BrainFailed(f"tools misused {self._repairs} times: {mistake.complaint[:200]}")
        complaint = f"{printable(mistake.complaint)[:500]} Corrija e tente de novo."
        call = _failed_call(mistake.generation, len(self._messages))
        if call and call.name in self._names:  # a call of a tool that is not there would be refused again as history
            self._messages.append({"role": "assistant", "tool_calls": [_as_json(call)]})
            self._answer(call.id, {"ok": False, "error": "invalid_arguments", "hint": complaint})
            return
        if generation := printable(mistake.generation)[:_GENERATION_LIMIT].strip():
            self._messages.append({"role": "assistant", "content": generation})
        self._messages.append({"role": "user", "content": json.dumps({"aviso": complaint}, ensure_ascii=False)})


def _dumped(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)


def _first(value: Any, rows: int) -> Any:
    """Return a value with no more than so many rows in any list."""
    match value:
        case Mapping():
            return {key: _first(part, rows) for key, part in value.items()}
        case list() | tuple():
            return [_first(part, rows) for part in value[:rows]]
    return value


def _mistake(error: str, hint: str, **more: Any) -> ToolResult:
    return ToolResult({"ok": False, "error": error, "hint": hint, **more})


def _with_ids(calls: Sequence[Call], turn: int) -> list[Call]:
    """Give every call a well-formed name and an id of its own; a repeated one would fail the next request."""
    taken: set[str] = set()
    tidy = []
    for place, call in enumerate(calls):
        own = call.id if call.id and call.id not in taken and len(call.id) <= 64 else f"call_{turn}_{place}"
        taken.add(own)
        name = _NOT_IN_A_NAME.sub("_", call.name)[:64] or "unknown"
        tidy.append(Call(own, name, printable(call.arguments)[:_ARGUMENTS_LIMIT]))
    return tidy


def _as_json(call: Call) -> Message:
    """Return a call as part of the conversation, without arguments that are none: the service may read them again."""
    try:
        arguments = call.arguments if _read(call.arguments) else "{}"
    except (ValueError, RecursionError):
        arguments = "{}"
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _read(arguments: str) -> Mapping[str, Any]:
    """Return the arguments as an object; nothing at all is an empty one. Raise `ValueError` for anything else."""
    value = json.loads(arguments or "{}", parse_constant=_not_json)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return {key: _storable(part) for key, part in value.items()}


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _storable(value: Any) -> Any:
    """Half characters and NUL are fine in JSON, and no database takes them."""
    match value:
        case str():
            return printable(value)
        case list():
            return [_storable(part) for part in value]
        case dict():
            return {key: _storable(part) for key, part in value.items()}
    return value


def _failed_call(generation: str, turn: int) -> Call | None:
    """Read a refused generation as the call it was meant to be; None when it is no call."""
    try:
        meant = json.loads(generation)
    except (ValueError, RecursionError):
        return None
    if not isinstance(meant, dict) or not isinstance(meant.get("name"), str):
        return None
    given = meant.get("arguments") or {}
    arguments = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return _with_ids([Call("", meant["name"], arguments)], turn)[0]


def _machine_talk(text: str) -> bool:
    """Return whether a text is JSON, a call that slipped into the answer, and no sentence for a person."""
    text = text.strip().removeprefix("```json").strip("`\n ")
    if not text.startswith(("{", "[")):
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return '"arguments"' in text
