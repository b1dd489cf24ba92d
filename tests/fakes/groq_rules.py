"""What Groq refuses in a request, as far as it is known: the fake says the same, so that a test notices first."""

import re
from collections.abc import Iterator
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
