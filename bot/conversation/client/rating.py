"""The mark that a client answers "Como foi o seu atendimento?" with: "5", "nota 4, muito bom", "⭐⭐⭐⭐".

A number alone is a mark while that was the last thing that asked for one; with "nota" or stars, for some days.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from ...agenda import reviews
from ...errors import Refused
from ...models import Appointment, Outbound, Professional
from ...models.enums import Role
from ...notify import messages
from ...notify.messages import ReviewRequest
from ...notify.outbox import CHAT
from ...notify.render import chat
from ...text import plain
from ...whatsapp.outgoing import Text
from ..brain import Answer, Toolkit
from ..dialogue.refusals import explain
from ..quoting import BACK, told_in
from ..reading.intents import CHATTER, understand
from ..reading.wish import Said
from ..scene import Scene

# Whoever has not said it within a week answers something else.
ASKED_FOR: Final = timedelta(days=7)
LONGEST: Final = 1000
_WORDS: Final = {"zero": 0, "um": 1, "uma": 1, "dois": 2, "duas": 2, "tres": 3, "quatro": 4, "cinco": 5, "dez": 10}
_MARK: Final = re.compile(
    r"\W*(?P<named>(?:(?:a|eu|minha|dou|de|sua) )*nota(?: [eé])?:? )?"
    r"(?P<mark>\d{1,2}|zero|uma?|dois|duas|tr[eê]s|quatro|cinco|dez)(?P<stars> estrelas?)?"
    # "5h", "5/12", "5 de dezembro", "5 reais" are no marks.
    r"(?![\w:/%])(?!,\d)(?! ?(?:h|hs|horas?|min|minutos?|reais|de|dias?)\b)",
    re.IGNORECASE,
)
_THANKS: Final = {1: "rated_badly", 2: "rated_badly", 3: "rated_fair"}
_STARS: Final = re.compile(r"\s*((?:[⭐🌟★]\ufe0f?\s*){1,5})(?![⭐🌟★])")


@dataclass(frozen=True, slots=True)
class Mark:
    """What was said: the mark, the words around it, and whether it can be nothing else."""

    value: int
    comment: str
    named: bool


async def answer(session: AsyncSession, here: Scene, _: Toolkit) -> Answer | None:
    """Write down a mark, where one was asked for."""
    if here.payload or here.held.forwarded or here.state.get("flow"):
        return None
    mark = read(here.text, here.asker.role, here.asker.local)
    row = await _asked(session, here, mark) if mark else None
    appointment = await session.get(Appointment, row.appointment_id) if row and row.appointment_id else None
    if mark is None or appointment is None:
        return None
    if not reviews.LOWEST <= mark.value <= reviews.HIGHEST:
        return Answer(say=Text(chat("rating_range")))
    try:
        await reviews.rate(session, appointment, mark.value, mark.comment, now=here.now)
    except Refused as refusal:
        return explain(refusal, here.asker, {})
    owner = await session.get_one(Professional, appointment.professional_id)
    return Answer(say=Text(chat(_THANKS.get(mark.value, "rated_well"), professional=owner.name)))


def read(text: str, role: Role, local: datetime) -> Mark | None:
    """Return the mark that a message is, with what is said beside it; None where it may be something else."""
    if found := _STARS.match(text):
        value, named = len(re.findall("[⭐🌟★]", found[1])), True
    elif found := _MARK.match(text):
        said = plain(found["mark"])
        value, named = _WORDS[said] if said in _WORDS else int(said), bool(found["named"] or found["stars"])
    else:
        return None
    rest = text[found.end() :]
    wish = understand(rest, role).intent not in CHATTER or Said.read(rest, local).dated or "?" in rest
    if wish or any(letter.isdigit() for letter in rest):
        return None
    return Mark(value, rest.strip(" \n!,.;:-–")[:LONGEST], named)


async def _asked(session: AsyncSession, here: Scene, mark: Mark) -> Outbound | None:
    """Return the request that a mark answers: the one that is quoted, else the last."""
    told = told_in(here.conversation)
    if here.held.reply_to:
        quoted = await session.scalar(told.where(Outbound.provider_id == here.held.reply_to).limit(1))
        return quoted if quoted and quoted.kind == ReviewRequest.name else None
    asked = told.where(Outbound.sent_at > here.now - ASKED_FOR)
    if mark.named:
        return await session.scalar(asked.where(Outbound.kind == ReviewRequest.name).limit(1))
    for row in await session.scalars(asked.limit(BACK)):
        if row.kind == ReviewRequest.name:
            return row
        if _wants_something(row):
            break
    return None


def _wants_something(row: Outbound) -> bool:
    if row.kind == CHAT:
        return bool(row.payload.get("options")) or str(row.payload.get("body", "")).rstrip().endswith("?")
    return bool(messages.from_json(row.kind, row.payload).payloads)
