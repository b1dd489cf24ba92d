"""Several questions in one message, or in one burst: each is read by itself, with its own day, and answered in turn.

Only where every part is a question that changes nothing: what wants something done is read as a whole, for its parts
belong together.
"""

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import Final

from ...whatsapp.outgoing import TEXT_LIMIT, Text
from ..brain import Answer
from ..reading.intents import Intent, understand
from ..reading.wish import Said
from .talk import Talk

# More than these are read out to nobody.
MOST: Final = 3
# "E amanhã?", "e na sexta?": with more words than these beside the day it is something else.
MOST_BESIDES: Final = 3
_ASKS: Final = (
    r"(?:quem|quant[oa]s?|qto|qts|qual|quais|ql|que horas?|onde|quando|qdo|qnd|como|tem|tenho|o que|vcs?|voc[eê]s?"
    r"|amanh[ãa]|depois de amanh[ãa]|ontem|(?:o |a |os )?(?:end|pre[çc]o|valor))"
)
_BETWEEN: Final = re.compile(
    rf"\n+|(?<=\?)\s+|;\s*|,?\s+e\s+(?:tamb[ée]m\s+)?(?={_ASKS})|,\s+(?={_ASKS})", re.IGNORECASE
)
# What a professional asks that is answered in words alone.
PROFESSIONAL: Final = frozenset(
    {
        Intent.AGENDA,
        Intent.NEXT,
        Intent.REVENUE,
        Intent.CUSTOMER,
        Intent.FREE,
        Intent.SERVICES,
        Intent.HOURS,
        Intent.PRICES,
        Intent.UNPAID,
        Intent.VISITS,
    }
)
_CHATTER: Final = frozenset({Intent.GREET, Intent.THANKS, Intent.BYE})


def questions(talk: Talk, reads: Collection[Intent]) -> list[Talk]:
    """Return a talk for each question of a message, or nothing unless it is two of `reads` at least."""
    parts = [*filter(str.strip, _BETWEEN.split(talk.heard.text))]
    if talk.heard.payload or len(parts) < 2:
        return []
    found: list[Talk] = []
    for part in parts:
        reading = understand(part, talk.asker.role)
        said = Said.read(part, talk.now)
        if reading.intent in _CHATTER:
            continue
        if reading.intent is Intent.NONE and said.dated and found and len(said.rest.split()) <= MOST_BESIDES:
            # "Quem tenho hoje? e amanhã?" asks the same again.
            reading = replace(reading, intent=found[-1].reading.intent)
        if reading.intent not in reads or reading.unwanted - {Intent.PAID}:  # "quem não pagou?" refuses nothing
            return []
        found.append(Talk(replace(talk.heard, text=part), said, reading, dict(talk.memory)))
    return found if 1 < len(found) <= MOST else []


async def answers(talk: Talk, answer: Callable[[Talk, Intent], Awaitable[Answer]]) -> str:
    """Return the answers to a professional's several questions; nothing where one of them has to ask back."""
    several = questions(talk, PROFESSIONAL)
    said = [(await answer(each, each.reading.intent)).say for each in several]
    for each in several:
        talk.tokens |= each.tokens
    told = [one.body for one in said if isinstance(one, Text)]
    return joined(told) if len(told) == len(several) else ""


def joined(answers: Collection[str]) -> str:
    """Return several answers as one bubble; a question that was asked twice is answered once."""
    return "\n\n".join(dict.fromkeys(filter(None, answers)))[:TEXT_LIMIT]
