"""Turn messages and chat names into words: the one place that reads `templates/whatsapp` and `templates/chat`.

Each of the 19 files says the same thing twice: with values, as text for the 24-hour window; with `{{name}}` in
their place, as the body that Meta approves.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2 import Template as Words

from ..settings import templates_directory
from ..whatsapp.outgoing import BODY_LIMIT, TEXT_LIMIT, Choices, Option, Outgoing, Template, Text
from .fit import clip, length, unformatted
from .message import SEPARATOR, Message
from .messages import LoginCode

SUFFIX = ".txt.j2"
# How long a value may be, tried from the left until the whole text fits. 200 units hold any honest name or
# address; with 50 each, the fullest of the 19 still fits into Meta's body (a test adds them up).
PARAMETER_CAPS = (200, 120, 80, 50)
WINDOW_CAPS = (3000, 800, 400, *PARAMETER_CAPS)
# A chat answer may quote what somebody typed: enough to recognise it.
QUOTE = 200

_environment = Environment(
    loader=FileSystemLoader(templates_directory()),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - plain text for a phone, never HTML
    trim_blocks=True,
    lstrip_blocks=True,
    # Files do not change under a running process: each is compiled once and kept.
    auto_reload=False,
    cache_size=-1,
)


def in_window(message: Message) -> Outgoing:
    """Return `message` as it goes out within 24 hours of the person's last word."""
    values = message.values()
    # No one-line rule here: each entry of a list gets its own line.
    values |= {name: values[name].replace(SEPARATOR, "\n") for name in message.listed}
    options = tuple(
        Option(payload, button.title) for payload, button in zip(message.payloads, message.buttons, strict=True)
    )
    said = aside(message)
    room = (BODY_LIMIT - len(Choices("?", options).numbered) + 1) if options else TEXT_LIMIT
    text = _text(message, _fitted(message, values, room - length(said), WINDOW_CAPS))
    if said:
        facts, _, last = text.rpartition("\n\n")
        text = f"{facts}\n\n{said}{last}"
    return Choices(text, options) if options else Text(text)


def aside(message: Message) -> str:
    """Return what only a free text has room for, as a paragraph; nothing where there is nothing to say."""
    value = getattr(message, message.aside) if message.aside else ""
    return chat(f"{message.name}_{message.aside}", **{message.aside: value}) + "\n\n" if value else ""


def as_template(message: Message) -> Template:
    """Return `message` as Meta's template of the same name, its parameters within Meta's rules."""
    values = message.values()
    if isinstance(message, LoginCode):
        return Template(message.name, {}, code=values["code"])
    return Template(message.name, _fitted(message, values, BODY_LIMIT, PARAMETER_CAPS), message.payloads)


def body_of(cls: type[Message]) -> str:
    """Return the text of a message with `{{name}}` where its values go, the body that Meta approves."""
    return _render(f"whatsapp/{cls.name}", {name: "{{" + name + "}}" for name in cls.variables()})


def chat(name: str, /, **values: object) -> str:
    """Return `templates/chat/NAME` with `values`, each a single line except `lines`, which is a text of its own."""
    return _render(
        f"chat/{name}",
        {
            key: clip(unformatted(value), QUOTE) if isinstance(value, str) and key != "lines" else value
            for key, value in values.items()
        },
    )


def names(folder: str) -> list[str]:
    """Return the names of all templates in `folder`: "whatsapp" or "chat"."""
    return [
        path.removeprefix(f"{folder}/").removesuffix(SUFFIX)
        for path in _environment.list_templates()
        if path.startswith(f"{folder}/") and path.endswith(SUFFIX)
    ]


def _render(path: str, values: Mapping[str, object]) -> str:
    return _template(path).render(values).strip()


@cache
def _template(path: str) -> Words:
    return _environment.get_template(path + SUFFIX)


def _text(message: Message, values: Mapping[str, str]) -> str:
    return _render(f"whatsapp/{message.name}", values)


def _fitted(message: Message, values: Mapping[str, str], limit: int, caps: Sequence[int]) -> dict[str, str]:
    """Return `values`, the longest ones shortened as far as a text of at most `limit` units asks for."""
    for cap in caps:
        fitted = {name: clip(value, max(cap, message.long.get(name, 0))) for name, value in values.items()}
        if length(_text(message, fitted)) <= limit:
            return fitted
    raise ValueError(f"{message.name} does not fit into {limit} characters")
