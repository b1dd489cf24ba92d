"""What the 19 messages have in common: fields of text, buttons, how urgent they are."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import ClassVar, Literal

from ..models.enums import Role
from .fit import one_line, unformatted

# Lower leaves first.
CODE, NOTICE, REMINDER, ROUTINE = 1, 3, 7, 8
# Between the entries of a list that must stay on one line.
SEPARATOR = " · "

_IDS = frozenset({"appointment_id", "entry_id"})
# What stands in for a value that is empty; `{professional}` is filled with that field.
_INSTEAD = MappingProxyType(
    {
        "client": "cliente",
        "professional": "profissional",
        "service": "atendimento",
        "when": "a combinar",
        "hour": "a combinar",
        "price": "a combinar",
        "amount": "a combinar",
        "address": "combine com {professional}",
        "pix_code": "peça a chave Pix a {professional}",
    }
)


@dataclass(frozen=True, slots=True)
class Button:
    """A quick reply: its title, and the verb that comes back with the id of what it is about."""

    title: str
    verb: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the 19 have in common."""

    name: ClassVar[str]
    category: ClassVar[Literal["UTILITY", "AUTHENTICATION"]] = "UTILITY"
    audience: ClassVar[Role] = Role.CLIENT
    priority: ClassVar[int] = NOTICE
    buttons: ClassVar[tuple[Button, ...]] = ()
    # The field whose id the buttons carry.
    about: ClassVar[str] = "appointment_id"
    # Fields that mean nothing when shortened to a usual length, and the units each may have in a parameter.
    long: ClassVar[Mapping[str, int]] = MappingProxyType({})
    # Fields that are copied, not read: every mark in them counts.
    verbatim: ClassVar[frozenset[str]] = frozenset()
    # Fields with entries between separators; with no one-line rule to obey, each entry gets its own line.
    listed: ClassVar[frozenset[str]] = frozenset()
    # A field that Meta's template has no place for; where the text is free, `templates/chat/NAME_FIELD` says it.
    aside: ClassVar[str] = ""

    @classmethod
    def variables(cls) -> tuple[str, ...]:
        """Return the names of the fields that the text shows."""
        return tuple(field.name for field in fields(cls) if field.name not in _IDS | {cls.aside})

    def values(self) -> dict[str, str]:
        """Return what the text shows: each value on one line and unformatted, or what is said in its stead."""
        values = {
            name: one_line(getattr(self, name)) if name in self.verbatim else unformatted(getattr(self, name))
            for name in self.variables()
        }
        professional = values.get("professional") or _INSTEAD["professional"]
        return {
            name: value or _INSTEAD.get(name, "—").format(professional=professional) for name, value in values.items()
        }

    @property
    def payloads(self) -> tuple[str, ...]:
        """What comes back from each button."""
        return tuple(f"{button.verb}:{getattr(self, self.about)}" for button in self.buttons)

    def to_json(self) -> dict[str, str]:
        """Return the fields as a JSON object that `from_json` turns back; an aside that is empty is left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value or name != self.aside}
