"""Several things in one message of a client: they are done one after the other, and that is said.

"Cancela os dois", "cancela o de quinta e remarca o de sexta", "confirmo, e marca barba na quinta": a question asks for
one deed and a yes does one, so the rest is named as what comes next and never dropped in silence.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ...notify.render import chat
from ..dialogue.offer import offered
from ..dialogue.talk import Data, Talk, start_of
from ..reading import catalogue
from ..reading.intents import CHATTER, Intent, understand
from ..reading.phrasebook import CANCEL, DAY, MOVE, SHIFT
from ..reading.vocabulary import plain
from ..reading.wish import Said
from ..reading.yesno import PRESENCE, read_yes_no

_CHANGES: Final = frozenset({Intent.CANCEL, Intent.RESCHEDULE})
_CHANGE: Final = rf"(?:{CANCEL}|{MOVE}|{SHIFT}|pass(?:ar|a|e))"
# "… e remarca o de sexta": a change of another appointment than the one before it.
_NEXT: Final = re.compile(
    rf"\s*(?:;|\n|(?<!\w)e(?!\w))\s*(?={_CHANGE} [oa] (?:d[aeo]s?|(?!hor|meu|minha|consul|sess|atend|agend)\w+)\b)",
    re.IGNORECASE,
)
_ALL: Final = re.compile(
    r"(?<!\S)(?:[oa]s (?:dois|duas|tres)|amb[oa]s|tudo(?! (?:bem|bom|certo|joia))|tod[oa]s|e [oa] (?:d[aeo]s?|outr[oa])"
    r"|(?:meus|os) (?:horarios|agendamentos|cortes|atendimentos)|(?:minhas|as) (?:sessoes|consultas|reservas)"
    rf"|nem (?:n[oa] )?{DAY}|{DAY} e (?:[oa] (?:d[ae] )?)?{DAY} para"
    r"|para (?:\S+ ){1,5}e (?:\S+ ){1,5}para)(?!\S)"
)
# "… e outro pra barba na sexta"; another day, or another choice, is no other appointment.
_AND_ANOTHER: Final = re.compile(r"[\s,]+e\s+(?:outr[oa]|mais uma?)\s(?!op[çc]|dia|data|semana|hora\b)", re.IGNORECASE)
_BOTH: Final = re.compile(r"^ (?:quero |pode ser )?(?:[oa]s (?:dois|duas)|amb[oa]s)(?: por favor| [!.])* $")
# "Cancela a barba e mantém o corte": what is to stay.
_STAYS: Final = re.compile(
    r"(?:,|;|(?<!\w)e(?!\w))\s*(?:mant[eé]\w+|deixa\w*|fica\w*|continua\w*)\s[^,;.\n]+", re.IGNORECASE
)
# "Confirmo, e …", "vou sim, mas …": the first words, and the rest.
_FIRST: Final = re.compile(r"^(?P<first>[^,.;!\n]*?)(?:\s*[,.;!\n]+|\s(?=(?:mas|e)\s))\s*(?P<rest>\S.*)$", re.DOTALL)
_HELLO: Final = re.compile(r"^(?:oi+e?|ol[áa]|opa|bom dia|boa (?:tarde|noite)|sim)\b[\s,.!]*", re.IGNORECASE)
_BUT: Final = re.compile(r"^(?:mas|s[óo] que|por[ée]m)\b", re.IGNORECASE)
_ANOTHER: Final = re.compile(r"(?<!\S)(?:tambem|mais uma?|outr[oa]|marc\w+|agend\w+|uma?)(?!\S)")


def one_change(talk: Talk) -> None:
    """Go on with the first of several changes: "cancela o de quinta e remarca o de sexta pra segunda"."""
    parts = _NEXT.split(talk.heard.text)
    readings = [understand(part, talk.asker.role) for part in parts]
    told = re.search(_CHANGE, plain(parts[0]))
    if len(parts) > 1 and told and all(reading.intent in _CHANGES for reading in readings):
        talk.heard, talk.reading = replace(talk.heard, text=parts[0]), readings[0]
        talk.said = Said.read(parts[0], talk.now)
        talk.preface = chat("one_at_a_time")


def without_kept(talk: Talk) -> None:
    """Leave out of a cancellation what is to stay: "cancela a barba e mantém o corte"."""
    if _STAYS.search(talk.heard.text):
        talk.said = Said.read(_STAYS.sub(" ", talk.heard.text), talk.now)


def two_times(talk: Talk) -> bool:
    """Tell whether somebody wants both of two times, and not either: "marca quinta às 10 e sexta às 10"."""
    words = plain(talk.heard.text)
    both = " e " in words and " ou " not in words and " ? " not in words and " se " not in words
    return both and len(talk.said.wishes) > 1 and all(wish.hour for wish in talk.said.wishes)


def before_another(talk: Talk) -> bool:
    """Go back to what is said before "e outro pra barba na sexta", where both have a time."""
    text = talk.heard.text
    if not (found := _AND_ANOTHER.search(text)) or not Said.read(text[found.end() :], talk.now).dated:
        return False
    first = Said.read(text[: found.start()], talk.now)
    if first.dated:
        talk.said, talk.heard = first, replace(talk.heard, text=first.text)
    return first.dated


def means_several(talk: Talk, found: Sequence[Data]) -> bool:
    """Tell whether a message is about more than one of these appointments: "cancela os dois", "o corte e a barba"."""
    services = [{"name": name} for name in dict.fromkeys(each["service"] for each in found)]
    return len(catalogue.meant(talk.said.rest, services)) > 1 or bool(_ALL.search(plain(talk.heard.text)))


def service_stays(talk: Talk, appointment: Data, services: Sequence[Data]) -> str:
    """Say that a move changes no service, where a message names another one: "passa pras 16h e inclui a barba"."""
    named = {str(each["name"]) for each in catalogue.meant(talk.said.rest, services)}
    other = len(named) == 1 and appointment["service"] not in named
    return chat("service_stays", service=appointment["service"]) if other else ""


def after_presence(talk: Talk) -> Talk | None:
    """Return what else is said after "confirmo" or "vou sim"; None where that is all, or is not said."""
    found = _FIRST.match(_HELLO.sub("", talk.heard.text.strip()))
    if not found or understand(found["first"], talk.asker.role).intent is not Intent.CONFIRM:
        return None
    rest = found["rest"]
    said, reading = Said.read(rest, talk.now), understand(rest, talk.asker.role)
    if not read_yes_no(found["first"], PRESENCE) or reading.intent is Intent.CONFIRM:
        return None
    if reading.intent in CHATTER and not said.dated and "?" not in rest:
        return None
    return Talk(replace(talk.heard, text=rest), said, reading, talk.memory, talk.tokens)


def means_both(talk: Talk) -> bool:
    """Tell whether all times of a list are wanted; "as duas" is an hour where two o'clock is one of them."""
    hours = {start_of(talk, slot).hour for slot in offered(talk)}
    return talk.asked == "slot" and bool(_BOTH.match(plain(talk.heard.text))) and not hours & {2, 14}


def yes_and_more(talk: Talk) -> bool:
    """Tell whether a message agrees to what waits and wants another one besides: "pode, e marca barba na sexta"."""
    found = _FIRST.match(talk.heard.text.strip())
    if not found or _BUT.match(found["rest"]) or not talk.said.dated:
        return False
    agrees = read_yes_no(found["first"], str(talk.pending.get("tool", "")))
    return bool(agrees and _ANOTHER.search(plain(found["rest"])))
