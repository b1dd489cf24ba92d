"""What a message asks for, without a model: pure, fast, and unsure rather than wrong.

The tables say which words mean what. Here is what tables cannot say: that a "não" in front
turns a wish around, that two wishes may be one, that a question may ride along.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ...models.enums import Role
from .client_words import CLIENT
from .phrasebook import Intent, Rules
from .professional_words import PROFESSIONAL
from .vocabulary import READ, plain

__all__ = ["LATER", "PHONE", "Intent", "Reading", "understand"]

# Brazilian numbers as they are typed: with or without country, area, ninth digit, signs between.
PHONE: Final = re.compile(r"(?<![\d/:,])(?:\+?55[\s.-]*)?(?:\(?0?[1-9]{2}\)?[\s.-]*)?9?\d{4}[\s.-]?\d{4}(?![\d/:h])")

TABLES: Final[Mapping[Role, Rules]] = {Role.CLIENT: CLIENT, Role.PROFESSIONAL: PROFESSIONAL}

# Wishes that write, or lead to a write: a "não" in front of one means that it is not wanted.
ACTS: Final = frozenset(
    {
        Intent.BOOK,
        Intent.CANCEL,
        Intent.RESCHEDULE,
        Intent.CONFIRM,
        Intent.REJECT,
        Intent.COMPLETE,
        Intent.NO_SHOW,
        Intent.PAID,
        Intent.BLOCK,
        Intent.OPEN,
        Intent.EVERYBODY,
    }
)
# Questions that may ride along with a wish: "quero marcar sexta, quanto custa?"
ASIDES: Final = frozenset({Intent.PRICES, Intent.ADDRESS, Intent.HOURS, Intent.PAYMENT})
CHATTER: Final = frozenset({Intent.GREET, Intent.THANKS, Intent.BYE, Intent.NONE})

_STOPS: Final = re.compile(r"[,.;:!\n]+")
_VERB = r"cancel|desmarc|desmarq|remarc|remarq|reagend|agend|marc|marq|confirm|mud|troc|adi|recus|aceit"
# "não quero cancelar", "não é pra desmarcar"; but "não consigo cancelar" and "não sei como marcar" want it done.
_NOT_BEFORE: Final = re.compile(
    rf"(?<!\S)(?:nao|nem|nunca|jamais|sem)(?: (?!(?:consig|consegu|sei|so|deu|da(?= para)|{_VERB})\w*)\w+){{0,5}} $"
)
_NOT_AFTER: Final = re.compile(r"^ nao(?= \||$| [?])")
# "não queria desmarcar, mas vou ter que" takes the "não" back.
_AFTER_ALL: Final = re.compile(r"(?<!\S)mas (?:infelizmente |eu )?(?:vou ter|tenho|preciso|terei|precisarei)")
LATER: Final = re.compile(
    r"(?<!\S)(?:depois|(?:assim que|quando) (?:eu )?(?:voltar|puder|der|souber|decidir|resolver))"
    r" (?:eu |a gente )?(?:te )?"
    r"(?:aviso|falo|chamo|remarco|marco|agendo|reagendo|marcamos|vejo|remarcamos)(?!\S)[^|]*"
)

# "Não espera cancela": what follows is said anew.
_WAIT: Final = re.compile(r"(?<!de )(?<!na )(?<!em )(?<!\S)(?:pera|perai|espera)(?: ai)?(?!\S)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message asks for, which questions ride along, and what it says it does not want."""

    intent: Intent
    asides: tuple[Intent, ...] = ()
    unwanted: frozenset[Intent] = frozenset()


@lru_cache(maxsize=256)
def _read(text: str, role: Role) -> Reading:
    words = _words(text)
    found: dict[Intent, re.Match[str]] = {}
    unwanted: dict[Intent, re.Match[str]] = {}
    for intent, pattern in TABLES[role]:
        matches = list(pattern.finditer(words))
        meant = [match for match in matches if intent not in ACTS or not _negated(words, match)]
        if meant:
            found.setdefault(intent, meant[0])
        elif matches:
            unwanted[intent] = matches[-1]
    asides = tuple(intent for intent in list(found)[1:] if intent in ASIDES)
    return Reading(_chosen(found, unwanted, words), asides, frozenset(unwanted))


def understand(text: str, role: Role) -> Reading:
    """Return what `text` asks for when said by somebody in `role`."""
    return _read(text[:READ], role)


def phone_in(text: str) -> str:
    """Return the phone number in a text as it was typed, or nothing."""
    found = PHONE.search(text[:READ])
    return found[0].strip() if found else ""


def without_phone(text: str) -> str:
    """Return the text with `xfone` where a phone number was."""
    return PHONE.sub(" xfone ", text[:READ])


def _words(text: str) -> str:
    """Return plain words with "|" for every stop, so that no pattern reaches over one."""
    said = _STOPS.sub(" | ", plain(without_phone(text))).replace("?", " ? | ").replace(" mas ", " | mas ")
    said = _WAIT.sub("|", LATER.sub("", said))
    return " ".join(said.split()).replace("? |", "|" if said.strip(" ?|") else "?").strip(" |") or said.strip()


def _negated(words: str, match: re.Match[str]) -> bool:
    if match[0].startswith(("nao ", "nem ")) or _AFTER_ALL.search(words):
        return False
    return bool(_NOT_BEFORE.search(words[: match.start()]) or _NOT_AFTER.search(words[match.end() :]))


def _chosen(found: Mapping[Intent, re.Match[str]], unwanted: Mapping[Intent, re.Match[str]], words: str) -> Intent:
    intent = next(iter(found), Intent.NONE)
    if intent is Intent.CANCEL and Intent.BOOK in found:
        between = words[found[Intent.CANCEL].end() : found[Intent.BOOK].start()]
        # "Não vou poder ir, tem vaga sexta?" gives up one time for another.
        return Intent.RESCHEDULE if "|" in between else intent
    if unwanted and intent is Intent.MINE:
        # "Não é pra cancelar, só queria saber que horas é o meu": what comes after the refusal is the question.
        last = max(match.end() for match in unwanted.values())
        if "|" in words[last : found[intent].start()]:
            return intent
    if unwanted and (intent in CHATTER or intent is Intent.MINE):
        return Intent.DROP if unwanted.keys() == {Intent.BOOK} else Intent.KEEP
    return intent
