"""The prompt: a static system text first, then what was said, then the facts of the moment with the new message.

The order is for the service's prefix cache: what never changes comes first. Nothing a person wrote is ever part of
the system text; it travels as a JSON field, cut in length, with phones and e-mails covered.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from .. import phrases
from ..models.enums import Author, Role
from ..settings import templates_directory
from .brain import Heard, Line
from .guards.veil import Veil
from .llm.loop import Message
from .llm.speech import printable, tame

# What a person remembers of a chat; at four characters a token this is about 1,500 tokens, a fifth of the free
# tier's minute.
LINES = 20
HISTORY_LIMIT = 6_000
LINE_LIMIT = 600
TEXT_LIMIT = 2_000
NAME_LIMIT = 60
# Two lists of WhatsApp.
TOKENS = 18

_SPEAKER = {Author.CLIENT: Role.CLIENT, Author.PROFESSIONAL: Role.PROFESSIONAL}


@cache
def system(role: Role) -> str:
    """Return the system text of a role; it holds no value, so every conversation shares it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only where a model is used

    folder = FileSystemLoader(templates_directory() / "prompts")
    # Plain text for a model, never HTML.
    environment = Environment(loader=folder, undefined=StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    return environment.get_template(f"{role}.j2").render().strip()


def messages(heard: Heard, veil: Veil) -> list[Message]:
    """Return the messages of a turn as the model gets them."""
    asker = heard.asker
    return [
        {"role": "system", "content": system(asker.role)},
        *(_earlier(line, asker.role, veil) for line in recent(heard.history)),
        {"role": "user", "content": _json(_present(heard, veil))},
    ]


def _present(heard: Heard, veil: Veil) -> dict[str, Any]:
    """The facts of the moment, then the message: all the model learns about who is speaking."""
    asker = heard.asker
    present: dict[str, Any] = {"agora": moment(asker.local)}
    if heard.professional_name:
        present["profissional"] = _covered(heard.professional_name, NAME_LIMIT, veil)
    if asker.role is Role.CLIENT and (name := _covered(phrases.first_name(asker.name), NAME_LIMIT, veil)):
        present["cliente"] = name
    if offered := offered_times(heard):
        present["fichas_de_horario"] = offered
    if question := pending_question(heard):
        present["aguardando_sim_ou_nao"] = _covered(question, LINE_LIMIT, veil)
    present["mensagem"] = _covered(heard.text, TEXT_LIMIT, veil)
    return present


def moment(local: datetime) -> str:
    """Return the moment of a turn as a model reads it."""
    return f"{phrases.weekday_name(local)}, {local:%d/%m/%Y, %H:%M}"


def offered_times(heard: Heard) -> dict[str, str]:
    """Return the times offered earlier, by token, so that "o segundo" needs no new search; one service's."""
    tokens = heard.state.get("tokens")
    kept = tokens.items() if isinstance(tokens, Mapping) else ()
    slots = [(token, value) for token, value in kept if isinstance(value, Mapping) and value.get("kind") == "slot"]
    offered = {}
    for token, slot in slots[-TOKENS:]:
        start = datetime.fromisoformat(slot["start"]).astimezone(heard.asker.zone)
        if start > heard.asker.now and slot.get("service_id") == slots[-1][1].get("service_id"):
            offered[str(token)] = phrases.moment(start)
    return offered


def pending_question(heard: Heard) -> str:
    """Return what the person was asked and has not answered; empty when nothing waits."""
    pending = heard.state.get("pending")
    return str(pending.get("question") or "") if isinstance(pending, Mapping) else ""


def recent(history: Sequence[Line]) -> list[Line]:
    """Return the last lines that fit, oldest first, each cut at its limit."""
    kept: list[Line] = []
    room = HISTORY_LIMIT
    for line in reversed(history[-LINES:]):
        room -= min(len(line.text), LINE_LIMIT)
        if room < 0:
            break
        kept.append(line if len(line.text) <= LINE_LIMIT * 2 else Line(line.author, line.text[: LINE_LIMIT * 2]))
    return kept[::-1]


def _earlier(line: Line, role: Role, veil: Veil) -> Message:
    text = _covered(line.text, LINE_LIMIT, veil)
    if line.author is Author.BOT:
        return {"role": "assistant", "content": text or "…"}
    # In a client's conversation the professional may have written a line as well, and the other way round.
    field = "mensagem" if _SPEAKER[line.author] is role else "outra_pessoa_escreveu"
    return {"role": "user", "content": _json({field: text})}


def _covered(text: str, limit: int, veil: Veil) -> str:
    # Invisible signs go first, or they would hide a number from the veil; the cut comes last, or it would halve one.
    return tame(veil.cover(printable(text[: limit * 2])), limit)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
