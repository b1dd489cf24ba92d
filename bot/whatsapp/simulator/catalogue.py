"""The templates that the local Graph server has approved, and their text once the parameters are in."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .phones import Tap
from .refusal import GraphRefusal, invalid, missing, unknown

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
# Meta refuses these inside a parameter.
_FORBIDDEN = re.compile(r"[\n\t]| {5,}")
PAYLOAD = 256
CODE_TEXT = "*{code}* é seu código de verificação. Para sua segurança, não o compartilhe."
CODE_FOOTER = "Este código expira em {minutes} minutos."

Component = Mapping[str, Any]


class Catalogue:
    """Templates by name, each as the JSON that creates it at Meta. An empty catalogue takes any name."""

    def __init__(self, templates: Iterable[Mapping[str, Any]] = ()) -> None:
        self._known: dict[str, dict[str, Any]] = {}
        for template in templates:
            self.add(template)

    def add(self, template: Mapping[str, Any]) -> dict[str, Any]:
        """Create or replace a template; it is approved at once."""
        name = template.get("name")
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]{1,512}", name):
            raise unknown("name must be lower case letters, digits and underscores")
        if not template.get("components"):
            raise missing("components")
        kept = {"language": "pt_BR", "category": "UTILITY", **template}
        number = self._known[name]["id"] if name in self._known else str(900_000_000_000_000 + len(self._known))
        self._known[name] = kept | {"id": number, "status": "APPROVED"}
        return self._known[name]

    def edit(self, number: str, change: Mapping[str, Any]) -> bool:
        """Change the template with that id, if there is one."""
        for template in self._known.values():
            if template["id"] == number:
                template.update({name: change[name] for name in ("components", "category") if name in change})
                return True
        return False

    def listing(self, name: str = "") -> list[dict[str, Any]]:
        """Return the templates, or the one called `name`, as Meta lists them."""
        shown = {"quality_score": {"score": "GREEN"}, "rejected_reason": "NONE"}
        return [template | shown for template in self._known.values() if name in ("", template["name"])]

    def fill(self, template: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a phone shows of a sent template: the fields of a bubble."""
        name, language = template.get("name"), template.get("language")
        if not isinstance(name, str) or not name:
            raise missing("template.name")
        if not isinstance(language, Mapping) or not language.get("code"):
            raise missing("template.language.code")
        sent = [part for part in template.get("components") or () if isinstance(part, Mapping)]
        if not self._known:
            return _unknown(name, sent)
        kept = self._known.get(name)
        if kept is None or kept["language"] != language["code"]:
            raise GraphRefusal(
                132001, "Template name does not exist in the translation", f"{name} in {language['code']}", 404
            )
        return _filled(kept, sent)


def _filled(kept: Mapping[str, Any], sent: list[Component]) -> dict[str, Any]:
    parts = {str(part["type"]).upper(): part for part in kept["components"]}
    given = _values(sent, "body")
    category = str(kept["category"]).lower()
    if category == "authentication":
        code = next(iter(given.values()), "")
        minutes = parts.get("FOOTER", {}).get("code_expiration_minutes")
        return {
            "text": CODE_TEXT.format(code=code),
            "footer": CODE_FOOTER.format(minutes=minutes) if minutes else "",
            "options": (Tap("", "Copiar código", copies=code),),
            "taps": "template",
            "category": category,
        }
    options = _buttons(parts.get("BUTTONS", {}).get("buttons", ()), sent)
    return {
        "text": _substitute(parts["BODY"]["text"], given),
        "header": _substitute(parts.get("HEADER", {}).get("text", ""), _values(sent, "header")),
        "footer": parts.get("FOOTER", {}).get("text", ""),
        "options": options,
        "taps": "template" if options else "",
        "category": category,
    }


def _substitute(text: str, given: Mapping[str, str]) -> str:
    wanted = set(_VARIABLE.findall(text))
    if wanted != set(given):
        details = f"expected {sorted(wanted)}, got {sorted(given)}"
        raise GraphRefusal(132000, "Number of parameters does not match the expected number of params", details)
    return _VARIABLE.sub(lambda match: given[match[1]], text)


def _values(sent: list[Component], kind: str) -> dict[str, str]:
    """Return the parameters of a component by name; those without one by their position."""
    component = next((part for part in sent if str(part.get("type")).lower() == kind), {})
    values: dict[str, str] = {}
    for position, parameter in enumerate(component.get("parameters") or (), start=1):
        text = parameter.get("text") if isinstance(parameter, Mapping) else None
        if not isinstance(text, str) or not text.strip():
            raise missing(f"{kind}.parameters[{position - 1}].text")
        if _FORBIDDEN.search(text):
            details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
            raise GraphRefusal(132018, "There's an issue with the parameters in your template", details)
        values[str(parameter.get("parameter_name") or position)] = text
    return values


def _buttons(kept: Iterable[Component], sent: list[Component]) -> tuple[Tap, ...]:
    payloads = {str(part.get("index")): part for part in sent if str(part.get("type")).lower() == "button"}
    taps = []
    for index, button in enumerate(kept):
        parameters: Sequence[Component] = payloads.get(str(index), {}).get("parameters") or ({},)
        payload = str(parameters[0].get("payload") or button["text"])  # without one, Meta gives back the title
        if len(payload) > PAYLOAD:
            raise invalid(f"payload is longer than {PAYLOAD} characters")
        taps.append(Tap(payload, button["text"]))
    return tuple(taps)


def _unknown(name: str, sent: list[Component]) -> dict[str, Any]:
    """Show a template whose text nobody has told us: its name and what is in it."""
    lines = [f"{key}: {value}" for key, value in _values(sent, "body").items()]
    payloads = [
        str(parameter["payload"])
        for part in sent
        for parameter in part.get("parameters") or ()
        if isinstance(parameter, Mapping) and parameter.get("type") == "payload"
    ]
    options = tuple(Tap(payload, payload.partition(":")[0][:25] or payload) for payload in payloads)
    return {
        "text": "\n".join([f"*[{name}]*", *lines]),
        "options": options,
        "taps": "template" if options else "",
        "category": "utility",
    }
