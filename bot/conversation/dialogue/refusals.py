"""A refusal as the assistant says it: its sentence, and where there are nearer times, those to tap."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from secrets import token_hex
from typing import Any
from uuid import UUID

from ... import phrases
from ...errors import Conflict, Refused
from ...notify.render import chat
from ...whatsapp.outgoing import Choices, Option, Text
from .. import buttons
from ..brain import Answer, Asker, Proposal


class Undone(Exception):
    """What was asked for is refused: all that its transaction wrote is undone, and `answer` is given in another.

    `question` is the one that a yes was said to.
    """

    def __init__(self, answer: Answer, question: UUID | None = None) -> None:
        super().__init__()
        self.answer = answer
        self.question = question


class Outdated(Conflict):
    """What a question showed was no longer so at the yes; `proposal` asks again, as things are now."""

    code = "question_outdated"

    def __init__(self, proposal: Proposal) -> None:
        super().__init__(proposal=replace(proposal, question=f"{chat('asked_again')}\n\n{proposal.question}"))


def explain(refusal: Refused, asker: Asker, arguments: Mapping[str, Any]) -> Answer:
    """Return the refusal as an answer; `arguments` are those of the write that was refused."""
    if isinstance(refusal, Outdated):
        return Answer(proposal=refusal.facts["proposal"])
    nearest: Sequence[datetime] = refusal.facts.get("nearest") or ()
    if not nearest:
        return Answer(say=Text(refusal.message))
    tokens = {
        token_hex(3): slot_token(at, arguments.get("service_id"), arguments.get("appointment_id")) for at in nearest
    }
    options = tuple(slot_option(token, at.astimezone(asker.zone)) for token, at in zip(tokens, nearest, strict=True))
    return Answer(say=Choices(refusal.message, options, label="Ver horários"), tokens=tokens)


def slot_token(at: datetime, service_id: object, appointment_id: object = None) -> dict[str, Any]:
    """Return what a slot's token stands for; with an appointment it is a new time for that one."""
    value = {"kind": "slot", "start": at.isoformat(), "service_id": str(service_id or "")}
    return value | ({"appointment_id": str(appointment_id)} if appointment_id else {})


def slot_option(token: str, local: datetime) -> Option:
    """Return a time as something to tap: "qui 26/11, 15h" fits a button and a row."""
    day = f"{phrases.weekday_name(local.date())[:3]} {local:%d/%m}"
    return Option(buttons.encode("slot", token), f"{day}, {phrases.hour(local.time())}")
