"""What Groq refuses in a request, as far as it is known: the fake says the same, so that a test notices first."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]

TOP = {
    *("messages", "model", "tools", "tool_choice", "temperature", "max_completion_tokens", "max_tokens", "n", "stream"),
    *("reasoning_effort", "reasoning_format", "include_reasoning", "parallel_tool_calls", "response_format", "seed"),
    *("service_tier", "stop", "top_p", "user", "disable_tool_validation", "frequency_penalty", "presence_penalty"),
}
KEYS = {
    "system": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "tool_calls", "reasoning"},
    "tool": {"role", "content", "tool_call_id", "name"},
}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
EFFORTS = {"openai/gpt-oss": {"low", "medium", "high"}, "qwen/": {"none", "default", "low", "medium", "high"}}


def broken_rule(body: Json) -> str | None:
    """Return the first rule a chat-completion request breaks, or None."""
    return next(_broken(body), None)


def _broken(body: Json) -> Iterator[str]:
    if unknown := set(body) - TOP:
        yield f"property '{min(unknown)}' is unsupported"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        yield "'messages' : minimum number of items is 1"
        return
    yield from _messages(messages)
    yield from _tools(body)
    yield from _knobs(body)


def _messages(messages: list[Json]) -> Iterator[str]:
    owed: list[str] = []
    for place, message in enumerate(messages):
        where = f"'messages.{place}'"
        role = message.get("role")
        if role not in KEYS:
            yield f"{where} : discriminator property 'role' has invalid value"
            return
        if unknown := set(message) - KEYS[role]:
            yield f"{where} : property '{min(unknown)}' is unsupported"
        if role == "tool":
            if message.get("tool_call_id") not in owed:
                yield f"{where} : tool message without the call it answers"
            else:
                owed.remove(message["tool_call_id"])
        elif owed:
            yield f"{where} : calls {owed} have no tool message"
        calls = message.get("tool_calls")
        if not calls and (not isinstance(message.get("content"), str) or not message["content"].strip()):
            yield f"{where} : content must be a text that is not empty"
        if calls:
            yield from _calls(calls, where)
            owed = [call["id"] for call in calls]
            if len(set(owed)) < len(owed):
                yield f"{where} : two calls share an id"
    if owed:
        yield f"calls {owed} have no tool message"
    if messages[-1].get("role") == "assistant":
        yield "the last message is the assistant's own"


def _calls(calls: list[Json], where: str) -> Iterator[str]:
    for call in calls:
        function = call.get("function")
        if set(call) != {"id", "type", "function"} or call["type"] != "function" or not call["id"]:
            yield f"{where} : a tool call is id, type and function"
        elif not isinstance(function, dict) or set(function) != {"name", "arguments"}:
            yield f"{where} : a function is name and arguments"
        elif not NAME.fullmatch(function["name"]) or not isinstance(function["arguments"], str):
            yield f"{where} : the name must match {NAME.pattern}, the arguments must be text"


def _tools(body: Json) -> Iterator[str]:
    tools, choice = body.get("tools"), body.get("tool_choice")
    if "tool_choice" in body and choice not in {"none", "auto", "required"} and not isinstance(choice, dict):
        yield "Only allowed string values for 'tool_choice' are none, auto, and required"
    if tools is None:
        if choice not in {None, "none"}:
            yield "'tool_choice' is only allowed when 'tools' are"
        return
    if not isinstance(tools, list) or not 1 <= len(tools) <= 128:
        yield "'tools' : 1 to 128 items"
        return
    if "response_format" in body:
        yield "json mode cannot be combined with tool/function calling"
    names = [tool.get("function", {}).get("name") for tool in tools]
    if len(set(names)) < len(names):
        yield "'tools' : two share a name"
    for tool in tools:
        yield from _tool(tool)


def _tool(tool: Json) -> Iterator[str]:
    function = tool.get("function", {})
    parameters = function.get("parameters", {})
    where = f"tool {function.get('name')!r}"
    if tool.get("type") != "function" or set(tool) != {"type", "function"}:
        yield f"{where} : a tool is type and function"
    if not NAME.fullmatch(str(function.get("name"))) or not str(function.get("description", "")).strip():
        yield f"{where} : needs a name and a description"
    if parameters.get("type") != "object" or not isinstance(parameters.get("properties"), dict):
        yield f"{where} : parameters must be an object with properties"
    elif parameters.get("additionalProperties") is not False:
        yield f"{where} : additionalProperties must be false, or unknown arguments pass"
    elif not set(parameters.get("required", [])) <= set(parameters["properties"]):
        yield f"{where} : requires what it does not have"


def _knobs(body: Json) -> Iterator[str]:
    model = str(body.get("model"))
    effort = body.get("reasoning_effort")
    allowed = next((values for prefix, values in EFFORTS.items() if model.startswith(prefix)), set())
    if effort is not None and effort not in allowed:
        yield f"`reasoning_effort` {effort!r} is not supported with {model}"
    if not 0 <= body.get("temperature", 1) <= 2:
        yield "'temperature' : must be between 0 and 2"
    tokens = body.get("max_completion_tokens", 1024)
    if not isinstance(tokens, int) or not 1 <= tokens <= 65_536:
        yield "'max_completion_tokens' : must be between 1 and 65536"
    if body.get("stream"):
        yield "this server does not stream"


# -- what no prompt may hold, whatever the service would take

_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)?|\d{1,2}/\d{1,2}(?:/\d{4})?|\d{1,2}:\d\d"
    r"|R\$ ?[\d.,]+"
)
_DIGITS = re.compile(r"\d(?:[\s().·_/–—+-]{0,3}\d){7,}")
_MAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\]|\barroba\b)\s?[\w-]{1,63}(?:\s?(?:\.|\bponto\b)\s?[\w-]{2,24})+",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    r"(?:\b(?:zero|uma?|dois|duas|tr[eê]s|quatro|cinco|seis|meia|sete|oito|nove)\b[\s,.-]*){8,}", re.IGNORECASE
)


def private(body: Json, secrets: Iterable[str] = ()) -> str | None:
    """Return what a request holds that must not leave the house: a phone or document in any format, a mail address,
    or one of `secrets` (notes, names of strangers; a secret of digits is found in any spelling). None when clean."""
    for text in _texts(body.get("messages")):
        left = _MOMENT.sub(" ", unicodedata.normalize("NFKC", text))
        for kind, pattern in (("digits", _DIGITS), ("mail", _MAIL), ("a spoken number", _SPOKEN)):
            if found := pattern.search(left):
                return f"{kind}: {found[0]!r}"
        digits = re.sub(r"\D", "", left)
        folded = _folded(text)
        for secret in secrets:
            if secret.isdecimal() and len(secret) > 7 and secret[-8:] in digits:
                return f"the phone {secret}"
            if not secret.isdecimal() and _folded(secret) in folded:
                return f"the secret {secret!r}"
    return None


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(sign for sign in letters if unicodedata.category(sign) not in {"Mn", "Cf"}).split())


def _texts(value: object) -> Iterator[str]:
    """Yield every text of a JSON value; a text that is JSON itself is taken apart."""
    match value:
        case str():
            try:
                inner = json.loads(value) if value[:1] in "{[" and value else None
            except ValueError:
                inner = None
            if isinstance(inner, dict | list):
                yield from _texts(inner)
            else:
                yield value
        case dict():
            for key, part in value.items():
                # Tokens are ours, digits and all; what a model wrote into a call it knew before.
                if key not in {"tool_calls", "tool_call_id", "token"}:
                    yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)
