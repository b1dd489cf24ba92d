"""Meta's rules for message templates, written down from its documentation and knowing nothing of our code.

`creation_faults` reads the JSON that creates a template; `sending_faults` reads what fills it. Both return
sentences, one for each rule that is broken.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")
NAME = re.compile(r"[a-z][a-z0-9_]*")
WORD = re.compile(r"[^\W\d_]+")
EMOJI = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
BODY, FOOTER, LABEL, BUTTONS, PAYLOAD, TEMPLATE_NAME, CODE = 1024, 60, 25, 10, 256, 512, 15


def units(text: str) -> int:
    """Count as JavaScript does: an emoji outside the basic plane is two."""
    return len(text.encode("utf-16-le")) // 2


def creation_faults(template: Mapping[str, Any]) -> list[str]:
    """Return what Meta would refuse in a template's creation."""
    return list(_creation(template))


def _creation(template: Mapping[str, Any]) -> Iterator[str]:
    if not re.fullmatch(r"[a-z0-9_]+", template["name"]) or len(template["name"]) > TEMPLATE_NAME:
        yield "name: lower-case letters, digits and underscores"
    if template["language"] != "pt_BR":
        yield "language: pt_BR"
    if template["category"] not in {"UTILITY", "AUTHENTICATION", "MARKETING"}:
        yield "category: unknown"
    parts = {part["type"]: part for part in template["components"]}
    if len(parts) < len(template["components"]):
        yield "a component of each type at most"
    if not set(parts) <= {"HEADER", "BODY", "FOOTER", "BUTTONS"} or "BODY" not in parts:
        yield "components: a body, and nothing unheard of"
        return
    if template["category"] == "AUTHENTICATION":
        yield from _authentication(parts)
    else:
        if template.get("parameter_format") != "named":
            yield "parameter_format: named"
        yield from _body(parts["BODY"])
        yield from _buttons(parts.get("BUTTONS", {"buttons": [{"type": "QUICK_REPLY", "text": "x"}]})["buttons"])


def _authentication(parts: Mapping[str, Any]) -> Iterator[str]:
    if set(parts["BODY"]) - {"type", "add_security_recommendation"}:
        yield "authentication: the body is Meta's own"
    if not 1 <= parts.get("FOOTER", {}).get("code_expiration_minutes", 1) <= 90:
        yield "authentication: a code lives 1 to 90 minutes"
    buttons = parts.get("BUTTONS", {}).get("buttons", [])
    if len(buttons) != 1 or buttons[0].get("type") != "OTP" or buttons[0].get("otp_type") != "COPY_CODE":
        yield "authentication: one OTP button, copy code"
    elif units(buttons[0].get("text", "")) > LABEL:
        yield "authentication: label too long"


def _body(body: Mapping[str, Any]) -> Iterator[str]:
    text = body["text"]
    names = VARIABLE.findall(text)
    fixed = VARIABLE.split(text)[::2]
    if not text.strip() or units(text) > BODY:
        yield "body: 1 to 1024"
    if text != text.strip() or "\n\n\n" in text or "    " in text or "\t" in text:
        yield "body: no outer blanks, three newlines, four spaces or tabs"
    if len(EMOJI.findall(text)) > 10:
        yield "body: ten emoji at most"
    if any(not NAME.fullmatch(name) for name in names):
        yield "body: variables are named with lower-case letters, digits and underscores"
    if any(count > 1 for count in Counter(names).values()):
        yield "body: a variable twice"
    if re.search(r"[{}]", "".join(fixed)):
        yield "body: stray braces"
    # Punctuation and emoji alone do not count as text around a variable.
    if names and not (WORD.search(fixed[0]) and WORD.search(fixed[-1])):
        yield "body: a variable first or last"
    if any(not WORD.search(between) for between in fixed[1:-1]):
        yield "body: variables without words between them"
    # Meta does not publish its figure; senders measured words + variables >= 3 variables + 1. Ours is stricter.
    if len(WORD.findall(" ".join(fixed))) < 3 * len(names):
        yield "body: too few words for so many variables"
    examples = body.get("example", {}).get("body_text_named_params", [])
    if [example["param_name"] for example in examples] and Counter(e["param_name"] for e in examples) != Counter(names):
        yield "body: one example for each variable"
    if names and not examples:
        yield "body: no examples"
    for example in examples:
        yield from _value(example["param_name"], example["example"])


def _buttons(buttons: Sequence[Mapping[str, str]]) -> Iterator[str]:
    if not 1 <= len(buttons) <= BUTTONS:
        yield "buttons: 1 to 10"
    kinds = [button["type"] for button in buttons]
    if sum(before != after for before, after in pairwise(kinds)) > 1:
        yield "buttons: quick replies stand together"
    labels = [button["text"] for button in buttons]
    if len(set(labels)) < len(labels):
        yield "buttons: a label twice"
    for label in labels:
        if not label.strip() or units(label) > LABEL or re.search(r"[\n*_~{}]", label) or EMOJI.search(label):
            yield f"buttons: label {label!r}"


def sending_faults(template: Mapping[str, Any], parameters: Mapping[str, str], payloads: Sequence[str]) -> list[str]:
    """Return what Meta would refuse in what fills a utility template."""
    return list(_sending(template, parameters, payloads))


def _sending(template: Mapping[str, Any], parameters: Mapping[str, str], payloads: Sequence[str]) -> Iterator[str]:
    parts = {part["type"]: part for part in template["components"]}
    text = parts["BODY"]["text"]
    if set(parameters) != set(VARIABLE.findall(text)):
        yield "132000: parameters do not match the variables"
        return
    for name, value in parameters.items():
        yield from _value(name, value)
    if units(VARIABLE.sub(lambda match: parameters[match[1]], text)) > BODY:
        yield "132005: the filled text is too long"
    if len(payloads) != len(parts.get("BUTTONS", {}).get("buttons", [])):
        yield "a payload for each button"
    if any(not payload or len(payload) > PAYLOAD for payload in payloads):
        yield f"payloads: 1 to {PAYLOAD}"


def _value(name: str, value: str) -> Iterator[str]:
    if not value.strip():
        yield f"131008: {name} is empty"
    if re.search(r"[\n\r\t\v\f\u2028\u2029]| {4}", value):
        yield f"132018: {name} has a newline, a tab or four spaces"
    if "{{" in value or "}}" in value:
        yield f"{name} looks like a variable"
    if re.search("[\x00-\x1f\x7f\ud800-\udfff]", value):
        yield f"{name} has control characters"


def code_faults(code: str) -> list[str]:
    """Return what Meta would refuse in the code of an authentication template."""
    return [] if re.fullmatch(rf"[0-9A-Za-z]{{1,{CODE}}}", code) else [f"code: 1 to {CODE} letters and digits"]
