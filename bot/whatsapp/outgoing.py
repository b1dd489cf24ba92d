"""What can be said on WhatsApp: message values that cannot break Meta's limits.

A limit that is broken is a bug of ours, so building such a value raises `ValueError`; nothing is ever cut
silently here. Options carry an id that comes back when tapped, and are numbered in the text as well, for
transports and phones that show no buttons.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

TEXT_LIMIT = 4096
BODY_LIMIT = 1024
BUTTONS, BUTTON_TITLE, BUTTON_ID = 3, 20, 256
# Of ours; Meta takes 240.
FILENAME = 120
ROWS, ROW_TITLE, ROW_DESCRIPTION, ROW_ID, LABEL = 10, 24, 72, 200, 20


def _within(value: str, limit: int, what: str) -> None:
    if not value.strip() or len(value) > limit:
        raise ValueError(f"{what} must have 1 to {limit} characters, has {len(value)}")


@dataclass(frozen=True, slots=True)
class Option:
    """Something to tap: `id` comes back, `title` is shown, `description` only in lists."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text with WhatsApp's own formatting."""

    kind: ClassVar[str] = "text"
    body: str

    def __post_init__(self) -> None:
        _within(self.body, TEXT_LIMIT, "text")


@dataclass(frozen=True, slots=True)
class Choices:
    """A question with up to three reply buttons, or up to ten rows behind a label."""

    kind: ClassVar[str] = "choices"
    body: str
    options: tuple[Option, ...]
    label: str = "Ver opções"

    def __post_init__(self) -> None:
        _within(self.numbered, BODY_LIMIT, "body with its numbered options")
        _within(self.label, LABEL, "label")
        if not 1 <= len(self.options) <= ROWS:
            raise ValueError(f"1 to {ROWS} options, got {len(self.options)}")
        if len({option.id for option in self.options}) < len(self.options):
            raise ValueError("two options share an id")
        for option in self.options:
            if self.as_buttons:
                _within(option.title, BUTTON_TITLE, "button title")
                _within(option.id, BUTTON_ID, "button id")
            else:
                _within(option.title, ROW_TITLE, "row title")
                _within(option.id, ROW_ID, "row id")
                if len(option.description) > ROW_DESCRIPTION:
                    raise ValueError(f"row description over {ROW_DESCRIPTION} characters")

    @property
    def as_buttons(self) -> bool:
        """Three or fewer short options without descriptions fit into buttons; the rest is a list."""
        return len(self.options) <= BUTTONS and all(
            len(option.title) <= BUTTON_TITLE and not option.description for option in self.options
        )

    @property
    def numbered(self) -> str:
        """The body followed by the options as numbered lines."""
        lines = [
            f"{number}. {option.title}" + (f" ({option.description})" if option.description else "")
            for number, option in enumerate(self.options, start=1)
        ]
        return self.body + "\n\n" + "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of ours: PNG bytes in base64, kept in the row so that a crash loses nothing."""

    kind: ClassVar[str] = "image"
    data: str
    caption: str = ""

    def __post_init__(self) -> None:
        if len(self.caption) > BODY_LIMIT:
            raise ValueError(f"caption over {BODY_LIMIT} characters")


@dataclass(frozen=True, slots=True)
class Document:
    """A file of ours, such as a CSV: its bytes in base64, and the name it is saved under."""

    kind: ClassVar[str] = "document"
    data: str
    filename: str
    caption: str = ""
    # Of the types Meta takes: a CSV is sent as text, and its name says what it is.
    mime: str = "text/plain"

    def __post_init__(self) -> None:
        _within(self.filename, FILENAME, "file name")
        if len(self.caption) > BODY_LIMIT:
            raise ValueError(f"caption over {BODY_LIMIT} characters")


@dataclass(frozen=True, slots=True)
class Template:
    """One of our Meta-approved templates: named parameters, and one payload for each quick reply."""

    kind: ClassVar[str] = "template"
    name: str
    parameters: Mapping[str, str]
    payloads: tuple[str, ...] = ()
    language: str = "pt_BR"
    # Of an authentication template: the code, which also fills its copy button.
    code: str = ""


Outgoing = Text | Choices | Image | Document | Template


def to_json(message: Outgoing) -> dict[str, Any]:
    """Return `message` as a JSON object that `from_json` turns back."""
    data = {"kind": message.kind} | {field.name: getattr(message, field.name) for field in fields(message)}
    if isinstance(message, Choices):  # written out: `asdict` takes as long as a statement
        data["options"] = [
            {"id": option.id, "title": option.title, "description": option.description} for option in message.options
        ]
    return data


def from_json(data: Mapping[str, Any]) -> Outgoing:
    """Build the value that `to_json` wrote down."""
    # "author" is for the log: a person's own words travel like the bot's.
    found = {name: value for name, value in data.items() if name not in ("kind", "author")}
    match data["kind"]:
        case "text":
            return Text(**found)
        case "choices":
            found["options"] = tuple(Option(**option) for option in found["options"])
            return Choices(**found)
        case "image":
            return Image(**found)
        case "document":
            return Document(**found)
        case "template":
            found["payloads"] = tuple(found["payloads"])
            return Template(**found)
        case unknown:
            raise ValueError(f"unknown kind of message: {unknown}")


def plain(message: Outgoing) -> str:
    """Return what a person reads, as text: for the conversation log and for transports without buttons."""
    match message:
        case Text(body):
            return body
        case Choices():
            return message.numbered
        case Image(caption=caption):
            return caption or "[imagem]"
        case Document(filename=filename, caption=caption):
            return f"{caption}\n[{filename}]".strip()
        case Template(name=name):
            return f"[{name}]"
