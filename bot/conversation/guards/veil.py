"""The veil: phone numbers, documents and addresses for mail never reach a model.

What is covered gets a name that stays the same for a whole turn (`TELEFONE_1`), so that a model can still pass it to
a tool; the veil is lifted from the arguments before the tool sees them, and from the answer before a person does.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..brain import Toolbox, ToolResult
from ..llm.speech import printable, tame

# A text in a tool result: names and services are far shorter; what is longer was written to be read by a model.
RECORD_LIMIT = 400
# Of a record, what a model has no use for: our ids (it has tokens) and what was written down about a person.
_KEPT_BACK = frozenset({"id", "note", "notes", "email"})

# Dates, hours, prices and short tokens must stay readable, so a number is covered only in the shapes that Brazilian
# phones, CPFs, CNPJs and cards are written in, or from eight bare digits on. Who hides one ("9 8 8 8 8", "nove oito",
# "julia arroba exemplo ponto com") is read all the same.
_PRIVATE = re.compile(
    r"""
      (?P<EMAIL>
          (?<![\w.+-])[\w.+-]{1,64}\ ?(?:@|\(at\)|\[at\]|\barroba\b)\ ?[\w-]{1,63}
          (?:\ ?(?:\.|\bponto\b)\ ?[\w-]{2,24}){1,4} )
    | (?P<DITADO>
          (?:\b(?:zero|uma?|dois|duas|tr[eê]s|quatro|cinco|seis|meia|sete|oito|nove)\b[\ ,.-]{0,3}){7,}
          (?:zero|uma?|dois|duas|tr[eê]s|quatro|cinco|seis|meia|sete|oito|nove)\b )
    | (?<!\d)(?<!\d[/:.,-])(?:
        (?P<DOCUMENTO>\d{3}\.\d{3}\.\d{3}-\d{2} | \d{2}\.\d{3}\.\d{3}/\d{4}-\d{2} | \d{4}(?:[\ -]\d{4}){3})
      | (?P<TELEFONE>
            \+\d{1,3}[\ .-]?(?:\(?\d{2,3}\)?[\ .-]{0,2})?\d{4,5}[\ .-]?\d{4}
          | (?:55[\ -]?)?\(?0?[1-9]\d\)?[\ .-]{0,2}9?[\ .-]?\d{4}[\ .-]?\d{4}
          | 9[\ .-]?\d{4}[\ .-]\d{4}
          | \d{4}-\d{4}
          | \(?\d{2}\)?[\ ./·_–—-]{1,3}9?\d{4}[\ ./·_–—-]{1,3}\d{4}
          | \d(?:[\ ./·_–—-]{1,2}\d){7,19}
          | \d{8,20} )
      )(?!\d|[/:.,]\d)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COVERED = re.compile(r"(?:EMAIL|DOCUMENTO|TELEFONE)_\d{1,3}(?!\d)", re.IGNORECASE)


class Veil:
    """Cover private values for one turn and give each a name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, str] = {}

    def cover(self, text: str) -> str:
        """Return `text` with every private value replaced by its name."""
        return _PRIVATE.sub(self._name, text)

    def lift(self, text: str) -> str:
        """Return `text` with every name replaced by what it stands for; an unknown name stays."""
        return _COVERED.sub(lambda match: self._values.get(match[0].upper(), match[0]), text)

    def _name(self, match: re.Match[str]) -> str:
        value, kind = match[0], match.lastgroup if match.lastgroup != "DITADO" else "TELEFONE"
        # One number written in two ways is one number.
        key = re.sub(r"\D", "", value) if kind != "EMAIL" else ""
        key = key or value.casefold()
        if key not in self._names:
            name = f"{kind}_{len(self._names) + 1}"
            self._names[key], self._values[name] = name, value
        return self._names[key]

    def cover_all(self, data: Any) -> Any:
        """Return JSON-like `data` with every text in it covered and cut; keys are ours and stay."""
        match data:
            case str():
                return tame(self.cover(printable(data)), RECORD_LIMIT)
            case Mapping():
                return {key: self.cover_all(value) for key, value in data.items()}
            case Sequence():
                return [self.cover_all(value) for value in data]
        return data

    def lift_all(self, data: Any) -> Any:
        """Return JSON-like `data` with the veil lifted from every text in it."""
        match data:
            case str():
                return self.lift(data)
            case Mapping():
                return {key: self.lift_all(value) for key, value in data.items()}
            case list():
                return [self.lift_all(value) for value in data]
        return data


class VeiledToolbox:
    """A toolbox as a model may see it: real values go in, covered ones come out."""

    def __init__(self, toolbox: Toolbox, veil: Veil) -> None:
        self._toolbox = toolbox
        self._veil = veil

    def schemas(self) -> Sequence[Mapping[str, Any]]:
        return self._toolbox.schemas()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        result = await self._toolbox.call(name, self._veil.lift_all(arguments))
        return replace(result, data=self._veil.cover_all(_without_private(result.data)))


def _without_private(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _without_private(value) for key, value in data.items() if key not in _KEPT_BACK}
    if isinstance(data, list | tuple):
        return [_without_private(value) for value in data]
    return data
